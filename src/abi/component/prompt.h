// wasi:nn's proposed `prompt` interface behind its three callbacks (wasi_nn_callbacks.h): chats
// (abi/chat.h) by the handle of their execution context. The same for all versions; the engine
// offers it only where the operator asked for it.
#ifndef NACRE_SRC_ABI_COMPONENT_PROMPT_H_
#define NACRE_SRC_ABI_COMPONENT_PROMPT_H_

#include <cstdint>

#include "abi/component/wasi_nn_callbacks.h"

namespace nacre::component {

bool prompt_init(void*, void* guest, std::uint32_t graph, std::uint32_t* context,
                 nacre_shim_bytes* error) noexcept;
bool prompt_compute(void*, void* guest, std::uint32_t context, nacre_shim_bytes prompt,
                    nacre_shim_bytes* answer_or_error) noexcept;
void prompt_drop(void*, void* guest, std::uint32_t context) noexcept;

}  // namespace nacre::component

#endif  // NACRE_SRC_ABI_COMPONENT_PROMPT_H_
