// What an unloaded model gives back, with a real one.
#include <nacre/execution_context.h>
#include <nacre/registry.h>

#include "core/backend_catalog.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

namespace nacre {
namespace {

const std::string kModel = NACRE_TEST_MODELS_DIR "/efficientnet-lite0.onnx";

/// Bytes of this process that are in memory and not of a file.
std::size_t resident() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0;
  std::size_t all = 0;
  std::size_t of_files = 0;
  statm >> size >> all >> of_files;
  return (all - of_files) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(Unload, GivesTheWeightsBackWhenTheLastUserEnds) {
  ModelSpec spec;
  spec.name = "net";
  spec.paths = {kModel};
  spec.backend = "onnxruntime";
  CatalogOptions options;
  options.module_dirs = {NACRE_TEST_BACKENDS_DIR};
  auto registry = Registry::create({spec}, BackendCatalog::create(std::move(options)));
  ASSERT_TRUE(registry) << registry.error().message;
  // The runtime itself keeps some for ever, so the first load and unload do not count.
  ASSERT_TRUE((*registry)->open("net"));
  EXPECT_TRUE((*registry)->unload("net").value());

  const std::size_t weights = std::filesystem::file_size(kModel);
  const std::size_t before = resident();
  auto graph = (*registry)->open("net");
  ASSERT_TRUE(graph) << graph.error().message;
  auto context = ExecutionContext::create(*graph);
  ASSERT_TRUE(context);
  const std::weak_ptr<Graph> watched = *graph;
  graph->reset();
  const std::size_t loaded = resident();
  EXPECT_GT(loaded, before + weights * 3 / 4);

  EXPECT_TRUE((*registry)->unload("net").value());
  EXPECT_FALSE((*registry)->unload("net").value()) << "it was unloaded";
  EXPECT_FALSE(watched.expired()) << "its context still uses it";
  EXPECT_GT(resident(), before + weights * 3 / 4);
  context->reset();
  EXPECT_TRUE(watched.expired());
  const std::size_t after = resident();
  EXPECT_LT(after, loaded - weights * 3 / 4)
      << before << " bytes before, " << loaded << " with the model, " << after << " after";

  EXPECT_TRUE((*registry)->open("net")) << "the next use loads it again";
}

}  // namespace
}  // namespace nacre
