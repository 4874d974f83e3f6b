// A loaded TFLite model: its bytes, shared read-only by an interpreter for each context.
#ifndef NACRE_BACKENDS_TFLITE_GRAPH_H_
#define NACRE_BACKENDS_TFLITE_GRAPH_H_

#include <nacre/backend.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "base/mapped_file.h"
#include "library.h"

namespace nacre::tflite {

/// What contexts share; they keep it alive. Never changes after the load.
struct Model {
  struct FreeBytes {
    void operator()(std::byte* data) const noexcept;
  };
  MappedFile file;                              // of a model given by path
  std::unique_ptr<std::byte, FreeBytes> owned;  // of one given as bytes: TFLite copies none
  std::span<const std::byte> bytes;             // one of the two
  Complaints complaints;
  ModelHandle handle;  // refers to both
  GraphDescription description;
  std::uint32_t threads = 1;
  bool sizes_vary = false;        // the size of some tensor is known only while computing
  bool leaves_gaps = false;       // an operator writes its outputs in part only
  std::uint64_t input_bytes = 0;  // at the shapes of the file, as all tensors':
  std::uint64_t tensor_bytes = 0;
};

/// Any thread.
class TfliteGraph final : public BackendGraph {
 public:
  /// Errors: kModelNotFound; kInvalidEncoding for what is no TFLite model, or one of a newer schema
  /// or with newer operators than the library's; kUnsupportedOperation for custom operators and
  /// for element types that Nacre does not carry.
  [[nodiscard]] static Result<std::unique_ptr<BackendGraph>> load(const ModelSource& source,
                                                                  const LoadOptions& options);

  TfliteGraph(std::shared_ptr<const Model> model, Interpreter first)
      : model_(std::move(model)), spare_(std::move(first)) {}

  [[nodiscard]] GraphDescription describe() const override { return model_->description; }
  [[nodiscard]] Result<std::unique_ptr<BackendContext>> create_context() override;

 private:
  std::shared_ptr<const Model> model_;
  std::mutex mutex_;
  Interpreter spare_;  // the one that the load was tried with; the first context takes it
};

}  // namespace nacre::tflite

#endif  // NACRE_BACKENDS_TFLITE_GRAPH_H_
