// One ONNX operator test: a model, its inputs, and the outputs that are right. Shared by the guest
// and by the programs that call the vendors' runtimes directly, so that both are judged alike.
//
// A folder holds model.onnx and test_data_set_0/input_K.pb and output_K.pb.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tensor_proto.h"

namespace onnx_operators {

struct Case {
  std::vector<std::byte> model;
  std::vector<Tensor> inputs;
  std::vector<Tensor> expected;  // none: whatever comes is right
  std::vector<std::string> input_names;
  std::vector<std::string> output_names;  // of all the model's outputs
  // Why wasi-nn cannot say it, "input 0 is of the kind sequence": then there are no tensors.
  std::string beyond_tensors;
};

// The error is a sentence.
std::expected<Case, std::string> read_case(const std::string& folder);

// What a runtime gave for one output. Over wasi-nn only the bytes are known.
struct Output {
  std::vector<std::byte> bytes;
  bool has_shape = false;
  ElementType type = ElementType::kF32;
  std::vector<std::int64_t> dims = {};
};

struct Verdict {
  // "pass", "fail" (other numbers than the right ones), "unsupported" (refused in words).
  std::string status;
  // Of all outputs' bytes, 16 hexadecimal digits; "-" without outputs.
  std::string hash = "-";
  std::string reason = {};
};

Verdict unsupported(std::string reason);

// Within 1e-3 of the right number, relatively, and 1e-7 absolutely, as ONNX's own runner has it;
// integers, bools and strings likewise or exactly.
Verdict judge(const Case& one, const std::vector<Output>& outputs);

// The program around it: `PROGRAM ROOT CASE...` runs each case in ROOT/CASE and prints
//   begin CASE
//   CASE <tab> status <tab> hash <tab> reason
// so that the one under way is known when a vendor's code ends the process.
int run_cases(int argc, char** argv, const std::function<Verdict(const Case&)>& run);

}  // namespace onnx_operators
