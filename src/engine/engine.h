// The engine room's door: WebAssembly core modules with WASI preview 1 and components with WASI
// preview 2, run with limits.
//
//   auto engine = Engine::create({.compiler = Compiler::kCranelift, .cache_directory = dir});
//   auto module = engine->load_module(*read_guest_file("guest.wasm"), {});
//   auto instance = Instance::create(*module, {.args = {"guest"}, .host_functions = table});
//   auto outcome = instance->run();   // how the guest ended: exit code, trap, timeout, …
//
// No type of the VM below appears here; this is the only header of the room that others include.
//
// Errors and outcomes. A Result's Error says why a guest could not be loaded or started. Whatever
// a guest does once it runs is a RunOutcome, never an Error.
//
// Threading. Engine and Module are cheap handles to shared, immutable state: copy them, use them
// from any thread. An Instance is one guest: create and run it on one thread; only `interrupt()`
// may be called from elsewhere.
//
// Lifetime. An Instance keeps its Module alive, a Module its Engine.
#ifndef NACRE_SRC_ENGINE_ENGINE_H_
#define NACRE_SRC_ENGINE_ENGINE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "abi/host_function.h"
#include "nacre/error.h"

namespace nacre::engine {

/// What turns Wasm into something that runs.
enum class Compiler : std::uint8_t {
  kCranelift,  ///< optimising compiler: the fastest code
  kWinch,      ///< single pass: compiles fastest; lacks some proposals (tail calls, GC, …)
  kPulley,     ///< interpreter of compiled bytecode: no executable memory is needed
};

/// "cranelift", "winch" or "pulley" (any other word: an error naming these three).
[[nodiscard]] Result<Compiler> parse_compiler(std::string_view word);
[[nodiscard]] std::string_view to_string(Compiler compiler) noexcept;

struct EngineOptions {
  Compiler compiler = Compiler::kCranelift;

  /// Compiles in the checks that let a timeout or `Instance::interrupt` stop a running loop. They
  /// cost nothing in large loop bodies, a quarter in code that only calls, and several times the
  /// loop where it is two instructions long; so they are off unless asked for.
  bool interruptible = false;

  /// Compiles in the counting that `InstanceOptions::fuel` needs. Slower still.
  bool meter_fuel = false;

  /// How much of the calling thread's stack a guest may use, in bytes.
  std::size_t max_wasm_stack = std::size_t{1} << 20;

  /// Where compiled code is kept between runs; empty: nowhere. Made with mode 0700 if absent. A
  /// folder that is not ours alone is not used (see `warn`), and the guest is compiled instead.
  std::filesystem::path cache_directory{};

  /// The cache throws out what was used longest ago beyond this size.
  std::uint64_t cache_max_bytes = std::uint64_t{512} << 20;

  /// Told, in a sentence, about what a person may want to know and nothing depends on: a cache that
  /// cannot be used. May be empty. Called on the thread that loads.
  std::function<void(std::string_view)> warn{};
};

struct LoadOptions {
  /// Accept code compiled earlier by `Module::serialize`. It is native code and runs unchecked:
  /// only for files whose origin the operator trusts.
  bool allow_precompiled = false;
};

/// One import or export, for messages and for choosing what to offer.
struct ExternInfo {
  enum class Kind : std::uint8_t { kFunction, kGlobal, kTable, kMemory, kTag, kInterface };
  std::string module{};  ///< empty for an export
  std::string name{};
  Kind kind = Kind::kFunction;
  std::string type{};  ///< as text: "(i32, i64) -> i32", "memory, 32-bit, 2 to 16 pages"
};

/// One memory that a guest defines.
struct MemoryInfo {
  std::uint64_t min_pages = 0;
  std::optional<std::uint64_t> max_pages{};
  std::uint64_t page_bytes = 65536;
  bool is_64 = false;
  bool shared = false;
};

/// Whether a file with this beginning (a few hundred bytes do) is for `load_module`: binary, text
/// or compiled code. Nothing is said about the rest of it.
[[nodiscard]] bool is_guest(std::span<const std::byte> beginning) noexcept;

/// The bytes of a guest, which stand in a regular file or come out of a pipe. No engine takes more
/// than kMostGuestBytes, so beyond them nothing is read: kTooLarge.
inline constexpr std::uint64_t kMostGuestBytes = std::uint64_t{1} << 30;
[[nodiscard]] Result<std::vector<std::byte>> read_guest_file(const std::filesystem::path& path);

/// Where the code of a module came from.
enum class CodeOrigin : std::uint8_t { kCompiled, kCache, kPrecompiled };

class Module;

/// A configured compiler and everything shared between guests of one configuration.
class Engine {
 public:
  [[nodiscard]] static Result<Engine> create(EngineOptions options);

  /// Loads a core module or a component from its binary, from WebAssembly text, or (if allowed)
  /// from compiled code; which of them it is shows in the content, not in a file name. Anything
  /// else is an error that says what came. Compiles unless the cache has the code.
  [[nodiscard]] Result<Module> load_module(std::span<const std::byte> bytes,
                                           const LoadOptions& options) const;

  [[nodiscard]] const EngineOptions& options() const noexcept;

  /// The VM and its version, as for `nacre --version`.
  [[nodiscard]] static std::string_view version() noexcept;

  struct State;

 private:
  explicit Engine(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// Compiled code of a core module or a component, ready to be instantiated any number of times, on
/// any number of threads.
class Module {
 public:
  [[nodiscard]] bool is_component() const noexcept;

  /// Of a component: the interfaces that it imports and exports.
  [[nodiscard]] const std::vector<ExternInfo>& imports() const noexcept;
  [[nodiscard]] const std::vector<ExternInfo>& exports() const noexcept;
  [[nodiscard]] CodeOrigin origin() const noexcept;

  /// The memories it defines, a component's in the order of its core modules. nullopt for
  /// precompiled code, which does not list them.
  [[nodiscard]] const std::optional<std::vector<MemoryInfo>>& memories() const noexcept;

  /// For each of `imports()` whether an instance with these host functions would find it.
  /// `prompt` as in InstanceOptions.
  [[nodiscard]] Result<std::vector<bool>> offered_imports(std::span<const HostFunction> functions,
                                                          bool prompt = false) const;

  /// What `Instance::run` calls: "_start", "wasi:cli/run@0.2.0"; "(start)" for a module that does
  /// all it does in its start section, as AssemblyScript makes them. Empty for a library.
  [[nodiscard]] std::string_view entry() const noexcept;

  /// Whether a core module is a program: its `_start` is there and can be called, or it has a start
  /// section instead (of precompiled code that is not known). A component's entry is checked with
  /// its imports.
  [[nodiscard]] Result<void> check_start() const;

  /// The compiled code, for a file that `load_module` reads back with `allow_precompiled`, by the
  /// same version of Nacre with the same EngineOptions on a like processor.
  [[nodiscard]] Result<std::vector<std::byte>> serialize() const;

  struct State;
  explicit Module(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  [[nodiscard]] const State& state() const noexcept { return *state_; }

 private:
  std::shared_ptr<const State> state_;
};

/// A host directory lent to a guest. Nothing above it can be reached.
struct PreopenedDirectory {
  std::filesystem::path host{};
  std::string guest{};  ///< the name the guest knows it by
  bool read_only = false;
};

struct Inherit {};  ///< the process's own stream
struct Closed {};   ///< reads give end of file, writes go nowhere
using InputBytes = std::string;
/// Gets each write, in order, on the guest's own thread. It may wait, and hold up nobody but this
/// guest; it may run another guest. If it throws, the guest's write fails and the stream is closed:
/// every later write fails too.
using OutputSink = std::function<void(std::string_view)>;

using InputStream = std::variant<Inherit, Closed, InputBytes>;
using OutputStream = std::variant<Inherit, Closed, OutputSink>;

/// What InstanceOptions::max_memory is where it is not given: all that one 32-bit memory may have.
/// A guest with several of them, or with a 64-bit one, could otherwise take what the machine has.
inline constexpr std::uint64_t kDefaultMaxMemory = std::uint64_t{4} << 30;

struct InstanceOptions {
  std::vector<std::string> args{};  ///< args[0] is the program's name
  std::vector<std::pair<std::string, std::string>> env{};
  std::vector<PreopenedDirectory> directories{};
  InputStream standard_input = Inherit{};
  OutputStream standard_output = Inherit{};
  OutputStream standard_error = Inherit{};

  /// What a core module may import beside WASI. The table must outlive the module, and stay as it
  /// is: the imports are resolved once and serve every instance. A component may import wasi:nn,
  /// always, but its proposed interface `prompt` only with the flag below.
  std::span<const HostFunction> host_functions{};
  bool prompt = false;
  /// Passed to each host function of this guest; for a component a nacre::ComponentState. Must
  /// outlive the instance.
  void* guest_state = nullptr;

  /// Bytes of linear memory, over all memories of the guest. Beyond it memory.grow answers −1, as
  /// Wasm defines; a guest that needs more from the start is an error of `run`. nullopt:
  /// kDefaultMaxMemory.
  std::optional<std::uint64_t> max_memory{};
  std::uint64_t max_table_elements = 1'000'000;  ///< over all tables
  /// Roughly one unit per instruction. Needs EngineOptions::meter_fuel.
  std::optional<std::uint64_t> fuel{};

  /// From `run()` on. Needs EngineOptions::interruptible. Three things happen in turn:
  ///   1. at the timeout the guest is stopped at its next loop or call; a host function that
  ///      returns after that does not return to the guest;
  ///   2. at the same moment `on_timeout` is called, so that the owner can cancel what the guest
  ///      waits for in a host function;
  ///   3. if `run()` has still not returned a second later, `on_grace_expired` is called. The guest
  ///      is then in a call that nothing can end, such as a read of standard input. The command
  ///      line ends the process there. An embedder who cannot do that leaves the thread to wait:
  ///      `run()` returns, with kTimedOut, as soon as the call does.
  /// Both are called on a thread of their own, never after `run()` has returned. They must not
  /// throw, and `on_timeout` must not wait, or the grace does not end in time.
  std::optional<std::chrono::milliseconds> timeout{};
  std::function<void()> on_timeout{};
  std::function<void()> on_grace_expired{};
};

/// How long after the timeout `on_grace_expired` comes.
inline constexpr std::chrono::milliseconds kTimeoutGrace{1000};

enum class ExitReason : std::uint8_t {
  kExited,       ///< returned from _start, or called proc_exit
  kTrapped,      ///< a Wasm trap: out of bounds, unreachable, stack exhausted, …
  kTimedOut,     ///< InstanceOptions::timeout
  kInterrupted,  ///< Instance::interrupt
  kOutOfFuel,    ///< InstanceOptions::fuel
};

/// One frame of a Wasm backtrace, innermost first.
struct Frame {
  std::string module{};    ///< from the name section, or empty
  std::string function{};  ///< from the name section, demangled; empty if there is none
  std::uint32_t function_index = 0;
  std::uint64_t module_offset = 0;  ///< of the instruction in the .wasm file
};

struct RunOutcome {
  ExitReason reason = ExitReason::kExited;
  /// What a process should exit with: the guest's own code, 134 for a trap or spent fuel, 124 for a
  /// timeout, 130 for an interrupt.
  int exit_code = 0;
  /// A sentence for a person; empty when the guest ended well. It names a limit that was hit.
  std::string message{};
  std::vector<Frame> backtrace{};
  bool memory_limit_hit = false;  ///< a memory.grow was refused because of max_memory
  std::optional<std::uint64_t> fuel_consumed{};
};

/// The backtrace as lines of text, one per frame, with a newline after each.
[[nodiscard]] std::string format_backtrace(std::span<const Frame> frames);

/// One guest.
class Instance {
 public:
  /// Checks that everything the guest imports is there (if not, the error lists all that is not),
  /// opens its directories and sets its limits. Nothing of the guest runs yet.
  [[nodiscard]] static Result<Instance> create(const Module& module, InstanceOptions options);

  Instance(Instance&&) noexcept;
  Instance& operator=(Instance&&) noexcept;
  ~Instance();

  /// Instantiates the guest, start function included, and calls its `_start` (a component's
  /// wasi:cli/run). Once only.
  [[nodiscard]] Result<RunOutcome> run();

  /// Stops the guest at its next loop or call (needs EngineOptions::interruptible, otherwise only
  /// at its next call of a host function). From any thread, and from a signal handler, while the
  /// instance lives; before `run()` too. It does not wake a guest that waits in a host function:
  /// cancel that as well.
  void interrupt() noexcept;

  struct State;

 private:
  explicit Instance(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_ENGINE_H_
