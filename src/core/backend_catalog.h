// The backends of a host: which there are, where their modules lie, and opening one on first use.
#ifndef NACRE_SRC_CORE_BACKEND_CATALOG_H_
#define NACRE_SRC_CORE_BACKEND_CATALOG_H_

#include <nacre/backend.h>
#include <nacre/error.h>
#include <nacre/graph.h>

#include "base/log.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace nacre {

struct CatalogOptions {
  /// Folders searched first. After them: $NACRE_BACKEND_PATH (a list with ':'), <exe dir>/backends,
  /// <exe dir>/../lib/nacre and its like, and the folder of the install tree.
  std::vector<std::string> module_dirs;
  SharedLogSink log;
  std::uint32_t thread_budget = 0;  ///< 0: as many as the machine has
  /// The operator's choice of who reads a format where a model names nobody.
  std::map<GraphEncoding, std::string> defaults = {};
};

/// A backend that is open, under its name.
struct OpenBackend {
  std::string name;
  std::shared_ptr<Backend> backend;
  std::vector<Property> properties;  ///< as asked when it was opened

  /// The property's value; empty when there is none.
  [[nodiscard]] std::string_view property(std::string_view key) const noexcept;

  /// Those, and what it takes work to find (Backend::probe), which is done on the first call.
  [[nodiscard]] std::vector<Property> all_properties() const;

  mutable std::once_flag probe_once = {};
  mutable std::vector<Property> probed = {};
};

/// Threading: any thread. A backend is opened once; others who want the same one wait, those who
/// want another do not. A failure is told to each who asked and tried again on the next use.
/// Lifetime: graphs keep their backend; a module once opened stays mapped.
class BackendCatalog {
 public:
  [[nodiscard]] static std::shared_ptr<BackendCatalog> create(CatalogOptions options = {});
  BackendCatalog(const BackendCatalog&) = delete;
  BackendCatalog& operator=(const BackendCatalog&) = delete;

  /// Every name that means something here, "echo" first: the backends that Nacre knows of, and
  /// modules found in the folders.
  [[nodiscard]] std::vector<std::string> names() const;

  /// kNotFound, with the nearest one, for a name that is none of those.
  [[nodiscard]] Result<void> check_name(std::string_view name) const;

  /// Of those, the ones whose module is here; nothing is opened.
  [[nodiscard]] std::vector<std::string> installed() const;

  /// Opens a backend, or gives the open one. kNotFound for a name that is none of names(), with the
  /// nearest one; kUnsupportedOperation when its module or its vendor's library is missing or has
  /// another version, each with a sentence on what to do.
  [[nodiscard]] Result<std::shared_ptr<const OpenBackend>> open(std::string_view name);

  /// The backend that reads a format when none is named: the operator's, else for ONNX onnxruntime
  /// where its module is, else openvino. Empty for kAutodetect.
  [[nodiscard]] std::string_view default_backend(GraphEncoding encoding) const;

  /// The module's file, empty when there is none (and for echo, which is built in).
  [[nodiscard]] std::string module_path(std::string_view name) const;

 private:
  struct Entry {
    std::mutex opening;
    std::shared_ptr<const OpenBackend> open;
  };

  explicit BackendCatalog(CatalogOptions options);
  [[nodiscard]] Result<std::shared_ptr<const OpenBackend>> open_now(const std::string& name);

  CatalogOptions options_;
  std::vector<std::string> dirs_;
  std::mutex mutex_;  // guards entries_, not what is in them
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace nacre

#endif  // NACRE_SRC_CORE_BACKEND_CATALOG_H_
