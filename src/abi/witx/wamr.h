// The functions of WAMR's older guests, who import them from `wasi_nn`.
//
//   load                    *builders, encoding, target, *graph
//   load_by_name            name, *graph           (a string that ends in a zero byte)
//   load_by_name            name, length, *graph   (as WAMR itself registers it)
//   init_execution_context  graph, *context
//   set_input               context, index, *tensor
//   compute                 context
//   get_output              context, index, buffer, *size
//
// Layout (little-endian, offsets in bytes; no alignment is demanded)
//
//   builders, 8 bytes
//     0   u32  address of an array of builders (decode.h)
//     4   u32  how many there are
//
//   tensor, 12 bytes; its data has as many bytes as its dimensions and type say
//     0   u32  address of {u32 address of the dimensions, each a u32; u32 how many}
//     4   u8   element type, in the guest's dialect
//     5   -    3 bytes that are never read
//     8   u32  address of the data
//
// *size counts f32, whatever the output holds: what the buffer takes before the call, what was
// written after it, rounded up. Of the buffer only what is written must lie in the guest's memory.
//
// Otherwise the rules of functions.h hold. Source: WAMR's wasi_nn.h and wasi_nn_types.h without
// WASM_ENABLE_WASI_EPHEMERAL_NN, and the files that read them.
#ifndef NACRE_SRC_ABI_WITX_WAMR_H_
#define NACRE_SRC_ABI_WITX_WAMR_H_

#include <cstddef>
#include <span>

#include "abi/host_function.h"

namespace nacre::witx {

inline constexpr std::size_t kWamrFunctions = 7;

/// The table; static. `guest_state` in its calls is a GuestState*.
[[nodiscard]] std::span<const HostFunction, kWamrFunctions> wamr_functions() noexcept;

}  // namespace nacre::witx

#endif  // NACRE_SRC_ABI_WITX_WAMR_H_
