// Small guests in WebAssembly text, run to their end: what these tests have in common.
#ifndef NACRE_TESTS_ENGINE_RUN_GUEST_H_
#define NACRE_TESTS_ENGINE_RUN_GUEST_H_

#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "engine/engine.h"

namespace nacre::engine {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline Engine make_engine(EngineOptions options = {}) {
  auto engine = Engine::create(std::move(options));
  if (!engine) throw std::runtime_error(engine.error().message);
  return *engine;
}

inline Module load(const Engine& engine, std::string_view text) {
  auto module = engine.load_module(bytes_of(text), {});
  if (!module) throw std::runtime_error(module.error().message);
  return *module;
}

/// Runs a guest; whatever stops it from starting comes back as the error.
inline Result<RunOutcome> run(const Engine& engine, std::string_view text,
                              InstanceOptions options = {}) {
  auto instance = Instance::create(load(engine, text), std::move(options));
  if (!instance) return std::unexpected(instance.error());
  return instance->run();
}

/// What a guest printed, beside how it ended.
struct Printed {
  Result<RunOutcome> outcome;
  std::string out;
  std::string err;
};

inline Printed run_and_read(const Engine& engine, std::string_view text,
                            InstanceOptions options = {}) {
  std::string out;
  std::string err;
  options.standard_output = OutputSink([&](std::string_view bytes) { out += bytes; });
  options.standard_error = OutputSink([&](std::string_view bytes) { err += bytes; });
  auto outcome = run(engine, text, std::move(options));
  return {std::move(outcome), std::move(out), std::move(err)};
}

/// A folder of this test's own, gone when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "nacre-test-XXXXXX").native();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// `(module …)` with WASI's functions imported, a memory, and a function
/// `$print ptr len` that writes to standard output (its iovec stands at 0, the count at 8).
inline std::string wasi_guest(std::string_view body) {
  return std::string(R"((module $guest
    (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
    (import "wasi_snapshot_preview1" "fd_write"
      (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read"
      (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get"
      (func $args_sizes_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get"
      (func $environ_sizes_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_get"
      (func $environ_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open"
      (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_prestat_dir_name"
      (func $fd_prestat_dir_name (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get"
      (func $clock_time_get (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff"
      (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (func $print (param $ptr i32) (param $len i32)
      (i32.store (i32.const 0) (local.get $ptr))
      (i32.store (i32.const 4) (local.get $len))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))") +
         std::string(body) + ")";
}

/// A guest that differs from every other by its number.
inline std::string numbered_guest(int number) {
  return "(module (func (export \"_start\") (drop (i32.const " + std::to_string(number) + "))))";
}

}  // namespace nacre::engine

#endif  // NACRE_TESTS_ENGINE_RUN_GUEST_H_
