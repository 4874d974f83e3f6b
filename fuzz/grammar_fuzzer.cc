// A guest's grammar, and a text that follows it: what stands after the first zero byte.
#include "llama/grammar.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto end = input.find('\0');
  const auto grammar = nacre::llama::Grammar::parse(input.substr(0, end));
  if (!grammar) return 0;
  nacre::llama::GrammarState state(*grammar);
  for (const char c : end == input.npos ? "a0{\"" : input.substr(end + 1)) {
    const std::string_view letter(&c, 1);
    // What is accepted can be gone on with.
    const bool accepted = state.accepts(letter);
    if (accepted != state.accept(letter).has_value()) std::abort();
    if (!accepted) break;
  }
  return 0;
}
