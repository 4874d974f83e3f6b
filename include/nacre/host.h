// Start here to embed Nacre: make one Host, run guests in it.
//
//   auto host = nacre::Host::create({.models = {*nacre::parse_model_spec("net=model.onnx")}});
//   nacre::GuestOptions guest{.path = "classify.wasm", .args = {"net", "cat.png"}};
//   guest.dirs.push_back({.host = "photos", .guest = "."});
//   auto outcome = (*host)->run(guest);
//
// examples/embed/ is that as a whole program.
#ifndef NACRE_HOST_H_
#define NACRE_HOST_H_

#include <nacre/error.h>
#include <nacre/graph.h>
#include <nacre/limits.h>
#include <nacre/registry.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre {

/// How Wasm is executed. kWinch compiles fast, kCranelift makes fast code, kPulley interprets.
enum class Compiler : std::uint32_t { kCranelift, kWinch, kPulley };

/// What a guest's numbers mean; kAuto decides from its imports (src/abi/dialect.h).
enum class DialectChoice : std::uint32_t {
  kAuto,
  kWitx,
  kWasmedge,
  kWamr,
  kLegacy,
  kWit,
  kWamrLegacy
};

struct HostOptions {
  std::vector<ModelSpec> models = {};
  Compiler compiler = Compiler::kCranelift;
  /// Where compiled code is kept; nullopt: $NACRE_CACHE/code, else ~/.cache/nacre/code; an empty
  /// string: nowhere. The folder must belong to the user and is made 0700.
  std::optional<std::string> code_cache = {};
  /// Folders searched for libnacre_backend_<name>.so before the default ones.
  std::vector<std::string> backend_dirs = {};
  /// Who reads a format where neither a model nor a guest names a backend: {kOnnx, "openvino"}.
  /// Host::create fails for a name that is none. By default onnxruntime reads ONNX where its module
  /// is, the rest has one reader each.
  std::vector<std::pair<GraphEncoding, std::string>> default_backends = {};
  /// Guests must be compiled to be stopped by time or interruption. Off makes calls and very short
  /// loops faster (by a quarter, or several times), and GuestLimits::timeout an error.
  bool interruptible = true;
  /// Count fuel in compiled code; needed for GuestLimits::fuel.
  bool consume_fuel = false;
  /// Where log lines go (level as LogLevel); by default warnings and errors to standard error.
  std::function<void(LogLevel, std::string_view)> log = {};
  /// Told what is under way when a step begins that may take long ("loading model net"), and given
  /// an empty text when it ends. Any thread; steps of different threads may overlap. Must not
  /// throw.
  std::function<void(std::string_view)> on_activity = {};
};

/// A folder that a guest may open. `guest` is the name it sees.
struct DirMapping {
  std::string host = {};
  std::string guest = {};
  bool read_only = false;
};

/// Receives bytes of a guest's stream, in order, on the thread that called Host::run, while the
/// guest waits for it: it may take its time, and run another guest. If it throws, the guest's write
/// fails, and so does every later one to this stream.
using StreamSink = std::function<void(std::span<const std::byte>)>;

/// The code of a guest, ready to run any number of times on any threads; see Host::prepare.
class PreparedGuest;

struct GuestOptions {
  /// The guest: a path, or its bytes (Wasm, or WAT text), or its code from Host::prepare of the
  /// same host. With the last two `path` only names it.
  std::string path = {};
  std::span<const std::byte> bytes = {};
  std::shared_ptr<const PreparedGuest> prepared = {};

  std::vector<std::string> args = {};  ///< without the program's name, which `path` gives
  std::vector<std::pair<std::string, std::string>> env = {};
  std::vector<DirMapping> dirs = {};

  /// Standard streams: inherited unless a sink (or the input's bytes) is given.
  std::optional<std::string> stdin_bytes = {};
  StreamSink stdout_sink = {};
  StreamSink stderr_sink = {};

  GuestLimits limits = {};
  DialectChoice dialect = DialectChoice::kAuto;
  /// Names of the models it may use; nullopt: all of the host's. What ModelSpec::guests says holds
  /// as well: a guest uses a model that both allow. Any other name is not found, whether or not it
  /// exists.
  std::optional<std::vector<std::string>> models = {};
  /// Offer a component wasi:nn's proposed interface `prompt`, a chat whose history the host keeps;
  /// without it such a guest does not start.
  bool nn_prompt = false;
  bool models_only = false;        ///< refuse loading by bytes
  bool allow_precompiled = false;  ///< run a .cwasm: native code, so only of the user's own making

  /// Called (any thread) when the guest has not ended one second after its time was up: it hangs in
  /// a host call that nothing can interrupt, such as a read of standard input or a vendor's kernel.
  /// A command line exits here. An embedder who must go on can only leave that thread alone;
  /// without a callback run() returns when the call does. Must not throw.
  std::function<void()> on_grace_expired = {};
};

/// What a guest wants of its host. For a core module an import is one function (or memory, …) of an
/// interface; for a component it is the interface, and `name` and `type` are empty.
struct GuestImport {
  std::string interface = {};  ///< "wasi_snapshot_preview1", "wasi:nn/tensor"
  std::string version = {};    ///< of a component's interface: "0.2.0-rc-2024-10-28"; may be empty
  std::string name = {};       ///< "fd_write"
  std::string type = {};       ///< "(i32, i32) -> i32"
  bool offered = false;        ///< by this version of Nacre
};

/// A linear memory that a guest defines.
struct GuestMemoryLimits {
  std::uint64_t min_pages = 0;
  std::optional<std::uint64_t> max_pages = {};
  std::uint64_t page_bytes = 65536;
  std::uint32_t address_bits = 32;  ///< or 64
  bool shared = false;
};

enum class WasiPreview : std::uint32_t {
  kNone,
  kPreview1,
  kPreview2,
  kOther,  ///< one that Nacre does not offer, or several
};

/// What can be said of a guest without running it (Host::describe).
struct GuestDescription {
  bool component = false;    ///< else a core module
  bool precompiled = false;  ///< compiled code, not Wasm
  WasiPreview wasi = WasiPreview::kNone;
  std::vector<std::string> wasi_versions = {};  ///< that a component imports: "0.2.6"
  std::vector<GuestImport> imports = {};        ///< in the guest's order
  /// Of a component: those of all its core modules. nullopt where compiled code does not say.
  std::optional<std::vector<GuestMemoryLimits>> memories = {};
  std::string entry =
      {};  ///< what run() calls: "_start", "wasi:cli/run@0.2.6"; empty for a library
  /// For a core module that imports wasi-nn: its dialect, never kAuto, and a sentence why.
  std::optional<DialectChoice> dialect = {};
  std::string dialect_reason = {};
  std::string refusal = {};  ///< the sentence with which run() would refuse it; empty: it would not
};

/// What a reason of Host::check is about.
enum class CheckSubject : std::uint32_t {
  kGuest,   ///< the file, or the guest as a whole
  kImport,  ///< `name` is "module.function", or the interface with its version
  kMemory,
  kFolder,  ///< `name` is the host's
  kModel,   ///< `name` is the model's
};

/// One reason why a guest will not run here, or will not find a model that it was given.
struct CheckReason {
  CheckSubject subject = CheckSubject::kGuest;
  std::string name = {};
  std::string sentence = {};
};

/// One of the host's models, as one guest will find it.
struct ModelCheck {
  std::string name = {};
  std::string description = {};
  std::vector<std::string> paths = {};
  GraphEncoding encoding = GraphEncoding::kAutodetect;  ///< found in the bytes; else as stated
  std::string backend = {};                             ///< that reads it; empty: unknown
  ExecutionTarget target = ExecutionTarget::kCpu;
  bool granted = false;       ///< the guest may use it; if not, nothing more was looked at
  bool hash_checked = false;  ///< it has a sha256, and its files have it
  bool loaded = false;        ///< CheckOptions::load_models
};

struct CheckOptions {
  bool load_models = false;  ///< also load the models that the guest may use
};

/// The answer to "will this guest run here?". Nothing of it runs.
struct GuestCheck {
  std::optional<GuestDescription> guest = {};      ///< nullopt: it is no valid guest
  std::optional<std::uint64_t> least_memory = {};  ///< bytes that its memories begin with, if known
  std::uint64_t memory_limit = 0;
  std::vector<ModelCheck> models = {};    ///< all of the host's
  std::vector<CheckReason> reasons = {};  ///< every one that was found; empty: it will run
};

/// Whether a file is a guest by its first bytes (Wasm, its text, or compiled code), and so for
/// Host::run; models and what cannot be read are not.
[[nodiscard]] bool is_guest_file(const std::string& path);

/// The bytes of a guest's file, as run() reads them: a regular file or a pipe, of 1 GiB at most.
[[nodiscard]] Result<std::vector<std::byte>> read_guest_file(const std::string& path);

enum class ExitReason : std::uint32_t {
  kExited,       ///< returned or called proc_exit
  kTrapped,      ///< exit_code 134
  kTimedOut,     ///< exit_code 124
  kInterrupted,  ///< Host::interrupt; exit_code 130
  kOutOfMemory,  ///< trapped after its memory limit was hit; exit_code 134
  kOutOfFuel,    ///< exit_code 134
};

/// How a guest ended. `message` is a sentence for every reason but kExited.
struct Outcome {
  ExitReason reason = ExitReason::kExited;
  int exit_code = 0;
  std::string message = {};
  std::string backtrace = {};  ///< Wasm frames with function names, one a line; may be empty
};

struct BackendInfo {
  std::string name = {};
  bool available = false;
  std::string why_not = {};  ///< a sentence on how to get it, when not available
  std::vector<Property> properties = {};
};

/// Threading: any thread may call anything; runs on different threads are independent and share the
/// models. Lifetime: outlives its runs.
class Host {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Host>> create(HostOptions options);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// Loads (or takes from the code cache) and runs a guest to its end. An Error means that it never
  /// started: not Wasm, imports that Nacre does not offer (all are listed), a missing folder.
  [[nodiscard]] Result<Outcome> run(const GuestOptions& options);

  /// Loads a guest's code as run() does, to be run many times: every run() that is given it as
  /// GuestOptions::prepared starts in microseconds, and neither reads nor compiles anything. Later
  /// changes of the file are not seen. Of `guest`: path, bytes, allow_precompiled.
  [[nodiscard]] Result<std::shared_ptr<const PreparedGuest>> prepare(const GuestOptions& guest);

  /// Says what a guest is and what it wants. It is compiled (or taken from the cache) and checked
  /// as for run(), but nothing of it runs. Of `guest`: path, bytes, dialect, nn_prompt,
  /// allow_precompiled. An
  /// Error means that it is no valid guest; one that cannot be run for want of an import is
  /// described, with a `refusal`.
  [[nodiscard]] Result<GuestDescription> describe(const GuestOptions& guest);

  /// Whether run() would start the guest with these options, and its models would load: imports,
  /// folders, memory against its limit, and of each model that it may use the files, their hashes,
  /// format, and whether a backend for it is here. An Error means that the options contradict the
  /// host's.
  [[nodiscard]] Result<GuestCheck> check(const GuestOptions& guest,
                                         const CheckOptions& options = {});

  /// Compiles a guest for this machine; the bytes are what `allow_precompiled` runs.
  [[nodiscard]] Result<std::vector<std::byte>> compile(std::span<const std::byte> wasm);

  /// Ends all guests whose run() has begun with kInterrupted; one that is being compiled does not
  /// start. Any thread, not a signal handler.
  void interrupt() noexcept;

  /// The models, for native code beside the guests: graphs are shared with them.
  [[nodiscard]] Registry& models() noexcept;

  /// Loads a model that is in no registry.
  [[nodiscard]] Result<std::shared_ptr<Graph>> load_model(const ModelSpec& spec);

  /// The same, in order to describe it: of a GGUF only the header is read, without any backend, and
  /// the graph makes no contexts. Where a backend is named, it is loaded all the same.
  [[nodiscard]] Result<std::shared_ptr<Graph>> inspect_model(const ModelSpec& spec);

  /// Every backend that Nacre knows of, whether or not it is there.
  [[nodiscard]] std::vector<BackendInfo> backends();

  /// One of them, opening no other. Errors: kNotFound for a name that is none, with the nearest.
  [[nodiscard]] Result<BackendInfo> backend(std::string_view name);

 private:
  struct Impl;
  explicit Host(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// "0.1.0"
[[nodiscard]] std::string_view version() noexcept;

/// The WebAssembly engine inside: "Wasmtime 48.0.8"
[[nodiscard]] std::string_view engine_version() noexcept;

}  // namespace nacre

#endif  // NACRE_HOST_H_
