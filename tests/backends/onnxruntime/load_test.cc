// What the onnxruntime backend loads, describes and refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "fixture.h"

namespace nacre::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

struct Refusal {
  ErrorCode code{};
  std::string message;
};

Refusal refusal(const Result<std::shared_ptr<Graph>>& loaded) {
  EXPECT_FALSE(loaded);
  return loaded ? Refusal{} : Refusal{loaded.error().code, loaded.error().message};
}

/// One Relu. ModelProto: ir_version, graph, opset_import {version}; small numbers only.
std::string smallest_onnx(int opset, int ir_version) {
  std::string graph("\x0a\x0c\x0a\x01x\x12\x01y\x22\x04Relu\x12\x01g", 17);
  for (const char* value : {"\x5a\x0f\x0a\x01x", "\x62\x0f\x0a\x01y"}) {
    graph += std::string(value, 5);
    graph += std::string("\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x01", 12);
  }
  return std::string("\x08") + static_cast<char>(ir_version) + "\x3a" +
         static_cast<char>(graph.size()) + graph + std::string("\x42\x02\x10", 3) +
         static_cast<char>(opset);
}

TEST(OnnxruntimeProperties, AreAllThere) {
  const auto backend = catalog().open("onnxruntime");
  ASSERT_TRUE(backend) << backend.error().message;
  const std::vector<Property> all = (*backend)->all_properties();
  const auto property = [&](std::string_view key) {
    const auto found = std::ranges::find(all, key, &Property::key);
    return found == all.end() ? std::string() : found->value;
  };
  EXPECT_EQ(property("vendor"), "ONNX Runtime");
  EXPECT_EQ(property("vendor.version"), OrtGetApiBase()->GetVersionString());
  EXPECT_EQ(property("encodings"), "onnx");
  EXPECT_EQ(property("devices"), "cpu");
  EXPECT_EQ(property("loads"), "bytes,path");
  EXPECT_EQ(property("cancel"), "yes");
  EXPECT_EQ(property("threads.default"), "2");
  EXPECT_THAT(property("element_types"), AllOf(HasSubstr("bf16"), HasSubstr("string")));
  EXPECT_THAT(property("onnx.opset"), ContainsRegex("^1-2[0-9]$"));
  EXPECT_THAT(property("onnx.ir_version"), ContainsRegex("^1-1[0-9]$"));
  EXPECT_THAT(property("build"), HasSubstr("ORT Build Info"));
  // What costs a probe is not paid for by opening.
  EXPECT_EQ((*backend)->property("onnx.opset"), "");
  // The newest that it names loads, and the one after it does not.
  const int newest = std::stoi(property("onnx.opset").substr(2));
  const int newest_ir = std::stoi(property("onnx.ir_version").substr(2));
  EXPECT_TRUE(load_onnx(smallest_onnx(newest, newest_ir)));
  EXPECT_THAT(refusal(load_onnx(smallest_onnx(newest + 1, newest_ir))).message,
              HasSubstr("opset (ai.onnx) " + std::to_string(newest + 1) + "; "));
  EXPECT_THAT(refusal(load_onnx(smallest_onnx(newest, newest_ir + 1))).message,
              HasSubstr("IR version " + std::to_string(newest_ir + 1) + "; "));
}

TEST(OnnxruntimeLoad, ByPathAndByBytesDescribeTheSame) {
  const auto by_path = load_path(onnx_path("many"));
  const auto by_bytes = load_onnx(read_file(onnx_path("many")));
  ASSERT_TRUE(by_path) << by_path.error().message;
  ASSERT_TRUE(by_bytes) << by_bytes.error().message;
  for (const auto& graph : {*by_path, *by_bytes}) {
    const GraphDescription& d = graph->description();
    EXPECT_EQ(graph->backend(), "onnxruntime");
    ASSERT_EQ(d.inputs.size(), 3U);
    ASSERT_EQ(d.outputs.size(), 4U);
    EXPECT_EQ(d.inputs[1].name, "b");
    EXPECT_EQ(d.inputs[1].type, TensorType::kI64);
    EXPECT_EQ(d.inputs[1].shape, Shape{-1});
    EXPECT_EQ(d.inputs[2].type, TensorType::kBool);
    EXPECT_EQ(d.outputs[0].name, "not_c");
    EXPECT_EQ(d.outputs[1].shape, (Shape{2, 2}));
    std::string opset;
    std::string producer;
    for (const Property& p : d.properties) {
      if (p.key == "opset") opset = p.value;
      if (p.key == "producer") producer = p.value;
    }
    EXPECT_EQ(opset.substr(0, 2), "17");
    EXPECT_EQ(producer.substr(0, 11), "nacre-tests");
  }
}

TEST(OnnxruntimeLoad, WhatNoTensorCanCarryIsNamed) {
  for (const auto& [name, what] : std::vector<std::pair<std::string, std::string>>{
           {"sequence_input", "input 's' is a sequence"},
           {"sequence_output", "output 's' is a sequence"},
           {"map_output", "output 'm' is a sequence"},
           {"optional_input", "input 'o' is an optional"},
           {"type_float8", "float8e4m3fn"},
           {"rank_33", "33 dimensions"}}) {
    const Refusal by_bytes = refusal(load_onnx(read_file(onnx_path(name))));
    const Refusal by_path = refusal(load_path(onnx_path(name)));
    EXPECT_THAT(by_bytes.message, HasSubstr(what)) << name;
    EXPECT_EQ(by_bytes.message, by_path.message);
    EXPECT_EQ(by_bytes.code, ErrorCode::kUnsupportedOperation) << name;
  }
}

// Of these the vendor itself says that it has no such type.
TEST(OnnxruntimeLoad, ComplexNumbersAreNamed) {
  const Refusal refused = refusal(load_onnx(read_file(onnx_path("type_complex64"))));
  EXPECT_THAT(refused.message, HasSubstr("complex64"));
}

TEST(OnnxruntimeLoad, VersionsOfTheFutureSayBothNumbers) {
  const Refusal opset = refusal(load_onnx(read_file(onnx_path("opset_future"))));
  EXPECT_EQ(opset.code, ErrorCode::kInvalidEncoding);
  EXPECT_THAT(opset.message,
              ContainsRegex("wants ONNX opset \\(ai.onnx\\) 99; .* supports up to 2[0-9]"));
  const Refusal ir = refusal(load_onnx(read_file(onnx_path("ir_future"))));
  EXPECT_EQ(ir.code, ErrorCode::kInvalidEncoding);
  EXPECT_THAT(ir.message, ContainsRegex("wants ONNX IR version 99; .* supports up to 1[0-9]"));
}

TEST(OnnxruntimeLoad, UnknownOperatorsAreNamed) {
  const Refusal unknown = refusal(load_onnx(read_file(onnx_path("unknown_operator"))));
  EXPECT_EQ(unknown.code, ErrorCode::kInvalidEncoding) << unknown.message;
  EXPECT_THAT(unknown.message, HasSubstr("Frobnicate"));
  const Refusal custom = refusal(load_onnx(read_file(onnx_path("custom_operator"))));
  EXPECT_THAT(custom.message, HasSubstr("com.example"));
  EXPECT_EQ(custom.message.find("/onnxruntime_src/"), std::string::npos);
}

TEST(OnnxruntimeLoad, DevicesThatAreNotThere) {
  const std::string model = read_file(onnx_path("add_static"));
  for (const ExecutionTarget target : {ExecutionTarget::kGpu, ExecutionTarget::kTpu}) {
    const Refusal refused = refusal(load_onnx(model, target));
    EXPECT_EQ(refused.code, ErrorCode::kUnsupportedOperation);
    EXPECT_THAT(refused.message, HasSubstr("cpu"));
  }
  EXPECT_TRUE(load_onnx(model, ExecutionTarget::kAuto));
}

TEST(OnnxruntimeLoad, OptionsOfTheOperator) {
  const std::string path = onnx_path("layer");
  EXPECT_TRUE(load_path(path, "threads=3,streams=2,precision=fast"));
  for (const char* option : {"custom_ops=evil.so", "session.load_model_format=ORT"}) {
    const Refusal refused = refusal(load_path(path, option));
    EXPECT_EQ(refused.code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(refused.message, HasSubstr("no option"));
  }
  EXPECT_EQ(refusal(load_path(path, "threads=1000000")).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal(load_path(onnx_path("absent"))).code, ErrorCode::kModelNotFound);
}

std::size_t threads_of_process() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    ++count;
  }
  return count;
}

// The process-wide pool has one thread beside the caller's (the catalog's budget is 2), however
// many sessions use it; a session with threads= of its own has its own.
TEST(OnnxruntimeLoad, ThreadsAreSharedUnlessAskedFor) {
  ASSERT_TRUE(catalog().open("onnxruntime"));
  const std::size_t before = threads_of_process();
  std::vector<std::shared_ptr<Graph>> graphs;
  for (int i = 0; i < 5; ++i)
    graphs.push_back(*load_path(onnx_path("layer")));
  EXPECT_EQ(threads_of_process(), before);
  graphs.push_back(*load_path(onnx_path("layer"), "threads=1"));
  EXPECT_EQ(threads_of_process(), before);
  graphs.push_back(*load_path(onnx_path("layer"), "threads=4"));
  EXPECT_EQ(threads_of_process(), before + 3);
  graphs.clear();
  EXPECT_EQ(threads_of_process(), before);
}

// Broken bytes: an answer each time, and the backend is as good as before.

void expect_still_works() {
  auto graph = load_onnx(read_file(onnx_path("add_static")));
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_TRUE(compute(*graph, {noise(TensorType::kF32, {2, 3}, 1)}));
}

TEST(OnnxruntimeBroken, BytesThatAreNoModel) {
  std::vector<std::string> cases = {"",
                                    "x",
                                    std::string(1, '\0'),
                                    std::string(100'000, '\0'),
                                    std::string(100'000, '\xff'),
                                    "PK\x03\x04",
                                    "<?xml ?><net/>",
                                    std::string("\0asm\x01\0\0\0", 8),
                                    std::string("GGUF\x03\0\0\0", 8)};
  std::mt19937 random(3);
  for (int i = 0; i < 100; ++i) {
    cases.emplace_back();
    for (std::uint32_t n = random() % 4096; n != 0; --n) {
      cases.back() += static_cast<char>(random());
    }
  }
  for (const std::string& bytes : cases) {
    const Refusal refused = refusal(load_onnx(bytes));
    EXPECT_EQ(refused.code, ErrorCode::kInvalidEncoding) << refused.message;
  }
  expect_still_works();
}

TEST(OnnxruntimeBroken, RealNetworkCutOffEveryKilobyte) {
  const std::string whole = read_file(efficientnet_path());
  ASSERT_GT(whole.size(), 1U << 20);
  for (std::size_t n = 0; n < whole.size(); n += 1024) {
    const Refusal refused = refusal(load_onnx(std::string_view(whole).substr(0, n)));
    ASSERT_EQ(refused.code, ErrorCode::kInvalidEncoding) << n << ": " << refused.message;
  }
  expect_still_works();
}

TEST(OnnxruntimeBroken, SmallModelsCutOffAnywhere) {
  for (const char* name : {"many", "slow", "identity_string"}) {
    const std::string whole = read_file(onnx_path(name));
    for (std::size_t n = 0; n < whole.size(); n += whole.size() > 4096 ? 61 : 1) {
      const auto loaded = load_onnx(std::string_view(whole).substr(0, n));
      if (loaded) continue;  // the cut was behind what matters
      EXPECT_FALSE(loaded.error().message.empty());
    }
  }
  expect_still_works();
}

TEST(OnnxruntimeBroken, MutatedModelsAnswer) {
  std::size_t loaded_count = 0;
  std::set<std::string> messages;
  for (const char* name : {"many", "add_static", "slow", "nonzero", "map_output",
                           "lies_about_shape", "identity_string", "external_function"}) {
    const std::string whole = read_file(onnx_path(name));
    std::mt19937 random(11);
    for (int i = 0; i < 400; ++i) {
      std::string mutated = whole;
      for (int k = 0; k <= i % 8; ++k) {
        // The front is where the structure is; weights may be anything.
        const std::size_t span =
            k % 2 == 0 ? std::min<std::size_t>(whole.size(), 300) : whole.size();
        mutated[random() % span] = static_cast<char>(random());
      }
      const auto loaded = load_onnx(mutated);
      if (loaded) {
        ++loaded_count;
      } else {
        messages.insert(loaded.error().message);
      }
    }
  }
  // Both happened, so this went deeper than one check at the door.
  EXPECT_GT(loaded_count, 50U);
  EXPECT_GT(messages.size(), 50U);
  expect_still_works();
}

// External data. The file exists, beside the model and in the current directory.

class OnnxruntimeExternal : public ::testing::Test {
 protected:
  void SetUp() override {
    home_ = std::filesystem::current_path();
    std::filesystem::current_path(NACRE_TEST_ONNX_DIR);
    ASSERT_TRUE(std::filesystem::exists("near.bin"));
  }
  void TearDown() override { std::filesystem::current_path(home_); }

  std::filesystem::path home_;
};

TEST_F(OnnxruntimeExternal, IsNeverReachedByBytes) {
  for (const char* name :
       {"external_near", "external_absolute", "external_parent", "external_attribute",
        "external_subgraph", "external_function", "external_sparse"}) {
    const Refusal refused = refusal(load_onnx(read_file(onnx_path(name))));
    EXPECT_EQ(refused.code, ErrorCode::kSecurity) << name << ": " << refused.message;
    EXPECT_THAT(refused.message, HasSubstr("'w'")) << name;
  }
}

TEST_F(OnnxruntimeExternal, IsFoundBesideAModelGivenByPath) {
  std::filesystem::current_path("/");
  auto graph = load_path(onnx_path("external_near"));
  ASSERT_TRUE(graph) << graph.error().message;
  const auto outputs = compute(*graph, {plain<float>(TensorType::kF32, {4}, {0, 0, 0, 0})});
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_EQ((*outputs)[0], plain<float>(TensorType::kF32, {4}, {1, 2, 3, 4}));
}

TEST_F(OnnxruntimeExternal, StaysInsideTheModelsFolder) {
  for (const char* name : {"external_absolute", "external_parent"}) {
    EXPECT_EQ(refusal(load_path(onnx_path(name))).code, ErrorCode::kSecurity) << name;
  }
}

TEST_F(OnnxruntimeExternal, MissingFileIsNamed) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("nacre-external-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(onnx_path("external_near"), folder / "model.onnx");
  const Refusal refused = refusal(load_path((folder / "model.onnx").string()));
  EXPECT_EQ(refused.code, ErrorCode::kModelNotFound);
  EXPECT_THAT(refused.message, HasSubstr("near.bin"));
  std::filesystem::remove_all(folder);
}

// ONNX Runtime's own log goes to ours. A failing node is such a line.
TEST(OnnxruntimeLog, GoesToTheHost) {
  auto graph = load_path(onnx_path("lies_about_shape"));
  ASSERT_TRUE(graph) << graph.error().message;
  ::testing::internal::CaptureStderr();
  EXPECT_FALSE(compute(*graph, {noise(TensorType::kF32, {4}, 1),
                                plain<std::int64_t>(TensorType::kI64, {2}, {7, 9})}));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(logged(), HasSubstr("Reshape"));
}

}  // namespace
}  // namespace nacre::test
