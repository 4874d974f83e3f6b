#include "abi/witx/wamr.h"

#include <algorithm>
#include <array>
#include <optional>

#include "abi/dialect.h"
#include "abi/guest_state.h"
#include "abi/witx/call.h"
#include "abi/witx/decode.h"
#include "base/checked_math.h"
#include "base/copy_bytes.h"

namespace nacre::witx {
namespace {

constexpr std::uint32_t kBuildersBytes = 8;
constexpr std::uint32_t kWamrTensorBytes = 12;
constexpr std::uint32_t kDimensionsBytes = 8;
constexpr std::size_t kMostNameBytes = std::size_t{64} * 1024;
constexpr std::uint32_t kGpu = 1;
constexpr std::uint32_t kAuto = 3;
constexpr std::uint64_t kUnit = sizeof(float);  // of get_output's sizes

// *builders, encoding, target, *graph
Result<void> load_wamr(GuestState& guest, Memory memory, Args args) {
  const auto builders = range(memory, args[0], kBuildersBytes, "The builder array's record");
  if (!builders) return std::unexpected(builders.error());
  // WAMR goes on with the processor where a gpu was asked for and none is there.
  const std::uint32_t target = args[2] == kGpu ? kAuto : args[2];
  const std::uint32_t usual[] = {*read<GuestPtr>(*builders, 0), *read<std::uint32_t>(*builders, 4),
                                 args[1], target, args[3]};
  return witx::load(guest, memory, usual);
}

// name, *graph
Result<void> load_by_c_name(GuestState& guest, Memory memory, Args args) {
  const auto rest = memory.subspan(std::min<std::size_t>(args[0], memory.size()));
  const auto searched = rest.first(std::min(rest.size(), kMostNameBytes));
  const auto end = std::ranges::find(searched, std::byte{0});
  if (end == searched.end()) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("The model's name at {:#x} has no zero byte at its end, within {} bytes "
                    "and the guest's memory.",
                    args[0], kMostNameBytes));
  }
  const std::uint32_t usual[] = {args[0], static_cast<std::uint32_t>(end - searched.begin()),
                                 args[1]};
  return load_by_name(guest, memory, usual);
}

/// The data has no length of its own: it is what dimensions and type make.
Result<TensorView> decode_wamr_tensor(Memory memory, GuestPtr ptr, const DialectTable& dialect,
                                      Dims& dims) {
  const auto record = range(memory, ptr, kWamrTensorBytes, "The tensor record");
  if (!record) return std::unexpected(record.error());
  const auto dimensions = range(memory, *read<GuestPtr>(*record, 0), kDimensionsBytes,
                                "The record of the tensor's dimensions");
  if (!dimensions) return std::unexpected(dimensions.error());
  const auto shape = decode_dims(memory, *read<GuestPtr>(*dimensions, 0),
                                 *read<std::uint32_t>(*dimensions, 4), dims);
  if (!shape) return std::unexpected(shape.error());
  const auto type = decode_type(*read<std::uint8_t>(*record, 4), dialect);
  if (!type) return std::unexpected(type.error());
  const auto count = element_count(*shape);
  const auto bytes = count ? checked_mul(*count, element_size(*type)) : std::nullopt;
  if (!bytes) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("A tensor {} of {} is larger than any memory.", to_string(*shape),
                            to_string(*type)));
  }
  const auto data = range(memory, *read<GuestPtr>(*record, 8), *bytes, "The tensor's data");
  if (!data) return std::unexpected(data.error());
  return TensorView{*type, *shape, *data};
}

// context, index, *tensor
Result<void> set_input(GuestState& guest, Memory memory, Args args) {
  auto context = guest.context(args[0]);
  if (!context) return pass_on(context.error());
  Dims dims;
  auto tensor = decode_wamr_tensor(memory, args[2], guest.dialect(), dims);
  if (!tensor) return pass_on(tensor.error());
  return (*context)->set_input(args[1], *tensor);
}

// context. Tensors only, as set_input has it, in whichever dialect the numbers are read.
Result<void> compute(GuestState& guest, Memory, Args args) {
  auto context = guest.context(args[0]);
  if (!context) return pass_on(context.error());
  return guest.compute(**context);
}

// context, index, buffer, *size
Result<void> get_output(GuestState& guest, Memory memory, Args args) {
  auto context = guest.context(args[0]);
  if (!context) return pass_on(context.error());
  if (auto ok = can_write_u32(memory, args[3], "The size"); !ok) return ok;
  auto output = (*context)->output(args[1]);
  if (!output) return pass_on(output.error());
  const auto& data = (*output)->data;
  const std::uint64_t capacity = *read<std::uint32_t>(memory, args[3]) * kUnit;
  const auto size = static_cast<std::uint32_t>((data.size() + kUnit - 1) / kUnit);
  if (data.size() > capacity) {
    static_cast<void>(write<std::uint32_t>(memory, args[3], size));
    return fail(ErrorCode::kTooLarge,
                fmt::format("Output {} has {} bytes; the buffer holds {}, sizes being counted in "
                            "f32.",
                            args[1], data.size(), capacity));
  }
  const auto to = range(memory, args[2], data.size(), "The output");
  if (!to) return std::unexpected(to.error());
  copy_bytes(to->data(), data);
  static_cast<void>(write<std::uint32_t>(memory, args[3], size));
  return {};
}

constexpr std::array kFunctions = {
    entry<kWamrModule, kLoad, 4, load_wamr>(),
    entry<kWamrModule, kLoadByName, 2, load_by_c_name>(),
    entry<kWamrModule, kLoadByName, 3, load_by_name>(),
    entry<kWamrModule, kInit, 2, init_execution_context>(),
    entry<kWamrModule, kSetInput, 3, set_input>(),
    entry<kWamrModule, kCompute, 1, compute>(),
    entry<kWamrModule, kGetOutput, 4, get_output>(),
};
static_assert(kFunctions.size() == kWamrFunctions);

}  // namespace

std::span<const HostFunction, kWamrFunctions> wamr_functions() noexcept {
  return kFunctions;
}

}  // namespace nacre::witx
