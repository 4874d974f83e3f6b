// Named models: given by the operator, loaded once per process, shared by the guests that may use
// them.
#ifndef NACRE_REGISTRY_H_
#define NACRE_REGISTRY_H_

#include <nacre/backend.h>
#include <nacre/error.h>
#include <nacre/graph.h>

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
};

/// `NAME=PATH[:PATH…][,encoding=…][,target=…][,backend=…][,threads=N][,streams=N]
/// [,precision=model|fast][,preload=true][,config=TEXT]`; other keys go to ModelSpec::options.
/// `NAME=@echo` is the built-in echo model, which needs no file: one input that comes back as it
/// is. Errors quote the part that is wrong and what is accepted there.
[[nodiscard]] Result<ModelSpec> parse_model_spec(std::string_view text);

/// Wasmtime's `-S nn-graph=ENCODING::DIR`, without the `nn-graph=`: the graph's name is DIR's last
/// component, DIR holds model.onnx, model.xml + model.bin, or model.pt.
[[nodiscard]] Result<ModelSpec> parse_nn_graph(std::string_view text);

class BackendCatalog;

/// Threading: any thread. Concurrent first uses of one name load once; the others wait for that
/// load. A failed load is reported to each waiting caller and tried again on the next use.
class Registry {
 public:
  /// `catalog` opens backends and must outlive the registry. Two specs of one name: an error.
  [[nodiscard]] static Result<std::unique_ptr<Registry>> create(
      std::vector<ModelSpec> specs, std::shared_ptr<BackendCatalog> catalog);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// The graph of that name, loaded if need be. kNotFound when no model has the name,
  /// kModelNotFound when its file is missing, otherwise the loader's error.
  [[nodiscard]] Result<std::shared_ptr<Graph>> open(std::string_view name);

  [[nodiscard]] std::vector<std::string> names() const;

 private:
  struct Impl;
  explicit Registry(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nacre

#endif  // NACRE_REGISTRY_H_
