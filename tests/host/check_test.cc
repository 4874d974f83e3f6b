// What the host says of a guest without running it: describe, and check with all its reasons.
#include <nacre/host.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/sha256.h"

namespace nacre {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Would print and never end.
constexpr std::string_view kLoop = R"((module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2 16)
  (func (export "_start") (loop $again (br $again)))))";

constexpr std::string_view kWantsMuch = R"((module
  (import "env" "launch" (func (param i32) (result i64)))
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "no_such" (func))
  (memory (export "memory") 1)
  (func (export "_start"))))";

constexpr std::string_view kInfers = R"((module
  (import "wasi_ephemeral_nn" "load_by_name" (func (param i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "unload" (func (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start"))))";

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

GuestOptions guest_of(std::string_view text) {
  return {.path = "guest.wasm", .bytes = bytes_of(text)};
}

std::vector<std::string> sentences(const GuestCheck& check) {
  std::vector<std::string> all;
  for (const CheckReason& reason : check.reasons)
    all.push_back(reason.sentence);
  return all;
}

class CheckTest : public testing::Test {
 protected:
  CheckTest() {
    std::string name = fs::temp_directory_path() / "nacre-check-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no scratch folder";
    dir_ = name;
  }
  ~CheckTest() override { fs::remove_all(dir_); }

  static std::unique_ptr<Host> make(std::vector<ModelSpec> models = {}) {
    auto host = Host::create({.models = std::move(models), .code_cache = ""});
    if (!host) ADD_FAILURE() << host.error().message;
    return host ? *std::move(host) : nullptr;
  }

  ModelSpec file(const std::string& name, const std::string& text) const {
    std::ofstream(dir_ / name) << text;
    return {.name = name, .paths = {(dir_ / name).string()}};
  }

  fs::path dir_;
};

TEST_F(CheckTest, DescribeSaysWhatAGuestIs) {
  const auto guest = make()->describe(guest_of(kLoop));
  ASSERT_TRUE(guest) << guest.error().message;
  EXPECT_FALSE(guest->component);
  EXPECT_FALSE(guest->precompiled);
  EXPECT_EQ(guest->wasi, WasiPreview::kPreview1);
  EXPECT_EQ(guest->entry, "_start");
  EXPECT_THAT(guest->refusal, IsEmpty());
  EXPECT_FALSE(guest->dialect);
  ASSERT_EQ(guest->imports.size(), 1u);
  EXPECT_EQ(guest->imports[0].interface, "wasi_snapshot_preview1");
  EXPECT_EQ(guest->imports[0].name, "fd_write");
  EXPECT_EQ(guest->imports[0].type, "(i32, i32, i32, i32) -> i32");
  EXPECT_TRUE(guest->imports[0].offered);
  ASSERT_EQ(guest->memories.value().size(), 1u);
  EXPECT_EQ(guest->memories->at(0).min_pages, 2u);
  EXPECT_EQ(guest->memories->at(0).max_pages, 16u);
}

TEST_F(CheckTest, DescribeSaysTheDialectAndWhy) {
  const auto host = make();
  const auto guest = host->describe(guest_of(kInfers));
  ASSERT_TRUE(guest) << guest.error().message;
  EXPECT_EQ(guest->dialect, DialectChoice::kWasmedge);
  EXPECT_THAT(guest->dialect_reason, HasSubstr("unload"));
  GuestOptions options = guest_of(kInfers);
  options.dialect = DialectChoice::kLegacy;
  EXPECT_EQ(host->describe(options).value().dialect, DialectChoice::kLegacy);
}

TEST_F(CheckTest, DescribeRefusesInTheWordsOfRun) {
  const auto host = make();
  const auto guest = host->describe(guest_of(kWantsMuch));
  ASSERT_TRUE(guest) << guest.error().message;
  EXPECT_EQ(guest->refusal, host->run(guest_of(kWantsMuch)).error().message);
  EXPECT_THAT(guest->refusal, AllOf(HasSubstr("launch"), HasSubstr("no_such")));
  EXPECT_FALSE(host->describe(guest_of("this is no program")));
  EXPECT_FALSE(host->describe({}));
}

TEST_F(CheckTest, AGuestThatWillRun) {
  GuestOptions guest = guest_of(kLoop);
  guest.dirs.push_back({.host = dir_.string(), .guest = "."});
  guest.limits.max_memory_bytes = 2 << 16;
  const auto check = make({file("net", "nacre-echo v1\n")})->check(guest);
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_THAT(sentences(*check), IsEmpty());
  EXPECT_EQ(check->least_memory, 2u << 16);
  EXPECT_EQ(check->memory_limit, 2u << 16);
  ASSERT_EQ(check->models.size(), 1u);
  EXPECT_EQ(check->models[0].encoding, GraphEncoding::kEcho);
  EXPECT_EQ(check->models[0].backend, "echo");
  EXPECT_TRUE(check->models[0].granted);
  EXPECT_FALSE(check->models[0].hash_checked);
  EXPECT_FALSE(check->models[0].loaded);
}

// WasmEdge's sockets: sock_accept has three parameters in WASI and two there, and the rest has no
// counterpart. Which one a guest means shows in its import's type.
TEST_F(CheckTest, GuestsThatNeedWasmedgesSocketsAreRefusedWithTheList) {
  const auto host = make();
  const auto wants = [](std::string_view accept, std::string_view more) {
    return fmt::format(R"((module
      (import "wasi_snapshot_preview1" "sock_accept" (func (param {}) (result i32)))
      {}
      (memory (export "memory") 1)
      (func (export "_start"))))",
                       accept, more);
  };
  const std::string of_wasi = wants("i32 i32 i32", "");
  const auto runs = host->run(guest_of(of_wasi));
  EXPECT_TRUE(runs) << runs.error().message;

  const std::string two = wants("i32 i32", "");
  const auto refused = host->run(guest_of(two));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("sock_accept"), HasSubstr("(i32, i32) -> i32"),
                    HasSubstr("(i32, i32, i32) -> i32")));

  std::string imports;
  const std::vector<std::string> names = {
      "sock_open",       "sock_bind",      "sock_listen",  "sock_connect",      "sock_getsockopt",
      "sock_setsockopt", "sock_recv_from", "sock_send_to", "sock_getlocaladdr", "sock_getpeeraddr"};
  for (const std::string& name : names) {
    imports += fmt::format(
        "(import \"wasi_snapshot_preview1\" \"{}\" (func (param i32 i32 i32) (result i32)))\n",
        name);
  }
  for (const char* accept : {"i32 i32", "i32 i32 i32"}) {
    const std::string all = wants(accept, imports);
    const auto ended = host->run(guest_of(all));
    ASSERT_FALSE(ended);
    for (const std::string& name : names)
      EXPECT_THAT(ended.error().message, HasSubstr(name));
    EXPECT_EQ(ended.error().message.find("sock_accept") != std::string::npos,
              std::string_view(accept) == "i32 i32");
    EXPECT_EQ(host->check(guest_of(all)).value().reasons.size(),
              names.size() + (std::string_view(accept) == "i32 i32" ? 1u : 0u));
  }
}

TEST_F(CheckTest, WasmedgesOtherPlugInsAreSaidToBeThat) {
  const auto ended = make()->run(guest_of(R"((module
    (import "wasmedge_tensorflow" "run_session" (func (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start"))))"));
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message,
              AllOf(HasSubstr("wasmedge_tensorflow.run_session"), HasSubstr("against wasi-nn")));
}

TEST_F(CheckTest, EachImportIsAReason) {
  const auto check = make()->check(guest_of(kWantsMuch));
  ASSERT_TRUE(check);
  EXPECT_THAT(sentences(*check),
              ElementsAre("the guest imports env.launch (i32) -> i64, which is not offered here",
                          "the guest imports wasi_snapshot_preview1.no_such () -> (), which is not "
                          "offered here"));
  EXPECT_EQ(check->reasons[0].subject, CheckSubject::kImport);
  EXPECT_EQ(check->reasons[0].name, "env.launch");
}

TEST_F(CheckTest, AComponentsCoreModuleIsOneReason) {
  const auto check = make()->check(guest_of(R"((module
    (import "wasi_snapshot_preview1" "no_such" (func))
    (import "wasi:io/error@0.2.0" "[resource-drop]error" (func (param i32)))
    (import "wasi:nn/graph@0.2.0-rc-2024-10-28" "load" (func (param i32)))
    (func (export "_start"))))"));
  ASSERT_TRUE(check);
  EXPECT_THAT(sentences(*check), ElementsAre(HasSubstr("the core module of a component")));
}

TEST_F(CheckTest, WhatIsNoGuestIsAReason) {
  const auto host = make();
  const auto check = host->check(guest_of("this is no program"));
  ASSERT_TRUE(check);
  EXPECT_FALSE(check->guest);
  ASSERT_EQ(check->reasons.size(), 1u);
  EXPECT_EQ(check->reasons[0].subject, CheckSubject::kGuest);
  EXPECT_EQ(check->reasons[0].sentence, host->run(guest_of("this is no program")).error().message);
  const auto missing = host->check({.path = "/no/such/guest.wasm"});
  EXPECT_THAT(sentences(*missing), ElementsAre(HasSubstr("/no/such/guest.wasm")));
  const auto library = host->check(guest_of("(module (memory (export \"memory\") 1))"));
  EXPECT_THAT(sentences(*library), ElementsAre(HasSubstr("_start")));
  EXPECT_FALSE(host->check({})) << "that is no guest to check";
}

TEST_F(CheckTest, MemoryThatDoesNotFitIsAReason) {
  GuestOptions guest = guest_of(kLoop);
  guest.limits.max_memory_bytes = (2 << 16) - 1;
  const auto host = make();
  const auto check = host->check(guest);
  ASSERT_EQ(check->reasons.size(), 1u);
  EXPECT_EQ(check->reasons[0].subject, CheckSubject::kMemory);
  EXPECT_THAT(check->reasons[0].sentence,
              AllOf(HasSubstr("131072 bytes"), HasSubstr("limit is 131071")));
  EXPECT_FALSE(host->run(guest)) << "as it says";
}

TEST_F(CheckTest, AFolderThatCannotBeLentIsAReason) {
  const auto host = make();
  for (const std::string_view text : {kLoop, kWantsMuch}) {
    GuestOptions guest = guest_of(text);
    guest.dirs = {{.host = dir_.string(), .guest = "."},
                  {.host = (dir_ / "none").string(), .guest = "x"}};
    const auto check = host->check(guest);
    const CheckReason& last = check->reasons.back();
    EXPECT_EQ(last.subject, CheckSubject::kFolder);
    EXPECT_EQ(last.name, (dir_ / "none").string());
    EXPECT_EQ(last.sentence, host->run(guest).error().message);
  }
}

TEST_F(CheckTest, WhatIsWrongWithAModelIsAReason) {
  ModelSpec missing = file("missing", "");
  fs::remove(missing.paths[0]);
  ModelSpec hashed = file("hashed", "nacre-echo v1\n");
  hashed.sha256 = {std::string(64, 'a')};
  ModelSpec good_hash = file("good", "nacre-echo v1\n");
  good_hash.sha256 = {to_hex(sha256_of_file(good_hash.paths[0]).value().digest)};
  ModelSpec other = file("other", "nacre-echo v1\n");
  other.encoding = GraphEncoding::kOnnx;
  other.backend = "echo";
  ModelSpec gpu = file("gpu", "nacre-echo v1\n");
  gpu.target = ExecutionTarget::kGpu;
  ModelSpec nobody = file("nobody", "nacre-echo v1\n");
  nobody.backend = "nobodys";
  ModelSpec broken = file("broken", "nacre-echo v1\nnonsense\n");
  const auto host = make({missing, hashed, good_hash, other, gpu, nobody,
                          file("odd", "nothing that anyone reads"), broken});
  const auto check = host->check(guest_of(kLoop));
  ASSERT_TRUE(check);
  EXPECT_THAT(sentences(*check),
              ElementsAre(AllOf(HasSubstr("\"missing\""), HasSubstr("No such file")),
                          AllOf(HasSubstr("\"hashed\""), HasSubstr("SHA-256")),
                          AllOf(HasSubstr("\"other\""), HasSubstr("the bytes are echo")),
                          AllOf(HasSubstr("\"other\""), HasSubstr("does not read onnx")),
                          AllOf(HasSubstr("\"gpu\""), HasSubstr("no device gpu")),
                          AllOf(HasSubstr("\"nobody\""), HasSubstr("no backend \"nobodys\"")),
                          AllOf(HasSubstr("\"odd\""), HasSubstr("known: ONNX"))));
  for (const CheckReason& reason : check->reasons)
    EXPECT_EQ(reason.subject, CheckSubject::kModel);
  EXPECT_FALSE(check->models[1].hash_checked);
  EXPECT_TRUE(check->models[2].hash_checked);

  const auto loaded = host->check(guest_of(kLoop), {.load_models = true});
  EXPECT_TRUE(loaded->models[2].loaded);
  EXPECT_FALSE(loaded->models[7].loaded);
  EXPECT_THAT(sentences(*loaded), testing::Contains(HasSubstr("\"broken\"")))
      << "only loading finds it";
}

TEST_F(CheckTest, ModelsThatAreNotForTheGuest) {
  ModelSpec secret = file("secret", "");
  fs::remove(secret.paths[0]);
  secret.guests = {"other.wasm"};
  secret.origin = "models.toml:1";
  const auto host = make({secret, file("net", "nacre-echo v1\n")});
  const auto check = host->check(guest_of(kLoop));
  EXPECT_THAT(sentences(*check), IsEmpty()) << "what it may not use is no hindrance";
  EXPECT_FALSE(check->models[0].granted);
  EXPECT_TRUE(check->models[1].granted);

  GuestOptions guest = guest_of(kLoop);
  guest.models = {"secret", "none"};
  EXPECT_THAT(sentences(host->check(guest).value()),
              ElementsAre(AllOf(HasSubstr("\"secret\""), HasSubstr("for other.wasm only"),
                                HasSubstr("models.toml:1")),
                          HasSubstr("none of that name")));
}

TEST_F(CheckTest, CompiledCodeIsTakenWhenAllowed) {
  const auto host = make();
  const auto code = host->compile(bytes_of(kLoop));
  ASSERT_TRUE(code);
  GuestOptions guest{.path = "guest.cwasm", .bytes = *code};
  EXPECT_THAT(sentences(host->check(guest).value()), ElementsAre(HasSubstr("precompiled")));
  guest.allow_precompiled = true;
  const auto check = host->check(guest);
  EXPECT_THAT(sentences(*check), IsEmpty());
  EXPECT_FALSE(check->least_memory) << "compiled code does not say";
}

}  // namespace
}  // namespace nacre
