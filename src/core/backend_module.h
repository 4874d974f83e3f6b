// The host's side of the backend ABI: a module's C function table as the C++ classes of backend.h.
//
// What a backend's author writes as Backend, BackendGraph and BackendContext, core gets back as the
// same three classes; between them stands one call through a pointer.
#ifndef NACRE_SRC_CORE_BACKEND_MODULE_H_
#define NACRE_SRC_CORE_BACKEND_MODULE_H_

#include <nacre/backend.h>
#include <nacre/backend_abi.h>
#include <nacre/error.h>

#include "base/log.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace nacre {

struct ModuleServices {
  SharedLogSink log;
  std::uint32_t thread_budget = 0;  ///< 0: as many as the machine has
};

/// Makes the backend behind a table; `name` is for sentences and log lines. The table has to stay
/// for ever, as a module's does: nothing here closes one.
/// Errors: kUnsupportedOperation for another version of the ABI, naming both; else the backend's.
[[nodiscard]] Result<std::shared_ptr<Backend>> make_module_backend(std::string_view name,
                                                                   const nacre_backend_table* table,
                                                                   const ModuleServices& services);

/// Opens a module file (RTLD_NOW, RTLD_LOCAL) and makes its backend.
/// Errors: kUnsupportedOperation when the file is no module, or a library that it needs is missing:
/// the sentence names the library and what to do.
[[nodiscard]] Result<std::shared_ptr<Backend>> open_module(std::string_view name,
                                                           const std::string& path,
                                                           const ModuleServices& services);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_BACKEND_MODULE_H_
