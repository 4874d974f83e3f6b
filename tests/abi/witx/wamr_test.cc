// WAMR's older guests: their records, their sizes in f32, and every pointer in them wrong.
#include "abi/witx/wamr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "../../core/support.h"
#include "abi/dialect.h"
#include "busy_guest.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;

constexpr std::uint32_t kDimensions = 0x280;  // the record that leads to kDims
constexpr std::uint32_t kSuccess = 0;
constexpr std::uint32_t kInvalidArgument = 1;
constexpr std::uint32_t kTooLarge = 7;
constexpr std::uint32_t kF32 = 1;
constexpr std::uint32_t kU8 = 2;

GuestStateOptions wamr(GuestStateOptions options = {}) {
  options.dialect = Dialect::kWamrLegacy;
  return options;
}

struct WamrGuest : FakeGuest {
  explicit WamrGuest(GraphDescription net = undescribed(), GuestStateOptions options = wamr())
      : FakeGuest(std::move(net), std::move(options)) {}

  /// Of WAMR's module; by name and count of parameters.
  std::uint32_t own(std::string_view name, std::initializer_list<std::uint32_t> args) {
    for (const HostFunction& f : witx::functions()) {
      if (f.module == kWamrModule && f.name == name && f.params == args.size())
        return f.fn(&state, memory, args.begin());
    }
    ADD_FAILURE() << name << " with " << args.size();
    return 99;
  }
  void put_record(std::uint32_t dimensions, std::uint32_t type, std::uint32_t data) {
    put(kRecord, dimensions);
    put(kRecord + 4, 0xA5A5A500U | type);
    put(kRecord + 8, data);
  }
  void put_own_tensor(std::vector<std::uint32_t> dims, std::uint32_t type, std::string_view data) {
    put(kDimensions, kDims);
    put(kDimensions + 4, static_cast<std::uint32_t>(dims.size()));
    for (std::size_t i = 0; i < dims.size(); ++i)
      put(kDims + static_cast<std::uint32_t>(4 * i), dims[i]);
    put_bytes(kData, data);
    put_record(kDimensions, type, kData);
  }
  std::uint32_t context_of(std::string_view name) {
    put_bytes(kName, std::string(name) + '\0');
    EXPECT_EQ(own("load_by_name", {kName, kOut}), kSuccess);
    EXPECT_EQ(own("init_execution_context", {get(kOut), kOut}), kSuccess);
    return get(kOut);
  }
  void expect_said(std::string_view part) {
    EXPECT_THAT(state.last_error().message, HasSubstr(std::string(part)));
  }
};

TEST(Wamr, LoadsFromARecordOfBuilders) {
  WamrGuest guest;
  guest.put_bytes(kFree, "first second");
  guest.put_builder(0, kFree, 5);
  guest.put_builder(1, kFree + 6, 6);
  guest.put(kName, kBuilders);
  guest.put(kName + 4, 2U);
  ASSERT_EQ(guest.own("load", {kName, 4, 0, kOut}), kSuccess);
  EXPECT_THAT(guest.provider.last_parts, testing::ElementsAre("first", "second"));
  EXPECT_EQ(guest.provider.last_encoding, GraphEncoding::kTensorflowlite);
  EXPECT_EQ(guest.provider.last_target, ExecutionTarget::kCpu);
  // WAMR's own test asks for a gpu, and WAMR goes on without one. A tpu it refuses.
  ASSERT_EQ(guest.own("load", {kName, 4, 1, kOut}), kSuccess);
  EXPECT_EQ(guest.provider.last_target, ExecutionTarget::kAuto);
  EXPECT_EQ(guest.own("load", {kName, 4, 2, kOut}), 6U);
  EXPECT_EQ(guest.own("load", {kName, 4, 4, kOut}), kInvalidArgument);
  // And nothing of it outside.
  EXPECT_EQ(guest.own("load", {kMemory - 7, 4, 0, kOut}), kInvalidArgument);
  EXPECT_EQ(guest.own("load", {kName, 4, 0, kMemory - 3}), kInvalidArgument);
  guest.put(kName, 0xffff'fff8U);
  EXPECT_EQ(guest.own("load", {kName, 4, 0, kOut}), kInvalidArgument);
  guest.put(kName, kBuilders);
  guest.put(kName + 4, 0xffff'ffffU);
  EXPECT_EQ(guest.own("load", {kName, 4, 0, kOut}), kInvalidArgument);
}

TEST(Wamr, NamesEndInAZeroByteOrHaveALength) {
  WamrGuest guest;
  EXPECT_NE(guest.context_of("net"), 0U);
  guest.put_bytes(kName, "netless");
  EXPECT_EQ(guest.own("load_by_name", {kName, 3, kOut}), kSuccess);
  EXPECT_NE(guest.own("load_by_name", {kName, 7, kOut}), kSuccess);
  // No zero byte before the memory's end.
  guest.put_bytes(kMemory - 3, "net");
  EXPECT_EQ(guest.own("load_by_name", {kMemory - 3, kOut}), kInvalidArgument);
  guest.expect_said("zero byte");
  EXPECT_EQ(guest.own("load_by_name", {kMemory, kOut}), kInvalidArgument);
  EXPECT_EQ(guest.own("load_by_name", {0xffff'ffffU, kOut}), kInvalidArgument);
}

TEST(Wamr, EchoesAndCountsInF32) {
  WamrGuest guest;
  const auto context = guest.context_of("net");
  guest.put_own_tensor({2, 2}, kF32, kSixteen);
  ASSERT_EQ(guest.own("set_input", {context, 0, kRecord}), kSuccess)
      << guest.state.last_error().message;
  ASSERT_EQ(guest.own("compute", {context}), kSuccess);
  guest.put(kWritten, 4U);
  ASSERT_EQ(guest.own("get_output", {context, 0, kBuffer, kWritten}), kSuccess);
  EXPECT_EQ(guest.get(kWritten), 4U);
  EXPECT_EQ(guest.get_bytes(kBuffer, 16), kSixteen);
  // One too few: what is needed, and nothing written.
  guest.put_bytes(kBuffer, "................");
  guest.put(kWritten, 3U);
  EXPECT_EQ(guest.own("get_output", {context, 0, kBuffer, kWritten}), kTooLarge);
  EXPECT_EQ(guest.get(kWritten), 4U);
  EXPECT_EQ(guest.get_bytes(kBuffer, 16), "................");
  // Whoever claims more than there is of memory gets it where what is written fits.
  guest.put(kWritten, 0xffff'ffffU);
  EXPECT_EQ(guest.own("get_output", {context, 0, kMemory - 16, kWritten}), kSuccess);
  guest.put(kWritten, 4U);
  EXPECT_EQ(guest.own("get_output", {context, 0, kMemory - 15, kWritten}), kInvalidArgument);
  EXPECT_EQ(guest.own("get_output", {context, 0, kBuffer, kMemory - 3}), kInvalidArgument);
  // The size inside the buffer wins.
  guest.put(kBuffer + 4, 4U);
  EXPECT_EQ(guest.own("get_output", {context, 0, kBuffer, kBuffer + 4}), kSuccess);
  EXPECT_EQ(guest.get(kBuffer + 4), 4U);
  EXPECT_EQ(guest.get_bytes(kBuffer, 4), kSixteen.substr(0, 4));
}

TEST(Wamr, BytesThatAreNoWholeF32AreRoundedUp) {
  WamrGuest guest;
  const auto context = guest.context_of("net");
  guest.put_own_tensor({5}, kU8, "fiver");
  ASSERT_EQ(guest.own("set_input", {context, 0, kRecord}), kSuccess);
  ASSERT_EQ(guest.own("compute", {context}), kSuccess);
  guest.put(kWritten, 1U);
  EXPECT_EQ(guest.own("get_output", {context, 0, kBuffer, kWritten}), kTooLarge);
  EXPECT_EQ(guest.get(kWritten), 2U);
  ASSERT_EQ(guest.own("get_output", {context, 0, kBuffer, kWritten}), kSuccess);
  EXPECT_EQ(guest.get(kWritten), 2U);
  EXPECT_EQ(guest.get_bytes(kBuffer, 5), "fiver");
}

TEST(Wamr, WhateverIsWrongInATensorIsSaid) {
  WamrGuest guest;
  const auto context = guest.context_of("net");
  const auto set = [&] { return guest.own("set_input", {context, 0, kRecord}); };
  const auto good = [&] { guest.put_own_tensor({2, 2}, kF32, kSixteen); };
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  good();
  ASSERT_EQ(set(), kSuccess);
  for (const std::uint32_t bad : {kMemory - 11, kMemory, kMost})
    EXPECT_EQ(guest.own("set_input", {context, 0, bad}), kInvalidArgument);
  for (const std::uint32_t bad : {kMemory - 7, kMemory, kMost}) {
    guest.put_record(bad, kF32, kData);
    EXPECT_EQ(set(), kInvalidArgument);
  }
  for (const std::uint32_t bad : {kMemory - 15, kMost}) {
    guest.put_record(kDimensions, kF32, bad);
    EXPECT_EQ(set(), kInvalidArgument);
  }
  good();
  guest.put(kDimensions, kMemory - 7);
  EXPECT_EQ(set(), kInvalidArgument);
  for (const std::uint32_t rank :
       {static_cast<std::uint32_t>(kMaxRank) + 1, 1'000'000U, 0x4000'0001U, kMost}) {
    good();
    guest.put(kDimensions + 4, rank);
    EXPECT_EQ(set(), kInvalidArgument) << rank;
  }
  guest.put_own_tensor({2, 2}, 4, kSixteen);  // no such type
  EXPECT_EQ(set(), kInvalidArgument);
  guest.expect_said("wamr-legacy");
  // Products beyond the memory, beyond 32 and beyond 64 bits.
  guest.put_own_tensor({0x1'0000, 2}, kF32, "");
  EXPECT_EQ(set(), kInvalidArgument);
  guest.put_own_tensor({0x1'0000, 0x1'0000}, kF32, "");
  EXPECT_EQ(set(), kInvalidArgument);
  guest.put_own_tensor({kMost, kMost, kMost}, kF32, "");
  EXPECT_EQ(set(), kInvalidArgument);
  guest.expect_said("larger than any memory");
  // What was set before is still there.
  good();
  ASSERT_EQ(guest.own("compute", {context}), kSuccess);
  EXPECT_EQ(guest.own("compute", {context + 1}), kInvalidArgument);
  EXPECT_EQ(guest.own("get_output", {context + 1, 0, kBuffer, kWritten}), kInvalidArgument);
  EXPECT_EQ(guest.own("set_input", {context + 1, 0, kRecord}), kInvalidArgument);
}

// A language model through this module is a model of tensors, whatever else the dialect has.
TEST(Wamr, TextIsATensorInEveryDialect) {
  for (const Dialect dialect : {Dialect::kWamrLegacy, Dialect::kWasmedge, Dialect::kUndecided}) {
    GuestStateOptions options;
    options.dialect = dialect;
    WamrGuest guest(undescribed(), options);
    guest.provider.add("chat", echo_graph("text 100\n"));
    const auto context = guest.context_of("chat");
    const std::uint32_t u8 = dialect == Dialect::kWamrLegacy ? kU8 : kWitxU8;
    guest.put_own_tensor({7}, u8, "one two");
    ASSERT_EQ(guest.own("set_input", {context, 0, kRecord}), kSuccess);
    ASSERT_EQ(guest.own("compute", {context}), kSuccess) << guest.state.last_error().message;
    guest.put(kWritten, 16U);
    ASSERT_EQ(guest.own("get_output", {context, 0, kBuffer, kWritten}), kSuccess);
    EXPECT_EQ(guest.get_bytes(kBuffer, 11), "one two</s>");
  }
}

TEST(Wamr, AScalarAndNothing) {
  WamrGuest guest;
  const auto context = guest.context_of("net");
  guest.put_own_tensor({}, kF32, "four");
  EXPECT_EQ(guest.own("set_input", {context, 0, kRecord}), kSuccess);
  guest.put_own_tensor({3, 0}, kF32, "");
  EXPECT_EQ(guest.own("set_input", {context, 0, kRecord}), kSuccess);
  ASSERT_EQ(guest.own("compute", {context}), kSuccess);
  guest.put(kWritten, 0U);
  EXPECT_EQ(guest.own("get_output", {context, 0, kBuffer, kWritten}), kSuccess);
  EXPECT_EQ(guest.get(kWritten), 0U);
}

}  // namespace
}  // namespace nacre::test
