// What the tests of the onnxruntime backend share beside ../tensors.h: the vendor's own API, called
// directly for comparison.
#ifndef NACRE_TESTS_BACKENDS_ONNXRUNTIME_FIXTURE_H_
#define NACRE_TESTS_BACKENDS_ONNXRUNTIME_FIXTURE_H_

#include <nacre/graph.h>
#include <onnxruntime_c_api.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/tensors.h"

namespace nacre::test {

std::string efficientnet_path();

/// ONNX by bytes, as a guest does; unlike load_bytes() it copies nothing.
Result<std::shared_ptr<Graph>> load_onnx(std::string_view bytes,
                                         ExecutionTarget target = ExecutionTarget::kCpu);

/// The vendor's C API, used as its documentation says. Ends the program on an error.
const OrtApi& ort();
void must(OrtStatus* status);
OrtEnv* direct_env();
std::shared_ptr<OrtSession> direct_session(const std::string& path, int threads);
std::vector<Plain> direct(OrtSession& session, const std::vector<Plain>& inputs);

}  // namespace nacre::test

#endif  // NACRE_TESTS_BACKENDS_ONNXRUNTIME_FIXTURE_H_
