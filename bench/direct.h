// The vendors' SDKs called directly, as a C++ program without Nacre would: the floor of the
// benches.
#ifndef NACRE_BENCH_DIRECT_H_
#define NACRE_BENCH_DIRECT_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace nacre::bench {

/// A model with one f32 input of 1x3x224x224 and one f32 output. Ends the program on an error.
class DirectModel {
 public:
  virtual ~DirectModel() = default;
  /// The input's memory, which infer() reads in place.
  [[nodiscard]] virtual std::span<float> input() = 0;
  virtual void infer() = 0;
  /// The output of the last infer(), in place.
  [[nodiscard]] virtual std::span<const float> output() = 0;
};

/// At the model's own precision, one computation at a time. `threads` of 0: those of the machine.
[[nodiscard]] std::unique_ptr<DirectModel> open_onnxruntime(const std::string& path, int threads);
[[nodiscard]] std::unique_ptr<DirectModel> open_openvino(const std::string& path, int threads);

}  // namespace nacre::bench

#endif  // NACRE_BENCH_DIRECT_H_
