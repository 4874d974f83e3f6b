#include "abi/component/prompt.h"

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "abi/component/call.h"
#include "abi/printable.h"

namespace nacre::component {
namespace {

/// Runs a callback's body; the sentence of its error, or what it throws, goes into `out`.
template <typename Body>
bool answer(void* guest, std::string_view function, nacre_shim_bytes* out, Body&& body) noexcept {
  ComponentState& state = state_of(guest);
  try {
    Result<void> result = std::forward<Body>(body)(state);
    if (result) return true;
    static_cast<void>(state.guest().refuse(function, result.error()));
    state.chat_answer = printable(result.error().message);
    *out = to_shim(state.chat_answer);
  } catch (const std::bad_alloc&) {
    *out = to_shim("The host has not enough memory for this call.");
  } catch (...) {
    *out = to_shim("The host failed in a way that it has no words for.");
  }
  return false;
}

/// A graph that a call takes over is gone after it, however it ends.
class TakenGraph {
 public:
  TakenGraph(GuestState& guest, std::uint32_t graph) noexcept : guest_(guest), graph_(graph) {}
  ~TakenGraph() { [[maybe_unused]] const auto dropped = guest_.drop_graph(graph_); }
  TakenGraph(const TakenGraph&) = delete;
  TakenGraph& operator=(const TakenGraph&) = delete;

 private:
  GuestState& guest_;
  const std::uint32_t graph_;
};

}  // namespace

bool prompt_init(void*, void* guest, std::uint32_t graph, std::uint32_t* context,
                 nacre_shim_bytes* error) noexcept {
  return answer(guest, "prompt.init", error, [&](ComponentState& state) -> Result<void> {
    const TakenGraph taken(state.guest(), graph);
    auto chat = Chat::create(state.guest(), graph);
    if (!chat) return std::unexpected(std::move(chat.error()));
    *context = chat->context();
    state.chats.emplace(*context, *std::move(chat));
    return {};
  });
}

bool prompt_compute(void*, void* guest, std::uint32_t context, nacre_shim_bytes prompt,
                    nacre_shim_bytes* answer_or_error) noexcept {
  return answer(guest, "prompt.compute", answer_or_error,
                [&](ComponentState& state) -> Result<void> {
                  const auto chat = state.chats.find(context);
                  if (chat == state.chats.end()) {
                    return fail(ErrorCode::kInvalidArgument, "There is no such conversation.");
                  }
                  auto said = chat->second.answer(state.guest(), to_view(prompt));
                  if (!said) return std::unexpected(std::move(said.error()));
                  state.chat_answer = *std::move(said);
                  *answer_or_error = to_shim(state.chat_answer);
                  return {};
                });
}

void prompt_drop(void*, void* guest, std::uint32_t context) noexcept {
  ComponentState& state = state_of(guest);
  if (state.chats.erase(context) == 0) return;
  [[maybe_unused]] const auto dropped = state.guest().drop_context(context);
}

}  // namespace nacre::component
