#include "abi/component/text.h"

#include <utility>

#include "abi/component/nacre_nn_call.h"

namespace nacre::component {
namespace {

/// A text-context's execution context; only open() makes such numbers, so it has a text side.
Result<ExecutionContext*> find(ComponentState& state, std::uint32_t context) {
  auto found = state.guest().context(context);
  if (found && (*found)->text() == nullptr) {
    return fail(ErrorCode::kInvalidArgument, "There is no such text-context.");
  }
  return found;
}

/// A callback's body that wants the text side.
template <typename Body>
bool with_text(void* guest, std::string_view function, std::uint32_t context, nacre_shim_error* out,
               Body&& body) noexcept {
  return answer(guest, function, out, [&](ComponentState& state) -> Result<void> {
    auto found = find(state, context);
    if (!found) return std::unexpected(std::move(found.error()));
    return std::forward<Body>(body)(state.guest(), **found);
  });
}

Result<void> copied(const Result<std::string_view>& text, nacre_shim_bytes* out) {
  if (!text) return std::unexpected(text.error());
  *out = to_shim(*text);
  return {};
}

}  // namespace

bool text_open(void*, void* guest, std::uint32_t graph, std::uint32_t* context,
               nacre_shim_error* error) noexcept {
  return answer(guest, "text.open", error, [&](ComponentState& state) -> Result<void> {
    const auto made = state.guest().create_context(graph);
    if (!made) return std::unexpected(made.error());
    if ((*state.guest().context(*made))->text() == nullptr) {
      [[maybe_unused]] const auto dropped = state.guest().drop_context(*made);
      return fail(ErrorCode::kUnsupportedOperation,
                  "The graph is no language model, so it has no stream of text; use wasi:nn's "
                  "inference.");
    }
    *context = *made;
    return {};
  });
}

void text_drop(void*, void* guest, std::uint32_t context) noexcept {
  [[maybe_unused]] const auto dropped = state_of(guest).guest().drop_context(context);
}

bool text_configure(void*, void* guest, std::uint32_t context, nacre_shim_bytes json,
                    nacre_shim_error* error) noexcept {
  return with_text(
      guest, "text.configure", context, error,
      [&](GuestState&, ExecutionContext& found) { return found.text()->configure(to_view(json)); });
}

bool text_set_prompt(void*, void* guest, std::uint32_t context, nacre_shim_bytes prompt,
                     nacre_shim_error* error) noexcept {
  return with_text(guest, "text.set-prompt", context, error,
                   [&](GuestState&, ExecutionContext& found) {
                     auto set = found.text()->set_prompt(to_view(prompt));
                     // The WIT has no word of its own for it, and guests that shorten their history
                     // have to tell it from other errors.
                     if (!set && set.error().code == ErrorCode::kPromptTooLong) {
                       set.error().code = ErrorCode::kTooLarge;
                     }
                     return set;
                   });
}

bool text_next(void*, void* guest, std::uint32_t context, nacre_shim_bytes* piece,
               nacre_shim_error* error) noexcept {
  return with_text(guest, "text.next", context, error,
                   [&](GuestState& state, ExecutionContext& found) -> Result<void> {
                     auto more = state.next(found);
                     *piece = {};
                     if (more) *piece = to_shim(found.text()->piece());
                     const bool ended = !more && (more.error().code == ErrorCode::kEndOfSequence ||
                                                  more.error().code == ErrorCode::kContextFull);
                     if (ended) return {};
                     return more;
                   });
}

void text_finish(void*, void* guest, std::uint32_t context) noexcept {
  if (const auto found = find(state_of(guest), context)) (*found)->text()->finish();
}

bool text_generate(void*, void* guest, std::uint32_t context, nacre_shim_bytes* text,
                   nacre_shim_error* error) noexcept {
  return with_text(guest, "text.generate", context, error,
                   [&](GuestState& state, ExecutionContext& found) -> Result<void> {
                     auto done = state.generate(found);
                     if (!done && done.error().code != ErrorCode::kContextFull) return done;
                     return copied(found.text()->output(), text);
                   });
}

bool text_metadata(void*, void* guest, std::uint32_t context, nacre_shim_bytes* json,
                   nacre_shim_error* error) noexcept {
  return with_text(
      guest, "text.metadata", context, error,
      [&](GuestState&, ExecutionContext& found) { return copied(found.text()->metadata(), json); });
}

}  // namespace nacre::component
