#include "abi/witx/text.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "abi/witx/decode.h"

namespace nacre::witx {
namespace {

constexpr std::uint32_t kPrompt = 0;
constexpr std::uint32_t kConfiguration = 1;
constexpr std::uint32_t kMetadata = 1;

/// For the functions that have no meaning elsewhere.
Result<ExecutionContext*> text_context(GuestState& guest, std::uint32_t handle) {
  auto context = guest.context(handle);
  if (context && (*context)->text() == nullptr) {
    return fail(ErrorCode::kUnsupportedOperation,
                "The graph is no language model, so it has no stream of text; use compute and "
                "get_output.");
  }
  return context;
}

// name, length, configuration, length, *graph
Result<void> load_by_name_with_config(GuestState& guest, Memory memory, Args args) {
  const GuestPtr out = args[4];
  if (auto ok = can_write_u32(memory, out, "The graph's handle"); !ok) return ok;
  const auto name = range(memory, args[0], args[1], "The model's name");
  if (!name) return std::unexpected(name.error());
  const auto config = range(memory, args[2], args[3], "The configuration");
  if (!config) return std::unexpected(config.error());
  return give(memory, out, guest.open(text_in(*name), text_in(*config)));
}

// context
Result<void> compute_single(GuestState& guest, Memory, Args args) {
  auto context = text_context(guest, args[0]);
  if (!context) return pass_on(context.error());
  return guest.next(**context);
}

// context, index, buffer, capacity, *written
Result<void> get_output_single(GuestState& guest, Memory memory, Args args) {
  auto context = text_context(guest, args[0]);
  if (!context) return pass_on(context.error());
  const Destination to = output_buffer(guest, args[2], args[3], args[4]);
  if (auto ok = can_copy_out(memory, to); !ok) return ok;
  TextContext& text = *(*context)->text();
  if (args[1] == kMetadata) return get_text_output(text, kMetadata, memory, to);
  const std::string_view piece = text.piece();
  return copy_out(memory, std::as_bytes(std::span(piece)), to,
                  [] { return std::string("The piece"); });
}

// context
Result<void> fini_single(GuestState& guest, Memory, Args args) {
  auto context = text_context(guest, args[0]);
  if (!context) return pass_on(context.error());
  (*context)->text()->finish();
  return {};
}

constexpr char kLoadWithConfig[] = "load_by_name_with_config";
constexpr char kComputeSingle[] = "compute_single";
constexpr char kGetOutputSingle[] = "get_output_single";
constexpr char kFiniSingle[] = "fini_single";

constexpr std::array<HostFunction, kTextFunctions> kFunctions = {
    entry<kWasiNnModule, kLoadWithConfig, 5, load_by_name_with_config>(),
    entry<kWasiNnModule, kComputeSingle, 1, compute_single>(),
    entry<kWasiNnModule, kGetOutputSingle, 5, get_output_single>(),
    entry<kWasiNnModule, kFiniSingle, 1, fini_single>(),
};

}  // namespace

TextContext* text_of(const GuestState& guest, ExecutionContext& context) noexcept {
  return guest.dialect().speaks_text ? context.text() : nullptr;
}

Result<void> set_text_input(GuestState& guest, ExecutionContext& context, std::uint32_t index,
                            const TensorView& tensor) {
  // Neither the type nor the dimensions that come with it mean anything.
  if (index == kPrompt) return context.text()->set_prompt(text_in(tensor.data));
  if (index == kConfiguration) return guest.configure(context, text_in(tensor.data));
  return fail(
      ErrorCode::kInvalidArgument,
      fmt::format("A language model has no input {}: 0 is the prompt, 1 a configuration.", index));
}

Result<void> get_text_output(TextContext& text, std::uint32_t index, Memory memory,
                             Destination to) {
  const auto bytes = index == kMetadata ? text.metadata() : text.output();
  if (!bytes) return std::unexpected(bytes.error());
  return copy_out(memory, std::as_bytes(std::span(*bytes)), to,
                  [&] { return fmt::format("Output {}", index); });
}

std::span<const HostFunction, kTextFunctions> text_functions() noexcept {
  return kFunctions;
}

}  // namespace nacre::witx
