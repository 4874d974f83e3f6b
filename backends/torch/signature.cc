#include "signature.h"

#include <ATen/core/jit_type.h>

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "element_types.h"

namespace nacre::torch {
namespace {

using c10::TypeKind;
using Kind = Parameter::Kind;

constexpr std::size_t kMostTensors = 1024;

std::unexpected<Error> unsupported(std::string message) {
  return fail(ErrorCode::kUnsupportedOperation, std::move(message));
}

bool is_tensor(const c10::Type& type) {
  return type.kind() == TypeKind::TensorType;
}

TensorDescription unknown(std::string name, std::string note = {}) {
  return {.name = std::move(name),
          .type = TensorType::kUnknown,
          .shape = std::nullopt,
          .note = std::move(note)};
}

class InputReader {
 public:
  explicit InputReader(std::optional<std::size_t> stated) : stated_(stated) {}

  Result<Parameter> read(const c10::TypePtr& type, const std::string& name, bool last) {
    const auto scalar = [&](Kind kind, std::string_view what) -> Result<Parameter> {
      found_.push_back(unknown(name, "one element, taken as " + std::string(what)));
      Parameter parameter;
      parameter.kind = kind;
      return parameter;
    };
    Parameter parameter;
    switch (type->kind()) {
      case TypeKind::TensorType:
        found_.push_back(unknown(name));
        return parameter;
      case TypeKind::IntType:
        return scalar(Kind::kInt, "an int");
      case TypeKind::FloatType:
        return scalar(Kind::kFloat, "a float");
      case TypeKind::BoolType:
        return scalar(Kind::kBool, "a bool");
      case TypeKind::NumberType:
        return scalar(Kind::kNumber, "a number");
      case TypeKind::OptionalType:
        return read(type->expectRef<c10::OptionalType>().getElementType(), name, last);
      case TypeKind::TupleType: {
        parameter.kind = Kind::kTuple;
        const auto members = type->containedTypes();
        for (std::size_t i = 0; i < members.size(); ++i) {
          auto member =
              read(members[i], name + '.' + std::to_string(i), last && i + 1 == members.size());
          if (!member) return member;
          parameter.members.push_back(std::move(*member));
        }
        return parameter;
      }
      case TypeKind::ListType:
        if (is_tensor(*type->expectRef<c10::ListType>().getElementType())) {
          return read_list(name, last);
        }
        break;
      default:
        break;
    }
    return unsupported("The model's forward() takes '" + name + "' of type " + type->repr_str() +
                       "; guests can pass Tensor, int, float, bool, tuples of them and a last "
                       "List[Tensor].");
  }

  std::vector<TensorDescription> found_;
  bool open_ = false;  // a list of as many as are set

 private:
  Result<Parameter> read_list(const std::string& name, bool last) {
    if (!last) {
      return unsupported("The model's forward() takes the list '" + name +
                         "' before other parameters, so which inputs are its cannot be told.");
    }
    Parameter parameter;
    parameter.kind = Kind::kList;
    if (!stated_) {
      open_ = true;
      return parameter;
    }
    parameter.counted = true;
    parameter.count = *stated_ > found_.size() ? *stated_ - found_.size() : 0;
    for (std::size_t i = 0; i < parameter.count; ++i)
      found_.push_back(unknown(name + '.' + std::to_string(i)));
    return parameter;
  }

  std::optional<std::size_t> stated_;
};

// Whether a result of this type can be flattened at all; what it holds may still surprise.
bool can_be_given(const c10::Type& type) {
  switch (type.kind()) {
    case TypeKind::TensorType:
    case TypeKind::IntType:
    case TypeKind::FloatType:
    case TypeKind::BoolType:
    case TypeKind::NumberType:
    case TypeKind::StringType:
    case TypeKind::NoneType:
    case TypeKind::AnyType:
      return true;
    case TypeKind::OptionalType:
    case TypeKind::UnionType:
    case TypeKind::TupleType:
    case TypeKind::ListType:
      for (const auto& inner : type.containedTypes()) {
        if (!can_be_given(*inner)) return false;
      }
      return true;
    case TypeKind::DictType:
      return type.containedTypes()[0]->kind() == TypeKind::StringType &&
             can_be_given(*type.containedTypes()[1]);
    default:
      return false;
  }
}

// Adds what is known of a result; false when the number of outputs is not.
bool describe_result(const c10::Type& type, const std::string& name,
                     std::vector<TensorDescription>& out) {
  const auto number = [&](TensorType element) {
    out.push_back({.name = name, .type = element, .shape = Shape{}, .note = {}});
    return true;
  };
  switch (type.kind()) {
    case TypeKind::TensorType:
      out.push_back(unknown(name));
      return true;
    case TypeKind::IntType:
      return number(TensorType::kI64);
    case TypeKind::FloatType:
      return number(TensorType::kF64);
    case TypeKind::BoolType:
      return number(TensorType::kBool);
    case TypeKind::StringType:
      return number(TensorType::kString);
    case TypeKind::NumberType:
    case TypeKind::NoneType:
      out.push_back(unknown(name));
      return true;
    case TypeKind::OptionalType: {
      const auto& inner = *type.expectRef<c10::OptionalType>().getElementType();
      if (!is_tensor(inner)) return false;
      out.push_back(unknown(name));
      return true;
    }
    case TypeKind::ListType: {
      const auto inner = type.expectRef<c10::ListType>().getElementType()->kind();
      if (inner != TypeKind::IntType && inner != TypeKind::FloatType &&
          inner != TypeKind::BoolType) {
        return false;
      }
      out.push_back({.name = name,
                     .type = inner == TypeKind::IntType     ? TensorType::kI64
                             : inner == TypeKind::FloatType ? TensorType::kF64
                                                            : TensorType::kBool,
                     .shape = Shape{-1},
                     .note = {}});
      return true;
    }
    case TypeKind::TupleType: {
      const auto members = type.containedTypes();
      const auto& schema = type.expectRef<c10::TupleType>().schema();
      for (std::size_t i = 0; i < members.size(); ++i) {
        const std::string member =
            schema != nullptr ? schema->arguments()[i].name() : std::to_string(i);
        if (!describe_result(*members[i], name + '.' + member, out)) return false;
      }
      return true;
    }
    default:
      return false;
  }
}

// The operator's word fills what the model leaves open, and may rename.
Result<void> lay_over(std::vector<TensorDescription>& found,
                      const std::vector<TensorDescription>& stated) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    TensorDescription& d = found[i];
    const TensorDescription& s = stated[i];
    if (!s.name.empty()) d.name = s.name;
    if (s.type != TensorType::kUnknown) {
      if (d.type != TensorType::kUnknown && d.type != s.type) {
        return fail(ErrorCode::kInvalidArgument,
                    "'" + s.name + "' is described as " + std::string(to_string(s.type)) +
                        ", and the model gives " + std::string(to_string(d.type)) + ".");
      }
      d.type = s.type;
    }
    if (s.shape) d.shape = s.shape;
  }
  return {};
}

Result<void> wrong_count(std::string_view key, std::size_t stated, const std::string& wanted) {
  return fail(ErrorCode::kInvalidArgument,
              std::string(key) + "= describes " + std::to_string(stated) +
                  " tensors, and the model's forward() has " + wanted + ".");
}

Result<void> read_inputs(const c10::FunctionSchema& forward,
                         const std::vector<TensorDescription>& stated, bool is_stated,
                         Signature& out) {
  const auto& arguments = forward.arguments();
  const auto take = [&](bool defaults_too) -> Result<InputReader> {
    InputReader reader(is_stated ? std::optional(stated.size()) : std::nullopt);
    std::size_t last = 0;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      if (defaults_too || !arguments[i].default_value()) last = i;
    }
    out.parameters.clear();
    for (std::size_t i = 1; i < arguments.size(); ++i) {  // the first is the module
      Parameter parameter;
      if (arguments[i].default_value() && !defaults_too) {
        parameter.kind = Kind::kDefault;
        parameter.value = *arguments[i].default_value();
      } else {
        auto read = reader.read(arguments[i].type(), arguments[i].name(), i == last);
        if (!read) return std::unexpected(std::move(read.error()));
        parameter = std::move(*read);
      }
      out.parameters.push_back(std::move(parameter));
    }
    return reader;
  };
  auto reader = take(false);
  if (!reader) return std::unexpected(std::move(reader.error()));
  if (is_stated && reader->found_.size() != stated.size()) {
    const std::size_t required = reader->found_.size();
    auto all = take(true);
    if (!all) return std::unexpected(std::move(all.error()));
    if (all->found_.size() != stated.size()) {
      std::string wanted = std::to_string(required) + " inputs";
      if (all->found_.size() != required) {
        wanted += ", with those that have defaults " + std::to_string(all->found_.size());
      }
      return wrong_count("inputs", stated.size(), wanted);
    }
    reader = std::move(all);
  }
  if (reader->found_.size() > kMostTensors) {
    return unsupported("The model's forward() takes " + std::to_string(reader->found_.size()) +
                       " tensors; the limit is " + std::to_string(kMostTensors) + ".");
  }
  out.description.inputs_known = !reader->open_;
  if (reader->open_) return {};
  out.description.inputs = std::move(reader->found_);
  return is_stated ? lay_over(out.description.inputs, stated) : Result<void>{};
}

Result<void> read_outputs(const c10::FunctionSchema& forward,
                          const std::vector<TensorDescription>& stated, bool is_stated,
                          Signature& out) {
  if (forward.returns().size() != 1) {
    return unsupported("The model's forward() gives " + std::to_string(forward.returns().size()) +
                       " results, and one is wanted.");
  }
  const c10::Type& type = *forward.returns()[0].type();
  if (!can_be_given(type)) {
    return unsupported("The model's forward() gives " + type.repr_str() +
                       "; guests can be given tensors, numbers, strings, and tuples, lists and "
                       "string dictionaries of them.");
  }
  std::vector<TensorDescription> found;
  const bool known = describe_result(type, "output", found);
  if (!known) found.clear();
  if (found.size() > kMostTensors) {
    return unsupported("The model's forward() gives " + std::to_string(found.size()) +
                       " tensors; the limit is " + std::to_string(kMostTensors) + ".");
  }
  if (is_stated && !known) {
    found = stated;
    if (type.kind() == TypeKind::DictType) {
      for (const TensorDescription& d : stated)
        out.output_keys.push_back(d.name);
    }
  } else if (is_stated) {
    if (found.size() != stated.size()) {
      return wrong_count("outputs", stated.size(), std::to_string(found.size()) + " outputs");
    }
    if (auto fits = lay_over(found, stated); !fits) return fits;
  }
  out.description.outputs_known = known || is_stated;
  out.description.outputs = std::move(found);
  return {};
}

std::optional<Shape> parse_shape(std::string_view text) {
  Shape shape;
  while (!text.empty()) {
    const auto end = text.find_first_of(",x");
    const std::string_view word = text.substr(0, end);
    std::int64_t dim = -1;
    if (word != "?") {
      const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), dim);
      if (error != std::errc{} || stop != word.data() + word.size() || dim < 0) return {};
    }
    if (shape.rank() == kMaxRank) return {};
    shape.push_back(dim);
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
    if (text.empty()) return {};
  }
  return shape;
}

}  // namespace

Result<std::vector<TensorDescription>> parse_descriptions(const std::string& key,
                                                          const std::string& text) {
  std::vector<TensorDescription> all;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = rest.find(';');
    const std::string_view item = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    const auto malformed = [&] {
      return fail(ErrorCode::kInvalidArgument,
                  key + "=: '" + std::string(item.substr(0, 80)) +
                      "' describes no tensor; write NAME, NAME:TYPE or NAME:TYPE[DIMS], for "
                      "instance image:f32[1x3x?x?], with ; between tensors.");
    };
    const auto colon = item.find(':');
    const auto bracket = item.find('[');
    const std::string_view name = item.substr(0, std::min(colon, bracket));
    TensorDescription d = unknown(std::string(name));
    if (name.empty()) return malformed();
    if (colon != item.npos) {
      if (bracket != item.npos && bracket < colon) return malformed();
      const std::string_view type =
          item.substr(colon + 1, bracket == item.npos ? bracket : bracket - colon - 1);
      const auto parsed = parse_tensor_type(type);
      if (!parsed && type != "?") return malformed();
      d.type = parsed.value_or(TensorType::kUnknown);
      // A str can only come out.
      const bool is_str = parsed == TensorType::kString && key != "inputs";
      if (parsed && !to_scalar_type(*parsed) && !is_str) {
        return fail(ErrorCode::kInvalidArgument, key + "=: libtorch has no " + std::string(type) +
                                                     "; it has " + all_element_types() + ".");
      }
    }
    if (bracket != item.npos) {
      if (!item.ends_with(']')) return malformed();
      d.shape = parse_shape(item.substr(bracket + 1, item.size() - bracket - 2));
      if (!d.shape) return malformed();
    }
    all.push_back(std::move(d));
  }
  return all;
}

Result<Signature> read_signature(const c10::FunctionSchema& forward, const std::string& inputs,
                                 const std::string& outputs) {
  auto stated_inputs = parse_descriptions("inputs", inputs);
  if (!stated_inputs) return std::unexpected(std::move(stated_inputs.error()));
  auto stated_outputs = parse_descriptions("outputs", outputs);
  if (!stated_outputs) return std::unexpected(std::move(stated_outputs.error()));
  Signature signature;
  auto read = read_inputs(forward, *stated_inputs, !inputs.empty(), signature);
  if (read) read = read_outputs(forward, *stated_outputs, !outputs.empty(), signature);
  if (!read) return std::unexpected(std::move(read.error()));
  return signature;
}

}  // namespace nacre::torch
