// Language models as WasmEdge's guests speak to them: a prompt is input 0 whatever its dimensions
// say, a JSON configuration is input 1, the text is output 0 and its metadata output 1; a stream is
// compute_single, get_output_single and fini_single.
//
// In the other dialects, and for graphs that are no language models, none of this counts: there a
// prompt is a tensor like any other.
#ifndef NACRE_SRC_ABI_WITX_TEXT_H_
#define NACRE_SRC_ABI_WITX_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "abi/guest_state.h"
#include "abi/host_function.h"
#include "abi/witx/call.h"
#include "nacre/tensor.h"
#include "nacre/text_context.h"

namespace nacre::witx {

/// The text side of a context; null where the guest's dialect or the graph has none.
[[nodiscard]] TextContext* text_of(const GuestState& guest, ExecutionContext& context) noexcept;

/// For a context that has one.
[[nodiscard]] Result<void> set_text_input(GuestState& guest, ExecutionContext& context,
                                          std::uint32_t index, const TensorView& tensor);

/// After can_copy_out.
[[nodiscard]] Result<void> get_text_output(TextContext& text, std::uint32_t index, Memory memory,
                                           Destination to);

/// The functions that only WasmEdge has and that speak of text.
inline constexpr std::size_t kTextFunctions = 4;
[[nodiscard]] std::span<const HostFunction, kTextFunctions> text_functions() noexcept;

}  // namespace nacre::witx

#endif  // NACRE_SRC_ABI_WITX_TEXT_H_
