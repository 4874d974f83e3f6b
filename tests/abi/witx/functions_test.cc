// What the functions of core modules do when all is well, and at the edges of what is.
#include "abi/witx/functions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "busy_guest.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;

using A = std::vector<std::uint32_t>;

class Witx : public testing::TestWithParam<GraphType> {
 protected:
  BusyGuest guest_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(, Witx, testing::Values(GraphType::kDescribed, GraphType::kUndescribed),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(Witx, EchoesThroughEveryFunction) {
  guest_.expect_works();
}

TEST_P(Witx, LoadsPartsStraightFromMemory) {
  guest_.put_bytes(kFree, "first second");
  guest_.put_builder(0, kFree, 5);
  guest_.put_builder(1, kFree + 6, 6);
  guest_.put_builder(2, kMemory, 0);  // empty, at the very end
  ASSERT_EQ(guest_.call("load", {kBuilders, 3, 0, 3, kOut}), 0u);
  EXPECT_THAT(guest_.provider.last_parts, testing::ElementsAre("first", "second", ""));
  EXPECT_EQ(guest_.provider.last_encoding, GraphEncoding::kOpenvino);
  EXPECT_EQ(guest_.provider.last_target, ExecutionTarget::kAuto);
  EXPECT_NE(guest_.init(guest_.get(kOut)), 0u);
}

TEST_P(Witx, LoadLooksAtItsOutPointerFirst) {
  guest_.put_builder(0, kData, 4);
  EXPECT_EQ(guest_.call("load", {kBuilders, 1, 1, 0, kMemory - 3}), 1u);
  EXPECT_EQ(guest_.provider.loads, 0);
  const int opens = guest_.provider.opens;
  guest_.put_bytes(kName, "net");
  EXPECT_EQ(guest_.call("load_by_name", {kName, 3, kMemory - 3}), 1u);
  EXPECT_EQ(guest_.provider.opens, opens);
}

TEST_P(Witx, PointersNeedNoAlignment) {
  guest_.put_bytes(kFree + 1, kOther);
  guest_.put<std::uint32_t>(kFree + 33, 2);
  guest_.put<std::uint32_t>(kFree + 37, 2);
  guest_.put_tensor_at(kFree + 51, kFree + 33, 2, kWitxF32, kFree + 1, 16);
  EXPECT_EQ(guest_.call("set_input", {guest_.context, 0, kFree + 51}), 0u);
  EXPECT_EQ(guest_.call("compute", {guest_.context}), 0u);
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kFree + 103, 16, kFree + 201}), 0u);
  EXPECT_EQ(guest_.get(kFree + 201), 16u);
  EXPECT_EQ(guest_.get_bytes(kFree + 103, 16), kOther);
}

TEST_P(Witx, EverythingAtTheVeryEndOfMemory) {
  guest_.put_bytes(kMemory - 16, kOther);
  guest_.put_tensor_at(kRecord, kDims, 2, kWitxF32, kMemory - 16, 16);
  EXPECT_EQ(guest_.call("set_input", {guest_.context, 0, kRecord}), 0u);
  guest_.put_tensor_at(kMemory - 20, kDims, 2, kWitxF32, kData, 16);
  EXPECT_EQ(guest_.call("set_input", {guest_.context, 0, kMemory - 20}), 0u);
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kMemory - 16, 16, kMemory - 20}), 0u);
  EXPECT_EQ(guest_.get_bytes(kMemory - 16, 16), kSixteen);
  EXPECT_EQ(guest_.get(kMemory - 20), 16u);
}

TEST_P(Witx, ComputeBeforeAnyInput) {
  const auto fresh = guest_.init(guest_.graph);
  ASSERT_NE(fresh, 0u);
  if (GetParam() == GraphType::kDescribed) {
    EXPECT_EQ(guest_.call("compute", {fresh}), 1u);
    EXPECT_THAT(guest_.state.last_error().message, HasSubstr("in"));
  }
  EXPECT_EQ(guest_.call("get_output", {fresh, 0, kBuffer, 64, kWritten}), 1u);
  EXPECT_EQ(guest_.call("set_input", {fresh, 0, kRecord}), 0u);
  EXPECT_EQ(guest_.call("get_output", {fresh, 0, kBuffer, 64, kWritten}), 1u);
  EXPECT_EQ(guest_.call("compute", {fresh}), 0u);
  EXPECT_EQ(guest_.call("get_output", {fresh, 0, kBuffer, 64, kWritten}), 0u);
}

TEST_P(Witx, AnOutputCanBeReadTwice) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kBuffer + 64u * i, 16, kWritten}), 0u);
    EXPECT_EQ(guest_.get_bytes(kBuffer + 64u * i, 16), kSixteen);
  }
}

TEST_P(Witx, ATooSmallBufferIsUntouchedAndTheSizeIsTold) {
  for (const std::uint32_t capacity : {0u, 1u, 15u}) {
    guest_.put_bytes(kBuffer, std::string(64, '.'));
    guest_.put<std::uint32_t>(kWritten, 0);
    EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kBuffer, capacity, kWritten}), 7u);
    EXPECT_EQ(guest_.get(kWritten), 16u);
    EXPECT_EQ(guest_.get_bytes(kBuffer, 64), std::string(64, '.'));
  }
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, 0, 0, kWritten}), 7u);
  EXPECT_EQ(guest_.get(kWritten), 16u);
}

TEST_P(Witx, ALargerBufferIsWrittenOnlyAsFarAsTheOutputGoes) {
  guest_.put_bytes(kBuffer, std::string(64, '.'));
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kBuffer, 64, kWritten}), 0u);
  EXPECT_EQ(guest_.get_bytes(kBuffer, 64), kSixteen + std::string(48, '.'));
}

TEST_P(Witx, TheCountWinsWhenItLiesInsideTheBuffer) {
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kBuffer, 16, kBuffer + 4}), 0u);
  EXPECT_EQ(guest_.get_bytes(kBuffer, 4), kSixteen.substr(0, 4));
  EXPECT_EQ(guest_.get(kBuffer + 4), 16u);
  EXPECT_EQ(guest_.get_bytes(kBuffer + 8, 8), kSixteen.substr(8));
}

TEST_P(Witx, ABufferOverTheTensorRecordAndItsData) {
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kRecord, 16, kRecord + 16}), 0u);
  EXPECT_EQ(guest_.get_bytes(kRecord, 16), kSixteen);
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kData + 3, 16, kWritten}), 0u);
  EXPECT_EQ(guest_.get_bytes(kData + 3, 16), kSixteen);
  guest_.expect_works();
}

TEST_P(Witx, ATensorWhoseDataIsItsOwnRecord) {
  guest_.put<std::uint32_t>(kDims, 2);
  guest_.put<std::uint32_t>(kDims + 4, 2);
  guest_.put_tensor_at(kRecord, kDims, 2, kWitxF32, kRecord, 16);
  const auto record = guest_.get_bytes(kRecord, 16);
  EXPECT_EQ(guest_.call("set_input", {guest_.context, 0, kRecord}), 0u);
  EXPECT_EQ(guest_.call("compute", {guest_.context}), 0u);
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kBuffer, 16, kWritten}), 0u);
  EXPECT_EQ(guest_.get_bytes(kBuffer, 16), record);
}

TEST_P(Witx, HandlesThatWereGivenBack) {
  const auto graph = guest_.open("net");
  const auto context = guest_.init(graph);
  EXPECT_EQ(guest_.call("finalize_execution_context", {context}), 0u);
  EXPECT_EQ(guest_.call("unload", {graph}), 0u);
  EXPECT_EQ(guest_.call("finalize_execution_context", {context}), 1u);
  EXPECT_EQ(guest_.call("unload", {graph}), 1u);
  EXPECT_EQ(guest_.call("init_execution_context", {graph, kOut}), 1u);
  EXPECT_EQ(guest_.call("set_input", {context, 0, kRecord}), 1u);
  EXPECT_EQ(guest_.call("compute", {context}), 1u);
  EXPECT_EQ(guest_.call("get_output", {context, 0, kBuffer, 64, kWritten}), 1u);
  // Their slots are used again; the old numbers stay dead.
  EXPECT_NE(guest_.open("net"), graph);
  EXPECT_NE(guest_.init(guest_.graph), context);
  EXPECT_EQ(guest_.call("compute", {context}), 1u);
  guest_.expect_works();
}

TEST_P(Witx, AContextKeepsItsGraphAlive) {
  const auto graph = guest_.provider.forget("net");
  EXPECT_EQ(guest_.call("unload", {guest_.graph}), 0u);
  EXPECT_FALSE(graph.expired());
  guest_.expect_works();
  EXPECT_EQ(guest_.call("finalize_execution_context", {guest_.context}), 0u);
  EXPECT_TRUE(graph.expired());
}

TEST_P(Witx, MemoryMayGrowBetweenTheCalls) {
  EXPECT_EQ(guest_.call("set_input", {guest_.context, 0, kRecord}), 0u);
  guest_.memory.grow(0x10000);
  EXPECT_EQ(guest_.call("compute", {guest_.context}), 0u);
  guest_.memory.grow(0x10000);
  guest_.expect_works();
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kMemory + 8, 16, kMemory}), 0u);
}

TEST_P(Witx, AnInputStaysSetAndCanBeReplaced) {
  guest_.expect_works();
  guest_.put_tensor({2, 2}, kWitxF32, kOther);
  EXPECT_EQ(guest_.call("set_input", {guest_.context, 0, kRecord}), 0u);
  EXPECT_EQ(guest_.call("compute", {guest_.context}), 0u);
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kBuffer, 16, kWritten}), 0u);
  EXPECT_EQ(guest_.get_bytes(kBuffer, 16), kOther);
}

TEST_P(Witx, RunningOutOfMemoryIsARuntimeError) {
  guest_.put_builder(0, kData, 4);
  guest_.provider.on_load = [] { throw std::bad_alloc(); };
  EXPECT_EQ(guest_.call("load", {kBuilders, 1, 1, 0, kOut}), 5u);
  EXPECT_THAT(guest_.state.last_error().message, HasSubstr("not enough memory"));
  guest_.provider.on_load = [] { throw std::length_error("a length"); };
  EXPECT_EQ(guest_.call("load", {kBuilders, 1, 1, 0, kOut}), 5u);
  EXPECT_THAT(guest_.state.last_error().message, HasSubstr("a length"));
  guest_.provider.on_load = [] { throw 42; };
  EXPECT_EQ(guest_.call("load", {kBuilders, 1, 1, 0, kOut}), 5u);
  guest_.expect_works();
}

TEST(WitxUndescribed, ScalarsAndEmptyTensorsAreTensors) {
  BusyGuest guest(GraphType::kUndescribed);
  for (const auto& [dims, data] : std::vector<std::pair<A, std::string>>{
           {{}, "abcd"}, {{1}, "abcd"}, {{0}, ""}, {{3, 0, 0xffffffff}, ""}}) {
    guest.put_tensor(dims, kWitxF32, data);
    ASSERT_EQ(guest.call("set_input", {guest.context, 0, kRecord}), 0u)
        << guest.state.last_error().message;
    EXPECT_EQ(guest.call("compute", {guest.context}), 0u);
    EXPECT_EQ(guest.call("get_output", {guest.context, 0, kBuffer, 64, kWritten}), 0u);
    EXPECT_EQ(guest.get(kWritten), data.size());
    EXPECT_EQ(guest.get_bytes(kBuffer, data.size()), data);
  }
  // Nothing to write, and no room: that fits.
  EXPECT_EQ(guest.call("get_output", {guest.context, 0, kMemory, 0, kWritten}), 0u);
}

TEST(WitxUndescribed, AFailingBackendIsARuntimeError) {
  BusyGuest guest(GraphType::kUndescribed);
  const auto context = guest.init(guest.open("fails"));
  guest.put_tensor({2, 2}, kWitxF32, kSixteen);
  EXPECT_EQ(guest.call("set_input", {context, 0, kRecord}), 0u);
  EXPECT_EQ(guest.call("compute", {context}), 5u);
  EXPECT_THAT(guest.state.last_error().message, HasSubstr("It broke."));
  EXPECT_EQ(guest.call("get_output", {context, 0, kBuffer, 64, kWritten}), 1u);
  guest.expect_works();
}

TEST(WitxTable, NamesAndParameterCounts) {
  const std::vector<std::pair<std::string_view, unsigned>> want = {
      {"load", 5},
      {"load_by_name", 3},
      {"init_execution_context", 2},
      {"set_input", 3},
      {"compute", 1},
      {"get_output", 5},
      {"unload", 1},
      {"finalize_execution_context", 1},
      {"load_by_name_with_config", 5},
      {"compute_single", 1},
      {"get_output_single", 5},
      {"fini_single", 1}};
  const auto mine = [](const HostFunction& f) { return f.module == "wasi_ephemeral_nn"; };
  ASSERT_EQ(std::ranges::count_if(witx::functions(), mine), std::ssize(want));
  for (const auto& [name, params] : want) {
    EXPECT_EQ(function(name).params, params) << name;
    EXPECT_EQ(function(name).module, "wasi_ephemeral_nn");
  }
  EXPECT_EQ(function("describe_graph").module, "nacre_nn");
}

}  // namespace
}  // namespace nacre::test
