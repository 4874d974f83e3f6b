// The vendors' SDKs called directly, as a C++ program without Nacre would: the floor of the
// benches.
//
// To add a backend's rows: direct_<backend>.cc, which defines one function `Runtime <backend>()` in
// nacre::bench, and in CMakeLists.txt what it links. Every row follows from what it describes.
#ifndef NACRE_BENCH_DIRECT_H_
#define NACRE_BENCH_DIRECT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::bench {

/// A model with one f32 input, of which the first output, f32, is read. Ends the program on an
/// error.
class DirectModel {
 public:
  virtual ~DirectModel() = default;
  /// Memory that infer() reads in place as long as set_input() was not called.
  [[nodiscard]] virtual std::span<float> input() = 0;
  /// Makes a tensor of the caller's the input of the next infer(), which comes before it changes.
  /// Without a copy, where the vendor's API can.
  virtual void set_input(std::span<float> tensor) = 0;
  virtual void infer() = 0;
  /// The first output of the last infer(), in place.
  [[nodiscard]] virtual std::span<const float> output() = 0;
};

/// One backend and what it is measured with.
struct Runtime {
  std::string name;                 ///< the backend's
  std::string model;                ///< in words
  std::string path;                 ///< of the model, for the operator's `--model`
  std::vector<std::uint32_t> dims;  ///< of its input
  /// The same model as a guest brings it: the encoding's name, and one or two files, the first of
  /// which `open` can read. Empty where that is not possible.
  std::string encoding;
  std::vector<std::string> files;
  /// At the model's own precision, one computation at a time. `threads` of 0: those of the machine.
  std::unique_ptr<DirectModel> (*open)(const std::string& path, int threads);
  /// What the guest `classify` can use: then there is a native program bench_classify_<name>.
  bool classifies = false;
};

/// A file of the build folder, as in "models/efficientnet-lite0.onnx".
[[nodiscard]] inline std::string build_path(std::string_view relative) {
  return NACRE_BENCH_BUILD_DIR "/" + std::string(relative);
}

}  // namespace nacre::bench

#endif  // NACRE_BENCH_DIRECT_H_
