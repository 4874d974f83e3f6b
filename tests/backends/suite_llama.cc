#include <nacre/registry.h>

#include "core/loader.h"
#include "suite.h"

namespace nacre::test {
namespace {

Plain text(std::string_view words) {
  return {TensorType::kU8, {static_cast<std::int64_t>(words.size())}, std::string(words)};
}

Result<std::shared_ptr<Graph>> load_language_model() {
  return load_model(catalog(), {.name = "model",
                                .paths = {NACRE_TEST_LANGUAGE_MODEL},
                                .threads = 1,
                                .config = R"({"temp": 0, "n-predict": 3})",
                                .options = {{"slots", "2"}, {"ctx-size", "512"}}});
}

// One thread, as in llama/fixture.cc; the likeliest token each time, so that the answer is one.
const bool kRegistered = add_case({.name = "llama_text",
                                   .backend = "llama",
                                   .load = load_language_model,
                                   .inputs = {text("The capital of France is")},
                                   .outputs = {text(" Paris.\n")},
                                   .text = true});

}  // namespace
}  // namespace nacre::test
