// What the tests of the openvino backend share: models made with OpenVINO's own API, and that API
// beside Nacre for comparison.
#ifndef NACRE_TESTS_BACKENDS_OPENVINO_FIXTURE_H_
#define NACRE_TESTS_BACKENDS_OPENVINO_FIXTURE_H_

#include <openvino/core/model.hpp>
#include <openvino/openvino.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/tensors.h"

namespace nacre::test {

/// A model as IR: what a guest gives as two parts.
struct Ir {
  std::string xml;
  std::string bin;
};
Ir to_ir(const std::shared_ptr<ov::Model>& model);

/// x -> y = x, with names.
std::shared_ptr<ov::Model> identity(ov::element::Type type, const ov::PartialShape& shape);
/// A small convolution net, 1x3x8x8 f32 -> 1x256; it has weights.
std::shared_ptr<ov::Model> small_net();
/// Computes for most of a second: f32 [512,512] -> [512,512].
std::shared_ptr<ov::Model> slow_net();

Result<std::shared_ptr<Graph>> load_ir(const Ir& ir);
/// Bytes straight to this backend, whichever is the default for ONNX, and past core's own checks.
Result<std::shared_ptr<Graph>> load_onnx(std::string_view bytes);

/// A file in a folder of its own, which goes with the object.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::string write(std::string_view name, std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

/// Says whether anybody has opened a folder's files, or made one there, since it was asked last.
class Watch {
 public:
  explicit Watch(const std::string& folder);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch();
  bool touched();

 private:
  const int descriptor_;
};

/// OpenVINO used as its documentation says, at the settings that the backend chooses.
ov::CompiledModel direct_model(const std::shared_ptr<ov::Model>& model, int threads = 2,
                               bool fast = false);
std::vector<Plain> direct(ov::CompiledModel& model, const std::vector<Plain>& inputs);
ov::Core& direct_core();

std::string efficientnet_path(std::string_view extension);

}  // namespace nacre::test

#endif  // NACRE_TESTS_BACKENDS_OPENVINO_FIXTURE_H_
