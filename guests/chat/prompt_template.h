// How a conversation is written down for a model: each family was trained on its own markup.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chat {

struct Turn {
  std::string user;
  std::string assistant;  // empty in the turn that is to be answered
};

enum class Template { kChatml, kLlama2, kLlama3 };

// "chatml", "llama-2-chat", "llama-3-chat".
std::optional<Template> parse_template(std::string_view name);

// The prompt up to where the model is to go on. `turns` is not empty.
std::string render(Template kind, std::string_view system, const std::vector<Turn>& turns);

// `answer` without the markup that ends it, and without white space around it.
std::string_view strip_end(Template kind, std::string_view answer);

}  // namespace chat
