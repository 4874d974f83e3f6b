// What the functions of core modules share: the way in from the engine's bare numbers and back out
// as an errno, and the copy of an answer into a guest's buffer.
#ifndef NACRE_SRC_ABI_WITX_CALL_H_
#define NACRE_SRC_ABI_WITX_CALL_H_

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "abi/guest_state.h"
#include "abi/host_function.h"
#include "abi/witx/decode.h"
#include "base/copy_bytes.h"

namespace nacre::witx {

using Memory = std::span<std::byte>;
using Args = const std::uint32_t*;

[[nodiscard]] inline std::unexpected<Error> pass_on(Error& error) {
  return std::unexpected(std::move(error));
}

/// Writes a handle where can_write_u32 has looked already.
[[nodiscard]] inline Result<void> give(Memory memory, GuestPtr out, Result<std::uint32_t> handle) {
  if (!handle) return pass_on(handle.error());
  static_cast<void>(write<std::uint32_t>(memory, out, *handle));
  return {};
}

[[nodiscard]] inline std::string_view text_in(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Where an answer of a size that the guest does not know goes: data to [buffer, buffer +
/// capacity), its size to *written.
struct Destination {
  GuestPtr buffer = 0;
  std::uint32_t capacity = 0;
  GuestPtr written = 0;
};

/// As get_output's arguments say it: a capacity of 0 may mean another in the guest's dialect.
[[nodiscard]] inline Destination output_buffer(const GuestState& guest, GuestPtr buffer,
                                               std::uint32_t capacity, GuestPtr written) noexcept {
  return {buffer, capacity != 0 ? capacity : guest.dialect().zero_buffer_means, written};
}

[[nodiscard]] inline Result<void> can_copy_out(Memory memory, Destination to) {
  if (auto ok = can_write_u32(memory, to.written, "The count of bytes written"); !ok) return ok;
  if (range_fits(to.buffer, to.capacity, memory.size())) [[likely]]
    return {};
  return outside("The output buffer", to.buffer, to.capacity, memory.size());
}

/// After can_copy_out. The data first and the size after it, so that a *written inside the buffer
/// wins; kTooLarge with *written as the size that is needed, and nothing of the data, when it does
/// not fit. `what` makes the answer's name for that sentence.
template <typename What>
[[nodiscard]] Result<void> copy_out(Memory memory, std::span<const std::byte> data, Destination to,
                                    What&& what) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(data.size(), kMost));
  if (data.size() > to.capacity) {
    static_cast<void>(write<std::uint32_t>(memory, to.written, size));
    return fail(ErrorCode::kTooLarge, fmt::format("{} has {} bytes; the buffer holds {}.", what(),
                                                  data.size(), to.capacity));
  }
  copy_bytes(memory.data() + to.buffer, data);
  static_cast<void>(write<std::uint32_t>(memory, to.written, size));
  return {};
}

// -- what both import modules have: names, and bodies (functions.cc)

inline constexpr char kLoad[] = "load";
inline constexpr char kLoadByName[] = "load_by_name";
inline constexpr char kInit[] = "init_execution_context";
inline constexpr char kSetInput[] = "set_input";
inline constexpr char kCompute[] = "compute";
inline constexpr char kGetOutput[] = "get_output";

// builders, count, encoding, target, *graph
[[nodiscard]] Result<void> load(GuestState& guest, Memory memory, Args args);
// name, length, *graph
[[nodiscard]] Result<void> load_by_name(GuestState& guest, Memory memory, Args args);
// graph, *context
[[nodiscard]] Result<void> init_execution_context(GuestState& guest, Memory memory, Args args);

// For an error whose sentence may itself not find memory.
inline std::uint32_t refuse_plainly(GuestState& guest, const char* name, const char* why) noexcept {
  try {
    return guest.refuse(name, {ErrorCode::kRuntimeError, why});
  } catch (...) {
    return guest.dialect().errno_of(ErrorCode::kRuntimeError);
  }
}

// What every import enters through: from the engine's bare numbers to `kBody`, and back to an errno
// whatever happens.
template <const char* kName, auto kBody>
std::uint32_t enter(void* state, GuestMemory& memory, const std::uint32_t* args) noexcept {
  auto& guest = *static_cast<GuestState*>(state);
  try {
    Result<void> result = kBody(guest, memory.bytes(), args);
    if (result) [[likely]]
      return kErrnoSuccess;
    return guest.refuse(kName, result.error());
  } catch (const std::bad_alloc&) {
    return refuse_plainly(guest, kName, "The host has not enough memory for this call.");
  } catch (const std::exception& e) {
    return refuse_plainly(guest, kName, e.what());
  } catch (...) {
    return refuse_plainly(guest, kName, "Something that is not a std::exception was thrown.");
  }
}

/// One entry of a table of functions.
template <const auto& kModule, const char* kName, std::uint8_t kParams, auto kBody>
constexpr HostFunction entry() {
  return {kModule, kName, kParams, enter<kName, kBody>};
}

}  // namespace nacre::witx

#endif  // NACRE_SRC_ABI_WITX_CALL_H_
