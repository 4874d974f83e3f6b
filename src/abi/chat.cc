#include "abi/chat.h"

#include <cstddef>
#include <span>
#include <utility>

#include "abi/printable.h"

namespace nacre {
namespace {

constexpr std::string_view kUser = "user";
constexpr std::string_view kAssistant = "assistant";

Result<void> check(TextContext* text) {
  if (text == nullptr) {
    return fail(ErrorCode::kUnsupportedOperation,
                "The graph is no language model, so nobody can chat with it.");
  }
  const ChatTurn hello{std::string(kUser), "Hello"};
  const auto rendered = text->render_chat({&hello, 1});
  if (!rendered) return std::unexpected(rendered.error());
  return {};
}

}  // namespace

Result<Chat> Chat::create(GuestState& guest, std::uint32_t graph) {
  const auto handle = guest.create_context(graph);
  if (!handle) return std::unexpected(handle.error());
  if (auto ok = check((*guest.context(*handle))->text()); !ok) {
    [[maybe_unused]] const auto dropped = guest.drop_context(*handle);
    return std::unexpected(std::move(ok.error()));
  }
  return Chat(*handle);
}

Result<std::size_t> Chat::ask(TextContext& text) const {
  for (std::size_t forgotten = 0;; forgotten += 2) {
    const auto prompt = text.render_chat(std::span(turns_).subspan(forgotten));
    if (!prompt) return std::unexpected(prompt.error());
    auto set = text.set_prompt(std::string(*prompt));
    if (set) return forgotten;
    const bool last = forgotten + 1 == turns_.size();
    if (last || set.error().code != ErrorCode::kPromptTooLong) {
      return std::unexpected(std::move(set.error()));
    }
  }
}

Result<std::string> Chat::answer(GuestState& guest, std::string_view question) {
  const auto context = guest.context(context_);
  if (!context) return std::unexpected(context.error());
  TextContext& text = *(*context)->text();
  turns_.push_back({std::string(kUser), std::string(question)});
  const auto forgotten = ask(text);
  if (!forgotten) {
    turns_.pop_back();
    return std::unexpected(forgotten.error());
  }
  std::string said;
  // Piece by piece: so the end token is told apart from the text.
  Result<void> more;
  while ((more = guest.next(**context)))
    said += text.piece();
  text.finish();
  const ErrorCode end = more.error().code;
  if (end != ErrorCode::kEndOfSequence && end != ErrorCode::kContextFull) {
    turns_.pop_back();
    return std::unexpected(std::move(more.error()));
  }
  said = to_utf8(said);
  turns_.push_back({std::string(kAssistant), said});
  turns_.erase(turns_.begin(), turns_.begin() + static_cast<std::ptrdiff_t>(*forgotten));
  return said;
}

}  // namespace nacre
