// Graphs: what a model's bytes are, where they run, and what the loaded graph wants.
#ifndef NACRE_GRAPH_H_
#define NACRE_GRAPH_H_

#include <nacre/error.h>
#include <nacre/model_stats.h>
#include <nacre/tensor.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre {

/// The format of a model's bytes. Nacre's own numbers (they cross the backend C ABI); a guest's
/// wire numbers differ by dialect and are mapped in src/abi/dialect.h.
enum class GraphEncoding : std::uint32_t {
  kAutodetect = 0,  ///< decided from the bytes; never reaches a backend
  kOpenvino = 1,    ///< IR: two parts, the XML and the weights
  kOnnx = 2,
  kTensorflow = 3,
  kPytorch = 4,  ///< TorchScript
  kTensorflowlite = 5,
  kGgml = 6,    ///< GGUF
  kEcho = 7,    ///< text of the built-in echo backend; guests reach it by autodetect
  kPaddle = 8,  ///< a program and its parameters; wasi-nn has no word for it: by name only
};

/// Where a graph is to run. kAuto (a WasmEdge word) means: the backend chooses.
enum class ExecutionTarget : std::uint32_t { kCpu = 0, kGpu = 1, kTpu = 2, kAuto = 3 };

inline constexpr std::array<std::string_view, 9> kGraphEncodingNames = {
    "autodetect",     "openvino", "onnx", "tensorflow", "pytorch",
    "tensorflowlite", "ggml",     "echo", "paddle"};
inline constexpr std::array<std::string_view, 4> kExecutionTargetNames = {"cpu", "gpu", "tpu",
                                                                          "auto"};

/// "onnx", "cpu"…; "unknown" for a number that is none.
[[nodiscard]] constexpr std::string_view to_string(GraphEncoding encoding) noexcept {
  const auto i = static_cast<std::size_t>(encoding);
  return i < kGraphEncodingNames.size() ? kGraphEncodingNames[i] : "unknown";
}
[[nodiscard]] constexpr std::string_view to_string(ExecutionTarget target) noexcept {
  const auto i = static_cast<std::size_t>(target);
  return i < kExecutionTargetNames.size() ? kExecutionTargetNames[i] : "unknown";
}

/// The inverse, ignoring case; nullopt for any other text.
[[nodiscard]] std::optional<GraphEncoding> parse_graph_encoding(std::string_view text) noexcept;
[[nodiscard]] std::optional<ExecutionTarget> parse_execution_target(std::string_view text) noexcept;

struct Property {
  std::string key;
  std::string value;
};

/// What is known of one input or output before a computation. Anything may be unknown
/// (TorchScript says little); then only bytes = dims × element size is checked.
struct TensorDescription {
  std::string name;  ///< empty: unknown
  TensorType type = TensorType::kUnknown;
  std::optional<Shape> shape;  ///< nullopt: rank unknown; a dimension of -1 is dynamic
  std::string note;            ///< a limit in words ("computed as i32"); often empty
  std::string layout = {};     ///< what the dimensions mean, a letter each ("NCHW"); empty: unknown
};

/// How a tensor travels to and from guests when wasi-nn has no name for its element type: as u8.
/// Components can name bf16, core modules cannot.
struct Carrier {
  /// Its dimensions: the element's size is appended (not for types of one byte); strings are one
  /// dimension, that of their bytes, which is not known before. nullopt: the rank is not known, or
  /// there is no room for one more.
  std::optional<Shape> shape;
};
enum class GuestAbi : std::uint32_t { kCoreModule, kComponent };

/// nullopt where guests of that kind name the type itself, and where it is unknown.
[[nodiscard]] std::optional<Carrier> carrier_of(const TensorDescription& tensor, GuestAbi abi);

/// Inputs and outputs in the model's own order. Where a count is not known the vector is empty and
/// the flag false; any index below the limits is then accepted.
struct GraphDescription {
  std::vector<TensorDescription> inputs;
  std::vector<TensorDescription> outputs;
  bool inputs_known = true;
  bool outputs_known = true;
  std::vector<Property> properties;  ///< "opset", "producer", "format_version"… as known
};

class BackendGraph;

/// A loaded model. Thread-safe and shared: every guest and every execution context of one named
/// model refers to the same Graph, which lives until the last of them is gone.
class Graph {
 public:
  /// Takes a backend's graph. `backend` is the backend's name, `keep_alive` what must outlive the
  /// graph (the loaded module). `facts` are what is known of the model beside what the backend
  /// says; a key that the backend gives stays as it gives it.
  [[nodiscard]] static std::shared_ptr<Graph> create(std::unique_ptr<BackendGraph> graph,
                                                     std::string backend, GraphEncoding encoding,
                                                     ExecutionTarget target,
                                                     std::shared_ptr<void> keep_alive,
                                                     std::vector<Property> facts = {});

  /// Before the graph is shared: fills in what the backend left unknown (a name, a type, a shape, a
  /// count). An empty list says nothing. kInvalidArgument where the backend knows otherwise.
  [[nodiscard]] Result<void> supply(std::span<const TensorDescription> inputs,
                                    std::span<const TensorDescription> outputs);

  /// Before the graph is shared: where its computations are counted.
  void count_in(std::shared_ptr<ModelCounters> counters) noexcept {
    counters_ = std::move(counters);
  }

  /// Its end shall give memory back to the system, and not only to this process's heap: the model
  /// was let go so that it takes no more. By one holder.
  void trim_at_end() noexcept { trim_at_end_ = true; }

  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  [[nodiscard]] const GraphDescription& description() const noexcept { return description_; }
  [[nodiscard]] std::string_view backend() const noexcept { return backend_; }
  [[nodiscard]] GraphEncoding encoding() const noexcept { return encoding_; }
  [[nodiscard]] ExecutionTarget target() const noexcept { return target_; }

  /// For core's ExecutionContext: the backend's side, and the counters (null: nobody counts).
  [[nodiscard]] BackendGraph& backend_graph() noexcept { return *graph_; }
  [[nodiscard]] ModelCounters* counters() const noexcept { return counters_.get(); }

 private:
  Graph();

  std::shared_ptr<void> keep_alive_;  // declared first: destroyed after graph_
  std::unique_ptr<BackendGraph> graph_;
  std::shared_ptr<ModelCounters> counters_;
  GraphDescription description_;
  std::string backend_;
  GraphEncoding encoding_ = GraphEncoding::kAutodetect;
  ExecutionTarget target_ = ExecutionTarget::kCpu;
  bool trim_at_end_ = false;
};

}  // namespace nacre

#endif  // NACRE_GRAPH_H_
