// The functions that a core module imports from `wasi_ephemeral_nn`.
//
//   load                        builders, count, encoding, target, *graph
//   load_by_name                name, length, *graph
//   init_execution_context      graph, *context
//   set_input                   context, index, *tensor
//   compute                     context
//   get_output                  context, index, buffer, capacity, *written
//   unload                      graph      (WasmEdge's)
//   finalize_execution_context  context    (WasmEdge's)
//
// Parameters and results are i32; the result is an errno of the guest's dialect. decode.h has the
// layout of what the pointers lead to. Rules for all of them:
// - Out-pointers are checked before any work is done, and written only on success. The one
//   exception: when get_output answers too_large it sets *written to the size that is needed.
// - get_output writes the data first and *written after it, so that a *written inside the buffer
//   wins; beyond the output's size it writes nothing, and on too_large nothing of the data. A
//   capacity of 0 asks for the size, except in WasmEdge's dialect (DialectTable).
// - A failed call changes nothing, and its sentence goes to GuestState::refuse.
// - Nothing throws or ends the host: running out of memory is runtime_error.
//
// The table has those of text.h, nacre_nn.h and, for another import module, wamr.h as well.
#ifndef NACRE_SRC_ABI_WITX_FUNCTIONS_H_
#define NACRE_SRC_ABI_WITX_FUNCTIONS_H_

#include <span>

#include "abi/host_function.h"

namespace nacre::witx {

/// The table, the same for every dialect; static. `guest_state` in its calls is a GuestState*.
[[nodiscard]] std::span<const HostFunction> functions() noexcept;

}  // namespace nacre::witx

#endif  // NACRE_SRC_ABI_WITX_FUNCTIONS_H_
