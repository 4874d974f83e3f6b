#include "odd_models.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>

#include "backends/child.h"
#include "backends/tensors.h"

namespace nacre::test {

std::ostream& operator<<(std::ostream& out, const Operation& one) {
  out << one.name << " (";
  for (const Option& option : one.options) {
    out << " " << option.field << ":";
    for (const std::int64_t v : option.values)
      out << v << ",";
  }
  out << " )";
  for (const Input& input : one.inputs) {
    out << " type " << int{input.type} << " [";
    for (const std::int32_t dim : input.shape)
      out << dim << " ";
    out << (input.fixed ? "] =" : "]");
    for (std::size_t i = 0; input.fixed && i < input.fixed->size(); ++i)
      out << " " << (*input.fixed)[i];
    out << ",";
  }
  out << " ->";
  for (const std::uint8_t type : one.outputs)
    out << " " << int{type};
  return out;
}

std::size_t below(Random& random, std::size_t n) {
  return n == 0 ? 0 : random() % n;
}
bool once_in(Random& random, std::size_t n) {
  return below(random, n) == 0;
}

std::int64_t odd_number(Random& random) {
  constexpr std::int64_t kNumbers[] = {
      0,    1,   -1,  2,    -2,      3,       -3,         4,         5,         7,
      8,    -8,  16,  31,   32,      -32,     64,         100,       255,       256,
      1000, -99, 127, 4096, 1 << 16, 1 << 20, -(1 << 20), INT32_MAX, INT32_MIN, INT32_MAX - 1};
  return kNumbers[below(random, std::size(kNumbers))];
}
/// Mostly what fits into a small tensor.
std::int64_t number(Random& random) {
  return once_in(random, 4) ? odd_number(random) : static_cast<std::int64_t>(below(random, 4));
}
double fraction(Random& random) {
  constexpr double kNumbers[] = {0, 1, -1, 0.5, 2, -3, 1e-30, 1e9, -1e9, 3e38, -3e38};
  if (once_in(random, 12)) return std::nan("");
  if (once_in(random, 12)) return std::numeric_limits<double>::infinity();
  return kNumbers[below(random, std::size(kNumbers))];
}

std::size_t element_size(std::uint8_t type) {
  switch (type) {
    case kTfliteI64:
    case kTfliteF64:
    case kTfliteU64:
    case kTfliteComplex64:
      return 8;
    case kTfliteF32:
    case kTfliteI32:
    case kTfliteU32:
      return 4;
    case kTfliteF16:
    case kTfliteI16:
    case kTfliteU16:
      return 2;
    default:
      return 1;
  }
}

template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_element(std::string& out, std::uint8_t type, std::int64_t whole, double part) {
  switch (type) {
    case kTfliteF32:
      return put(out, static_cast<float>(part));
    case kTfliteComplex64:
      put(out, static_cast<float>(part));
      return put(out, static_cast<float>(whole));
    case kTfliteF64:
      return put(out, part);
    case kTfliteBool:
      return put(out, static_cast<std::uint8_t>(whole & 1));
    default: {
      std::string bytes(8, '\0');
      std::memcpy(bytes.data(), &whole, 8);
      out += bytes.substr(0, element_size(type));
    }
  }
}

std::size_t count_of(const std::vector<std::int32_t>& shape) {
  std::size_t count = 1;
  for (const std::int32_t dim : shape)
    count *= static_cast<std::size_t>(dim);
  return count;
}

std::string string_row(std::size_t count) {
  std::string out;
  put(out, static_cast<std::int32_t>(count));
  for (std::size_t i = 0; i <= count; ++i)
    put(out, static_cast<std::int32_t>(4 * (count + 2) + i));
  return out + std::string(count, 'x');
}

/// A constant's bytes: those that are written down, and random ones behind them.
std::string constant_bytes(const Input& input, Random& random) {
  const std::size_t count = count_of(input.shape);
  if (input.type == kStr) return count == 0 ? "" : string_row(count);
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    const bool known = i < input.fixed->size();
    put_element(out, input.type, known ? (*input.fixed)[i] : number(random),
                known ? static_cast<double>((*input.fixed)[i]) : fraction(random));
  }
  return out;
}

void change_shape(std::vector<std::int32_t>& shape, Random& random) {
  constexpr std::int32_t kDims[] = {0, 0, 1, 1, 2, 3, 4, 5, 7, 9, 16, 33, 200};
  const std::int32_t dim = kDims[below(random, std::size(kDims))];
  const std::size_t kind = below(random, 6);
  if (kind == 0 && !shape.empty()) {
    shape.pop_back();
  } else if (kind == 1 && shape.size() < 6) {
    shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(below(random, shape.size() + 1)), dim);
  } else if (!shape.empty()) {
    shape[below(random, shape.size())] = dim;
  }
}

void change(Operation& one, Random& random) {
  constexpr std::uint8_t kTypes[] = {kF32, kI32, kU8,  kI64, kStr, kBool, kI16,
                                     kC64, kI8,  kU32, 1,    10,   12,    16};
  for (std::size_t i = 0, count = below(random, 4); i < count; ++i) {
    Input& input = one.inputs[below(random, one.inputs.size())];
    switch (below(random, one.options.empty() ? 5 : 9)) {
      case 0:
      case 1:
        change_shape(input.shape, random);
        break;
      case 2:
        if (!input.fixed || input.fixed->empty()) {
          change_shape(input.shape, random);
          break;
        }
        (*input.fixed)[below(random, input.fixed->size())] = odd_number(random);
        break;
      case 3:
        if (input.fixed) {
          input.fixed.reset();
        } else if (!input.variable) {
          input.fixed.emplace();
        }
        break;
      case 4:
        if (once_in(random, 3)) {
          input.type = kTypes[below(random, std::size(kTypes))];
        } else if (once_in(random, 3) && one.inputs.size() > 1) {
          one.inputs.pop_back();
        } else {
          one.outputs[below(random, one.outputs.size())] = kTypes[below(random, std::size(kTypes))];
        }
        break;
      default: {
        Option& option = one.options[below(random, one.options.size())];
        const bool list = option.kind == 'v' || option.kind == 'l';
        if (list && once_in(random, 3)) {
          option.values.resize(below(random, 10), odd_number(random));
        } else if (!option.values.empty()) {
          option.values[below(random, option.values.size())] = odd_number(random);
        }
      }
    }
  }
}

Flat flat(const Option& option) {
  if (option.kind == 'l') return {option.values};
  if (option.kind == 'v') return flat_ints({option.values.begin(), option.values.end()});
  const std::int64_t value = option.values.at(0);
  if (option.kind == 'b') return flat_u8(static_cast<std::uint8_t>(value));
  if (option.kind == 'q') return flat_u64(static_cast<std::uint64_t>(value));
  if (option.kind == 'i') return flat_i32(value);
  const auto part = static_cast<float>(value);
  std::int32_t bits = 0;
  std::memcpy(&bits, &part, sizeof bits);
  return flat_i32(bits);
}

/// A model of that one operator; what is no constant is an input.
TfliteModel model_of(const Operation& one, Random& random) {
  TfliteSubgraph graph;
  TfliteOperator op;
  op.options_kind = one.kind;
  op.second_union = one.second_union;
  std::vector<std::string> buffers = {""};
  for (const Input& input : one.inputs) {
    TfliteTensor tensor{.name = "t" + std::to_string(graph.tensors.size()),
                        .type = input.type,
                        .shape = input.shape};
    const auto index = static_cast<std::int32_t>(graph.tensors.size());
    if (input.fixed) {
      tensor.buffer = static_cast<std::uint32_t>(buffers.size());
      buffers.push_back(constant_bytes(input, random));
    } else if (input.variable) {
      tensor.variable = true;
    } else {
      graph.inputs.push_back(index);
      // Some are given another shape than the file says.
      if (!tensor.shape.empty() && once_in(random, 4)) {
        tensor.signature = tensor.shape;
        tensor.signature[below(random, tensor.signature.size())] = -1;
      }
    }
    const bool quantised = input.type == kU8 || input.type == kI8 || input.type == kI16;
    if (quantised && !once_in(random, 8)) {
      tensor.scale = once_in(random, 8) ? static_cast<float>(fraction(random)) : 0.5F;
      tensor.zero_point = once_in(random, 8) ? odd_number(random) : 0;
    }
    graph.tensors.push_back(tensor);
    op.inputs.push_back(index);
  }
  for (const std::uint8_t type : one.outputs) {
    const auto index = static_cast<std::int32_t>(graph.tensors.size());
    TfliteTensor tensor{.name = "y" + std::to_string(index), .type = type, .shape = {1}};
    if (type == kU8 || type == kI8 || type == kI16) {
      tensor.scale = once_in(random, 8) ? static_cast<float>(fraction(random)) : 0.5F;
    }
    graph.tensors.push_back(tensor);
    op.outputs.push_back(index);
    graph.outputs.push_back(index);
  }
  for (const Option& option : one.options)
    op.options.emplace_back(option.field, flat(option));
  graph.operators = {op};
  return {.codes = {{one.code}}, .subgraphs = {graph}, .buffers = std::move(buffers)};
}

std::optional<Plain> input_for(const TensorDescription& d, Random& random) {
  if (!d.shape || d.type == TensorType::kUnknown) return std::nullopt;
  std::vector<std::int64_t> dims(d.shape->dims().begin(), d.shape->dims().end());
  std::size_t count = 1;
  for (std::int64_t& dim : dims) {
    if (dim < 0) dim = static_cast<std::int64_t>(below(random, 6));
    count *= static_cast<std::size_t>(dim);
  }
  if (count > std::size_t{1} << 22) return std::nullopt;
  if (d.type == TensorType::kString) return strings(dims, std::vector<std::string>(count, "ab"));
  Plain plain{d.type, dims, {}};
  for (std::size_t i = 0; i < count; ++i) {
    switch (d.type) {
      case TensorType::kF32:
        put(plain.bytes, static_cast<float>(fraction(random)));
        break;
      case TensorType::kF64:
        put(plain.bytes, fraction(random));
        break;
      case TensorType::kBool:
        put(plain.bytes, static_cast<std::uint8_t>(random() & 1));
        break;
      default: {
        const std::int64_t value = number(random);
        plain.bytes.append(reinterpret_cast<const char*>(&value), element_size(d.type));
      }
    }
  }
  return plain;
}

int load_and_compute(const std::string& bytes, Random& random) {
  const auto graph = load_bytes({bytes}, GraphEncoding::kTensorflowlite);
  if (!graph) return kRefused;
  auto context = ExecutionContext::create(*graph);
  if (!context) return kLoaded;
  int outcome = kLoaded;
  for (int i = 0; i < 2; ++i) {
    for (std::size_t k = 0; k < (*graph)->description().inputs.size(); ++k) {
      const auto input = input_for((*graph)->description().inputs[k], random);
      if (!input || !(*context)->set_input(k, input->view())) return outcome;
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    if ((*context)->compute(end)) outcome = kComputed;
  }
  return outcome;
}

}  // namespace nacre::test
