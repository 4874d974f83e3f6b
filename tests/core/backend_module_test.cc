#include "core/backend_module.h"

#include <nacre/execution_context.h>

#include "base/stacks.h"
#include "core/backend_catalog.h"
#include "core/loader.h"
#include "support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace nacre {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

std::shared_ptr<BackendCatalog> catalog() {
  return BackendCatalog::create({.module_dirs = {NACRE_TEST_MODULES}, .log = {}});
}

TEST(BackendCatalog, OpensAModuleThatComputes) {
  auto backends = catalog();
  EXPECT_THAT(backends->names(), Contains("echo_module"));
  auto graph = load_model(*backends, {.name = "e",
                                      .paths = {},
                                      .encoding = GraphEncoding::kEcho,
                                      .backend = "echo_module",
                                      .config = {},
                                      .options = {}});
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->backend(), "echo_module");
  backends.reset();  // graphs keep their backend
  auto context = ExecutionContext::create(*graph);
  ASSERT_TRUE(context);
  const std::vector<float> data = {1, 2};
  const std::array<std::int64_t, 1> dims = {2};
  ASSERT_TRUE((*context)->set_input(0, test::view(TensorType::kF32, dims, data)));
  ASSERT_TRUE((*context)->compute());
  EXPECT_EQ(test::values<float>(**(*context)->output(0)), data);
}

TEST(BackendCatalog, ThreeFailuresThreeSentences) {
  auto backends = catalog();
  struct Row {
    const char* name;
    std::vector<std::string> parts;
  };
  const std::vector<Row> table = {
      {"llama", {"the backend \"llama\" is not installed", "libnacre_backend_llama.so"}},
      {"missing_library", {"needs the library libtest_vanished.so", "install it"}},
      {"wrong_version",
       {"version 99", "speaks version " + std::to_string(NACRE_BACKEND_ABI_VERSION)}},
      {"no_entry", {"is no backend module", "nacre_backend_entry"}},
  };
  for (const auto& [name, parts] : table) {
    const auto opened = backends->open(name);
    ASSERT_FALSE(opened) << name;
    EXPECT_EQ(opened.error().code, ErrorCode::kUnsupportedOperation) << name;
    for (const std::string& part : parts)
      EXPECT_THAT(opened.error().message, HasSubstr(part));
  }
}

TEST(BackendCatalog, UnknownNamesSuggestTheNearest) {
  auto backends = catalog();
  const auto near = backends->open("openvno");
  ASSERT_FALSE(near);
  EXPECT_EQ(near.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(near.error().message, HasSubstr("did you mean \"openvino\"?"));
  for (const char* name : {"../echo", "/etc/passwd", "", "Echo", "a\nb"}) {
    const auto opened = backends->open(name);
    ASSERT_FALSE(opened) << name;
    EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
  }
}

TEST(BackendCatalog, AFailureIsTriedAgainAndLogLinesArrive) {
  std::mutex mutex;
  std::vector<std::string> lines;
  auto backends = BackendCatalog::create(
      {.module_dirs = {NACRE_TEST_MODULES},
       .log = std::make_shared<const LogSink>([&](LogSeverity, std::string_view line) {
         const std::lock_guard lock(mutex);
         lines.emplace_back(line);
       })});
  const auto first = backends->open("failing");
  ASSERT_FALSE(first);
  EXPECT_THAT(first.error().message, HasSubstr("licence server"));
  ASSERT_TRUE(backends->open("failing"));
  EXPECT_THAT(lines, Contains("failing: starting"));

  // What the vendor throws is an error, devices are asked for, and so are the formats.
  const std::string file = testing::TempDir() + "failing_model.onnx";
  std::ofstream(file, std::ios::binary) << std::string("\x08\x08\x3a\x02\x12\x00", 6);
  ModelSpec spec{.name = "m", .paths = {file}, .backend = "failing", .config = {}, .options = {}};
  auto graph = load_model(*backends, spec);
  ASSERT_FALSE(graph);
  EXPECT_THAT(graph.error().message, HasSubstr("the vendor threw this"));
  // Whoever asks, and however little stack that thread has.
  EXPECT_TRUE(run_on_stack(std::size_t{256} << 10,
                           [&]() noexcept { graph = load_model(*backends, spec); }));
  EXPECT_THAT(graph.error().message, HasSubstr("the vendor threw this"));
  spec.target = ExecutionTarget::kGpu;
  graph = load_model(*backends, spec);
  EXPECT_THAT(graph.error().message, HasSubstr("the vendor threw this")) << "GPU.0 is a gpu";
  spec.target = ExecutionTarget::kTpu;
  graph = load_model(*backends, spec);
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(graph.error().message, AllOf(HasSubstr("no device tpu"), HasSubstr("CPU, GPU.0")));
  std::filesystem::remove(file);
  spec = {.name = "m",
          .paths = {},
          .encoding = GraphEncoding::kEcho,
          .backend = "failing",
          .config = {},
          .options = {}};
  graph = load_model(*backends, spec);
  ASSERT_FALSE(graph);
  EXPECT_THAT(graph.error().message, HasSubstr("does not read echo; it reads: onnx"));
}

TEST(BackendCatalog, ConcurrentFirstUsesOpenOnce) {
  auto backends = catalog();
  std::vector<std::thread> threads;
  std::vector<const OpenBackend*> seen(8);
  for (auto& slot : seen) {
    threads.emplace_back([&] {
      auto opened = backends->open("echo_module");
      if (opened) slot = opened->get();
    });
  }
  for (auto& thread : threads)
    thread.join();
  ASSERT_NE(seen[0], nullptr);
  EXPECT_THAT(seen, testing::Each(seen[0]));
}

TEST(BackendCatalog, TheEnvironmentNamesFoldersToo) {
  ::setenv("NACRE_BACKEND_PATH", "/nonexistent::" NACRE_TEST_MODULES, 1);
  auto backends = BackendCatalog::create();
  ::unsetenv("NACRE_BACKEND_PATH");
  EXPECT_TRUE(backends->open("echo_module"));
}

TEST(BackendCatalog, EncodingsHaveDefaults) {
  auto backends = catalog();
  EXPECT_EQ(backends->default_backend(GraphEncoding::kEcho), "echo");
  EXPECT_EQ(backends->default_backend(GraphEncoding::kOpenvino), "openvino");
  EXPECT_EQ(backends->default_backend(GraphEncoding::kGgml), "llama");
  EXPECT_EQ(backends->default_backend(GraphEncoding::kAutodetect), "");
}

TEST(BackendCatalog, AnOperatorsDefaultsComeFirst) {
  const auto backends = BackendCatalog::create(
      {.module_dirs = {NACRE_TEST_MODULES},
       .log = {},
       .defaults = {{GraphEncoding::kOnnx, "echo_module"}, {GraphEncoding::kGgml, "echo"}}});
  EXPECT_EQ(backends->default_backend(GraphEncoding::kOnnx), "echo_module");
  EXPECT_EQ(backends->default_backend(GraphEncoding::kGgml), "echo");
  EXPECT_EQ(backends->default_backend(GraphEncoding::kOpenvino), "openvino");
  EXPECT_TRUE(backends->check_name("echo_module"));
  const auto unknown = backends->check_name("echo_modul");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(unknown.error().message, HasSubstr("\"echo_module\""));
  EXPECT_FALSE(backends->check_name("../echo_module"));
}

// Whether one starts is not looked at.
TEST(BackendCatalog, InstalledIsWhatHasAModule) {
  const auto installed = catalog()->installed();
  EXPECT_EQ(installed.front(), "echo");
  EXPECT_THAT(installed, Contains("echo_module"));
  EXPECT_THAT(installed, Contains("missing_library"));
  EXPECT_THAT(installed, testing::Not(Contains("llama")));
}

TEST(BackendCatalog, OnnxGoesToOpenvinoWhereOnlyThatIs) {
  const std::string dir = testing::TempDir() + "only_openvino";
  std::filesystem::create_directories(dir);
  std::ofstream(dir + "/libnacre_backend_openvino.so") << "x";
  auto backends = BackendCatalog::create({.module_dirs = {dir}, .log = {}});
  if (backends->module_path("onnxruntime").empty()) {
    EXPECT_EQ(backends->default_backend(GraphEncoding::kOnnx), "openvino");
  }
  std::ofstream(dir + "/libnacre_backend_onnxruntime.so") << "x";
  EXPECT_EQ(backends->default_backend(GraphEncoding::kOnnx), "onnxruntime");
  const auto broken = backends->open("onnxruntime");
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, HasSubstr("cannot be opened"));
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace nacre
