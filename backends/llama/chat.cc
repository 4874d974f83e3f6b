#include "chat.h"

#include <algorithm>
#include <climits>
#include <exception>
#include <vector>

namespace nacre::llama {
namespace {

std::vector<const char*> builtin_templates() {
  const int count = llama_chat_builtin_templates(nullptr, 0);
  std::vector<const char*> names(static_cast<std::size_t>(std::max(count, 0)));
  llama_chat_builtin_templates(names.data(), names.size());
  return names;
}

}  // namespace

bool is_chat_template(std::string_view name) {
  return std::ranges::any_of(builtin_templates(),
                             [&](std::string_view each) { return each == name; });
}

std::string chat_template_names() {
  std::string all;
  for (const char* name : builtin_templates())
    all += (all.empty() ? "" : ", ") + std::string(name);
  return all;
}

Result<std::string> render_chat(const llama_model* model, std::string_view chosen,
                                std::span<const nacre_chat_turn> turns) {
  const std::string name(chosen);
  const char* text = name.empty() ? llama_model_chat_template(model, nullptr) : name.c_str();
  if (text == nullptr) {
    return fail(ErrorCode::kUnsupportedOperation,
                "the model brings no chat template, so a conversation cannot be written down for "
                "it; the operator can name one with config={\"chat-template\":\"chatml\"}");
  }
  std::vector<std::string> strings;
  strings.reserve(turns.size() * 2);
  std::size_t size = 1024;
  for (const nacre_chat_turn& turn : turns) {
    for (const nacre_string& part : {turn.role, turn.text}) {
      const std::string& kept = strings.emplace_back(to_view(part));
      if (kept.find('\0') != std::string::npos) {
        return fail(ErrorCode::kInvalidArgument, "a turn of a conversation has a NUL in it");
      }
      size += kept.size() + 64;
    }
  }
  std::vector<llama_chat_message> messages;
  messages.reserve(turns.size());
  for (std::size_t i = 0; i < turns.size(); ++i)
    messages.push_back({strings[2 * i].c_str(), strings[2 * i + 1].c_str()});
  try {
    std::string prompt;
    for (;;) {
      if (size > INT_MAX) break;
      prompt.resize(size);
      const int n = llama_chat_apply_template(text, messages.data(), messages.size(), true,
                                              prompt.data(), static_cast<int>(size));
      if (n < 0) break;
      const auto needed = static_cast<std::size_t>(n);
      prompt.resize(std::min(needed, size));
      if (needed <= size) return prompt;
      size = needed;
    }
  } catch (const std::exception& error) {
    return fail(ErrorCode::kUnsupportedOperation,
                std::string("the conversation cannot be written down: ") + error.what());
  }
  return fail(ErrorCode::kUnsupportedOperation,
              "the model's chat template is of no family that llama.cpp knows; the operator can "
              "name one with config={\"chat-template\":\"chatml\"}, of " +
                  chat_template_names());
}

}  // namespace nacre::llama
