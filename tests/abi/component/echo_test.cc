// Components through the real loader and the built-in backend, and what a round costs in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "../echo_loader.h"
#include "component_guest.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;

class ComponentEcho : public testing::Test {
 protected:
  std::uint32_t context(const std::string& lines) {
    const auto graph = calls_.load({"nacre-echo v1\n" + lines});
    EXPECT_TRUE(graph.ok) << graph.sentence;
    const auto context = calls_.init(graph.number);
    EXPECT_TRUE(context.ok) << context.sentence;
    calls_.drop_graph(graph.number);
    return context.number;
  }

  EchoLoader loader_;
  GuestState guest_{loader_, {}};
  ComponentState state_{guest_};
  Calls calls_{state_};
};

TEST_F(ComponentEcho, ThereAndBack) {
  const auto c = context("input a f32 2,?\ninput b u8 3\n");
  const auto done = calls_.compute(
      c, {{"b", calls_.bytes("xyz")}, {"a", calls_.tensor({2, 1}, kWitF32, "01234567")}});
  ASSERT_TRUE(done.ok) << done.sentence;
  ASSERT_EQ(done.outputs.size(), 2u);
  EXPECT_EQ(calls_.data(done.outputs[0].tensor), "01234567");
  EXPECT_EQ(calls_.type(done.outputs[0].tensor), kWitF32);
  EXPECT_EQ(calls_.data(done.outputs[1].tensor), "xyz");
}

TEST_F(ComponentEcho, WhatTheGraphDoesNotTake) {
  const auto c = context("input a f32 2,2\n");
  for (const auto t : {calls_.tensor({4}, kWitF32, std::string(16, 'x')),
                       calls_.tensor({2, 2}, kWitI64, std::string(32, 'x')),
                       calls_.tensor({1, 4}, kWitF32, std::string(16, 'x'))}) {
    const auto done = calls_.compute(c, {{"a", t}});
    EXPECT_EQ(done.code, kWitInvalidArgument);
    EXPECT_THAT(done.sentence, HasSubstr("\"a\""));
  }
}

// The types that the WIT cannot name travel as u8 with the element's size appended.
TEST_F(ComponentEcho, CarriesTypesThatTheWitCannotName) {
  const auto c = context("input a u64 2\n");
  const auto t = calls_.tensor({2, 8}, kWitU8, "0123456789abcdef");
  const auto done = calls_.compute(c, {{"a", t}});
  ASSERT_TRUE(done.ok) << done.sentence;
  EXPECT_EQ(calls_.type(done.outputs[0].tensor), kWitU8);
  EXPECT_THAT(calls_.dims(done.outputs[0].tensor), testing::ElementsAre(2, 8));
  EXPECT_EQ(calls_.data(done.outputs[0].tensor), "0123456789abcdef");
}

TEST_F(ComponentEcho, Bf16IsNamed) {
  const auto c = context("input a bf16 2\n");
  const auto done = calls_.compute(c, {{"a", calls_.tensor({2}, kWitBf16, "abcd")}});
  ASSERT_TRUE(done.ok) << done.sentence;
  EXPECT_EQ(calls_.type(done.outputs[0].tensor), kWitBf16);
}

TEST_F(ComponentEcho, ABackendThatThrowsFailsOrGivesWrongShapes) {
  for (const std::string temper : {"throw", "fail It broke.", "wrong_shape"}) {
    const auto c = context("input a u8 4\n" + temper + "\n");
    const auto done = calls_.compute(c, {{"a", calls_.bytes("four")}});
    EXPECT_EQ(done.code, kWitRuntimeError) << temper;
    EXPECT_NE(done.sentence, "") << temper;
    EXPECT_TRUE(calls_.set_input(c, "a", calls_.bytes("four")).ok);
    EXPECT_EQ(calls_.compute(c).code, kWitRuntimeError) << temper;
    EXPECT_EQ(calls_.get_output(c, "0").code, kWitInvalidArgument) << temper;
  }
}

// Buffers take turns: after the first rounds every tensor lies where an earlier one lay.
TEST_F(ComponentEcho, TheSteadyStateTakesNoNewMemory) {
  for (const std::size_t size : {std::size_t{16}, std::size_t{602112}}) {
    const auto c = context("input a u8 ?\n");
    const std::string data(size, 'x');
    std::set<const void*> seen;
    for (int i = 0; i < 200; ++i) {
      const auto in = calls_.bytes(data);
      seen.insert(calls_.span(in).data);
      const auto done = calls_.compute(c, {{"a", in}});
      ASSERT_TRUE(done.ok) << done.sentence;
      seen.insert(calls_.span(done.outputs[0].tensor).data);
      calls_.drop_tensor(done.outputs[0].tensor);
    }
    EXPECT_LE(seen.size(), 4u);
  }
}

}  // namespace
}  // namespace nacre::test
