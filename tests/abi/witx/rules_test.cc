// Rules about core-module guests: dialects, limits, permissions, the log, and being stopped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "abi/witx/functions.h"
#include "busy_guest.h"
#include "core/no_such_model.h"

namespace nacre::test {
namespace {

using testing::Contains;
using testing::HasSubstr;

TEST(Dialects, ALengthOfZeroIsABufferForWasmedgeAlone) {
  for (const Dialect dialect : {Dialect::kWamr, Dialect::kLegacy, Dialect::kWasmedge}) {
    FakeGuest guest(undescribed(), {.dialect = dialect});
    guest.memory.grow(0x100000);
    const auto context = guest.init(guest.open("net"));
    guest.put_tensor({2, 2}, kWitxF32, kSixteen);
    ASSERT_EQ(guest.call("set_input", {context, 0, kRecord}), 0u);
    ASSERT_EQ(guest.call("compute", {context}), 0u);
    const bool wasmedge = dialect == Dialect::kWasmedge;
    EXPECT_EQ(guest.call("get_output", {context, 0, kBuffer, 0, kWritten}), wasmedge ? 0u : 7u);
    EXPECT_EQ(guest.get(kWritten), 16u);
    EXPECT_EQ(guest.get_bytes(kBuffer, 16), wasmedge ? kSixteen : std::string(16, '\0'));
  }
}

TEST(Dialects, WasmedgesImpliedBufferMustLieInMemory) {
  FakeGuest guest(undescribed(), {.dialect = Dialect::kWasmedge});
  guest.memory.grow(0x100000);
  const auto context = guest.init(guest.open("net"));
  guest.put_tensor({2, 2}, kWitxF32, kSixteen);
  ASSERT_EQ(guest.call("set_input", {context, 0, kRecord}), 0u);
  ASSERT_EQ(guest.call("compute", {context}), 0u);
  const std::uint32_t last = 0x110000 - 245'888;
  EXPECT_EQ(guest.call("get_output", {context, 0, last, 0, kWritten}), 0u);
  EXPECT_EQ(guest.call("get_output", {context, 0, last + 1, 0, kWritten}), 1u);
}

TEST(Dialects, NumbersReachTheProviderTranslated) {
  struct Case {
    Dialect dialect;
    std::uint32_t wire;
    GraphEncoding encoding;
  };
  for (const auto& [dialect, wire, encoding] : {Case{Dialect::kWitx, 5, GraphEncoding::kAutodetect},
                                                Case{Dialect::kWasmedge, 6, GraphEncoding::kGgml},
                                                Case{Dialect::kWamr, 5, GraphEncoding::kGgml},
                                                Case{Dialect::kLegacy, 1, GraphEncoding::kOnnx}}) {
    FakeGuest guest(described(), {.dialect = dialect});
    guest.put_builder(0, kData, 4);
    EXPECT_EQ(guest.call("load", {kBuilders, 1, wire, 0, kOut}), 0u);
    EXPECT_EQ(guest.provider.last_encoding, encoding);
  }
}

TEST(Limits, GraphsAndContexts) {
  FakeGuest guest(described(), {.limits = {.max_graphs = 2, .max_contexts = 3}});
  const auto graph = guest.open("net");
  ASSERT_NE(graph, 0u);
  ASSERT_NE(guest.open("net"), 0u);
  guest.put_bytes(kName, "net");
  EXPECT_EQ(guest.call("load_by_name", {kName, 3, kOut}), 4u);
  EXPECT_THAT(guest.state.last_error().message, HasSubstr("2 graphs"));
  guest.put_builder(0, kData, 4);
  EXPECT_EQ(guest.call("load", {kBuilders, 1, 1, 0, kOut}), 4u);
  EXPECT_EQ(guest.provider.loads, 0) << "a model was loaded for nothing";

  std::uint32_t context = 0;
  for (int i = 0; i < 3; ++i)
    ASSERT_NE(context = guest.init(graph), 0u);
  EXPECT_EQ(guest.call("init_execution_context", {graph, kOut}), 4u);
  EXPECT_THAT(guest.state.last_error().message, HasSubstr("3 execution contexts"));
  EXPECT_EQ(guest.call("finalize_execution_context", {context}), 0u);
  EXPECT_NE(guest.init(graph), 0u);
  EXPECT_EQ(guest.call("unload", {graph}), 0u);
  EXPECT_NE(guest.open("net"), 0u);
}

TEST(Limits, AMillionGraphsAndContexts) {
  FakeGuest guest;
  const auto graph = guest.open("net");
  for (int i = 0; i < 1'000'000; ++i) {
    const auto context = guest.init(graph);
    if (context == 0) {
      EXPECT_EQ(i, 256);
      break;
    }
  }
  EXPECT_EQ(guest.state.last_error().code, ErrorCode::kBusy);
}

TEST(Limits, ModelAndTensorBytes) {
  FakeGuest guest(undescribed(), {.limits = {.max_model_bytes = 100, .max_tensor_bytes = 15}});
  guest.put_builder(0, kData, 60);
  guest.put_builder(1, kData, 40);  // the same bytes count again
  guest.put_builder(2, kData, 1);
  EXPECT_EQ(guest.call("load", {kBuilders, 2, 1, 0, kOut}), 0u);
  EXPECT_EQ(guest.call("load", {kBuilders, 3, 1, 0, kOut}), 7u);
  EXPECT_THAT(guest.state.last_error().message, HasSubstr("101 bytes; the limit is 100"));
  EXPECT_EQ(guest.provider.loads, 1);

  const auto context = guest.init(guest.open("net"));
  guest.put_tensor({2, 2}, kWitxF32, kSixteen);
  EXPECT_EQ(guest.call("set_input", {context, 0, kRecord}), 7u);
}

// Strings cost a runtime far more than their bytes, so a guest's have a limit of their own.
TEST(Limits, Strings) {
  GraphDescription words;
  words.inputs.push_back({"words", TensorType::kString, Shape{-1}, ""});
  words.outputs = words.inputs;
  FakeGuest guest(words, {.limits = {.max_strings = 3, .max_string_bytes = 20}});
  const auto context = guest.init(guest.open("net"));
  const auto set = [&](std::size_t count, const std::string& each) {
    std::string rows;
    for (std::size_t i = 0; i < count; ++i) {
      const auto size = static_cast<std::uint32_t>(each.size());
      rows.append(reinterpret_cast<const char*>(&size), sizeof size);
      rows += each;
    }
    guest.put_tensor({static_cast<std::uint32_t>(rows.size())}, kWitxU8, rows);
    return guest.call("set_input", {context, 0, kRecord});
  };
  EXPECT_EQ(set(3, "ab"), 0u) << guest.state.last_error().message;
  EXPECT_EQ(set(4, ""), 7u);
  EXPECT_THAT(guest.state.last_error().message, HasSubstr("4 strings"));
  EXPECT_EQ(set(3, "abc"), 7u);
  EXPECT_THAT(guest.state.last_error().message, HasSubstr("strings of 21 bytes"));
  EXPECT_EQ(guest.call("compute", {context}), 0u) << "a refused tensor changes nothing";
}

TEST(Limits, NamesFromThemselves) {
  FakeGuest guest(described(), {.limits = {.max_name_bytes = 2}});
  guest.put_bytes(kName, "net");
  EXPECT_EQ(guest.call("load_by_name", {kName, 3, kOut}), 8u);
  EXPECT_EQ(guest.provider.opens, 0);
}

TEST(Permissions, ModelsOnlyRefusesBytes) {
  FakeGuest guest(described(), {.models_only = true});
  guest.put_builder(0, kData, 4);
  EXPECT_EQ(guest.call("load", {kBuilders, 1, 1, 0, kOut}), 6u);
  EXPECT_EQ(guest.state.last_error().code, ErrorCode::kSecurity);
  EXPECT_EQ(guest.provider.loads, 0);
  EXPECT_NE(guest.open("net"), 0u);
}

TEST(Permissions, ANameThatIsNotAllowedIsNotFound) {
  FakeGuest guest(described(), {.models = {{"described", "other"}}});
  EXPECT_NE(guest.open("described"), 0u);
  const int opens = guest.provider.opens;
  guest.put_bytes(kName, "net");
  EXPECT_EQ(guest.call("load_by_name", {kName, 3, kOut}), 8u);
  EXPECT_EQ(guest.provider.opens, opens);
  // Not a word of the names that there are, and the very sentence for one that does not exist.
  EXPECT_EQ(guest.state.last_error().message, no_such_model("net").error().message);
  guest.put_bytes(kName, "nix");
  EXPECT_EQ(guest.call("load_by_name", {kName, 3, kOut}), 8u);
  EXPECT_EQ(guest.state.last_error().message, no_such_model("nix").error().message);
}

TEST(Refusals, ALineForTheLogCannotBeForged) {
  FakeGuest guest;
  const std::string name = "x\n[error] all is lost \x1b[2J";
  guest.put_bytes(kName, name);
  EXPECT_EQ(guest.call("load_by_name", {kName, static_cast<std::uint32_t>(name.size()), kOut}), 8u);
  EXPECT_THAT(guest.log.back(), HasSubstr("not-found (errno 8)"));
  EXPECT_THAT(guest.log.back(), HasSubstr("x\\x0a[error]"));
  EXPECT_EQ(guest.log.back().find('\n'), std::string::npos);
  EXPECT_EQ(guest.log.back().find('\x1b'), std::string::npos);
}

TEST(Stopping, FromAnotherThread) {
  FakeGuest guest;
  const auto context = guest.init(guest.open("hangs"));
  const auto other = guest.init(guest.open("described"));
  guest.put_tensor({2, 2}, kWitxF32, kSixteen);
  ASSERT_EQ(guest.call("set_input", {context, 0, kRecord}), 0u);
  ASSERT_EQ(guest.call("set_input", {other, 0, kRecord}), 0u);
  std::thread watchdog([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    while (guest.state.cancel())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  EXPECT_EQ(guest.call("compute", {context}), 5u);
  watchdog.join();
  EXPECT_EQ(guest.state.last_error().code, ErrorCode::kTimeout);
  EXPECT_EQ(guest.call("compute", {other}), 5u) << "a stopped guest computed again";
}

TEST(Stopping, WhileContextsComeAndGo) {
  FakeGuest guest;
  const auto graph = guest.open("net");
  guest.put_tensor({2, 2}, kWitxF32, kSixteen);
  std::atomic<bool> done = false;
  std::thread watchdog([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    while (!done)
      guest.state.cancel();
  });
  for (int i = 0; i < 2000; ++i) {
    const auto context = guest.init(graph);
    ASSERT_EQ(guest.call("set_input", {context, 0, kRecord}), 0u);
    const auto answer = guest.call("compute", {context});
    ASSERT_TRUE(answer == 0 || answer == 5) << answer;
    ASSERT_EQ(guest.call("finalize_execution_context", {context}), 0u);
  }
  done = true;
  watchdog.join();
}

TEST(TwoGuests, OnOneGraphAtTheSameTime) {
  FakeProvider shared(described());
  const auto work = [&](const std::string& mine) {
    FakeGuest guest;
    GuestState state(shared, {});
    const auto run = [&](std::string_view name, std::initializer_list<std::uint32_t> args) {
      return function(name).fn(&state, guest.memory, args.begin());
    };
    guest.put_bytes(kName, "net");
    guest.put_tensor({2, 2}, kWitxF32, mine);
    EXPECT_EQ(run("load_by_name", {kName, 3, kOut}), 0u);
    EXPECT_EQ(run("init_execution_context", {guest.get(kOut), kOut}), 0u);
    const auto context = guest.get(kOut);
    for (int i = 0; i < 10'000; ++i) {
      EXPECT_EQ(run("set_input", {context, 0, kRecord}), 0u);
      EXPECT_EQ(run("compute", {context}), 0u);
      EXPECT_EQ(run("get_output", {context, 0, kBuffer, 16, kWritten}), 0u);
      if (guest.get_bytes(kBuffer, 16) != mine) {
        ADD_FAILURE() << "another guest's bytes";
        return;
      }
    }
  };
  std::thread other(work, kOther);
  work(kSixteen);
  other.join();
}

}  // namespace
}  // namespace nacre::test
