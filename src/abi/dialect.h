// Every number that crosses into or out of a core-module guest, for every dialect, in tables.
//
// The same integer means different things to different guests: encoding 5 is "autodetect" to one
// and "ggml" to another, tensor type 2 is f64 or u8. A module does not say which table it was built
// with, so its imports decide, and an operator may say otherwise. Nothing outside this file and its
// source knows a wire number; the public enums are Nacre's own.
//
// All of it is constant data: any thread, no allocation except for sentences.
// docs/abi_dialects.md is the same for readers.
#ifndef NACRE_SRC_ABI_DIALECT_H_
#define NACRE_SRC_ABI_DIALECT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nacre/error.h"
#include "nacre/graph.h"
#include "nacre/host.h"
#include "nacre/tensor.h"

namespace nacre {

/// The import module of wasi-nn's functions.
inline constexpr std::string_view kWasiNnModule = "wasi_ephemeral_nn";
/// The import module of WAMR's older guests, whose records are others (witx/wamr.h).
inline constexpr std::string_view kWamrModule = "wasi_nn";

/// Which table a guest's numbers are read with.
enum class Dialect : std::uint8_t {
  kWitx,        ///< the specification's witx: Wasmtime, crate wasi-nn 0.6
  kWasmedge,    ///< WasmEdge since March 2025, crate wasmedge-wasi-nn
  kWamr,        ///< WebAssembly Micro Runtime until 2.2
  kLegacy,      ///< guests from before August 2023, crate wasi-nn up to 0.5
  kWit,         ///< the WIT's numbers in a core module: WebAssembly Micro Runtime since
  kWamrLegacy,  ///< WebAssembly Micro Runtime's own import module, kWamrModule
  /// Nothing chosen, and imports that fit several: witx, except where witx has no answer and one of
  /// the others does. Encoding 6 is then ggml, type 6 i64; types may come under the numbers that
  /// kLegacy and kWit have for them (functions.cc); language models are spoken to as WasmEdge's
  /// guests do, since no guest written for a host of witx alone has any. (A linker drops what a
  /// guest does not call, so that many of WasmEdge's import nothing special.)
  kUndecided,
};

/// What a call answers when all went well, in every dialect.
inline constexpr std::uint32_t kErrnoSuccess = 0;

/// One dialect's numbers and habits.
struct DialectTable {
  /// A wire number's word; `encoding` is empty for a word that Nacre has no reader for. A number
  /// without a meaning has an empty word.
  struct Encoding {
    std::string_view word;
    std::optional<GraphEncoding> encoding;
  };

  Dialect dialect = Dialect::kWitx;
  std::string_view name;                        ///< as `--dialect` spells it
  std::array<Encoding, 15> encodings = {};      ///< by wire number
  std::array<TensorType, 7> tensor_types = {};  ///< by wire number; kUnknown: no meaning
  std::array<std::uint32_t, 16> errnos = {};    ///< by ErrorCode
  /// What an output buffer of length 0 holds: 0 makes such a call a question for the size.
  std::uint32_t zero_buffer_means = 0;
  /// Language models are spoken to with prompts and configurations, not with tensors (witx/text.h).
  bool speaks_text = false;

  /// The errno for a code. A number that is no code counts as kUnknown.
  [[nodiscard]] std::uint32_t errno_of(ErrorCode code) const noexcept {
    const auto index = static_cast<std::size_t>(code);
    return errnos[index != 0 && index < errnos.size()
                      ? index
                      : static_cast<std::size_t>(ErrorCode::kUnknown)];
  }

  /// Errors: kInvalidEncoding, with the numbers that are accepted.
  [[nodiscard]] Result<GraphEncoding> decode_encoding(std::uint32_t wire) const;

  /// kUnknown for a number without a meaning; unknown_tensor_type() then has the sentence.
  [[nodiscard]] TensorType decode_tensor_type(std::uint8_t wire) const noexcept {
    return wire < tensor_types.size() ? tensor_types[wire] : TensorType::kUnknown;
  }
  [[nodiscard]] std::string unknown_tensor_type(std::uint8_t wire) const;
};

/// Static, never null.
[[nodiscard]] const DialectTable& dialect_table(Dialect dialect) noexcept;

/// What the number of a type in kWitx means in kLegacy and in kWit, where that is another type;
/// else kUnknown.
[[nodiscard]] std::array<TensorType, 2> other_meanings(TensorType today) noexcept;

/// The same four numbers in all dialects. Errors: kInvalidArgument.
[[nodiscard]] Result<ExecutionTarget> decode_execution_target(std::uint32_t wire);

/// A dialect and, in a sentence for a person, why this one.
struct DialectDecision {
  Dialect dialect = Dialect::kWitx;
  std::string reason;
};

/// What a guest imports of wasi-nn.
struct NnImports {
  std::vector<std::string_view> names = {};  ///< from kWasiNnModule
  bool wamr_module = false;                  ///< any from kWamrModule

  [[nodiscard]] bool none() const noexcept { return names.empty() && !wamr_module; }
};

/// The dialect of a guest. An explicit choice always wins; otherwise any function that only
/// WasmEdge has means WasmEdge, nothing but kWamrModule's means WAMR's older guests, and all else
/// means
/// kUndecided. kWamr, kWit and kLegacy are never guessed.
[[nodiscard]] DialectDecision choose_dialect(const NnImports& imports, DialectChoice choice);

}  // namespace nacre

#endif  // NACRE_SRC_ABI_DIALECT_H_
