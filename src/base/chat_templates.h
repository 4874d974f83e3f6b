// Families of chat templates, told by the words that only they have.
#ifndef NACRE_SRC_BASE_CHAT_TEMPLATES_H_
#define NACRE_SRC_BASE_CHAT_TEMPLATES_H_

#include <string_view>

namespace nacre {

/// A name for people: "chatml", "llama3"…; "other" for what is not known, "none" for no text.
[[nodiscard]] constexpr std::string_view chat_template_family(std::string_view text) noexcept {
  constexpr auto kNowhere = std::string_view::npos;
  if (text.empty()) return "none";
  if (text.find("<|im_start|>") != kNowhere) return "chatml";
  if (text.find("<|start_header_id|>") != kNowhere) return "llama3";
  if (text.find("[INST]") != kNowhere) return "llama2";
  if (text.find("<start_of_turn>") != kNowhere) return "gemma";
  if (text.find("<|user|>") != kNowhere) return "phi3";
  return "other";
}

}  // namespace nacre

#endif  // NACRE_SRC_BASE_CHAT_TEMPLATES_H_
