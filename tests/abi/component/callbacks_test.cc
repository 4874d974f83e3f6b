// What wasi:nn means for a component, without a VM: every rule of tensors and names that the three
// versions have beyond those of core modules. Who owns what, limits and errors: lifetimes_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "abi/printable.h"
#include "component_guest.h"

namespace nacre::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kSixteen = "0123456789abcdef";
constexpr std::uint32_t kMost = 0xffff'ffff;

// ---- tensors that are good, and poisoned ones --------------------------------------------------

TEST(NewTensor, IsReadBackAsItWasMade) {
  ComponentGuest g;
  const auto t = g.calls.four(kSixteen);
  EXPECT_THAT(g.calls.dims(t), ElementsAre(2, 2));
  EXPECT_EQ(g.calls.type(t), kWitF32);
  EXPECT_EQ(g.calls.data(t), kSixteen);
}

TEST(NewTensor, EveryTypeTellsItself) {
  ComponentGuest g;
  const std::vector<std::size_t> sizes = {2, 4, 8, 2, 1, 4, 8};
  for (std::uint32_t type = 0; type < sizes.size(); ++type) {
    const auto t = g.calls.tensor({1}, type, std::string(sizes[type], 'x'));
    EXPECT_EQ(g.calls.type(t), type);
    EXPECT_THAT(g.calls.data(t), SizeIs(sizes[type])) << type;
  }
}

TEST(NewTensor, RankZeroAndDimensionsOfZeroAreFine) {
  ComponentGuest g{undescribed()};
  const auto scalar = g.calls.tensor({}, kWitF32, "four");
  const auto empty = g.calls.tensor({3, 0, 2}, kWitF32, "");
  EXPECT_EQ(g.calls.data(scalar), "four");
  EXPECT_THAT(g.calls.dims(empty), ElementsAre(3, 0, 2));
  const auto done = g.calls.compute(g.context(), {{"0", scalar}, {"1", empty}});
  ASSERT_TRUE(done.ok) << done.sentence;
  EXPECT_THAT(done.outputs, SizeIs(2));
}

struct Poison {
  std::string name;
  std::vector<std::uint32_t> dims;
  std::uint32_t type;
  std::string data;
  std::uint32_t code;
  std::string sentence;
};

class Poisoned : public testing::TestWithParam<Poison> {};

TEST_P(Poisoned, IsEmptyAndItsSentenceComesFromWhoGetsIt) {
  const Poison& p = GetParam();
  GuestStateOptions options;
  options.limits.max_tensor_bytes = 1000;
  ComponentGuest g{described(), options};
  const auto make = [&] { return g.calls.tensor(p.dims, p.type, p.data); };
  const auto t = make();
  EXPECT_THAT(g.calls.data(t), IsEmpty());
  EXPECT_THAT(g.calls.dims(t), IsEmpty());
  EXPECT_EQ(g.calls.type(t), p.type);
  const auto context = g.context();
  const auto set = g.calls.set_input(context, "in", t);
  EXPECT_FALSE(set.ok);
  EXPECT_EQ(set.code, p.code);
  EXPECT_THAT(set.sentence, HasSubstr(p.sentence));
  const auto computed = g.calls.compute(context, {{"in", make()}});
  EXPECT_FALSE(computed.ok);
  EXPECT_EQ(computed.code, p.code);
  EXPECT_THAT(computed.sentence, HasSubstr("Input \"in\": "));
  EXPECT_THAT(computed.sentence, HasSubstr(p.sentence));
  // Used up: the same number is none any more.
  EXPECT_THAT(g.calls.set_input(context, "in", t).sentence, HasSubstr("no tensor"));
  g.calls.drop_tensor(make());
}

INSTANTIATE_TEST_SUITE_P(
    Tensors, Poisoned,
    testing::Values(
        Poison{"few_bytes", {2, 2}, kWitF32, "short", kWitInvalidArgument, "16 bytes; 5 came"},
        Poison{"many_bytes", {2, 2}, kWitF32, kSixteen + "x", kWitInvalidArgument, "17 came"},
        Poison{"no_bytes", {2, 2}, kWitF32, "", kWitInvalidArgument, "0 came"},
        Poison{"bytes_of_none", {0}, kWitF32, "x", kWitInvalidArgument, "0 bytes; 1 came"},
        Poison{"product_wraps_to_zero",
               {1u << 31, 1u << 31, 4},
               kWitU8,
               "",
               kWitInvalidArgument,
               "64 bits"},
        Poison{"size_wraps", {kMost, kMost, 1}, kWitI64, "", kWitInvalidArgument, "64 bits"},
        Poison{"rank_33", std::vector<std::uint32_t>(33, 1), kWitU8, "x", kWitInvalidArgument,
               "this one has 33"},
        Poison{"rank_a_million", std::vector<std::uint32_t>(1'000'000, 1), kWitU8, "x",
               kWitInvalidArgument, "1000000"},
        Poison{"beyond_the_limit",
               {1001},
               kWitU8,
               std::string(1001, 'x'),
               kWitTooLarge,
               "the limit of one is 1000"}),
    [](const auto& row) { return row.param.name; });

TEST(PoisonedTensor, TheFirstOfSeveralErrorsIsTold) {
  ComponentGuest g{two_in_two_out()};
  const auto bad = g.calls.tensor({4}, kWitU8, "xyz");
  const auto done = g.calls.compute(g.context(), {{"a", bad}, {"nobody", g.calls.bytes("y")}});
  EXPECT_THAT(done.sentence, HasSubstr("Input \"a\": "));
}

TEST(PoisonedTensor, LeavesAnInputThatWasSetBefore) {
  ComponentGuest g;
  const auto context = g.context();
  EXPECT_TRUE(g.calls.set_input(context, "in", g.calls.four(kSixteen)).ok);
  EXPECT_FALSE(g.calls.set_input(context, "in", g.calls.four("bad")).ok);
  EXPECT_TRUE(g.calls.compute(context).ok);
  EXPECT_EQ(g.calls.data(g.calls.get_output(context, "out").number), kSixteen);
}

// ---- numbers that are none ---------------------------------------------------------------------

TEST(Numbers, ThatAreNoneAreErrorsAndNeverMore) {
  ComponentGuest g;
  const auto graph = g.calls.open("net").number;
  const auto context = g.calls.init(graph).number;
  const auto t = g.calls.four(kSixteen);
  g.calls.drop_tensor(t);
  for (const std::uint32_t none : {0u, 1u, graph, context, t, kMost, kNoTensor}) {
    EXPECT_THAT(g.calls.data(none), IsEmpty());
    EXPECT_THAT(g.calls.dims(none), IsEmpty());
    EXPECT_EQ(g.calls.type(none), kWitU8);
    EXPECT_FALSE(g.calls.set_input(context, "in", none).ok);
    EXPECT_FALSE(g.calls.compute(context, {{"in", none}}).ok);
    g.calls.drop_tensor(none);
    g.calls.drop_error(none);
  }
  for (const std::uint32_t none : {0u, graph, t, kMost}) {
    EXPECT_FALSE(g.calls.compute(none).ok);
    EXPECT_FALSE(g.calls.compute(none, {{"in", g.calls.four(kSixteen)}}).ok);
    EXPECT_FALSE(g.calls.get_output(none, "out").ok);
    g.calls.drop_context(none);
  }
  EXPECT_FALSE(g.calls.init(context).ok);
  // All is still as it was.
  EXPECT_TRUE(g.calls.compute(context, {{"in", g.calls.four(kSixteen)}}).ok);
}

// ---- names -------------------------------------------------------------------------------------

TEST(Names, ComeInAnyOrderAndAsNumbers) {
  ComponentGuest g{two_in_two_out()};
  const auto context = g.context();
  for (const auto& [a, b] : {std::pair{"a", "b"}, {"0", "1"}, {"a", "1"}, {"0", "b"}}) {
    const auto done =
        g.calls.compute(context, {{b, g.calls.bytes("second")}, {a, g.calls.bytes("first")}});
    ASSERT_TRUE(done.ok) << done.sentence;
    ASSERT_THAT(done.outputs, SizeIs(2));
    EXPECT_EQ(done.outputs[0].name, "x");
    EXPECT_EQ(done.outputs[1].name, "1");  // the graph names it nothing
    EXPECT_EQ(g.calls.data(done.outputs[0].tensor), "first");
    EXPECT_EQ(g.calls.data(done.outputs[1].tensor), "second");
  }
  EXPECT_EQ(g.calls.data(g.calls.get_output(context, "x").number), "first");
  EXPECT_EQ(g.calls.data(g.calls.get_output(context, "1").number), "second");
}

TEST(Names, ANumberThatIsANameIsTheName) {
  GraphDescription d = two_in_two_out();
  d.inputs[0].name = "1";
  d.inputs[1].name = "0";
  ComponentGuest g{d};
  const auto done =
      g.calls.compute(g.context(), {{"1", g.calls.bytes("first")}, {"0", g.calls.bytes("second")}});
  ASSERT_TRUE(done.ok) << done.sentence;
  EXPECT_EQ(g.calls.data(done.outputs[0].tensor), "first");
}

TEST(Names, UnknownOnesListThoseThatExist) {
  ComponentGuest g{two_in_two_out()};
  const auto context = g.context();
  for (const std::string_view name :
       {"c", "2", "-1", "01x", "", " a", "A", "18446744073709551616"}) {
    const auto set = g.calls.set_input(context, name, g.calls.bytes("x"));
    EXPECT_EQ(set.code, kWitInvalidArgument) << name;
    EXPECT_THAT(set.sentence, HasSubstr("\"a\", \"b\"")) << name;
    const auto done = g.calls.compute(context, {{name, g.calls.bytes("x")}});
    EXPECT_THAT(done.sentence, HasSubstr("\"a\", \"b\"")) << name;
  }
  EXPECT_THAT(g.calls.get_output(context, "y").sentence, HasSubstr("\"x\", 1"));
}

TEST(Names, MissingAndTwice) {
  ComponentGuest g{two_in_two_out()};
  const auto context = g.context();
  const auto missing = g.calls.compute(context, {{"a", g.calls.bytes("x")}});
  EXPECT_EQ(missing.code, kWitInvalidArgument);
  EXPECT_THAT(missing.sentence, HasSubstr("\"b\""));
  EXPECT_THAT(missing.sentence, HasSubstr("missing"));
  EXPECT_FALSE(g.calls.compute(context, {}).ok);
  for (const std::string_view again : {"a", "0"}) {
    const auto twice = g.calls.compute(
        context,
        {{"a", g.calls.bytes("x")}, {again, g.calls.bytes("y")}, {"b", g.calls.bytes("z")}});
    EXPECT_EQ(twice.code, kWitInvalidArgument);
    EXPECT_THAT(twice.sentence, HasSubstr("twice"));
  }
}

TEST(Names, InputsOfAnEarlierComputeAreNotUsed) {
  for (const bool known : {true, false}) {
    ComponentGuest g{known ? two_in_two_out() : undescribed()};
    const auto context = g.context();
    ASSERT_TRUE(
        g.calls.compute(context, {{"0", g.calls.bytes("x")}, {"1", g.calls.bytes("y")}}).ok);
    // Of two, one: where the graph does not say, there is only one then.
    const auto one = g.calls.compute(context, {{"0", g.calls.bytes("z")}});
    EXPECT_EQ(one.ok, !known);
    EXPECT_THAT(one.outputs, SizeIs(known ? 0 : 1));
    EXPECT_FALSE(g.calls.compute(context, {{"1", g.calls.bytes("z")}}).ok);
    // Nor what a call that failed brought.
    EXPECT_FALSE(
        g.calls.compute(context, {{"0", g.calls.bytes("x")}, {"nobody", g.calls.bytes("y")}}).ok);
    EXPECT_FALSE(g.calls.compute(context, {{"1", g.calls.bytes("z")}}).ok);
  }
}

// Text that is not UTF-8 would trap the guest when the shim lowers it.
TEST(Names, ALongOneIsNotCutInsideACharacter) {
  ComponentGuest g;
  for (std::size_t before = 76; before < 81; ++before) {
    const std::string name = std::string(before, 'n') + "ééé";
    const auto set = g.calls.set_input(g.context(), name, g.calls.four(kSixteen));
    EXPECT_THAT(set.sentence, HasSubstr("\"in\""));
    EXPECT_TRUE(is_utf8(set.sentence)) << set.sentence;
  }
}

TEST(Names, OfAModelThatAreNoTextDoNotReachTheGuest) {
  GraphDescription d = described();
  d.inputs[0].name = "in\xff";
  d.outputs[0].name = "out\xc3";
  ComponentGuest g{d};
  const auto context = g.context();
  const auto refused = g.calls.compute(context, {{"in", g.calls.four(kSixteen)}});
  EXPECT_THAT(refused.sentence, HasSubstr("in\\xff"));
  EXPECT_TRUE(is_utf8(refused.sentence));
  const auto done = g.calls.compute(context, {{"0", g.calls.four(kSixteen)}});
  ASSERT_TRUE(done.ok) << done.sentence;
  EXPECT_EQ(done.outputs[0].name, "0");
}

// ---- who holds what ----------------------------------------------------------------------------

}  // namespace
}  // namespace nacre::test
