#include <nacre/registry.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace nacre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParseModelSpec, NameAndPath) {
  const auto spec = parse_model_spec("net=models/net.onnx");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->name, "net");
  EXPECT_THAT(spec->paths, ElementsAre("models/net.onnx"));
  EXPECT_EQ(spec->encoding, GraphEncoding::kAutodetect);
  EXPECT_EQ(spec->target, ExecutionTarget::kCpu);
  EXPECT_FALSE(spec->preload);
}

TEST(ParseModelSpec, Everything) {
  const auto spec = parse_model_spec(
      "net=a.xml:b.bin,encoding=OpenVINO,target=auto,backend=openvino,threads=2,streams=3,"
      "precision=fast,preload=true,config={},cache=x=y");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_THAT(spec->paths, ElementsAre("a.xml", "b.bin"));
  EXPECT_EQ(spec->encoding, GraphEncoding::kOpenvino);
  EXPECT_EQ(spec->target, ExecutionTarget::kAuto);
  EXPECT_EQ(spec->backend, "openvino");
  EXPECT_EQ(spec->threads, 2U);
  EXPECT_EQ(spec->streams, 3U);
  EXPECT_EQ(spec->precision, Precision::kFast);
  EXPECT_TRUE(spec->preload);
  EXPECT_EQ(spec->config, "{}");
  ASSERT_EQ(spec->options.size(), 1U);
  EXPECT_EQ(spec->options[0].key, "cache");
  EXPECT_EQ(spec->options[0].value, "x=y");
}

TEST(ParseModelSpec, BuiltInEcho) {
  const auto spec = parse_model_spec("echo=@echo");
  ASSERT_TRUE(spec);
  EXPECT_TRUE(spec->paths.empty());
  EXPECT_EQ(spec->encoding, GraphEncoding::kEcho);
}

TEST(ParseModelSpec, MistakesAreQuotedWithWhatIsWanted) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "NAME=FILE is wanted"},
      {"net", "NAME=FILE is wanted"},
      {"=net.onnx", "NAME=FILE is wanted"},
      {"net=", "a path is empty"},
      {"net=a::b", "a path is empty"},
      {"net=a,", "KEY=VALUE is wanted"},
      {"net=a,b", "\"b\" is no option"},
      {"net=a,=b", "\"=b\" is no option"},
      {"net=a,encoding=onx", "did you mean \"onnx\"?"},
      {"net=a,encoding=GGUF", "did you mean \"ggml\"?"},
      {"net=a,encoding=tflite", "did you mean \"tensorflowlite\"?"},
      {"net=a,encoding=", "one of: autodetect, openvino"},
      {"net=a,target=npu", "one of: cpu, gpu, tpu, auto"},
      {"net=a,precision=high", "one of: model, fast"},
      {"net=a,preload=yes", "one of: true, false"},
      {"net=a,threads=-1", "a number from 0 to 1024"},
      {"net=a,threads=2x", "a number from 0 to 1024"},
      {"net=a,streams=99999", "a number from 0 to 1024"},
      {"net=a,thread=2", "did you mean \"threads\"?"},
      {"net=a,threads=2,threads=3", "there twice"},
      {"net=a,backend=", "a backend's name"},
      {"echo=@echo,encoding=onnx", "@echo is the built-in"},
      {"net=a,sha256=12", "64 hexadecimal digits"},
      {"net=a:b,sha256=" + std::string(64, 'a'), "1 hashes for 2 paths"},
      {"net=a,sha25=" + std::string(64, 'a'), "did you mean \"sha256\"?"},
  };
  for (const auto& [text, part] : table) {
    const auto spec = parse_model_spec(text);
    ASSERT_FALSE(spec) << text;
    EXPECT_EQ(spec.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(spec.error().message, HasSubstr(part));
    EXPECT_THAT(spec.error().message, HasSubstr("\"" + text + "\""));
  }
}

TEST(ParseModelSpec, AHashForEachPath) {
  const std::string a(64, 'a');
  const std::string b(64, 'B');
  const auto spec = parse_model_spec("net=x.xml:x.bin,sha256=" + a + ":" + b);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_THAT(spec->sha256, ElementsAre(a, b));
}

// How WasmEdge's documents write it.
TEST(ParseNnPreload, AsWasmEdgeWritesIt) {
  struct Row {
    std::string text;
    std::string name;
    GraphEncoding encoding;
    ExecutionTarget target;
    std::vector<std::string> paths;
  };
  const std::vector<Row> table = {
      {"default:GGML:AUTO:llama-2-7b-chat-wasm-q5_k_m.gguf",
       "default",
       GraphEncoding::kGgml,
       ExecutionTarget::kAuto,
       {"llama-2-7b-chat-wasm-q5_k_m.gguf"}},
      {"m:ggml:cpu:a:b:c.gguf", "m", GraphEncoding::kGgml, ExecutionTarget::kCpu, {"a:b:c.gguf"}},
      {"net:OpenVINO:CPU:net.xml:net.bin",
       "net",
       GraphEncoding::kOpenvino,
       ExecutionTarget::kCpu,
       {"net.xml", "net.bin"}},
      {"a:PyTorch:GPU:x.pt", "a", GraphEncoding::kPytorch, ExecutionTarget::kGpu, {"x.pt"}},
      {"a:TensorflowLite:TPU:x.tflite",
       "a",
       GraphEncoding::kTensorflowlite,
       ExecutionTarget::kTpu,
       {"x.tflite"}},
      {"a:TensorFlow-Lite:cpu:x",
       "a",
       GraphEncoding::kTensorflowlite,
       ExecutionTarget::kCpu,
       {"x"}},
      {"a:Tensorflow:cpu:x", "a", GraphEncoding::kTensorflow, ExecutionTarget::kCpu, {"x"}},
      {"a:ONNX:cpu:x.onnx", "a", GraphEncoding::kOnnx, ExecutionTarget::kCpu, {"x.onnx"}},
      {"a:AutoDetect:cpu:x", "a", GraphEncoding::kAutodetect, ExecutionTarget::kCpu, {"x"}},
  };
  for (const Row& row : table) {
    for (const auto& parse : {parse_nn_preload, parse_wamr_graph}) {
      const auto spec = parse(row.text);
      ASSERT_TRUE(spec) << spec.error().message;
      EXPECT_EQ(spec->name, row.name) << row.text;
      EXPECT_EQ(spec->encoding, row.encoding) << row.text;
      EXPECT_EQ(spec->target, row.target) << row.text;
      EXPECT_EQ(spec->paths, row.paths) << row.text;
      EXPECT_FALSE(spec->preload);
    }
  }
}

TEST(ParseNnPreload, MistakesShowTheForm) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "there is 1 field"},
      {"net", "there is 1 field"},
      {"net:onnx:cpu", "there are 3 fields"},
      {":onnx:cpu:x", "the name is empty"},
      {"net:onx:cpu:x", "did you mean \"onnx\"?"},
      {"net:echo:cpu:x", "\"echo\" is no encoding"},
      {"net:paddle:cpu:x", "\"paddle\" is no encoding"},
      {"net::cpu:x", "is no encoding"},
      {"net:Whisper:cpu:x", "no runtime for"},
      {"net:neural-speed:cpu:x", "no runtime for"},
      {"net:onnx:npu:x", "one of: cpu, gpu, tpu, auto"},
      {"net:onnx:cpu:", "a path is empty"},
      {"net:openvino:cpu:a::b", "a path is empty"},
  };
  for (const auto& [text, part] : table) {
    const auto spec = parse_nn_preload(text);
    ASSERT_FALSE(spec) << text;
    EXPECT_EQ(spec.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(spec.error().message, HasSubstr(part));
    EXPECT_THAT(spec.error().message, HasSubstr("NAME:ENCODING:TARGET:PATH[:PATH…]"));
    EXPECT_THAT(spec.error().message, HasSubstr("default:GGML:AUTO:model.gguf"));
    EXPECT_THAT(parse_wamr_graph(text).error().message, HasSubstr("net:onnx:cpu:model.onnx"));
  }
}

TEST(ParseNnGraph, FixedNamesInsideAFolder) {
  const auto onnx = parse_nn_graph("onnx::some/fixture");
  ASSERT_TRUE(onnx);
  EXPECT_EQ(onnx->name, "fixture");
  EXPECT_THAT(onnx->paths, ElementsAre("some/fixture/model.onnx"));
  const auto openvino = parse_nn_graph("openvino::fixture/");
  ASSERT_TRUE(openvino);
  EXPECT_EQ(openvino->name, "fixture");
  EXPECT_THAT(openvino->paths, ElementsAre("fixture/model.xml", "fixture/model.bin"));
  const auto torch = parse_nn_graph("PyTorch::/a/b/../c");
  ASSERT_TRUE(torch);
  EXPECT_EQ(torch->name, "c");
  EXPECT_THAT(torch->paths, ElementsAre("/a/c/model.pt"));
}

TEST(ParseNnGraph, Mistakes) {
  for (const char* text : {"", "onnx", "onnx:dir", "::dir", "onnx::", "onnx::.", "onnx::..",
                           "onnx::/", "tensorflow::dir", "onx::dir"}) {
    const auto spec = parse_nn_graph(text);
    ASSERT_FALSE(spec) << text;
    EXPECT_EQ(spec.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_THAT(parse_nn_graph("onx::dir").error().message, HasSubstr("did you mean \"onnx\"?"));
}

}  // namespace
}  // namespace nacre
