// The seam a backend implements: derive from the three classes here, and put
// NACRE_EXPORT_BACKEND(YourBackend) into one source of the module.
//
// A backend only computes. What reaches it has been checked against the description its graph
// gave: element type, rank, dimensions, bytes = dims × size; memory is 64-byte aligned. It stops
// its vendor's exceptions itself and answers with sentences. docs/adding_a_backend.md walks
// through one.
#ifndef NACRE_BACKEND_H_
#define NACRE_BACKEND_H_

#include <nacre/backend_abi.h>
#include <nacre/error.h>
#include <nacre/execution_context.h>
#include <nacre/graph.h>
#include <nacre/tensor.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre {

[[nodiscard]] inline std::string_view to_view(nacre_string s) noexcept {
  return {s.data, static_cast<std::size_t>(s.size)};
}
[[nodiscard]] inline nacre_string to_abi(std::string_view s) noexcept {
  return {s.data(), s.size()};
}
[[nodiscard]] inline TensorView to_view(const nacre_tensor& t) noexcept {
  return {static_cast<TensorType>(t.type),
          {t.dims, t.rank},
          {static_cast<const std::byte*>(t.data), static_cast<std::size_t>(t.size)}};
}

enum class LogLevel : std::uint32_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

/// What the host gives a backend. Valid as long as the process; any thread.
class HostServices {
 public:
  explicit HostServices(const nacre_host_services* services) noexcept : services_(services) {}
  void log(LogLevel level, std::string_view message) const noexcept {
    services_->log(services_->self, static_cast<std::uint32_t>(level), to_abi(message));
  }
  /// How many threads a computation may use; at least 1.
  [[nodiscard]] std::uint32_t thread_budget() const noexcept { return services_->thread_budget; }

 private:
  const nacre_host_services* services_;
};

/// A model to load: either `parts` (bytes) or `paths` (files that the operator named). OpenVINO IR
/// is XML first, then the weights, whatever order the guest used. Valid for the call. Only a model
/// given by path may refer to files beside it.
struct ModelSource {
  std::span<const std::span<const std::byte>> parts;
  std::span<const std::string> paths;
};

enum class Precision : std::uint32_t {
  kModel = 0,  ///< as the model says
  kFast = 1,   ///< lower is fine
};

struct LoadOptions {
  GraphEncoding encoding = GraphEncoding::kOnnx;  ///< never kAutodetect here
  ExecutionTarget target = ExecutionTarget::kCpu;
  std::uint32_t threads = 0;  ///< 0: the process-wide default
  std::uint32_t streams = 0;  ///< computations at the same time; 0: the backend's default
  Precision precision = Precision::kModel;
  std::string config;             ///< JSON for backends that take one
  std::vector<Property> options;  ///< further operator's options; unknown keys are an error
};

/// Where a context puts its outputs; valid during one computation.
class OutputSink {
 public:
  explicit OutputSink(const nacre_output_sink* sink) noexcept : sink_(sink) {}

  /// A buffer of at least `size` bytes to fill, 64-byte aligned; null when refused: then end the
  /// computation with kTooLarge (the sink keeps its own, better sentence). The pointer is the same
  /// in later computations as long as nobody else holds the tensor, so a binding to it can be kept.
  [[nodiscard]] void* allocate(std::size_t index, TensorType type,
                               std::span<const std::int64_t> dims,
                               std::size_t size) const noexcept {
    return sink_->allocate(sink_->self, static_cast<std::uint32_t>(index),
                           static_cast<std::uint32_t>(type), dims.data(),
                           static_cast<std::uint32_t>(dims.size()), size);
  }

  /// Hands over memory that exists already; the sink retains `tensor.buffer` (not null).
  /// False when refused, as for allocate.
  [[nodiscard]] bool give(std::size_t index, const nacre_tensor& tensor) const noexcept {
    return sink_->give(sink_->self, static_cast<std::uint32_t>(index), &tensor) == 0;
  }

  /// For the host's side, which passes it through the C table.
  [[nodiscard]] const nacre_output_sink* raw() const noexcept { return sink_; }

 private:
  const nacre_output_sink* sink_;
};

/// Ends a computation, exactly once, on any thread.
class Completion {
 public:
  explicit Completion(nacre_completion completion) noexcept : completion_(completion) {}
  void succeed() const noexcept { completion_.done(completion_.self, 0, {nullptr, 0}); }
  void fail(ErrorCode code, std::string_view message) const noexcept {
    completion_.done(completion_.self, static_cast<std::uint32_t>(code), to_abi(message));
  }
  void fail(const Error& error) const noexcept { fail(error.code, error.message); }

  [[nodiscard]] const nacre_completion& raw() const noexcept { return completion_; }

 private:
  nacre_completion completion_;
};

/// One computation at a time; a different thread may call cancel().
class BackendContext {
 public:
  virtual ~BackendContext() = default;

  /// Computes on all inputs, in the graph's order. A backend that computes in place on the calling
  /// thread completes before it returns. `inputs`, `sink` and what they point to stay valid until
  /// completion; keep an input longer by retaining its buffer. After `deadline` or cancel() the
  /// completion says kTimeout as soon as the vendor's runtime lets go. An exception that leaves
  /// start() before completion ends the computation with kRuntimeError.
  virtual void start(std::span<const nacre_tensor> inputs, Deadline deadline, OutputSink sink,
                     Completion completion) = 0;

  /// Stops the computation as far as the runtime can (the property `cancel` says whether). It may
  /// come before start() has done anything, so it sticks until rearm(): keep a flag, and look at it
  /// once the runtime can be stopped. Comes only while a computation is under way.
  virtual void cancel() noexcept = 0;

  /// Takes back a cancel. Called between computations and only after one that was cancelled, so
  /// start() must not clear the flag itself: it could lose a cancel that has just come.
  virtual void rearm() noexcept = 0;

  /// The context as an ability's table takes it. Only core overrides it, for a module's contexts.
  [[nodiscard]] virtual nacre_backend_context* raw() noexcept {
    return reinterpret_cast<nacre_backend_context*>(this);
  }
};

/// Where text goes; valid during one call or computation.
class TextSink {
 public:
  explicit TextSink(const nacre_text_sink* sink) noexcept : sink_(sink) {}
  void write(std::string_view text) const noexcept { sink_->write(sink_->self, to_abi(text)); }

 private:
  const nacre_text_sink* sink_;
};

/// A context of a graph that reads a prompt and writes text: the ability "nacre.text/1". The
/// graph's ability() answers kTextAbility with text_table(), and then every context of it is one of
/// these. What each function promises to callers is said in text_context.h; core has checked sizes
/// and that a prompt is set before generate and next. start() serves guests that know tensors only:
/// input 0 is the prompt's bytes, output 0 the whole text.
class TextBackendContext : public BackendContext {
 public:
  /// Contexts of one owner may share what they have read; 0: with no other. Comes once, first.
  virtual void set_owner(std::uint64_t owner) noexcept = 0;

  /// Changes the options that `json`, an object, names. On an error nothing changes.
  [[nodiscard]] virtual Result<void> configure(std::string_view json) = 0;

  /// Takes a new prompt and drops what was generated. kPromptTooLong drops the old prompt too.
  [[nodiscard]] virtual Result<void> set_prompt(std::string_view text) = 0;

  /// Generates from the prompt to the end. Ends with success, or kContextFull; what there is of the
  /// text stays for output().
  virtual void start_generate(Deadline deadline, Completion completion) = 0;

  /// Generates one piece more and writes it before completion; the first call after set_prompt or
  /// finish begins anew. At the end it completes with kEndOfSequence or kContextFull, and may have
  /// written a last piece.
  virtual void start_next(Deadline deadline, TextSink piece, Completion completion) = 0;

  /// Ends a stream: what is being generated ahead is dropped. The text stays.
  virtual void finish() noexcept = 0;

  /// The whole text since generation began.
  [[nodiscard]] virtual Result<void> output(TextSink text) = 0;
  /// JSON; also before any prompt.
  [[nodiscard]] virtual Result<void> metadata(TextSink json) = 0;

  /// How long start_generate and start_next have waited for others, since this was last asked.
  [[nodiscard]] virtual std::chrono::nanoseconds take_queue_time() noexcept { return {}; }
};

inline constexpr std::string_view kTextAbility = NACRE_TEXT_ABILITY;

/// A loaded model; any thread, shared by all guests that may use it.
class BackendGraph {
 public:
  virtual ~BackendGraph() = default;

  /// Asked once, right after the load.
  [[nodiscard]] virtual GraphDescription describe() const = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<BackendContext>> create_context() = 0;

  /// A table of its own for an ability that only some backends have (kTextAbility), or null.
  /// `name` carries a version: "nacre.text/1".
  [[nodiscard]] virtual const void* ability(std::string_view) noexcept { return nullptr; }
};

/// One per process and runtime; any thread.
///
/// A backend class offers `static Result<std::unique_ptr<X>> create(HostServices)`.
class Backend {
 public:
  virtual ~Backend() = default;

  /// What can be said before any load, and for next to nothing: it is asked when the backend is
  /// opened. Keys, all values text:
  ///   vendor, vendor.version, build, encodings ("onnx,openvino"), devices ("cpu"), element_types,
  ///   loads ("bytes", "path" or "bytes,path"), cancel ("yes"/"no"), threads.default,
  ///   limits.… where the runtime has one (limits.model_bytes, limits.rank).
  /// docs/nacre_nn.md says what each means. Core chooses by encodings, devices and loads.
  [[nodiscard]] virtual Result<std::vector<Property>> properties() = 0;

  /// What it takes work to find, asked of the runtime itself rather than written down (by loading a
  /// tiny model, say): onnx.opset ("1-23"), onnx.ir_version, openvino.ir_version. Asked for once,
  /// on any thread, when somebody wants to read it; a fact that cannot be found is left out.
  [[nodiscard]] virtual Result<std::vector<Property>> probe() { return std::vector<Property>{}; }

  /// Called on a thread made for it, with a stack of some 64 MiB: readers may recurse.
  [[nodiscard]] virtual Result<std::unique_ptr<BackendGraph>> load(const ModelSource& source,
                                                                   const LoadOptions& options) = 0;
};

namespace backend_export {

// The module's side of the C table: each function guards against exceptions and translates.

inline std::uint32_t report(const nacre_error_sink* sink, const Error& error) noexcept {
  sink->set(sink->self, static_cast<std::uint32_t>(error.code), to_abi(error.message));
  return static_cast<std::uint32_t>(error.code);
}

template <typename F>
std::uint32_t guarded(const nacre_error_sink* sink, F&& body) noexcept {
  constexpr auto kCode = ErrorCode::kRuntimeError;
  const auto set = [sink](std::string_view text) noexcept {
    sink->set(sink->self, static_cast<std::uint32_t>(kCode), to_abi(text));
    return static_cast<std::uint32_t>(kCode);
  };
  try {
    Result<void> result = std::forward<F>(body)();
    return result ? 0 : report(sink, result.error());
  } catch (const std::exception& e) {
    return set(e.what());
  } catch (...) {
    return set("The backend threw something that is not a std::exception.");
  }
}

/// Nanoseconds of the steady clock, as deadlines cross the table.
[[nodiscard]] inline Deadline to_deadline(std::uint64_t deadline) noexcept {
  return deadline == NACRE_NO_DEADLINE
             ? kNoDeadline
             : Deadline(std::chrono::nanoseconds(static_cast<std::int64_t>(deadline)));
}

template <typename B>
struct Table {
  static B* self(nacre_backend* p) noexcept { return reinterpret_cast<B*>(p); }
  static BackendGraph* self(nacre_backend_graph* p) noexcept {
    return reinterpret_cast<BackendGraph*>(p);
  }
  static BackendContext* self(nacre_backend_context* p) noexcept {
    return reinterpret_cast<BackendContext*>(p);
  }

  static std::uint32_t backend_create(const nacre_host_services* services, nacre_backend** out,
                                      const nacre_error_sink* error) noexcept {
    return guarded(error, [&]() -> Result<void> {
      auto backend = B::create(HostServices(services));
      if (!backend) return std::unexpected(std::move(backend.error()));
      *out = reinterpret_cast<nacre_backend*>(backend->release());
      return {};
    });
  }
  static void backend_destroy(nacre_backend* backend) noexcept { delete self(backend); }

  static Result<void> put(const Result<std::vector<Property>>& properties,
                          const nacre_property_sink* sink) {
    if (!properties) return std::unexpected(properties.error());
    for (const Property& p : *properties)
      sink->add(sink->self, to_abi(p.key), to_abi(p.value));
    return {};
  }
  static std::uint32_t backend_properties(nacre_backend* backend, const nacre_property_sink* sink,
                                          const nacre_error_sink* error) noexcept {
    return guarded(error, [&] { return put(self(backend)->properties(), sink); });
  }
  static std::uint32_t backend_probe(nacre_backend* backend, const nacre_property_sink* sink,
                                     const nacre_error_sink* error) noexcept {
    return guarded(error, [&] { return put(self(backend)->probe(), sink); });
  }

  static std::uint32_t backend_load(nacre_backend* backend, const nacre_model_source* source,
                                    const nacre_load_options* options, nacre_backend_graph** out,
                                    const nacre_error_sink* error) noexcept {
    return guarded(error, [&]() -> Result<void> {
      std::vector<std::span<const std::byte>> parts;
      parts.reserve(static_cast<std::size_t>(source->parts_count));
      for (std::uint64_t i = 0; i < source->parts_count; ++i) {
        parts.emplace_back(static_cast<const std::byte*>(source->parts[i].data),
                           static_cast<std::size_t>(source->parts[i].size));
      }
      std::vector<std::string> paths;
      paths.reserve(static_cast<std::size_t>(source->paths_count));
      for (std::uint64_t i = 0; i < source->paths_count; ++i) {
        paths.emplace_back(to_view(source->paths[i]));
      }
      LoadOptions load{.encoding = static_cast<GraphEncoding>(options->encoding),
                       .target = static_cast<ExecutionTarget>(options->target),
                       .threads = options->threads,
                       .streams = options->streams,
                       .precision = static_cast<Precision>(options->precision),
                       .config = std::string(to_view(options->config)),
                       .options = {}};
      for (std::uint64_t i = 0; i < options->options_count; ++i) {
        load.options.push_back({std::string(to_view(options->options[i].key)),
                                std::string(to_view(options->options[i].value))});
      }
      auto graph = self(backend)->load({.parts = parts, .paths = paths}, load);
      if (!graph) return std::unexpected(std::move(graph.error()));
      *out = reinterpret_cast<nacre_backend_graph*>(graph->release());
      return {};
    });
  }

  static void graph_destroy(nacre_backend_graph* graph) noexcept { delete self(graph); }

  static std::uint32_t graph_describe(nacre_backend_graph* graph,
                                      const nacre_description_sink* sink,
                                      const nacre_error_sink* error) noexcept {
    return guarded(error, [&]() -> Result<void> {
      const GraphDescription d = self(graph)->describe();
      const auto put = [sink](int is_output, const std::vector<TensorDescription>& tensors) {
        for (const TensorDescription& t : tensors) {
          const nacre_tensor_description tensor{
              .struct_size = sizeof(nacre_tensor_description),
              .type = static_cast<std::uint32_t>(t.type),
              .name = to_abi(t.name),
              .dims = t.shape ? t.shape->dims().data() : nullptr,
              .rank = t.shape ? static_cast<std::int32_t>(t.shape->rank()) : -1,
              .note = to_abi(t.note),
              .layout = to_abi(t.layout)};
          sink->tensor(sink->self, is_output, &tensor);
        }
      };
      put(0, d.inputs);
      put(1, d.outputs);
      sink->counts_known(sink->self, d.inputs_known ? 1 : 0, d.outputs_known ? 1 : 0);
      for (const Property& p : d.properties) {
        sink->property(sink->self, to_abi(p.key), to_abi(p.value));
      }
      return {};
    });
  }

  static std::uint32_t graph_create_context(nacre_backend_graph* graph, nacre_backend_context** out,
                                            const nacre_error_sink* error) noexcept {
    return guarded(error, [&]() -> Result<void> {
      auto context = self(graph)->create_context();
      if (!context) return std::unexpected(std::move(context.error()));
      *out = reinterpret_cast<nacre_backend_context*>(context->release());
      return {};
    });
  }

  static const void* graph_ability(nacre_backend_graph* graph, nacre_string name) noexcept {
    return self(graph)->ability(to_view(name));
  }

  static void context_destroy(nacre_backend_context* context) noexcept { delete self(context); }

  static void context_start(nacre_backend_context* context, const nacre_tensor* inputs,
                            std::uint64_t inputs_count, std::uint64_t deadline,
                            const nacre_output_sink* sink, nacre_completion completion) noexcept {
    const Deadline when = to_deadline(deadline);
    const auto fail = [&completion](std::string_view what) {
      Completion(completion).fail(ErrorCode::kRuntimeError, what);
    };
    try {
      self(context)->start({inputs, static_cast<std::size_t>(inputs_count)}, when, OutputSink(sink),
                           Completion(completion));
    } catch (const std::exception& e) {
      fail(e.what());
    } catch (...) {
      fail("The backend threw something that is not a std::exception.");
    }
  }

  static void context_cancel(nacre_backend_context* context) noexcept { self(context)->cancel(); }
  static void context_rearm(nacre_backend_context* context) noexcept { self(context)->rearm(); }

  static constexpr nacre_backend_table kTable = {
      .struct_size = sizeof(nacre_backend_table),
      .abi_version = NACRE_BACKEND_ABI_VERSION,
      .backend_create = backend_create,
      .backend_destroy = backend_destroy,
      .backend_properties = backend_properties,
      .backend_probe = backend_probe,
      .backend_load = backend_load,
      .graph_destroy = graph_destroy,
      .graph_describe = graph_describe,
      .graph_create_context = graph_create_context,
      .graph_ability = graph_ability,
      .context_destroy = context_destroy,
      .context_start = context_start,
      .context_cancel = context_cancel,
      .context_rearm = context_rearm,
  };
};

struct TextTable {
  static TextBackendContext* self(nacre_backend_context* p) noexcept {
    return static_cast<TextBackendContext*>(reinterpret_cast<BackendContext*>(p));
  }

  // An exception that leaves `body` before it completed becomes the completion.
  template <typename F>
  static void started(nacre_completion completion, F&& body) noexcept {
    try {
      std::forward<F>(body)();
    } catch (const std::exception& e) {
      Completion(completion).fail(ErrorCode::kRuntimeError, e.what());
    } catch (...) {
      Completion(completion)
          .fail(ErrorCode::kRuntimeError,
                "The backend threw something that is not a std::exception.");
    }
  }

  static void set_owner(nacre_backend_context* context, std::uint64_t owner) noexcept {
    self(context)->set_owner(owner);
  }
  static std::uint32_t configure(nacre_backend_context* context, nacre_string json,
                                 const nacre_error_sink* error) noexcept {
    return guarded(error, [&] { return self(context)->configure(to_view(json)); });
  }
  static std::uint32_t set_prompt(nacre_backend_context* context, nacre_string text,
                                  const nacre_error_sink* error) noexcept {
    return guarded(error, [&] { return self(context)->set_prompt(to_view(text)); });
  }
  static void start_generate(nacre_backend_context* context, std::uint64_t deadline,
                             nacre_completion completion) noexcept {
    started(completion,
            [&] { self(context)->start_generate(to_deadline(deadline), Completion(completion)); });
  }
  static void start_next(nacre_backend_context* context, std::uint64_t deadline,
                         const nacre_text_sink* piece, nacre_completion completion) noexcept {
    started(completion, [&] {
      self(context)->start_next(to_deadline(deadline), TextSink(piece), Completion(completion));
    });
  }
  static void finish(nacre_backend_context* context) noexcept { self(context)->finish(); }
  static std::uint32_t output(nacre_backend_context* context, const nacre_text_sink* text,
                              const nacre_error_sink* error) noexcept {
    return guarded(error, [&] { return self(context)->output(TextSink(text)); });
  }
  static std::uint32_t metadata(nacre_backend_context* context, const nacre_text_sink* json,
                                const nacre_error_sink* error) noexcept {
    return guarded(error, [&] { return self(context)->metadata(TextSink(json)); });
  }

  static std::uint64_t take_queue_time(nacre_backend_context* context) noexcept {
    return static_cast<std::uint64_t>(self(context)->take_queue_time().count());
  }

  static constexpr nacre_text_table kTable = {
      .struct_size = sizeof(nacre_text_table),
      .version = 1,
      .set_owner = set_owner,
      .configure = configure,
      .set_prompt = set_prompt,
      .start_generate = start_generate,
      .start_next = start_next,
      .finish = finish,
      .output = output,
      .metadata = metadata,
      .take_queue_time = take_queue_time,
  };
};

}  // namespace backend_export

/// What the ability() of a graph with TextBackendContexts answers to kTextAbility.
[[nodiscard]] inline const nacre_text_table* text_table() noexcept {
  return &backend_export::TextTable::kTable;
}

}  // namespace nacre

/// Exports the module's table. The built-in echo backend uses the same table without the symbol.
#define NACRE_EXPORT_BACKEND(BackendClass)                                     \
  extern "C" __attribute__((visibility("default"))) const nacre_backend_table* \
  nacre_backend_entry() {                                                      \
    return &nacre::backend_export::Table<BackendClass>::kTable;                \
  }                                                                            \
  static_assert(true, "takes the semicolon")

#endif  // NACRE_BACKEND_H_
