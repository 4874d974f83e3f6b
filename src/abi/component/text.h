// nacre:nn/text for components: a language model's text piece by piece, behind the callbacks of
// nacre_nn_callbacks.h. Core modules have compute_single and its like for it (abi/witx/text.h); the
// rules are those of TextContext in both. A text-context's number is that of its execution context,
// so limits, counters and cancellation are those of every context.
#ifndef NACRE_SRC_ABI_COMPONENT_TEXT_H_
#define NACRE_SRC_ABI_COMPONENT_TEXT_H_

#include <cstdint>

#include "abi/component/nacre_nn_callbacks.h"

namespace nacre::component {

bool text_open(void*, void* guest, std::uint32_t graph, std::uint32_t* context,
               nacre_shim_error* error) noexcept;
void text_drop(void*, void* guest, std::uint32_t context) noexcept;
bool text_configure(void*, void* guest, std::uint32_t context, nacre_shim_bytes json,
                    nacre_shim_error* error) noexcept;
bool text_set_prompt(void*, void* guest, std::uint32_t context, nacre_shim_bytes prompt,
                     nacre_shim_error* error) noexcept;
bool text_next(void*, void* guest, std::uint32_t context, nacre_shim_bytes* piece,
               nacre_shim_error* error) noexcept;
void text_finish(void*, void* guest, std::uint32_t context) noexcept;
bool text_generate(void*, void* guest, std::uint32_t context, nacre_shim_bytes* text,
                   nacre_shim_error* error) noexcept;
bool text_metadata(void*, void* guest, std::uint32_t context, nacre_shim_bytes* json,
                   nacre_shim_error* error) noexcept;

}  // namespace nacre::component

#endif  // NACRE_SRC_ABI_COMPONENT_TEXT_H_
