// The functions that a core module imports from `nacre_nn`: questions about backends and graphs.
// Components ask the same through nacre:nn (abi/component/nacre_nn.h).
//
//   list_backends        buffer, capacity, *written
//   backend_properties   name, length, buffer, capacity, *written
//   describe_model       name, length, buffer, capacity, *written
//   describe_graph       graph, buffer, capacity, *written
//   last_error           buffer, capacity, *written
//
// All are i32 and answer an errno of the guest's dialect. An answer that does not fit is too_large
// and *written the size that is needed; a capacity of 0 asks for the size, in every dialect.
//
// Layout of the answers (little-endian, no padding; a row is u32 length and that many bytes)
//
//   list_backends        a row for each name
//   backend_properties   row key, row value, and so on
//   last_error           the text itself: the sentence of the last call of this guest, to this
//                        module or to wasi_ephemeral_nn, that failed; empty before any
//   describe_…           row backend, row encoding, row target
//                        tensors (the inputs), tensors (the outputs)
//                        u32 count of properties, each row key, row value
//     tensors            u32 count (0xffffffff: not known), each
//                          row name (empty: not known)
//                          u32 element type: 0 unknown 1 f16 2 f32 3 f64 4 bf16 5 u8 6 i32 7 i64
//                                            8 i8 9 i16 10 u16 11 u32 12 u64 13 bool 14 string
//                          shape of the tensor, shape of its u8 carrier
//                          row layout (empty: not known), row note
//     shape              i32 rank (-1: not known, or no carrier needed), i64 for each dimension
//                        (-1: dynamic)
#ifndef NACRE_SRC_ABI_WITX_NACRE_NN_H_
#define NACRE_SRC_ABI_WITX_NACRE_NN_H_

#include <cstddef>
#include <span>
#include <string_view>

#include "abi/host_function.h"

namespace nacre::witx {

inline constexpr std::string_view kNacreNnModule = "nacre_nn";
inline constexpr std::size_t kNacreNnCount = 5;

/// kNacreNnCount entries, static; part of functions().
[[nodiscard]] std::span<const HostFunction> nacre_nn_functions() noexcept;

}  // namespace nacre::witx

#endif  // NACRE_SRC_ABI_WITX_NACRE_NN_H_
