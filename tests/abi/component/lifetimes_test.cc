// Who owns what in a component's calls, without a VM: tensors that are taken, buffers that are used
// again, limits, permissions, errors, and what is left when all is dropped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

#include "component_guest.h"
#include "core/no_such_model.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string kSixteen = "0123456789abcdef";
const std::string kOther = "ABCDEFGHIJKLMNOP";
constexpr std::uint32_t kMost = 0xffff'ffff;

TEST(Ownership, EveryTensorOfACallIsTakenWhicheverIsBad) {
  GuestStateOptions options;
  options.limits.max_tensors = 4;
  ComponentGuest g{two_in_two_out(), options};
  const auto context = g.context();
  for (int round = 0; round < 100; ++round) {
    const auto one = g.calls.bytes("x");
    const auto two = g.calls.tensor({9}, kWitU8, "bad");
    const auto three = g.calls.bytes("y");
    const std::uint32_t where = round % 2 == 0 ? context : kMost;
    EXPECT_FALSE(g.calls.compute(where, {{"a", one}, {"b", two}, {"nobody", three}}).ok);
    for (const auto t : {one, two, three})
      EXPECT_EQ(g.state.tensor(t), nullptr);
    EXPECT_FALSE(g.calls.set_input(where, "nobody", g.calls.bytes("z")).ok);
  }
}

TEST(Ownership, AnInputStaysSetInTheOldVersions) {
  ComponentGuest g{two_in_two_out()};
  const auto context = g.context();
  EXPECT_TRUE(g.calls.set_input(context, "a", g.calls.bytes("stays")).ok);
  for (const std::string_view data : {"one", "two", "three"}) {
    EXPECT_TRUE(g.calls.set_input(context, "b", g.calls.bytes(data)).ok);
    ASSERT_TRUE(g.calls.compute(context).ok);
    EXPECT_EQ(g.calls.data(g.calls.get_output(context, "0").number), "stays");
    EXPECT_EQ(g.calls.data(g.calls.get_output(context, "1").number), data);
  }
}

TEST(Ownership, AnOutputNeverChanges) {
  ComponentGuest g;
  const auto context = g.context();
  std::vector<std::uint32_t> outputs;
  for (char c = 'a'; c < 'z'; ++c) {
    auto done = g.calls.compute(context, {{"in", g.calls.four(std::string(16, c))}});
    outputs.push_back(done.outputs.at(0).tensor);
    EXPECT_FALSE(g.calls.compute(context, {}).ok);
  }
  g.calls.drop_context(context);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    EXPECT_EQ(g.calls.data(outputs[i]), std::string(16, static_cast<char>('a' + i)));
}

TEST(Ownership, AnOutputCanBeTheNextInput) {
  ComponentGuest g;
  const auto context = g.context();
  auto t = g.calls.four(kSixteen);
  for (int i = 0; i < 100; ++i)
    t = g.calls.compute(context, {{"in", t}}).outputs.at(0).tensor;
  EXPECT_EQ(g.calls.data(t), kSixteen);
}

TEST(Buffers, AreUsedAgainWhenNobodyHoldsThem) {
  ComponentGuest g;
  const auto first = g.calls.four(kSixteen);
  const std::uint8_t* where = g.calls.span(first).data;
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(where) % 64, 0u);
  const auto second = g.calls.four(kOther);
  EXPECT_NE(g.calls.span(second).data, where);
  g.calls.drop_tensor(first);
  const auto third = g.calls.four(kOther);
  EXPECT_EQ(g.calls.span(third).data, where);
  // compute uses its inputs up, so their memory is free at once.
  const auto context = g.context();
  const auto out = g.calls.compute(context, {{"in", third}}).outputs.at(0).tensor;
  const auto fourth = g.calls.four(kSixteen);
  EXPECT_EQ(g.calls.span(fourth).data, where);
  EXPECT_EQ(g.calls.data(out), kOther);
  // An input that stays set keeps it.
  EXPECT_TRUE(g.calls.set_input(context, "in", fourth).ok);
  EXPECT_NE(g.calls.span(g.calls.four(kOther)).data, where);
  ASSERT_TRUE(g.calls.compute(context).ok);
  EXPECT_EQ(g.calls.data(g.calls.get_output(context, "out").number), kSixteen);
}

TEST(Buffers, ASmallTensorDoesNotSitOnALargeOnesMemory) {
  ComponentGuest g;
  const auto large = g.calls.bytes(std::string(100'000, 'x'));
  const std::uint8_t* where = g.calls.span(large).data;
  g.calls.drop_tensor(large);
  EXPECT_NE(g.calls.span(g.calls.bytes("small")).data, where);
}

// ---- limits ------------------------------------------------------------------------------------

TEST(Limits, OnTheNumberOfTensors) {
  GuestStateOptions options;
  options.limits.max_tensors = 3;
  ComponentGuest g{described(), options};
  const auto context = g.context();
  std::vector<std::uint32_t> held;
  for (int i = 0; i < 3; ++i)
    held.push_back(g.calls.four(kSixteen));
  const auto beyond = g.calls.four(kSixteen);
  EXPECT_EQ(beyond, kNoTensor);
  EXPECT_THAT(g.calls.data(beyond), IsEmpty());
  const auto set = g.calls.set_input(context, "in", beyond);
  EXPECT_EQ(set.code, kWitTooLarge);
  EXPECT_THAT(set.sentence, HasSubstr("3 tensors"));
  g.calls.drop_tensor(beyond);

  // An output needs room as well; none is half given.
  ASSERT_TRUE(g.calls.set_input(context, "in", held.back()).ok);
  held.back() = g.calls.four(kOther);
  ASSERT_TRUE(g.calls.compute(context).ok);
  const auto output = g.calls.get_output(context, "out");
  EXPECT_EQ(output.code, kWitTooLarge);
  EXPECT_THAT(output.sentence, HasSubstr("drop some"));
  g.calls.drop_tensor(held[0]);
  EXPECT_TRUE(g.calls.get_output(context, "out").ok);
}

TEST(Limits, AComputeWithoutRoomForAllOutputsGivesNone) {
  GuestStateOptions options;
  options.limits.max_tensors = 2;
  ComponentGuest g{two_in_two_out(), options};
  const auto context = g.context();
  const auto again = [&] {
    return g.calls.compute(context, {{"a", g.calls.bytes("x")}, {"b", g.calls.bytes("y")}});
  };
  const auto both = again();
  ASSERT_TRUE(both.ok) << both.sentence;
  g.calls.drop_tensor(both.outputs[0].tensor);
  // One stays: there is room for one input at a time and for one output of two.
  EXPECT_TRUE(g.calls.set_input(context, "a", g.calls.bytes("x")).ok);
  EXPECT_EQ(again().code, kWitTooLarge);
  g.calls.drop_tensor(both.outputs[1].tensor);
  EXPECT_TRUE(again().ok);
}

TEST(Limits, OnTheBytesOfAllTensors) {
  GuestStateOptions options;
  options.limits.max_live_tensor_bytes = 40;
  ComponentGuest g{described(), options};
  const auto context = g.context();
  const auto one = g.calls.four(kSixteen);
  const auto two = g.calls.four(kSixteen);
  const auto beyond = g.calls.four(kSixteen);
  const auto set = g.calls.set_input(context, "in", beyond);
  EXPECT_EQ(set.code, kWitTooLarge);
  EXPECT_THAT(set.sentence, HasSubstr("32 bytes"));
  EXPECT_THAT(set.sentence, HasSubstr("40"));
  // What is given back counts no more, in every way to give it back.
  g.calls.drop_tensor(one);
  EXPECT_TRUE(g.calls.set_input(context, "in", two).ok);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(g.calls.compute(context).ok);
    const auto output = g.calls.get_output(context, "out");
    ASSERT_TRUE(output.ok) << output.sentence;
    g.calls.drop_tensor(output.number);
    g.calls.drop_tensor(g.calls.four("poisoned"));
    const auto done = g.calls.compute(context, {{"in", g.calls.four(kOther)}});
    ASSERT_TRUE(done.ok) << done.sentence;
    EXPECT_TRUE(g.calls.set_input(context, "in", done.outputs[0].tensor).ok);
  }
}

TEST(Limits, OnErrorsKeepTheirCallsFailing) {
  ComponentGuest g;
  g.calls.drops_errors = false;
  std::vector<std::uint32_t> errors;
  for (int i = 0; i < 5000; ++i)
    errors.push_back(g.calls.open("nobody").number);
  EXPECT_EQ(g.calls.said(errors.front()).code, kWitNotFound);
  const Said beyond = g.calls.said(errors.back());
  EXPECT_EQ(beyond.code, kWitUnknown);
  EXPECT_THAT(beyond.sentence, HasSubstr("4096 errors"));
  g.calls.drop_error(errors.back());
  g.calls.drop_error(errors.front());
  EXPECT_EQ(g.calls.said(g.calls.open("nobody").number).code, kWitNotFound);
  EXPECT_THAT(g.log, SizeIs(5001));
}

TEST(Limits, OnThePartsOfAModel) {
  ComponentGuest g;
  for (const std::size_t count : {std::size_t{17}, std::size_t{NACRE_WASI_NN_MAX_PARTS + 1}}) {
    const auto refused = g.calls.load(std::vector<std::string_view>(count, ""));
    EXPECT_EQ(refused.code, kWitTooLarge);
    EXPECT_THAT(refused.sentence, HasSubstr(count == 17 ? "of 17 parts" : "more than 65536"));
  }
  EXPECT_EQ(g.provider.loads, 0);
  EXPECT_EQ(g.calls.load({}).code, kWitInvalidArgument);
}

TEST(Permissions, ANameThatIsNotGrantedIsANameThatDoesNotExist) {
  ComponentGuest g(described(), {.models = {{"described", "other"}}});
  EXPECT_EQ(g.calls.open("described").sentence, "");
  const int opens = g.provider.opens;
  for (const char* name : {"net", "nix"}) {  // one that exists, and one that does not
    const auto refused = g.calls.open(name);
    EXPECT_EQ(refused.code, kWitNotFound);
    EXPECT_EQ(refused.sentence, no_such_model(name).error().message);
  }
  EXPECT_EQ(g.provider.opens, opens);
}

// ---- errors ------------------------------------------------------------------------------------

TEST(Errors, CarryCodeAndWholeSentence) {
  ComponentGuest g;
  EXPECT_EQ(g.calls.open("nobody").code, kWitNotFound);
  EXPECT_EQ(g.calls.open("nobody").sentence, "No model \"nobody\".");
  EXPECT_EQ(g.calls.load({"bad"}).code, kWitInvalidEncoding);
  EXPECT_EQ(g.calls.load({"net"}, 1, 1).code, kWitUnsupportedOperation);
  const auto failed = g.calls.compute(g.context("fails"), {{"0", g.calls.bytes("x")}});
  EXPECT_EQ(failed.code, kWitRuntimeError);
  EXPECT_EQ(failed.sentence, "It broke.");
  EXPECT_THAT(g.log.back(), HasSubstr("wasi-nn compute"));
}

TEST(Errors, CodesThatTheWitLacksAreSaidWithThoseItHas) {
  GuestStateOptions options;
  options.limits.max_graphs = 1;
  ComponentGuest g{described(), options};
  EXPECT_TRUE(g.calls.open("net").ok);
  const auto busy = g.calls.open("net");
  EXPECT_EQ(busy.code, kWitRuntimeError);
  EXPECT_THAT(busy.sentence, HasSubstr("limit"));
}

TEST(Errors, OfTheGuestsOwnMaking) {
  ComponentGuest g;
  for (std::uint32_t code = 0; code <= kWitUnknown; ++code) {
    const auto error = g.calls.new_error(code, "Mine, 100 %.");
    EXPECT_EQ(g.calls.said(error).code, code);
    EXPECT_EQ(g.calls.said(error).sentence, "Mine, 100 %.");
    g.calls.drop_error(error);
  }
  EXPECT_THAT(g.log, IsEmpty());
}

TEST(Errors, WhateverIsThrownStopsHere) {
  ComponentGuest g;
  g.provider.on_load = [] { throw std::runtime_error("Out of luck."); };
  EXPECT_EQ(g.calls.load({"net"}).sentence, "Out of luck.");
  EXPECT_EQ(g.calls.load({"net"}).code, kWitRuntimeError);
  g.provider.on_load = [] { throw std::bad_alloc(); };
  EXPECT_THAT(g.calls.load({"net"}).sentence, HasSubstr("memory"));
  g.provider.on_load = [] { throw 42; };
  EXPECT_THAT(g.calls.load({"net"}).sentence, Not(IsEmpty()));
  EXPECT_THAT(g.log, SizeIs(4));
  g.provider.on_load = [] { throw std::runtime_error("no text: \xff"); };
  EXPECT_EQ(g.calls.load({"net"}).sentence, "no text: \\xff");
}

TEST(Errors, AStoppedGuestComputesNothingMore) {
  ComponentGuest g;
  const auto context = g.context();
  EXPECT_FALSE(g.guest.cancel());
  for (int i = 0; i < 3; ++i) {
    const auto done = g.calls.compute(context, {{"in", g.calls.four(kSixteen)}});
    EXPECT_EQ(done.code, kWitTimeout);
    EXPECT_THAT(done.sentence, HasSubstr("stopped"));
  }
}

TEST(Errors, ACancelEndsAComputation) {
  ComponentGuest g;
  const auto context = g.context("hangs");
  const auto t = g.calls.bytes("x");
  std::thread watchdog([&g] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    while (g.guest.cancel())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  EXPECT_EQ(g.calls.compute(context, {{"0", t}}).code, kWitTimeout);
  watchdog.join();
  EXPECT_EQ(g.state.tensor(t), nullptr);
}

// ---- the end -----------------------------------------------------------------------------------

TEST(Drops, InEveryOrderFreeTheGraph) {
  ComponentGuest g;
  const auto graph = g.calls.open("net").number;
  const auto context = g.calls.init(graph).number;
  const std::weak_ptr<Graph> net = g.provider.forget("net");
  g.calls.drop_graph(graph);
  EXPECT_TRUE(g.calls.compute(context, {{"in", g.calls.four(kSixteen)}}).ok);
  EXPECT_FALSE(net.expired());
  g.calls.drop_context(context);
  EXPECT_TRUE(net.expired());
}

TEST(Drops, TheGuestsEndFreesAll) {
  std::weak_ptr<Graph> net;
  BufferRef output;
  {
    ComponentGuest g;
    g.calls.drops_errors = false;
    const auto context = g.context();
    net = g.provider.forget("net");
    g.calls.set_input(context, "in", g.calls.four(kSixteen));
    const auto done = g.calls.compute(context, {{"in", g.calls.four(kSixteen)}});
    output = g.state.tensor(done.outputs.at(0).tensor)->tensor.buffer;
    EXPECT_FALSE(output.unique());
    EXPECT_FALSE(g.calls.open("nobody").ok);
    EXPECT_FALSE(net.expired());
  }
  EXPECT_TRUE(net.expired());
  EXPECT_TRUE(output.unique());  // and only this test holds it
}

// set-input takes a tensor out of those that are alive, but its bytes stay with the context: they
// count there until another takes its place, the newest compute has used it up, or the context
// goes.
TEST(Limits, OnInputsThatStaySet) {
  GuestStateOptions options;
  options.limits.max_context_bytes = 40;
  options.limits.max_live_tensor_bytes = 1000;
  ComponentGuest g{described(), options};
  std::vector<std::uint32_t> contexts;
  for (int i = 0; i < 3; ++i)
    contexts.push_back(g.context());
  EXPECT_TRUE(g.calls.set_input(contexts[0], "in", g.calls.four(kSixteen)).ok);
  EXPECT_TRUE(g.calls.set_input(contexts[1], "in", g.calls.four(kSixteen)).ok);
  const auto refused = g.calls.set_input(contexts[2], "in", g.calls.four(kSixteen));
  EXPECT_EQ(refused.code, kWitTooLarge);
  EXPECT_THAT(refused.sentence, HasSubstr("the limit is 40"));
  g.calls.drop_context(contexts[0]);
  EXPECT_TRUE(g.calls.set_input(contexts[2], "in", g.calls.four(kSixteen)).ok);
  g.calls.drop_context(contexts[1]);
  g.calls.drop_context(contexts[2]);
  // Used up by compute, so a thousand of them fit one after the other.
  const auto context = g.context();
  for (int i = 0; i < 1000; ++i) {
    const auto done = g.calls.compute(context, {{"in", g.calls.four(kSixteen)}});
    ASSERT_TRUE(done.ok) << i << ": " << done.sentence;
    g.calls.drop_tensor(done.outputs[0].tensor);
  }
}

}  // namespace
}  // namespace nacre::test
