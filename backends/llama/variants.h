// Where the variants of libggml's processor code lie (libggml-cpu-*.so).
#ifndef NACRE_BACKENDS_LLAMA_VARIANTS_H_
#define NACRE_BACKENDS_LLAMA_VARIANTS_H_

#include <dlfcn.h>

#include <ggml-backend.h>

#include <filesystem>
#include <optional>
#include <string>

namespace nacre::llama {

/// Beside libggml, wherever the dynamic linker found that; nullopt: it does not say.
inline std::optional<std::string> folder_of_variants() {
  Dl_info info{};
  const auto* symbol = reinterpret_cast<const void*>(&ggml_backend_load_all_from_path);
  if (::dladdr(symbol, &info) == 0 || info.dli_fname == nullptr) return std::nullopt;
  std::error_code error;
  return std::filesystem::canonical(info.dli_fname, error).parent_path().string();
}

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_VARIANTS_H_
