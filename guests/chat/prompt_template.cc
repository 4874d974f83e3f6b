#include "prompt_template.h"

namespace chat {
namespace {

std::string chatml(std::string_view system, const std::vector<Turn>& turns) {
  std::string text;
  const auto say = [&text](std::string_view role, std::string_view what) {
    text.append("<|im_start|>").append(role).append("\n").append(what).append("<|im_end|>\n");
  };
  if (!system.empty()) say("system", system);
  for (std::size_t i = 0; i < turns.size(); ++i) {
    say("user", turns[i].user);
    if (i + 1 < turns.size()) say("assistant", turns[i].assistant);
  }
  return text + "<|im_start|>assistant\n";
}

std::string llama2(std::string_view system, const std::vector<Turn>& turns) {
  std::string text;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    text += "<s>[INST] ";
    if (i == 0 && !system.empty()) text.append("<<SYS>>\n").append(system).append("\n<</SYS>>\n\n");
    text.append(turns[i].user).append(" [/INST]");
    if (i + 1 < turns.size()) text.append(" ").append(turns[i].assistant).append(" </s>");
  }
  return text;
}

std::string llama3(std::string_view system, const std::vector<Turn>& turns) {
  std::string text = "<|begin_of_text|>";
  const auto begin = [&text](std::string_view role) {
    text.append("<|start_header_id|>").append(role).append("<|end_header_id|>\n\n");
  };
  const auto say = [&](std::string_view role, std::string_view what) {
    begin(role);
    text.append(what).append("<|eot_id|>");
  };
  if (!system.empty()) say("system", system);
  for (std::size_t i = 0; i < turns.size(); ++i) {
    say("user", turns[i].user);
    if (i + 1 < turns.size()) say("assistant", turns[i].assistant);
  }
  begin("assistant");
  return text;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

std::optional<Template> parse_template(std::string_view name) {
  if (name == "chatml") return Template::kChatml;
  if (name == "llama-2-chat") return Template::kLlama2;
  if (name == "llama-3-chat") return Template::kLlama3;
  return std::nullopt;
}

std::string render(Template kind, std::string_view system, const std::vector<Turn>& turns) {
  switch (kind) {
    case Template::kLlama2:
      return llama2(system, turns);
    case Template::kLlama3:
      return llama3(system, turns);
    case Template::kChatml:
      break;
  }
  return chatml(system, turns);
}

std::string_view strip_end(Template kind, std::string_view answer) {
  const std::string_view end = kind == Template::kLlama2   ? "</s>"
                               : kind == Template::kLlama3 ? "<|eot_id|>"
                                                           : "<|im_end|>";
  answer = trim(answer);
  if (answer.ends_with(end)) answer.remove_suffix(end.size());
  return trim(answer);
}

}  // namespace chat
