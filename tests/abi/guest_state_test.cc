// Ceilings on what a guest holds in all, which no single call shows.
#include "abi/guest_state.h"

#include <gtest/gtest.h>

#include <string>

#include "fake_guest.h"

namespace nacre::test {
namespace {

constexpr std::uint32_t kTooLargeErrno = 7;
constexpr std::uint32_t kBusyErrno = 4;

TEST(GuestState, AllContextsTogetherHaveALimitOfBytes) {
  GuestStateOptions options;
  options.limits.max_context_bytes = 40;
  FakeGuest guest(undescribed(), std::move(options));
  const std::uint32_t graph = guest.open("net");
  guest.put_tensor({4}, kWitxF32, std::string(16, 'x'));
  for (int i = 0; i < 2; ++i)
    ASSERT_EQ(guest.call("set_input", {guest.init(graph), 0, kRecord}), 0u);
  const std::uint32_t third = guest.init(graph);
  EXPECT_EQ(guest.call("set_input", {third, 0, kRecord}), kTooLargeErrno);
  EXPECT_NE(guest.state.last_error().message.find("the limit is 40"), std::string::npos)
      << guest.state.last_error().message;
  guest.put_tensor({2}, kWitxF32, std::string(8, 'x'));
  EXPECT_EQ(guest.call("set_input", {third, 0, kRecord}), 0u);
  EXPECT_EQ(guest.call("compute", {third}), kTooLargeErrno) << "its output has no room";
  EXPECT_EQ(guest.call("get_output", {third, 0, kBuffer, 8, kWritten}), 1u);
}

TEST(GuestState, AContextThatGoesGivesItsBytesBack) {
  GuestStateOptions options;
  options.limits.max_context_bytes = 16;
  FakeGuest guest(undescribed(), std::move(options));
  const std::uint32_t graph = guest.open("net");
  guest.put_tensor({4}, kWitxF32, std::string(16, 'x'));
  for (int i = 0; i < 3; ++i) {
    const std::uint32_t context = guest.init(graph);
    ASSERT_EQ(guest.call("set_input", {context, 0, kRecord}), 0u);
    ASSERT_TRUE(guest.state.drop_context(context));
  }
}

/// A graph of its own for each load, as for a guest's bytes in earnest.
class FreshGraphs final : public ModelProvider {
 public:
  Result<std::shared_ptr<Graph>> load(std::span<const std::span<const std::byte>>, GraphEncoding,
                                      ExecutionTarget) override {
    return make_graph(undescribed(), Temper::kEcho);
  }
  Result<std::shared_ptr<Graph>> open(std::string_view) override {
    return fail(ErrorCode::kNotFound, "there are no names here");
  }
};

TEST(GuestState, AllModelsByBytesTogetherHaveALimitOfBytes) {
  FreshGraphs provider;
  GuestStateOptions options;
  options.limits.max_live_model_bytes = 25;
  GuestState state(provider, std::move(options));
  const std::string model(10, 'm');
  const auto bytes = std::as_bytes(std::span(model));
  const std::span<const std::byte> parts[] = {bytes};
  const auto load = [&] { return state.load(parts, GraphEncoding::kOnnx, ExecutionTarget::kCpu); };
  const auto first = load();
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(load());
  const auto third = load();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::kTooLarge);

  // A context keeps a graph, and its bytes count, after the handle is gone.
  const auto context = state.create_context(*first);
  ASSERT_TRUE(context);
  ASSERT_TRUE(state.drop_graph(*first));
  EXPECT_FALSE(load());
  ASSERT_TRUE(state.drop_context(*context));
  EXPECT_TRUE(load());
}

TEST(GuestState, HandlesHaveALimitOfTheirOwn) {
  GuestStateOptions options;
  options.limits.max_contexts = 2;
  FakeGuest guest(undescribed(), std::move(options));
  const std::uint32_t graph = guest.open("net");
  guest.init(graph);
  guest.init(graph);
  EXPECT_EQ(guest.call("init_execution_context", {graph, kOut}), kBusyErrno);
}

}  // namespace
}  // namespace nacre::test
