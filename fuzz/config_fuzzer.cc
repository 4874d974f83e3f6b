// A language model's configuration as a guest sends it. The converter of schemas is a process of
// its own; here a short grammar stands for what it answers.
#include "llama/config.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void check(bool held) {
  if (!held) std::abort();
}

bool same(const nacre::llama::Config& a, const nacre::llama::Config& b) {
  return a.n_predict == b.n_predict && a.reverse_prompt == b.reverse_prompt &&
         a.chat_template == b.chat_template && a.context_size == b.context_size &&
         a.embedding_norm == b.embedding_norm && a.engine == b.engine && a.sampling == b.sampling &&
         (a.grammar == nullptr) == (b.grammar == nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nacre::llama;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ConfigServices services{
      .note = [](std::string_view line) { check(line.size() < 1000); },
      .schema_to_gbnf = [](std::string_view) -> nacre::Result<std::string> {
        return "root ::= \"a\"";
      }};
  const Config base{};
  const auto config = parse_config(text, base, services);
  if (!config) {
    check(!config.error().message.empty());
    return 0;
  }
  // Said once more it changes nothing, and what it made is a configuration to start from.
  const auto again = parse_config(text, *config, services);
  check(again.has_value() && same(*again, *config));
  const auto nothing = parse_config("{}", *config, services);
  check(nothing.has_value() && same(*nothing, *config));
  // Whatever was sent, what reaches llama.cpp is in its range.
  const auto& s = config->sampling;
  check(config->n_predict >= -2 && config->context_size <= 0x7fffffffU);
  check(s.temperature >= -1 && s.temperature <= 100 && s.top_p >= 0 && s.top_p <= 1);
  check(s.repeat_penalty >= 0.009F && s.last_n >= -1 && s.last_n <= 65'536);
  return 0;
}
