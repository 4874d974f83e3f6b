// Configuration of the VM, and the way from a file's bytes to a module.

#include "engine/engine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/descriptor.h"
#include "engine/component_linking.h"
#include "engine/engine_state.h"
#include "engine/instantiations.h"
#include "engine/processor.h"

namespace nacre::engine {
namespace {

constexpr std::size_t kLeastStack = std::size_t{64} << 10;
constexpr std::size_t kMostStack = std::size_t{1} << 30;

/// What a file is, by its content.
enum class Content : std::uint8_t {
  kModule,
  kComponent,
  kText,
  kCompiledModule,
  kCompiledComponent,
  kOther,
};

Content content_of(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with(std::string_view("\0asm", 4))) {
    // After the magic: version 1 for modules; a component has layer 1 in the upper half.
    const bool component = text.size() >= 8 && text[6] == 1;
    return component ? Content::kComponent : Content::kModule;
  }
  if (text.starts_with("\x7f"
                       "ELF") &&
      text.size() >= 64) {
    constexpr std::size_t kOsAbi = 7;
    constexpr unsigned char kWasmtimeAbi = 200;
    constexpr std::size_t kFlags = 48;  // e_flags of a 64-bit ELF header
    constexpr std::uint32_t kIsComponent = 1U << 1;
    if (static_cast<unsigned char>(text[kOsAbi]) != kWasmtimeAbi) return Content::kOther;
    std::uint32_t flags = 0;
    std::memcpy(&flags, text.data() + kFlags, sizeof(flags));
    return (flags & kIsComponent) != 0 ? Content::kCompiledComponent : Content::kCompiledModule;
  }
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (text[first] == '(' || text[first] == ';')) {
    return Content::kText;
  }
  return Content::kOther;
}

std::string beginning_of(std::span<const std::byte> bytes) {
  if (bytes.empty()) return "it is empty";
  std::string hex;
  for (const std::byte byte : bytes.first(std::min<std::size_t>(bytes.size(), 8))) {
    hex += fmt::format(" {:02x}", std::to_integer<unsigned>(byte));
  }
  return fmt::format("it begins with{}", hex);
}

ConfigHandle make_config(const EngineOptions& options, Error* error) {
  ConfigHandle config(wasm_config_new());
  switch (options.compiler) {
    case Compiler::kCranelift:
      wasmtime_config_strategy_set(config.get(), WASMTIME_STRATEGY_CRANELIFT);
      break;
    case Compiler::kWinch:
      wasmtime_config_strategy_set(config.get(), WASMTIME_STRATEGY_WINCH);
      break;
    case Compiler::kPulley:
      if (ErrorHandle refused{wasmtime_config_target_set(config.get(), "pulley64")}) {
        *error = {ErrorCode::kUnsupportedOperation,
                  "the interpreter is not available: " + message_of(*refused)};
        return nullptr;
      }
      break;
  }
#if defined(__SANITIZE_THREAD__)
  // The archive is not instrumented: threads that compile would look like races.
  wasmtime_config_parallel_compilation_set(config.get(), false);
#endif
  wasmtime_config_epoch_interruption_set(config.get(), options.interruptible);
  wasmtime_config_consume_fuel_set(config.get(), options.meter_fuel);
  wasmtime_config_async_stack_size_set(config.get(),
                                       options.max_wasm_stack + (std::size_t{1} << 20));
  wasmtime_config_max_wasm_stack_set(config.get(), options.max_wasm_stack);
  wasmtime_config_wasm_component_model_set(config.get(), true);
  // Component tasks in the host are never concurrent here, and each call is cheaper without.
  wasmtime_config_concurrency_support_set(config.get(), false);
  return config;
}

/// Whatever of the options and the machine changes the compiled code.
std::string settings_text(const EngineOptions& options) {
  return fmt::format("wasmtime {} {} interruptible={} fuel={} stack={} cpu={}", WASMTIME_VERSION,
                     to_string(options.compiler), options.interruptible, options.meter_fuel,
                     options.max_wasm_stack, processor_features());
}

std::span<const std::uint8_t> octets(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

/// The VM makes modules and components by functions of one shape; these name the pair.
struct ModuleCode {
  using Handle = ModuleHandle;
  static constexpr auto kCompile = wasmtime_module_new;
  static constexpr auto kDeserialize = wasmtime_module_deserialize;
};
struct ComponentCode {
  using Handle = ComponentHandle;
  static constexpr auto kCompile = wasmtime_component_new;
  static constexpr auto kDeserialize = wasmtime_component_deserialize;
};

template <typename Code>
Result<typename Code::Handle> compile(const Engine::State& engine,
                                      std::span<const std::byte> wasm) {
  typename Code::Handle::pointer made = nullptr;
  const auto raw = octets(wasm);
  if (ErrorHandle error{Code::kCompile(engine.handle.get(), raw.data(), raw.size(), &made)}) {
    const std::string_view hint = engine.options.compiler == Compiler::kWinch
                                      ? " (the winch compiler lacks some Wasm proposals; "
                                        "cranelift has them)"
                                      : "";
    return fail(ErrorCode::kInvalidEncoding,
                fmt::format("the guest could not be compiled by {}{}: {}",
                            to_string(engine.options.compiler), hint, message_of(*error)));
  }
  return typename Code::Handle(made);
}

template <typename Code>
Result<typename Code::Handle> deserialize(const Engine::State& engine,
                                          std::span<const std::byte> code) {
  typename Code::Handle::pointer made = nullptr;
  const auto raw = octets(code);
  if (ErrorHandle error{Code::kDeserialize(engine.handle.get(), raw.data(), raw.size(), &made)}) {
    return fail(ErrorCode::kInvalidEncoding,
                fmt::format("the compiled code is of another version or for another processor, or "
                            "it is damaged; compile it again here: {}",
                            message_of(*error)));
  }
  return typename Code::Handle(made);
}

/// In what way code of `its` options is not what an engine of `wanted` would make.
std::string difference(const EngineOptions& its, const EngineOptions& wanted) {
  if (its.compiler != wanted.compiler) {
    return fmt::format("by {}, and {} is to run it", to_string(its.compiler),
                       to_string(wanted.compiler));
  }
  if (its.meter_fuel != wanted.meter_fuel) {
    return its.meter_fuel ? "with the counting of fuel" : "without the counting that fuel needs";
  }
  return its.interruptible ? "with the checks that a timeout needs"
                           : "without the checks that a timeout needs";
}

/// The options under which the code would load, found by trying them: the code itself does not say.
template <typename Code>
std::optional<EngineOptions> options_that_fit(const EngineOptions& given,
                                              std::span<const std::byte> code) {
  for (const Compiler compiler : {Compiler::kCranelift, Compiler::kWinch, Compiler::kPulley}) {
    for (const bool interruptible : {true, false}) {
      for (const bool meter_fuel : {false, true}) {
        Engine::State state;
        state.options = {.compiler = compiler,
                         .interruptible = interruptible,
                         .meter_fuel = meter_fuel,
                         .max_wasm_stack = given.max_wasm_stack};
        Error error;
        ConfigHandle config = make_config(state.options, &error);
        if (!config) continue;
        state.handle.reset(wasm_engine_new_with_config(config.release()));
        if (deserialize<Code>(state, code)) return state.options;
      }
    }
  }
  return std::nullopt;
}

template <typename Code>
Result<Module> load_precompiled(const std::shared_ptr<const Engine::State>& engine,
                                std::span<const std::byte> code, const LoadOptions& options) {
  if (!options.allow_precompiled) {
    return fail(ErrorCode::kSecurity,
                "the guest is precompiled native code, which runs unchecked; it is only "
                "accepted where precompiled code was allowed");
  }
  auto handle = deserialize<Code>(*engine, code);
  if (handle) return make_module(engine, std::move(*handle), CodeOrigin::kPrecompiled, {});
  if (const auto fit = options_that_fit<Code>(engine->options, code)) {
    return fail(ErrorCode::kInvalidEncoding,
                fmt::format("the code was compiled {}; compile it again for that, or run it as it "
                            "was compiled",
                            difference(*fit, engine->options)));
  }
  return std::unexpected(std::move(handle.error()));
}

/// From the cache if it has the code; otherwise compiled, and kept.
template <typename Code>
Result<Module> load_wasm(const std::shared_ptr<const Engine::State>& engine,
                         std::span<const std::byte> wasm) {
  std::optional<CompiledCodeCache::Key> key;
  if (engine->cache) {
    if (auto made = CompiledCodeCache::key_for(wasm, engine->settings)) key = *made;
  }
  if (key) {
    if (const auto entry = engine->cache->find(*key)) {
      if (auto handle = deserialize<Code>(*engine, entry->code())) {
        return make_module(engine, std::move(*handle), CodeOrigin::kCache, wasm);
      }
      engine->cache->remove(*key);
    }
  }

  auto handle = compile<Code>(*engine, wasm);
  if (!handle) return std::unexpected(std::move(handle.error()));
  Module module = make_module(engine, std::move(*handle), CodeOrigin::kCompiled, wasm);
  if (key) {
    const auto code = module.serialize();
    const auto stored =
        code ? engine->cache->store(*key, *code) : Result<void>(std::unexpected(code.error()));
    if (!stored && engine->options.warn) engine->options.warn(stored.error().message);
  }
  return module;
}

}  // namespace

Result<const wasmtime_component_linker_t*> Engine::State::component_linker() const {
  const std::lock_guard lock(linker_mutex_);
  if (!component_linker_) {
    auto made = make_component_linker(handle.get());
    if (!made) return std::unexpected(std::move(made.error()));
    component_linker_ = std::move(*made);
  }
  return component_linker_.get();
}

bool is_guest(std::span<const std::byte> beginning) noexcept {
  return content_of(beginning) != Content::kOther;
}

std::string_view to_string(Compiler compiler) noexcept {
  switch (compiler) {
    case Compiler::kCranelift:
      return "cranelift";
    case Compiler::kWinch:
      return "winch";
    case Compiler::kPulley:
      return "pulley";
  }
  return "unknown";
}

Result<Compiler> parse_compiler(std::string_view word) {
  for (const Compiler compiler : {Compiler::kCranelift, Compiler::kWinch, Compiler::kPulley}) {
    if (word == to_string(compiler)) return compiler;
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("there is no engine '{}'; there are cranelift, winch and pulley", word));
}

std::string_view Engine::version() noexcept {
  return "Wasmtime " WASMTIME_VERSION;
}

const EngineOptions& Engine::options() const noexcept {
  return state_->options;
}

Result<Engine> Engine::create(EngineOptions options) {
  // The C API ends the process on a configuration it does not like, so this must be sure.
  if (options.max_wasm_stack < kLeastStack || options.max_wasm_stack > kMostStack) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("a guest's stack must be between {} and {} bytes, not {}", kLeastStack,
                            kMostStack, options.max_wasm_stack));
  }
#if !defined(__x86_64__) && !defined(__aarch64__)
  if (options.compiler == Compiler::kWinch) {
    return fail(ErrorCode::kUnsupportedOperation,
                "winch compiles for x86-64 and arm64 only; use cranelift or pulley here");
  }
#endif
  Error error;
  ConfigHandle config = make_config(options, &error);
  if (!config) return std::unexpected(std::move(error));

  auto state = std::make_shared<State>();
  state->handle.reset(wasm_engine_new_with_config(config.release()));
  state->settings = settings_text(options);
  if (!options.cache_directory.empty()) {
    auto cache = CompiledCodeCache::open(options.cache_directory, options.cache_max_bytes);
    if (cache) {
      state->cache.emplace(std::move(*cache));
    } else if (options.warn) {
      options.warn(cache.error().message);
    }
  }
  state->options = std::move(options);
  return Engine(std::move(state));
}

Result<Module> Engine::load_module(std::span<const std::byte> bytes,
                                   const LoadOptions& options) const {
  switch (content_of(bytes)) {
    case Content::kModule:
      return load_wasm<ModuleCode>(state_, bytes);
    case Content::kComponent:
      if (const auto count = instantiations_of(bytes); count > kMostInstantiations) {
        return fail(ErrorCode::kTooLarge,
                    fmt::format("the guest is a component that instantiates {} components; at most "
                                "{} are compiled",
                                count == UINT64_MAX ? "no end of" : std::to_string(count),
                                kMostInstantiations));
      }
      return load_wasm<ComponentCode>(state_, bytes);
    case Content::kCompiledModule:
      return load_precompiled<ModuleCode>(state_, bytes, options);
    case Content::kCompiledComponent:
      return load_precompiled<ComponentCode>(state_, bytes, options);
    case Content::kText: {
      ByteVec binary;
      if (ErrorHandle error{wasmtime_wat2wasm(reinterpret_cast<const char*>(bytes.data()),
                                              bytes.size(), &binary)}) {
        return fail(ErrorCode::kInvalidEncoding,
                    "the guest is not valid WebAssembly text: " + message_of(*error));
      }
      const auto wasm = std::as_bytes(std::span<const char>(binary.data, binary.size));
      if (content_of(wasm) != Content::kText) return load_module(wasm, options);
      break;
    }
    case Content::kOther:
      break;
  }
  return fail(ErrorCode::kInvalidEncoding,
              fmt::format("the guest is neither a WebAssembly module or component (\\0asm) nor "
                          "the text form of one: {}",
                          beginning_of(bytes)));
}

Result<std::vector<std::byte>> read_guest_file(const std::filesystem::path& path) {
  const auto failed = [&](int reason) {
    const auto code = reason == ENOENT ? ErrorCode::kNotFound : ErrorCode::kInvalidArgument;
    return fail(code, fmt::format("{} cannot be read: {}", path.native(), std::strerror(reason)));
  };
  const auto too_large = [&] {
    return fail(
        ErrorCode::kTooLarge,
        fmt::format("{} is no guest: it has more than {} bytes, the most that a WebAssembly "
                    "program may have",
                    path.native(), kMostGuestBytes));
  };
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return failed(errno);
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return failed(errno);
  if (S_ISDIR(info.st_mode)) return failed(EISDIR);
  if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{} is a device, which may never end; a guest is a file, or comes out "
                            "of a pipe",
                            path.native()));
  }
  const auto size = static_cast<std::uint64_t>(std::max<off_t>(info.st_size, 0));
  if (size > kMostGuestBytes) return too_large();
  // One byte more than the size: the read that finds the end needs room. Pipes grow as they come.
  std::vector<std::byte> bytes(static_cast<std::size_t>(size) + 1);
  std::size_t done = 0;
  for (;;) {
    if (done > kMostGuestBytes) return too_large();
    if (done == bytes.size()) bytes.resize(bytes.size() * 2);
    const ssize_t got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (got == 0) break;
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      return failed(errno);
    }
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace nacre::engine

#if defined(__SANITIZE_THREAD__)
// The archive is not instrumented, so the sanitizer sees its memory come and go but not its
// atomics. What our own code does on both sides of a race is still reported.
extern "C" const char* __tsan_default_suppressions() {
  return "race:alloc::sync\nrace:alloc::raw_vec\nrace:_ZN5alloc\nrace:core::ptr::drop_in_place\n"
         "race:_ZN4core3ptr\nrace:_RNv\nrace:bytes::\nrace:tokio\nrace:wasmtime\nrace:cranelift\n"
         "signal:alloc\nsignal:wasmtime\n";
}
#endif
