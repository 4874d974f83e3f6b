#include "fixture.h"

#include <nacre/registry.h>

#include "base/mapped_file.h"
#include "core/loader.h"

#include <map>

namespace nacre::test {

// One thread: ggml's threads wait for each other by spinning, which on a machine that is busy with
// other tests takes fifty times as long.
BackendCatalog& llama_catalog() {
  static const auto catalog = BackendCatalog::create(
      {.module_dirs = {NACRE_TEST_BACKENDS_DIR}, .log = {}, .thread_budget = 1});
  return *catalog;
}

std::shared_ptr<Graph> language_model(std::string_view options) {
  static std::map<std::string, std::weak_ptr<Graph>, std::less<>> loaded;
  auto& kept = loaded[std::string(options)];
  if (auto graph = kept.lock()) return graph;
  auto spec = parse_model_spec("m=" + std::string(kModelFile) + (options.empty() ? "" : ",") +
                               std::string(options));
  if (!spec) {
    ADD_FAILURE() << spec.error().message;
    return nullptr;
  }
  auto graph = load_model(llama_catalog(), *spec);
  if (!graph) {
    ADD_FAILURE() << graph.error().message;
    return nullptr;
  }
  kept = *graph;
  return *graph;
}

std::unique_ptr<ExecutionContext> text_context(const std::shared_ptr<Graph>& graph,
                                               std::uint64_t owner) {
  ContextLimits limits;
  limits.owner = owner;
  auto context = ExecutionContext::create(graph, limits);
  if (!context) {
    ADD_FAILURE() << context.error().message;
    return nullptr;
  }
  EXPECT_NE((*context)->text(), nullptr);
  return std::move(*context);
}

std::string question(std::string_view text) {
  return "<|im_start|>user\n" + std::string(text) + "<|im_end|>\n<|im_start|>assistant\n";
}

std::string stream(TextContext& text, ErrorCode* end) {
  std::string all;
  for (;;) {
    const auto more = text.next();
    all += text.piece();
    if (more) continue;
    if (end != nullptr) {
      *end = more.error().code;
    } else {
      EXPECT_EQ(more.error().code, ErrorCode::kEndOfSequence) << more.error().message;
    }
    return all;
  }
}

std::string model_bytes() {
  const auto file = MappedFile::open(std::string(kModelFile));
  if (!file) {
    ADD_FAILURE() << kModelFile << ": " << file.error().message();
    return {};
  }
  const auto bytes = file->bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

nlohmann::json metadata(TextContext& text) {
  auto json = text.metadata();
  if (!json) {
    ADD_FAILURE() << json.error().message;
    return {};
  }
  return nlohmann::json::parse(*json);
}

}  // namespace nacre::test
