#include "abi/witx/functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "abi/dialect.h"
#include "abi/guest_state.h"
#include "abi/witx/call.h"
#include "abi/witx/decode.h"
#include "abi/witx/nacre_nn.h"
#include "abi/witx/text.h"
#include "abi/witx/wamr.h"
#include "base/checked_math.h"

namespace nacre::witx {
namespace {

bool is_gguf(GraphEncoding encoding, std::span<const std::byte> bytes) {
  return encoding == GraphEncoding::kGgml ||
         (encoding == GraphEncoding::kAutodetect && text_in(bytes).starts_with("GGUF"));
}

// Types under the numbers that older guests, or those with the WIT's numbers, have for them, from a
// guest whose imports do not say that it is one: where the length contradicts what the number means
// in witx, and the model is described as wanting just what it means there.
void read_as_described(const GuestState& guest, const Graph& graph, std::uint32_t index,
                       TensorView& tensor) {
  if (guest.dialect().dialect != Dialect::kUndecided) return;
  const GraphDescription& wanted = graph.description();
  if (index >= wanted.inputs.size()) return;
  const TensorType type = wanted.inputs[index].type;
  if (type == TensorType::kUnknown || type == tensor.type) return;
  const auto others = other_meanings(tensor.type);
  if (std::ranges::find(others, type) == others.end()) return;
  const auto count = element_count(tensor.dims);
  const auto fits = [&](TensorType read) {
    return count && checked_mul(*count, element_size(read)) == tensor.data.size();
  };
  if (!fits(tensor.type) && fits(type)) tensor.type = type;
}

}  // namespace

Result<void> load(GuestState& guest, Memory memory, Args args) {
  const GuestPtr out = args[4];
  if (auto ok = can_write_u32(memory, out, "The new graph's handle"); !ok) return ok;
  auto parts = decode_builders(memory, args[0], args[1]);
  if (!parts) return pass_on(parts.error());
  const auto encoding = guest.dialect().decode_encoding(args[2]);
  if (!encoding) return std::unexpected(encoding.error());
  const auto target = decode_execution_target(args[3]);
  if (!target) return std::unexpected(target.error());
  std::string_view config;
  if (guest.dialect().speaks_text && parts->size() > 1 && is_gguf(*encoding, (*parts)[0])) {
    config = text_in((*parts)[1]);
    parts->erase(parts->begin() + 1);
  }
  return give(memory, out, guest.load(*parts, *encoding, *target, config));
}

Result<void> load_by_name(GuestState& guest, Memory memory, Args args) {
  const GuestPtr out = args[2];
  if (auto ok = can_write_u32(memory, out, "The graph's handle"); !ok) return ok;
  const auto name = range(memory, args[0], args[1], "The model's name");
  if (!name) return std::unexpected(name.error());
  return give(memory, out, guest.open(text_in(*name)));
}

Result<void> init_execution_context(GuestState& guest, Memory memory, Args args) {
  const GuestPtr out = args[1];
  if (auto ok = can_write_u32(memory, out, "The new context's handle"); !ok) return ok;
  return give(memory, out, guest.create_context(args[0]));
}

namespace {

// context, index, *tensor
Result<void> set_input(GuestState& guest, Memory memory, Args args) {
  auto context = guest.context(args[0]);
  if (!context) return pass_on(context.error());
  Dims dims;
  auto tensor = decode_tensor(memory, args[2], guest.dialect(), dims);
  if (!tensor) return pass_on(tensor.error());
  if (text_of(guest, **context) != nullptr) {
    return set_text_input(guest, **context, args[1], *tensor);
  }
  read_as_described(guest, (*context)->graph(), args[1], *tensor);
  return (*context)->set_input(args[1], *tensor);
}

// context
Result<void> compute(GuestState& guest, Memory, Args args) {
  auto context = guest.context(args[0]);
  if (!context) return pass_on(context.error());
  if (text_of(guest, **context) != nullptr) return guest.generate(**context);
  return guest.compute(**context);
}

// context, index, buffer, capacity, *written
Result<void> get_output(GuestState& guest, Memory memory, Args args) {
  auto context = guest.context(args[0]);
  if (!context) return pass_on(context.error());
  const Destination to = output_buffer(guest, args[2], args[3], args[4]);
  if (auto ok = can_copy_out(memory, to); !ok) return ok;
  if (TextContext* text = text_of(guest, **context)) {
    return get_text_output(*text, args[1], memory, to);
  }

  auto output = (*context)->output(args[1]);
  if (!output) return pass_on(output.error());
  return copy_out(memory, (*output)->data, to, [&] { return fmt::format("Output {}", args[1]); });
}

// graph
Result<void> unload(GuestState& guest, Memory, Args args) {
  return guest.drop_graph(args[0]);
}

// context
Result<void> finalize_execution_context(GuestState& guest, Memory, Args args) {
  return guest.drop_context(args[0]);
}

constexpr char kUnload[] = "unload";
constexpr char kFinalize[] = "finalize_execution_context";

constexpr std::array kWasiNn = {
    entry<kWasiNnModule, kLoad, 5, load>(),
    entry<kWasiNnModule, kLoadByName, 3, load_by_name>(),
    entry<kWasiNnModule, kInit, 2, init_execution_context>(),
    entry<kWasiNnModule, kSetInput, 3, set_input>(),
    entry<kWasiNnModule, kCompute, 1, compute>(),
    entry<kWasiNnModule, kGetOutput, 5, get_output>(),
    entry<kWasiNnModule, kUnload, 1, unload>(),
    entry<kWasiNnModule, kFinalize, 1, finalize_execution_context>(),
};

}  // namespace

std::span<const HostFunction> functions() noexcept {
  static const auto all = [] {
    std::array<HostFunction, kWasiNn.size() + kTextFunctions + kWamrFunctions + kNacreNnCount>
        table;
    auto end = std::ranges::copy(kWasiNn, table.begin()).out;
    end = std::ranges::copy(text_functions(), end).out;
    end = std::ranges::copy(wamr_functions(), end).out;
    std::ranges::copy(nacre_nn_functions(), end);
    return table;
  }();
  return all;
}

}  // namespace nacre::witx
