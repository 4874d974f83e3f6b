// Named models: given by the operator, loaded once per process, shared by the guests that may use
// them. docs/models.md is the same for people.
#ifndef NACRE_REGISTRY_H_
#define NACRE_REGISTRY_H_

#include <nacre/backend.h>
#include <nacre/error.h>
#include <nacre/graph.h>
#include <nacre/model_stats.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nacre {

/// What an operator says of one model. Every spelling of the command line ends here.
struct ModelSpec {
  std::string name = {};                ///< a key, never a path
  std::vector<std::string> paths = {};  ///< files; for IR XML, then weights; none: echo
  GraphEncoding encoding = GraphEncoding::kAutodetect;
  ExecutionTarget target = ExecutionTarget::kCpu;
  std::string backend = {};   ///< empty: chosen by encoding
  std::uint32_t threads = 0;  ///< 0: the process-wide default
  std::uint32_t streams = 0;  ///< 0: the backend's default
  Precision precision = Precision::kModel;
  std::string config = {};             ///< JSON for backends that take one
  std::vector<Property> options = {};  ///< further backend options
  bool preload = false;                ///< load when the host starts, not on first use

  /// Of each path in order, 64 hexadecimal digits; empty: not checked. Checked at every load; a
  /// file that has another hash, or changes meanwhile, is not loaded.
  std::vector<std::string> sha256 = {};
  std::string description = {};  ///< for people
  /// What the file does not say of its inputs and outputs (TorchScript says little). Where it does
  /// say, it must say the same.
  std::vector<TensorDescription> inputs = {};
  std::vector<TensorDescription> outputs = {};
  /// Who may use it; nullopt: every guest, empty: none (C++ still may). An entry is the name of the
  /// guest's file without its folders ("classify.wasm"), or "sha256:" and the hash of its bytes.
  std::optional<std::vector<std::string>> guests = {};
  /// Where this, and where its hashes were said ("models.toml:4"), for sentences; may be empty.
  std::string origin = {};
  std::string sha256_origin = {};
};

/// `NAME=PATH[:PATH…][,encoding=…][,target=…][,backend=…][,threads=N][,streams=N]
/// [,precision=model|fast][,preload=true][,sha256=HEX[:HEX…]][,config=TEXT]`; other keys go to
/// ModelSpec::options. `NAME=@echo` is the built-in echo model, which needs no file: one input that
/// comes back as it is. Errors quote the part that is wrong and what is accepted there.
[[nodiscard]] Result<ModelSpec> parse_model_spec(std::string_view text);

/// Wasmtime's `-S nn-graph=ENCODING::DIR`, without the `nn-graph=`: the graph's name is DIR's last
/// component, DIR holds model.onnx, model.xml + model.bin, or model.pt.
[[nodiscard]] Result<ModelSpec> parse_nn_graph(std::string_view text);

/// WasmEdge's `--nn-preload NAME:ENCODING:TARGET:PATH[:PATH…]`; case does not matter in ENCODING
/// and TARGET, and for GGML all after TARGET is one path. As there, the model is loaded on first
/// use.
[[nodiscard]] Result<ModelSpec> parse_nn_preload(std::string_view text);

/// WAMR's `--wasi-nn-graph=NAME:ENCODING:TARGET:PATH[:PATH…]`, read as the one above.
[[nodiscard]] Result<ModelSpec> parse_wamr_graph(std::string_view text);

/// A models.toml: an array of tables `[[model]]`, whose keys docs/models.md lists. Paths in it are
/// relative to its folder. Errors begin with the file, the line and the key that is wrong: an
/// unknown key (with the nearest one), a wrong type, a name that is there twice, a file that does
/// not exist, a hash that is none.
[[nodiscard]] Result<std::vector<ModelSpec>> read_models_file(const std::string& path);

/// As a rule of ModelSpec::guests sees a guest.
struct GuestIdentity {
  std::string file_name = {};  ///< without folders
  std::string sha256 = {};     ///< in lower case; empty: not known, which no rule is satisfied by
};

/// One model as it stands. A snapshot.
struct ModelStatus {
  std::string name = {};
  std::string description = {};
  bool loaded = false;
  ModelStats stats = {};
};

/// Told what is under way, and given an empty text when it ends; see HostOptions::on_activity.
using ActivityListener = std::function<void(std::string_view)>;

class BackendCatalog;

/// Threading: any thread. Concurrent first uses of one name load once; the others wait for that
/// load. A failed load is reported to each waiting caller and tried again on the next use.
class Registry {
 public:
  /// `catalog` opens backends and must outlive the registry. Two specs of one name: an error. Loads
  /// what is to be preloaded, before it returns. `on_activity` is told of every load.
  [[nodiscard]] static Result<std::unique_ptr<Registry>> create(
      std::vector<ModelSpec> specs, std::shared_ptr<BackendCatalog> catalog,
      ActivityListener on_activity = {});
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// The graph of that name, loaded if need be. kNotFound when no model has the name,
  /// kModelNotFound when its file is missing, kSecurity when its hash is another, otherwise the
  /// loader's error. ModelSpec::guests is not asked: that is for whoever runs the guest.
  [[nodiscard]] Result<std::shared_ptr<Graph>> open(std::string_view name);

  /// Lets go of a loaded graph: its memory is given back when its last user ends, and the next
  /// open() loads it anew. True when it was loaded; a load that is under way is left alone.
  /// kNotFound when no model has the name.
  [[nodiscard]] Result<bool> unload(std::string_view name);

  /// In the operator's order.
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::vector<ModelStatus> status() const;

  /// What was said of the model of that name, or null.
  [[nodiscard]] const ModelSpec* find(std::string_view name) const noexcept;

  /// The models that this guest may use; nullopt: all, since none is for certain guests only.
  [[nodiscard]] std::optional<std::vector<std::string>> names_for(const GuestIdentity& guest) const;

  /// Whether a rule asks for a guest's SHA-256.
  [[nodiscard]] bool asks_for_hashes() const noexcept;

 private:
  struct Impl;
  explicit Registry(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nacre

#endif  // NACRE_REGISTRY_H_
