// What the tests of the host share: a host of its own for each, echo models, and guests as text.
#ifndef NACRE_TESTS_HOST_HOST_TEST_BASE_H_
#define NACRE_TESTS_HOST_HOST_TEST_BASE_H_

#include <nacre/host.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace nacre {

// Exits with 7.
inline constexpr std::string_view kExit = R"((module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 7)))))";

/// Opens the model `name`, computes `times` times on 16 bytes that differ by `salt`, and compares.
/// Exit code: 0, a call's errno, or 99 for an output that is not the input.
inline std::string infer(const std::string& name, int times, int salt = 0) {
  std::string text = R"((module
  (import "wasi_ephemeral_nn" "load_by_name" (func $open (param i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "init_execution_context" (func $init (param i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "set_input" (func $set (param i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "compute" (func $compute (param i32) (result i32)))
  (import "wasi_ephemeral_nn" "get_output"
    (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "NAME")
  (data (i32.const 64) "\60\00\00\00\01\00\00\00\03\00\00\00\80\00\00\00\10\00\00\00")
  (data (i32.const 96) "\10\00\00\00")
  (func $must (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
  (func (export "_start") (local $i i32)
    (call $must (call $open (i32.const 16) (i32.const LENGTH) (i32.const 32)))
    (call $must (call $init (i32.load (i32.const 32)) (i32.const 36)))
    (loop $again
      (i32.store (i32.const 128) (i32.add (local.get $i) (i32.const SALT)))
      (call $must (call $set (i32.load (i32.const 36)) (i32.const 0) (i32.const 64)))
      (call $must (call $compute (i32.load (i32.const 36))))
      (call $must (call $get (i32.load (i32.const 36)) (i32.const 0) (i32.const 256)
                             (i32.const 16) (i32.const 40)))
      (if (i32.ne (i32.load (i32.const 256)) (i32.load (i32.const 128)))
        (then (call $exit (i32.const 99))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const TIMES)))))))";
  const auto put = [&text](const std::string& word, const std::string& value) {
    text.replace(text.find(word), word.size(), value);
  };
  put("NAME", name);
  put("LENGTH", std::to_string(name.size()));
  put("TIMES", std::to_string(times));
  put("SALT", std::to_string(salt));
  return text;
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

inline GuestOptions guest_of(std::string_view text) {
  return {.path = "guest", .bytes = bytes_of(text)};
}

class HostTest : public testing::Test {
 protected:
  HostTest() {
    std::string name = std::filesystem::temp_directory_path() / "nacre-host-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no scratch folder";
    dir_ = name;
  }
  ~HostTest() override { std::filesystem::remove_all(dir_); }

  static std::unique_ptr<Host> make(HostOptions options = {}) {
    options.code_cache = "";
    auto host = Host::create(std::move(options));
    if (!host) ADD_FAILURE() << host.error().message;
    return host ? *std::move(host) : nullptr;
  }

  /// An echo model that behaves as `lines` say.
  ModelSpec model(const std::string& name, const std::string& lines = "") const {
    std::ofstream(dir_ / name) << "nacre-echo v1\n" << lines;
    return {.name = name, .paths = {(dir_ / name).string()}};
  }

  std::filesystem::path dir_;
};

}  // namespace nacre

#endif  // NACRE_TESTS_HOST_HOST_TEST_BASE_H_
