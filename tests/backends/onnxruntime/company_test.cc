// An embedder that uses ONNX Runtime itself, and began before Nacre: there is one environment per
// process, and the embedder's has no threads for all sessions. A program of its own, for that
// reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;

TEST(OnnxruntimeCompany, AnEnvironmentWithoutSharedThreadsIsEnough) {
  OrtEnv* env = nullptr;
  must(ort().CreateEnv(ORT_LOGGING_LEVEL_WARNING, "embedder", &env));
  const Plain x = noise(TensorType::kF32, {1, 3, 224, 224}, 1);
  const auto graph = load_path(efficientnet_path());
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_THAT(logged(), HasSubstr("each model has threads of its own, 2 unless threads= says"));
  const auto first = compute(*graph, {x});
  ASSERT_TRUE(first) << first.error().message;

  // Said once, and true of models that come as bytes, and of those that say how many threads.
  const auto brought = load_onnx(read_file(efficientnet_path()), ExecutionTarget::kCpu);
  ASSERT_TRUE(brought) << brought.error().message;
  EXPECT_EQ(*compute(*brought, {x}), *first);
  EXPECT_TRUE(load_path(efficientnet_path(), "threads=1"));
  const std::string log = logged();
  EXPECT_EQ(log.find("of its own, 2"), log.rfind("of its own, 2"));

  // What is wrong with a model is still said, and what the runtime reads.
  const auto bad = load_path(onnx_path("unknown_operator"));
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message.find("threadpool"), std::string::npos) << bad.error().message;
  bool known = false;
  for (const Property& one : (*catalog().open("onnxruntime"))->all_properties())
    known = known || (one.key == "onnx.opset" && one.value.starts_with("1-"));
  EXPECT_TRUE(known);
  ort().ReleaseEnv(env);
}

}  // namespace
}  // namespace nacre::test
