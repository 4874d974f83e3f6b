// Models that are well made and large in one way: operators in a chain of thousands, one value used
// by thousands, thousands of inputs, names of a megabyte. What recurses along them ends its
// process. NACRE_LARGE=200000 makes them larger.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "child.h"
#include "onnx_model.h"
#include "tensors.h"
#include "tflite_models.h"

namespace nacre::test {
namespace {

std::string name_of(std::size_t i) {
  return "v" + std::to_string(i);
}

std::string onnx_chain(std::size_t length) {
  std::vector<std::string> nodes;
  for (std::size_t i = 0; i < length; ++i)
    nodes.push_back(OnnxNode{"Sin", {name_of(i)}, {name_of(i + 1)}}.bytes());
  return onnx_model(nodes, {onnx_value(name_of(0), kOnnxFloat, {2})},
                    {onnx_value(name_of(length), kOnnxFloat, {2})});
}

/// In the order of a chain, written down from its end.
std::string onnx_backwards(std::size_t length) {
  std::vector<std::string> nodes;
  for (std::size_t i = length; i > 0; --i)
    nodes.push_back(OnnxNode{"Sin", {name_of(i - 1)}, {name_of(i)}}.bytes());
  return onnx_model(nodes, {onnx_value(name_of(0), kOnnxFloat, {2})},
                    {onnx_value(name_of(length), kOnnxFloat, {2})});
}

std::string onnx_star(std::size_t length) {
  std::vector<std::string> nodes;
  OnnxNode sum{"Sum", {}, {"y"}};
  for (std::size_t i = 0; i < length; ++i) {
    nodes.push_back(OnnxNode{"Sin", {"x"}, {name_of(i)}}.bytes());
    sum.inputs.push_back(name_of(i));
  }
  nodes.push_back(sum.bytes());
  return onnx_model(nodes, {onnx_value("x", kOnnxFloat, {2})}, {onnx_value("y", kOnnxFloat, {2})});
}

std::string onnx_inputs(std::size_t length) {
  std::vector<std::string> inputs;
  OnnxNode sum{"Sum", {}, {"y"}};
  for (std::size_t i = 0; i < length; ++i) {
    inputs.push_back(onnx_value(name_of(i), kOnnxFloat, {2}));
    sum.inputs.push_back(name_of(i));
  }
  return onnx_model({sum.bytes()}, inputs, {onnx_value("y", kOnnxFloat, {2})});
}

std::string onnx_long_name(std::size_t length) {
  const std::string name(length * 100, 'x');
  return onnx_model({OnnxNode{"Sin", {name}, {"y"}}.bytes()}, {onnx_value(name, kOnnxFloat, {2})},
                    {onnx_value("y", kOnnxFloat, {2})});
}

std::string layer(std::size_t id, const char* type, const std::string& data, bool in, bool out) {
  const std::string dims = "<dim>2</dim></port>";
  return "<layer id=\"" + std::to_string(id) + "\" name=\"n" + std::to_string(id) + "\" type=\"" +
         type + "\" version=\"opset1\">" + data +
         (in ? "<input><port id=\"0\" precision=\"FP32\">" + dims + "</input>" : "") +
         (out ? "<output><port id=\"1\" precision=\"FP32\">" + dims + "</output>" : "") +
         "</layer>";
}

std::string ir_chain(std::size_t length) {
  std::string layers =
      layer(0, "Parameter", "<data shape=\"2\" element_type=\"f32\"/>", false, true);
  std::string edges;
  for (std::size_t i = 1; i <= length + 1; ++i) {
    layers += i <= length ? layer(i, "Sin", "", true, true) : layer(i, "Result", "", true, false);
    edges += "<edge from-layer=\"" + std::to_string(i - 1) + "\" from-port=\"1\" to-layer=\"" +
             std::to_string(i) + "\" to-port=\"0\"/>";
  }
  return "<?xml version=\"1.0\"?><net name=\"n\" version=\"11\"><layers>" + layers +
         "</layers><edges>" + edges + "</edges></net>";
}

std::string tflite_chain(std::size_t length) {
  TfliteModel model = tflite_twice(kTfliteF32, {2});
  TfliteSubgraph& graph = model.subgraphs[0];
  graph.operators.clear();
  for (std::size_t i = 0; i < length; ++i) {
    const auto from = static_cast<std::int32_t>(i == 0 ? 0 : i + 1);
    graph.tensors.push_back({.name = name_of(i), .shape = {2}});
    graph.operators.push_back(tflite_add(0, {from, from}, static_cast<std::int32_t>(i + 2)));
  }
  graph.outputs = {static_cast<std::int32_t>(length + 1)};
  return model.bytes();
}

struct Large {
  const char* name;
  GraphEncoding encoding;
  std::string (*model)(std::size_t length);
  std::string backend = {};  ///< by a file, where it is not the format's own
};
std::ostream& operator<<(std::ostream& out, const Large& large) {
  return out << large.name;
}

class LargeModels : public testing::TestWithParam<Large> {};

TEST_P(LargeModels, EndNoProcess) {
  const char* asked = std::getenv("NACRE_LARGE");
  const auto length = static_cast<std::size_t>(asked == nullptr ? 1000 : std::atoi(asked));
  const std::string model = GetParam().model(length);
  std::map<int, int> outcomes;
  int status = 0;
  const int at = ends_at(
      [&](int) {
        Result<std::shared_ptr<Graph>> graph = fail(ErrorCode::kUnknown, "");
        if (GetParam().backend.empty()) {
          graph = load_bytes({model}, GetParam().encoding);
        } else {
          const std::string path = testing::TempDir() + "nacre-large.onnx";
          std::ofstream(path, std::ios::binary) << model;
          graph = load_path(path, "backend=" + GetParam().backend);
        }
        if (!graph) {
          std::printf("%.200s\n", graph.error().message.c_str());
          return kRefused;
        }
        const std::vector<Plain> inputs((*graph)->description().inputs.size(),
                                        plain<float>(TensorType::kF32, {2}, {0.5F, 1}));
        return compute(*graph, inputs) ? kComputed : kLoaded;
      },
      0, 1, outcomes, status);
  // What takes long is stopped by a guest's timeout.
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  EXPECT_TRUE(at == -1 || signal == SIGALRM) << "signal " << signal;
  std::printf("%zu: %s\n", length,
              outcomes[kComputed] != 0 ? "computed"
              : outcomes[kLoaded] != 0 ? "loaded"
                                       : "refused");
}

INSTANTIATE_TEST_SUITE_P(
    Models, LargeModels,
    testing::Values(Large{"OnnxChain", GraphEncoding::kOnnx, onnx_chain},
                    Large{"OnnxBackwards", GraphEncoding::kOnnx, onnx_backwards},
                    Large{"OnnxStar", GraphEncoding::kOnnx, onnx_star},
                    Large{"OnnxInputs", GraphEncoding::kOnnx, onnx_inputs},
                    Large{"OnnxLongName", GraphEncoding::kOnnx, onnx_long_name},
                    Large{"OpenvinoChain", GraphEncoding::kOnnx, onnx_chain, "openvino"},
                    Large{"OpenvinoBackwards", GraphEncoding::kOnnx, onnx_backwards, "openvino"},
                    Large{"OpenvinoStar", GraphEncoding::kOnnx, onnx_star, "openvino"},
                    Large{"OpenvinoInputs", GraphEncoding::kOnnx, onnx_inputs, "openvino"},
                    Large{"IrChain", GraphEncoding::kOpenvino, ir_chain},
                    Large{"TfliteChain", GraphEncoding::kTensorflowlite, tflite_chain}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace nacre::test
