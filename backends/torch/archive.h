// A TorchScript archive in memory, and a look at its source before libtorch compiles it.
#ifndef NACRE_BACKENDS_TORCH_ARCHIVE_H_
#define NACRE_BACKENDS_TORCH_ARCHIVE_H_

#include <caffe2/serialize/read_adapter_interface.h>
#include <nacre/error.h>

#include <cstddef>
#include <memory>
#include <span>

namespace nacre::torch {

/// Lets libtorch read the bytes in place: no copy, no path. They must outlive it.
class BytesAdapter final : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit BytesAdapter(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}
  [[nodiscard]] std::size_t size() const override { return bytes_.size(); }
  std::size_t read(std::uint64_t position, void* buffer, std::size_t count,
                   const char* what) const override;

 private:
  std::span<const std::byte> bytes_;
};

/// Loading a module runs code of the model's in two cases: a class's __setstate__, and whatever
/// expression stands for a default of a parameter or for a constant of a class. So the source of
/// every class and function is parsed (libtorch's own parser, on the same text) and refused when it
/// has a __setstate__, or a default or constant that is more than a literal.
/// Before that the tokens are counted: libtorch's parser and compiler call themselves for each
/// bracket, operator, block and definition inside another, so each is bounded.
/// The host has checked the archive itself (src/core/torchscript_walk.h).
/// Errors: kSecurity naming class and method; kInvalidEncoding; kTooLarge. May throw; recurses: run
/// it on_large_stack.
[[nodiscard]] Result<void> check_sources(std::span<const std::byte> archive);

}  // namespace nacre::torch

#endif  // NACRE_BACKENDS_TORCH_ARCHIVE_H_
