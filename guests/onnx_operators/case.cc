#include "case.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

namespace onnx_operators {
namespace {

using Bytes = std::span<const std::byte>;

std::optional<std::vector<std::byte>> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (!file) return std::nullopt;
  std::vector<std::byte> bytes;
  std::byte block[16384];
  while (const std::size_t got = std::fread(block, 1, sizeof block, file.get()))
    bytes.insert(bytes.end(), block, block + got);
  return bytes;
}

// start0.pb, start1.pb… until one is missing. The tests were made when NumPy had no bf16: such
// tensors stand there as u16, and the model says what they are.
std::expected<std::vector<Tensor>, std::string> read_tensors(const std::string& start,
                                                             const std::vector<Port>& ports) {
  std::vector<Tensor> tensors;
  while (true) {
    const std::string path = start + std::to_string(tensors.size()) + ".pb";
    const auto file = read_file(path);
    if (!file) return tensors;
    auto tensor = parse_tensor(*file);
    if (!tensor) return std::unexpected(path + ": " + tensor.error());
    const std::size_t index = tensors.size();
    if (tensor->type == ElementType::kU16 && index < ports.size() &&
        ports[index].type == ElementType::kBf16)
      tensor->type = ElementType::kBf16;
    tensors.push_back(std::move(*tensor));
  }
}

template <typename T>
T load(Bytes bytes, std::size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

double half_to_double(std::uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int fraction = half & 1023;
  double value = 0;
  if (exponent == 31) {
    value = fraction == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(fraction + 1024, exponent - 25);
  }
  return (half & 0x8000) != 0 ? -value : value;
}

// An element as a number. Doubles hold all but the largest 64-bit integers, and those are compared
// as bytes first.
double number(ElementType type, Bytes bytes, std::size_t i) {
  switch (type) {
    case ElementType::kF32:
      return load<float>(bytes, i);
    case ElementType::kF64:
      return load<double>(bytes, i);
    case ElementType::kF16:
      return half_to_double(load<std::uint16_t>(bytes, i));
    case ElementType::kBf16: {
      const std::uint32_t bits = std::uint32_t{load<std::uint16_t>(bytes, i)} << 16;
      float value = 0;
      std::memcpy(&value, &bits, sizeof value);
      return value;
    }
    case ElementType::kI8:
      return load<std::int8_t>(bytes, i);
    case ElementType::kI16:
      return load<std::int16_t>(bytes, i);
    case ElementType::kI32:
      return load<std::int32_t>(bytes, i);
    case ElementType::kI64:
      return static_cast<double>(load<std::int64_t>(bytes, i));
    case ElementType::kU8:
    case ElementType::kBool:
      return load<std::uint8_t>(bytes, i);
    case ElementType::kU16:
      return load<std::uint16_t>(bytes, i);
    case ElementType::kU32:
      return load<std::uint32_t>(bytes, i);
    case ElementType::kU64:
      return static_cast<double>(load<std::uint64_t>(bytes, i));
    case ElementType::kString:
      break;
  }
  return 0;
}

bool close(double got, double wanted) {
  if (std::isnan(wanted) || std::isnan(got)) return std::isnan(wanted) && std::isnan(got);
  if (got == wanted) return true;
  return std::fabs(got - wanted) <= 1e-7 + 1e-3 * std::fabs(wanted);
}

std::string to_text(const std::vector<std::int64_t>& dims) {
  std::string text = "[";
  for (const std::int64_t dim : dims)
    text += (text.size() > 1 ? "," : "") + std::to_string(dim);
  return text + "]";
}

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.7g", value);
  return text;
}

// What is wrong with an output; empty when nothing is.
std::string compare(const Output& got, const Tensor& wanted) {
  if (got.has_shape && got.type != wanted.type)
    return "is " + name_of(got.type) + " and not " + name_of(wanted.type);
  if (got.has_shape && got.dims != wanted.dims)
    return "has the shape " + to_text(got.dims) + " and not " + to_text(wanted.dims);
  if (got.bytes == wanted.bytes) return {};
  if (wanted.type == ElementType::kString) return "holds other strings";
  if (got.bytes.size() != wanted.bytes.size())
    return "has " + std::to_string(got.bytes.size()) + " bytes and not " +
           std::to_string(wanted.bytes.size());
  const std::size_t count = wanted.bytes.size() / element_size(wanted.type);
  for (std::size_t i = 0; i < count; ++i) {
    const double have = number(wanted.type, got.bytes, i);
    const double right = number(wanted.type, wanted.bytes, i);
    if (!close(have, right))
      return "has " + short_number(have) + " and not " + short_number(right) + " at " +
             std::to_string(i);
  }
  return {};
}

// FNV-1a; what is compared was computed here, not by an enemy.
class Hash {
 public:
  void add(Bytes bytes) {
    for (const std::byte byte : bytes) {
      value_ ^= std::to_integer<std::uint64_t>(byte);
      value_ *= 0x100000001b3;
    }
  }
  void add(std::uint64_t number) { add(std::as_bytes(std::span(&number, 1))); }

  std::string text() const {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value_));
    return digits;
  }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325;
};

// On one line, without the separator.
std::string on_one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool gap = static_cast<unsigned char>(c) <= ' ';
    if (!gap || (!line.empty() && line.back() != ' ')) line += gap ? ' ' : c;
  }
  return line;
}

}  // namespace

std::expected<Case, std::string> read_case(const std::string& folder) {
  auto model = read_file(folder + "/model.onnx");
  if (!model) return std::unexpected("there is no " + folder + "/model.onnx");
  auto ports = parse_ports(*model);
  if (!ports) return std::unexpected(folder + "/model.onnx: " + ports.error());
  Case one;
  one.model = std::move(*model);
  for (const Port& port : ports->inputs)
    one.input_names.push_back(port.name);
  for (const Port& port : ports->outputs)
    one.output_names.push_back(port.name);
  for (const bool input : {true, false}) {
    const auto& all = input ? ports->inputs : ports->outputs;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].kind == "tensor") continue;
      one.beyond_tensors = std::string(input ? "input " : "output ") + std::to_string(i) +
                           " is of the kind " + all[i].kind;
      return one;
    }
  }
  auto inputs = read_tensors(folder + "/test_data_set_0/input_", ports->inputs);
  if (!inputs) return std::unexpected(inputs.error());
  auto expected = read_tensors(folder + "/test_data_set_0/output_", ports->outputs);
  if (!expected) return std::unexpected(expected.error());
  one.inputs = std::move(*inputs);
  one.expected = std::move(*expected);
  return one;
}

Verdict unsupported(std::string reason) {
  return {.status = "unsupported", .reason = std::move(reason)};
}

Verdict judge(const Case& one, const std::vector<Output>& outputs) {
  Verdict verdict{.status = "pass", .reason = {}};
  Hash hash;
  for (const Output& output : outputs) {
    hash.add(output.bytes.size());
    hash.add(output.bytes);
  }
  if (!outputs.empty()) verdict.hash = hash.text();
  for (std::size_t i = 0; i < one.expected.size() && verdict.reason.empty(); ++i) {
    const std::string wrong =
        i < outputs.size() ? compare(outputs[i], one.expected[i]) : "did not come";
    if (wrong.empty()) continue;
    verdict.status = "fail";
    verdict.reason = "output " + std::to_string(i) + " " + wrong;
  }
  return verdict;
}

int run_cases(int argc, char** argv, const std::function<Verdict(const Case&)>& run) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s ROOT CASE...\n", argc > 0 ? argv[0] : "onnx_operators");
    return 2;
  }
  for (int i = 2; i < argc; ++i) {
    std::printf("begin %s\n", argv[i]);
    std::fflush(stdout);
    const auto one = read_case(std::string(argv[1]) + "/" + argv[i]);
    const Verdict verdict =
        one ? run(*one) : Verdict{.status = "broken", .reason = "the test itself: " + one.error()};
    std::printf("%s\t%s\t%s\t%s\n", argv[i], verdict.status.c_str(), verdict.hash.c_str(),
                on_one_line(verdict.reason).c_str());
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace onnx_operators
