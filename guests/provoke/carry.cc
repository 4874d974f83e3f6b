// carry ROWS MODEL...: passes every model of one input its tensor and wants the same bytes back,
// whatever the element type: under its own name, or as the u8 tensor that the description says.
// ROWS is put for each dynamic dimension. Models that do not load print the host's sentence.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "../sdk/nacre_nn.hpp"

namespace {

int failures = 0;

void fail(const std::string& model, const std::string& what) {
  std::printf("%s: %s\n", model.c_str(), what.c_str());
  ++failures;
}

std::optional<nn::TensorType> named(nn::ElementType type) {
  switch (type) {
    case nn::ElementType::kF16:
      return nn::TensorType::kF16;
    case nn::ElementType::kF32:
      return nn::TensorType::kF32;
    case nn::ElementType::kF64:
      return nn::TensorType::kF64;
    case nn::ElementType::kBf16:
      return nn::TensorType::kBf16;
    case nn::ElementType::kU8:
      return nn::TensorType::kU8;
    case nn::ElementType::kI32:
      return nn::TensorType::kI32;
    case nn::ElementType::kI64:
      return nn::TensorType::kI64;
    default:
      return std::nullopt;
  }
}

template <typename T>
void put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// A value that the type has exactly, and another one for each element.
void put_element(std::string& bytes, nn::ElementType type, std::size_t i) {
  const auto n = static_cast<std::int8_t>(i % 100);
  switch (type) {
    case nn::ElementType::kF16:
      return put<std::uint16_t>(bytes, static_cast<std::uint16_t>(0x3c00 + 0x10 * n));
    case nn::ElementType::kBf16:
      return put<std::uint16_t>(bytes, static_cast<std::uint16_t>(0x3f80 + n));
    case nn::ElementType::kF32:
      return put<float>(bytes, -1.5f * n);
    case nn::ElementType::kF64:
      return put<double>(bytes, -1.5 * n);
    case nn::ElementType::kU8:
      return put<std::uint8_t>(bytes, static_cast<std::uint8_t>(200 + n));
    case nn::ElementType::kI8:
      return put<std::int8_t>(bytes, static_cast<std::int8_t>(-n - 1));
    case nn::ElementType::kI16:
      return put<std::int16_t>(bytes, static_cast<std::int16_t>(-1000 * n - 1));
    case nn::ElementType::kU16:
      return put<std::uint16_t>(bytes, static_cast<std::uint16_t>(60000 + n));
    case nn::ElementType::kI32:
      return put<std::int32_t>(bytes, -100000 * n - 1);
    case nn::ElementType::kU32:
      return put<std::uint32_t>(bytes, 2000000000u + static_cast<std::uint32_t>(n));
    case nn::ElementType::kI64:
      return put<std::int64_t>(bytes, -100000 * n - 1);
    case nn::ElementType::kU64:
      return put<std::uint64_t>(bytes, 2000000000u + static_cast<std::uint64_t>(n));
    case nn::ElementType::kBool:
      return put<std::uint8_t>(bytes, i % 2);
    case nn::ElementType::kString: {
      // The first is empty, others hold a zero byte.
      const std::string text(i % 5, '\0');
      put<std::uint32_t>(bytes, static_cast<std::uint32_t>(text.size()));
      bytes += text;
      return;
    }
  }
}

std::vector<std::uint32_t> filled(const std::vector<std::int64_t>& dims, std::uint32_t rows) {
  std::vector<std::uint32_t> out;
  for (const std::int64_t dim : dims)
    out.push_back(dim < 0 ? rows : static_cast<std::uint32_t>(dim));
  return out;
}

std::string text_of(const std::vector<std::uint32_t>& dims) {
  std::string text = "[";
  for (const std::uint32_t dim : dims)
    text += (text.size() > 1 ? "," : "") + std::to_string(dim);
  return text + ']';
}

void carry(const std::string& model, std::uint32_t rows) {
  auto graph = nn::Graph::load_by_name(model);
  if (!graph) {
    const auto why = nn::describe_by_name(model);
    std::printf("%s does not load: %s\n", model.c_str(),
                why ? "yet it is described" : why.error().message.c_str());
    return;
  }
  const auto description = nn::describe(*graph);
  if (!description) return fail(model, description.error().message);
  if (!description->inputs || description->inputs->size() != 1) return fail(model, "not one input");
  const nn::TensorDescription& input = description->inputs->front();
  if (!input.type || !input.dims) return fail(model, "type or dimensions are not known");

  const std::vector<std::uint32_t> dims = filled(*input.dims, rows);
  std::size_t count = 1;
  for (const std::uint32_t dim : dims)
    count *= dim;
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i)
    put_element(bytes, *input.type, i);

  nn::TensorView tensor;
  std::vector<std::uint32_t> travels = dims;
  if (input.carrier) {
    const bool strings = *input.type == nn::ElementType::kString;
    travels = filled(*input.carrier, strings ? static_cast<std::uint32_t>(bytes.size()) : rows);
    tensor.type = nn::TensorType::kU8;
  } else if (const auto type = named(*input.type)) {
    tensor.type = *type;
  } else {
    return fail(model, "neither a type that wasi-nn can name nor a carrier");
  }
  tensor.dims = travels;
  tensor.data = std::as_bytes(std::span(bytes));

  auto context = graph->init_execution_context();
  if (!context) return fail(model, context.error().message);
  // The newest wasi:nn refuses at compute, the others at once.
  const auto infer = [&](const nn::TensorView& given) -> nn::Result<void> {
    auto set = context->set_input(0, given);
    return set ? context->compute() : set;
  };
  if (auto done = infer(tensor); !done) return fail(model, done.error().message);
  auto output = context->get_output(0);
  if (!output) return fail(model, output.error().message);
  if (output->size() != bytes.size() ||
      (!bytes.empty() && std::memcmp(output->data(), bytes.data(), bytes.size()) != 0)) {
    return fail(model, "other bytes came back");
  }
  std::printf("%s: %s %s as %s, %zu bytes\n", model.c_str(),
              std::string(nn::to_string(*input.type)).c_str(), text_of(dims).c_str(),
              input.carrier ? ("u8 " + text_of(travels)).c_str() : "itself", bytes.size());

  // The same bytes as u8 under any other dimensions are no carrier, and nothing is converted.
  if (tensor.type == nn::TensorType::kU8 && *input.type != nn::ElementType::kU8 && !bytes.empty()) {
    std::vector<std::uint32_t> wrong = {1, 1, 1, static_cast<std::uint32_t>(bytes.size())};
    tensor.dims = wrong;
    const auto done = infer(tensor);
    if (done) return fail(model, "u8 of wrong dimensions was taken");
    // A component's message says why, and a core module's only the code's name.
    const std::string sentence = nn::last_error();
    const std::string& why = sentence.empty() ? done.error().message : sentence;
    if (!why.contains("input 0") || why.contains("the host answers"))
      fail(model, "not told: " + why);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  for (int i = 2; i < argc; ++i)
    carry(argv[i], static_cast<std::uint32_t>(std::atoi(argv[1])));
  return failures == 0 ? 0 : 1;
}
