// From bytes in a guest's memory to its results, through the real loader and the built-in backend.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "../echo_loader.h"
#include "../fake_guest.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;

class Echo : public testing::Test {
 protected:
  std::uint32_t call(std::string_view name, std::initializer_list<std::uint32_t> args) {
    return function(name).fn(&state_, guest_.memory, args.begin());
  }
  std::uint32_t load(std::string_view model, std::uint32_t encoding = 5, std::uint32_t target = 0) {
    guest_.put_bytes(kFree, model);
    guest_.put_builder(0, kFree, static_cast<std::uint32_t>(model.size()));
    return call("load", {kBuilders, 1, encoding, target, kOut});
  }
  std::uint32_t init() {
    EXPECT_EQ(call("init_execution_context", {guest_.get(kOut), kOut}), 0u);
    return guest_.get(kOut);
  }

  FakeGuest guest_;  // for its memory
  EchoLoader loader_;
  GuestState state_{loader_, {}};
};

TEST_F(Echo, TwoDescribedInputs) {
  ASSERT_EQ(load("nacre-echo v1\ninput a f32 2,?\ninput b u8 3\n"), 0u)
      << state_.last_error().message;
  const auto context = init();
  guest_.put_tensor({2, 1}, kWitxF32, "01234567");
  EXPECT_EQ(call("set_input", {context, 0, kRecord}), 0u);
  EXPECT_EQ(call("compute", {context}), 1u);
  EXPECT_THAT(state_.last_error().message, HasSubstr("b"));
  EXPECT_EQ(call("set_input", {context, 1, kRecord}), 1u);
  EXPECT_EQ(call("set_input", {context, 2, kRecord}), 1u);
  guest_.put_tensor({3}, kWitxU8, "xyz");
  EXPECT_EQ(call("set_input", {context, 1, kRecord}), 0u);
  EXPECT_EQ(call("compute", {context}), 0u);
  EXPECT_EQ(call("get_output", {context, 0, kBuffer, 64, kWritten}), 0u);
  EXPECT_EQ(guest_.get_bytes(kBuffer, guest_.get(kWritten)), "01234567");
  EXPECT_EQ(call("get_output", {context, 1, kBuffer, 64, kWritten}), 0u);
  EXPECT_EQ(guest_.get_bytes(kBuffer, guest_.get(kWritten)), "xyz");
  EXPECT_EQ(call("get_output", {context, 2, kBuffer, 64, kWritten}), 1u);
}

TEST_F(Echo, NothingKnown) {
  ASSERT_EQ(load("nacre-echo v1\n"), 0u) << state_.last_error().message;
  const auto context = init();
  for (const std::string data : {"a", "four", "sixteen bytes..."}) {
    guest_.put_tensor({static_cast<std::uint32_t>(data.size())}, kWitxU8, data);
    EXPECT_EQ(call("set_input", {context, 0, kRecord}), 0u);
    EXPECT_EQ(call("compute", {context}), 0u);
    EXPECT_EQ(call("get_output", {context, 0, kBuffer, 64, kWritten}), 0u);
    EXPECT_EQ(guest_.get_bytes(kBuffer, guest_.get(kWritten)), data);
  }
}

TEST_F(Echo, ABackendThatThrowsFailsOrGivesWrongShapes) {
  for (const std::string_view temper : {"throw", "fail It broke.", "wrong_shape"}) {
    ASSERT_EQ(load("nacre-echo v1\ninput a u8 4\n" + std::string(temper) + "\n"), 0u);
    const auto context = init();
    guest_.put_tensor({4}, kWitxU8, "four");
    EXPECT_EQ(call("set_input", {context, 0, kRecord}), 0u);
    EXPECT_EQ(call("compute", {context}), 5u) << temper;
    EXPECT_EQ(call("get_output", {context, 0, kBuffer, 64, kWritten}), 1u) << temper;
  }
}

TEST_F(Echo, WhatIsNoModel) {
  for (const std::string_view model :
       {"", "n", "nacre-echo v2\n", "no model at all", "PK\x03\x04"}) {
    EXPECT_EQ(load(model), 2u) << model;
  }
  EXPECT_EQ(load("nacre-echo v1\ninput a f99 2\n"), 2u);
}

TEST_F(Echo, ADeviceThatIsNotThere) {
  EXPECT_EQ(load("nacre-echo v1\n", 5, 1), 6u);
  EXPECT_THAT(state_.last_error().message, HasSubstr("cpu"));
  EXPECT_EQ(load("nacre-echo v1\n", 5, 2), 6u);
  EXPECT_EQ(load("nacre-echo v1\n", 5, 3), 0u) << state_.last_error().message;
}

}  // namespace
}  // namespace nacre::test
