// Names of functions as Rust's compilers write them (the "v0" scheme), made readable.
#ifndef NACRE_SRC_ENGINE_RUST_NAMES_H_
#define NACRE_SRC_ENGINE_RUST_NAMES_H_

#include <string>
#include <string_view>

namespace nacre::engine {

/// "_RNvNtCs1234_4core6result13unwrap_failed" is "core::result::unwrap_failed". Generic arguments
/// are left out. Empty for what is no such name, or means more than is worth reading: a name comes
/// from a guest, and may say "the same again" without end. Whatever the bytes are, it ends soon.
[[nodiscard]] std::string readable_rust_name(std::string_view mangled);

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_RUST_NAMES_H_
