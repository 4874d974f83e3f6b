// What the tests of the language-model backend share: a small model, loaded once per set of
// options, and texts made with it.
#ifndef NACRE_TESTS_BACKENDS_LLAMA_FIXTURE_H_
#define NACRE_TESTS_BACKENDS_LLAMA_FIXTURE_H_

#include <nacre/execution_context.h>
#include <nacre/graph.h>
#include <nacre/text_context.h>

#include "core/backend_catalog.h"

#include <gtest/gtest.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace nacre::test {

inline constexpr std::string_view kModelFile = NACRE_TEST_MODELS_DIR "/smollm2.gguf";

BackendCatalog& llama_catalog();

/// The model with these options ("slots=2,ctx-size=512"); a failure of the test when it does not
/// load. Graphs are kept while somebody holds them.
std::shared_ptr<Graph> language_model(std::string_view options = "slots=2,ctx-size=1024");

std::unique_ptr<ExecutionContext> text_context(const std::shared_ptr<Graph>& graph,
                                               std::uint64_t owner = 0);

/// A question as this model's template has it.
std::string question(std::string_view text);

/// Every next() to the end, as one text; what ended it goes to `end`.
std::string stream(TextContext& text, ErrorCode* end = nullptr);

nlohmann::json metadata(TextContext& text);

/// The model's file.
std::string model_bytes();

/// Always the likeliest token.
inline constexpr std::string_view kGreedy = R"({"temp": 0})";

#define ASSERT_OK(EXPRESSION)                        \
  do {                                               \
    const auto& result_ = (EXPRESSION);              \
    ASSERT_TRUE(result_) << result_.error().message; \
  } while (false)

}  // namespace nacre::test

#endif  // NACRE_TESTS_BACKENDS_LLAMA_FIXTURE_H_
