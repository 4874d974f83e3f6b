// The only place where a raw C handle lives: a std::unique_ptr whose deleter is a C function.
//
//   using ModuleHandle = unique_handle<vendor_module, vendor_module_delete>;
//   ModuleHandle module(raw);   // deleted by vendor_module_delete, never for null
//
// It costs what the bare pointer costs: the deleter is a type without state.
#ifndef NACRE_SRC_BASE_UNIQUE_HANDLE_H_
#define NACRE_SRC_BASE_UNIQUE_HANDLE_H_

#include <memory>

namespace nacre {

/// Deletes a handle by calling `kDelete`; what the function returns is not looked at.
template <auto kDelete>
struct HandleDeleter {
  template <typename T>
  void operator()(T* handle) const noexcept {
    static_cast<void>(kDelete(handle));
  }
};

/// Owns one `T*` that `kDelete` gives back. Movable, not copyable, empty when moved from.
template <typename T, auto kDelete>
using unique_handle = std::unique_ptr<T, HandleDeleter<kDelete>>;

}  // namespace nacre

#endif  // NACRE_SRC_BASE_UNIQUE_HANDLE_H_
