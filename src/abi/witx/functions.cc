#include "abi/witx/functions.h"

#include <fmt/format.h>

#include <cstring>
#include <exception>
#include <limits>
#include <new>
#include <utility>

#include "abi/dialect.h"
#include "abi/guest_state.h"
#include "abi/witx/decode.h"

namespace nacre::witx {
namespace {

using Memory = std::span<std::byte>;
using Args = const std::uint32_t*;

std::unexpected<Error> pass_on(Error& error) {
  return std::unexpected(std::move(error));
}

// Writes a handle where can_write_u32 has looked already.
Result<void> give(Memory memory, GuestPtr out, Result<std::uint32_t> handle) {
  if (!handle) return pass_on(handle.error());
  static_cast<void>(write<std::uint32_t>(memory, out, *handle));
  return {};
}

// builders, count, encoding, target, *graph
Result<void> load(GuestState& guest, Memory memory, Args args) {
  const GuestPtr out = args[4];
  if (auto ok = can_write_u32(memory, out, "The new graph's handle"); !ok) return ok;
  auto parts = decode_builders(memory, args[0], args[1]);
  if (!parts) return pass_on(parts.error());
  const auto encoding = guest.dialect().decode_encoding(args[2]);
  if (!encoding) return std::unexpected(encoding.error());
  const auto target = decode_execution_target(args[3]);
  if (!target) return std::unexpected(target.error());
  return give(memory, out, guest.load(*parts, *encoding, *target));
}

// name, length, *graph
Result<void> load_by_name(GuestState& guest, Memory memory, Args args) {
  const GuestPtr out = args[2];
  if (auto ok = can_write_u32(memory, out, "The graph's handle"); !ok) return ok;
  const auto name = range(memory, args[0], args[1], "The model's name");
  if (!name) return std::unexpected(name.error());
  const std::string_view text(reinterpret_cast<const char*>(name->data()), name->size());
  return give(memory, out, guest.open(text));
}

// graph, *context
Result<void> init_execution_context(GuestState& guest, Memory memory, Args args) {
  const GuestPtr out = args[1];
  if (auto ok = can_write_u32(memory, out, "The new context's handle"); !ok) return ok;
  return give(memory, out, guest.create_context(args[0]));
}

// context, index, *tensor
Result<void> set_input(GuestState& guest, Memory memory, Args args) {
  auto context = guest.context(args[0]);
  if (!context) return pass_on(context.error());
  Dims dims;
  auto tensor = decode_tensor(memory, args[2], guest.dialect(), dims);
  if (!tensor) return pass_on(tensor.error());
  return (*context)->set_input(args[1], *tensor);
}

// context
Result<void> compute(GuestState& guest, Memory, Args args) {
  auto context = guest.context(args[0]);
  if (!context) return pass_on(context.error());
  return guest.compute(**context);
}

// context, index, buffer, capacity, *written
Result<void> get_output(GuestState& guest, Memory memory, Args args) {
  auto context = guest.context(args[0]);
  if (!context) return pass_on(context.error());
  const GuestPtr buffer = args[2];
  const std::uint32_t capacity = args[3] != 0 ? args[3] : guest.dialect().zero_buffer_means;
  const GuestPtr written = args[4];
  if (auto ok = can_write_u32(memory, written, "The count of bytes written"); !ok) return ok;
  if (!range_fits(buffer, capacity, memory.size())) {
    return outside("The output buffer", buffer, capacity, memory.size());
  }

  auto output = (*context)->output(args[1]);
  if (!output) return pass_on(output.error());
  const std::span<const std::byte> data = (*output)->data;
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(data.size(), kMost));
  if (data.size() > capacity) {
    static_cast<void>(write<std::uint32_t>(memory, written, size));
    return fail(ErrorCode::kTooLarge, fmt::format("Output {} has {} bytes; the buffer holds {}.",
                                                  args[1], data.size(), capacity));
  }
  if (!data.empty()) std::memcpy(memory.data() + buffer, data.data(), data.size());
  static_cast<void>(write<std::uint32_t>(memory, written, size));
  return {};
}

// graph
Result<void> unload(GuestState& guest, Memory, Args args) {
  return guest.drop_graph(args[0]);
}

// context
Result<void> finalize_execution_context(GuestState& guest, Memory, Args args) {
  return guest.drop_context(args[0]);
}

// For an error whose sentence may itself not find memory.
std::uint32_t refuse_plainly(GuestState& guest, const char* name, const char* why) noexcept {
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

template <const char* kName, std::uint8_t kParams, auto kBody>
constexpr HostFunction kFunction = {kWasiNnModule, kName, kParams, enter<kName, kBody>};

constexpr char kLoad[] = "load";
constexpr char kLoadByName[] = "load_by_name";
constexpr char kInit[] = "init_execution_context";
constexpr char kSetInput[] = "set_input";
constexpr char kCompute[] = "compute";
constexpr char kGetOutput[] = "get_output";
constexpr char kUnload[] = "unload";
constexpr char kFinalize[] = "finalize_execution_context";

constexpr HostFunction kFunctions[] = {
    kFunction<kLoad, 5, load>,
    kFunction<kLoadByName, 3, load_by_name>,
    kFunction<kInit, 2, init_execution_context>,
    kFunction<kSetInput, 3, set_input>,
    kFunction<kCompute, 1, compute>,
    kFunction<kGetOutput, 5, get_output>,
    kFunction<kUnload, 1, unload>,
    kFunction<kFinalize, 1, finalize_execution_context>,
};

}  // namespace

std::span<const HostFunction> functions() noexcept {
  return kFunctions;
}

}  // namespace nacre::witx
