// What the host keeps for one guest instance while it speaks wasi-nn: its handles, its limits, what
// it may use, and what it is computing. The codecs (witx/, component/) turn wire numbers into calls
// of this class and its answers back into wire numbers; no rule about a guest stands in a codec.
//
// Threading. Everything belongs to the thread that runs the guest, except cancel(), which any
// thread may call while the object lives.
//
// Lifetime. One per instance, made before it and destroyed after it; the ModelProvider outlives it.
// Execution contexts keep their graphs alive, so giving a graph's handle back never disturbs them.
#ifndef NACRE_SRC_ABI_GUEST_STATE_H_
#define NACRE_SRC_ABI_GUEST_STATE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "abi/dialect.h"
#include "abi/handle_table.h"
#include "nacre/error.h"
#include "nacre/execution_context.h"
#include "nacre/graph.h"
#include "nacre/limits.h"

namespace nacre {

/// Where graphs come from; the host room implements it over the registry and core's loader.
/// Threading: any thread, many guests at once.
class ModelProvider {
 public:
  virtual ~ModelProvider() = default;

  /// A graph from a guest's bytes. `parts` lie in the guest's memory and are valid during the call
  /// only; they may overlap or be empty, and there is at least one. `encoding` may be kAutodetect.
  [[nodiscard]] virtual Result<std::shared_ptr<Graph>> load(
      std::span<const std::span<const std::byte>> parts, GraphEncoding encoding,
      ExecutionTarget target) = 0;

  /// The graph that the operator gave this name. `name` is any bytes at all, and only ever a key.
  [[nodiscard]] virtual Result<std::shared_ptr<Graph>> open(std::string_view name) = 0;

  /// The runtimes there are, by name, and what one says of itself; kNotFound for none of those.
  [[nodiscard]] virtual std::vector<std::string> backends() { return {}; }
  [[nodiscard]] virtual Result<std::vector<Property>> backend_properties(std::string_view name);
};

struct GuestStateOptions {
  Dialect dialect = Dialect::kWitx;
  GuestLimits limits = {};
  /// Names that the guest may open; nullopt: every one that the provider has.
  std::optional<std::vector<std::string>> models = {};
  bool models_only = false;  ///< refuse loading by bytes
  /// Told about every call that failed, as one line fit for a log: witx carries only a number, and
  /// this is where its sentence can be read. On the guest's thread. May be empty.
  std::function<void(std::string_view line)> on_refusal = {};
  /// The guest's standard output, for text that a configuration wants there ("stream-stdout").
  /// False: it takes no more. On the guest's thread. Empty: such text is only kept, to be read.
  std::function<bool(std::string_view text)> standard_output = {};
};

class GuestState {
 public:
  GuestState(ModelProvider& provider, GuestStateOptions options);
  ~GuestState();
  GuestState(const GuestState&) = delete;
  GuestState& operator=(const GuestState&) = delete;

  [[nodiscard]] const DialectTable& dialect() const noexcept { return dialect_; }
  [[nodiscard]] const GuestLimits& limits() const noexcept { return options_.limits; }

  // -- what a guest may do; handles in, handles out ----------------------------------------------

  /// Errors: kSecurity under models_only; kBusy at the limit of graphs; kInvalidArgument for no
  /// parts; kTooLarge; the provider's.
  /// `config` is a language model's configuration, for every context of this handle; the backend
  /// looks at it now, and other graphs have none. Its errors: TextContext::configure's.
  [[nodiscard]] Result<std::uint32_t> load(std::span<const std::span<const std::byte>> parts,
                                           GraphEncoding encoding, ExecutionTarget target,
                                           std::string_view config = {});

  /// Errors: kNotFound, for a name that the guest may not use just as for one that nobody has;
  /// kBusy; the provider's. `config` as for load(): the graph is shared, its configuration is not.
  [[nodiscard]] Result<std::uint32_t> open(std::string_view name, std::string_view config = {});

  /// Errors: kInvalidArgument for what is no graph's handle; kBusy; the backend's.
  [[nodiscard]] Result<std::uint32_t> create_context(std::uint32_t graph);

  /// Errors: kInvalidArgument. The pointer is valid until the handle is given back.
  [[nodiscard]] Result<ExecutionContext*> context(std::uint32_t handle) {
    if (auto* found = contexts_.find(handle)) [[likely]]
      return found->get();
    return no_such(HandleKind::kContext, handle);
  }

  /// Computes and waits. kTimeout after cancel().
  [[nodiscard]] Result<void> compute(ExecutionContext& context);

  /// Changes a language model's context as TextContext::configure does, and where its text goes.
  [[nodiscard]] Result<void> configure(ExecutionContext& context, std::string_view config);

  /// As compute(), for a language model's context: its whole text, or one piece more. The whole is
  /// written to the guest's standard output while it comes, where its configuration says so.
  [[nodiscard]] Result<void> generate(ExecutionContext& context);
  [[nodiscard]] Result<void> next(ExecutionContext& context);

  // -- what a guest may ask (nacre:nn) -----------------------------------------------------------

  /// Names of the runtimes that are installed.
  [[nodiscard]] std::vector<std::string> backends() const { return provider_.backends(); }

  /// What a runtime says of itself, and under `guest.…` what this guest may do with it. Errors:
  /// kNotFound; kUnsupportedOperation for one that does not start.
  [[nodiscard]] Result<std::vector<Property>> backend_properties(std::string_view name) const;

  /// The graph behind a handle. Errors: kInvalidArgument.
  [[nodiscard]] Result<std::shared_ptr<const Graph>> graph(std::uint32_t handle);

  /// The graph that open() would give a handle to, without one. Errors: as open().
  [[nodiscard]] Result<std::shared_ptr<const Graph>> model(std::string_view name);

  /// Give a handle back: kInvalidArgument for what is none of that kind.
  [[nodiscard]] Result<void> drop_graph(std::uint32_t handle);
  [[nodiscard]] Result<void> drop_context(std::uint32_t handle);

  // -- from outside ------------------------------------------------------------------------------

  /// Ends the running computation, if there is one, with kTimeout as soon as its backend can, and
  /// refuses every later one the same way. True when one is running: a computation that is just
  /// about to begin may miss the call, so ask again after a moment while the answer is true.
  bool cancel() noexcept;

  // -- errors ------------------------------------------------------------------------------------

  /// Keeps the error as the last one, tells on_refusal, and gives its errno in the guest's dialect.
  /// `function` is the import's name.
  [[nodiscard]] std::uint32_t refuse(std::string_view function, const Error& error) noexcept;

  /// The last failed call's error, with its sentence made printable; kUnknown and empty before any.
  [[nodiscard]] const Error& last_error() const noexcept { return last_error_; }

 private:
  using ContextHandles = HandleTable<std::unique_ptr<ExecutionContext>>;

  [[nodiscard]] Result<void> room_for_graph() const;
  [[nodiscard]] Result<void> room_for_model(std::uint64_t bytes);
  [[nodiscard]] Result<std::shared_ptr<Graph>> open_graph(std::string_view name);
  /// A graph's handle stands for the graph, which is shared, and what the guest wants of it.
  struct GraphEntry {
    std::shared_ptr<Graph> graph;
    std::string config;
    std::optional<bool> to_output = {};  ///< what `config` says of standard output
  };

  [[nodiscard]] Result<std::uint32_t> keep(Result<std::shared_ptr<Graph>> graph,
                                           std::string_view config);
  [[nodiscard]] Result<std::unique_ptr<ExecutionContext>> make_context(
      const std::shared_ptr<Graph>& graph, std::string_view config) const;
  template <typename Work>
  [[nodiscard]] Result<void> while_computing(ExecutionContext& context, Work&& work);
  void note_stream(const ExecutionContext& context, std::optional<bool> to_output);
  [[nodiscard]] Result<void> generate_to_output(ExecutionContext& context);
  [[nodiscard]] bool may_open(std::string_view name) const noexcept;
  [[nodiscard]] static std::unexpected<Error> no_such(HandleKind kind, std::uint32_t handle);

  ModelProvider& provider_;
  const DialectTable& dialect_;
  const GuestStateOptions options_;
  Error last_error_;

  HandleTable<GraphEntry> graphs_;
  ContextHandles contexts_;
  const std::shared_ptr<MemoryBudget> context_memory_;
  const std::uint64_t owner_;  // of what a language model reads for this guest

  std::unordered_set<const ExecutionContext*> to_output_;  // whose text goes to standard output

  struct LoadedModel {
    std::weak_ptr<Graph> graph;
    std::uint64_t bytes = 0;
  };
  std::vector<LoadedModel> loaded_;  // by bytes; a graph may outlive its handle in a context

  // cancel() reads computing_ and uses it under the mutex; a context dies only under the mutex, and
  // never while it is computing_. So compute() itself takes no lock.
  std::mutex contexts_mutex_;
  std::atomic<ExecutionContext*> computing_ = nullptr;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace nacre

#endif  // NACRE_SRC_ABI_GUEST_STATE_H_
