#include "walk.h"

#include <ATen/core/interned_strings.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/inliner.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "operators.h"

namespace nacre::torch {
namespace {

namespace jit = ::torch::jit;
using c10::TypeKind;

std::unexpected<Error> insecure(std::string message) {
  return fail(ErrorCode::kSecurity, std::move(message));
}

bool is_cpp_class(const c10::Type& type) {
  if (type.kind() != TypeKind::ClassType) return false;
  const auto& name = type.expectRef<c10::ClassType>().name();
  return name && name->qualifiedName().starts_with("__torch__.torch.classes.");
}

// Values of these types reach outside the model, or are none that TorchScript code makes.
bool reaches_outside(const c10::Type& type) {
  switch (type.kind()) {
    case TypeKind::RRefType:
    case TypeKind::FutureType:
    case TypeKind::StorageType:
    case TypeKind::CapsuleType:
    case TypeKind::PyObjectType:
    case TypeKind::QuantizerType:
    case TypeKind::StreamObjType:
      return true;
    default:
      return is_cpp_class(type);
  }
}

// --- values

bool lies_in_storage(const at::Tensor& tensor) {
  if (!tensor.defined()) return true;
  if (!tensor.device().is_cpu() || tensor.layout() != c10::kStrided || tensor.is_quantized() ||
      !tensor.has_storage()) {
    return false;
  }
  std::uint64_t last = 0;  // of the elements reached
  bool empty = false;
  if (tensor.storage_offset() < 0) return false;
  for (std::int64_t i = 0; i < tensor.dim(); ++i) {
    const std::int64_t size = tensor.size(i);
    const std::int64_t stride = tensor.stride(i);
    if (size < 0 || stride < 0) return false;
    if (size == 0) {
      empty = true;
      continue;
    }
    std::uint64_t step = 0;
    if (__builtin_mul_overflow(static_cast<std::uint64_t>(size - 1),
                               static_cast<std::uint64_t>(stride), &step) ||
        __builtin_add_overflow(last, step, &last)) {
      return false;
    }
  }
  if (empty) return true;
  std::uint64_t end = 0;
  if (__builtin_add_overflow(last, static_cast<std::uint64_t>(tensor.storage_offset()), &end) ||
      __builtin_add_overflow(end, 1, &end) ||
      __builtin_mul_overflow(end, static_cast<std::uint64_t>(tensor.element_size()), &end)) {
    return false;
  }
  return end <= tensor.storage().nbytes();
}

class ValueWalk {
 public:
  // `type` is what is declared of the value; null where anything may stand that has a type itself.
  Result<void> check(const c10::IValue& value, const c10::Type* type, const std::string& place) {
    const auto wrong = [&] {
      return fail(ErrorCode::kInvalidEncoding,
                  "The model's " + place + " is declared as " +
                      (type == nullptr ? std::string("a value") : type->repr_str()) +
                      " and holds " + value.tagKind() + "; the file is damaged or forged.");
    };
    if (type != nullptr && reaches_outside(*type)) {
      return insecure("The model's " + place + " is a " + type->repr_str() +
                      ", which is not TorchScript's own; save the model without it.");
    }
    if (type != nullptr && type->kind() == TypeKind::AnyType) type = nullptr;
    if (type != nullptr && type->kind() == TypeKind::OptionalType) {
      if (value.isNone()) return {};
      return check(value, type->expectRef<c10::OptionalType>().getElementType().get(), place);
    }
    if (type != nullptr && type->kind() == TypeKind::UnionType) {
      for (const auto& one : type->containedTypes()) {
        if (check(value, one.get(), place)) return {};
      }
      return wrong();
    }
    const auto is = [&](TypeKind kind) { return type == nullptr || type->kind() == kind; };
    const auto only_if = [&](bool right) -> Result<void> {
      if (!right) return wrong();
      return {};
    };
    if (value.isNone()) return only_if(is(TypeKind::NoneType));
    if (value.isTensor()) {
      if (!is(TypeKind::TensorType)) return wrong();
      if (lies_in_storage(value.toTensor())) return {};
      return fail(ErrorCode::kInvalidEncoding,
                  "The model's tensor " + place +
                      " does not lie inside its storage as a plain tensor on the CPU.");
    }
    const bool number = type == nullptr || type->kind() == TypeKind::NumberType;
    if (value.isInt()) return only_if(number || is(TypeKind::IntType));
    if (value.isDouble()) return only_if(number || is(TypeKind::FloatType));
    if (value.isComplexDouble()) return only_if(number || is(TypeKind::ComplexType));
    if (value.isBool()) return only_if(number || is(TypeKind::BoolType));
    if (value.isString()) return only_if(is(TypeKind::StringType));
    if (value.isDevice()) return only_if(is(TypeKind::DeviceObjType));
    if (value.isEnum()) {
      const auto holder = value.toEnumHolder();
      if (type != nullptr && *holder->type() != *type) return wrong();
      return check(holder->value(), holder->type()->getValueType().get(), place);
    }
    if (value.isTuple()) return check_tuple(value, type, place, wrong);
    if (value.isList()) {
      const auto list = value.toList();
      if (!is(TypeKind::ListType)) return wrong();
      const c10::TypePtr element = list.elementType();
      if (type != nullptr && *element != *type->expectRef<c10::ListType>().getElementType()) {
        return wrong();
      }
      if (!first_time(value.internalToPointer())) return {};
      for (std::size_t i = 0; i < list.size(); ++i) {
        auto ok = check(list.get(i), element.get(), place + '[' + std::to_string(i) + ']');
        if (!ok) return ok;
      }
      return {};
    }
    if (value.isGenericDict()) {
      const auto dict = value.toGenericDict();
      if (!is(TypeKind::DictType)) return wrong();
      const c10::TypePtr key = dict.keyType();
      const c10::TypePtr inner = dict.valueType();
      if (type != nullptr &&
          (*key != *type->containedTypes()[0] || *inner != *type->containedTypes()[1])) {
        return wrong();
      }
      if (!first_time(value.internalToPointer())) return {};
      for (const auto& entry : dict) {
        auto ok = check(entry.key(), key.get(), place + "'s key");
        if (ok) ok = check(entry.value(), inner.get(), place + "'s value");
        if (!ok) return ok;
      }
      return {};
    }
    if (value.isObject()) return check_object(value, type, place, wrong);
    return insecure("The model's " + place + " holds " + value.tagKind() +
                    ", which no model has; it is refused.");
  }

 private:
  bool first_time(const void* object) { return seen_.insert(object).second; }

  template <typename F>
  Result<void> check_tuple(const c10::IValue& value, const c10::Type* type,
                           const std::string& place, F&& wrong) {
    const auto& elements = value.toTupleRef().elements();
    if (type != nullptr &&
        (type->kind() != TypeKind::TupleType || type->containedTypes().size() != elements.size())) {
      return wrong();
    }
    for (std::size_t i = 0; i < elements.size(); ++i) {
      auto ok = check(elements[i], type == nullptr ? nullptr : type->containedTypes()[i].get(),
                      place + '.' + std::to_string(i));
      if (!ok) return ok;
    }
    return {};
  }

  template <typename F>
  Result<void> check_object(const c10::IValue& value, const c10::Type* type,
                            const std::string& place, F&& wrong) {
    const auto object = value.toObject();
    const auto own = object->type();
    if (reaches_outside(*own)) {
      return insecure("The model's " + place + " is a " + own->repr_str() +
                      ", a class of C++; save the model without it.");
    }
    if (type != nullptr && type->kind() != TypeKind::ClassType &&
        type->kind() != TypeKind::InterfaceType) {
      return wrong();
    }
    if (type != nullptr && !own->isSubtypeOf(*type)) return wrong();
    if (object->slots().size() < own->numAttributes()) return wrong();
    if (!first_time(object.get())) return {};
    for (std::size_t i = 0; i < own->numAttributes(); ++i) {
      auto ok = check(object->getSlot(i), own->getAttribute(i).get(),
                      place + '.' + own->getAttributeName(i));
      if (!ok) return ok;
    }
    return {};
  }

  std::unordered_set<const void*> seen_;
};

// --- code

class CodeWalk {
 public:
  Result<void> check_all(jit::CompilationUnit& unit) {
    // Defining a function may bring others, so the list is read anew until it stays as it is.
    for (std::size_t known = 0;;) {
      const auto functions = unit.get_functions();
      if (functions.size() == known) return {};
      for (; known < functions.size(); ++known) {
        if (auto ok = check(*functions[known]); !ok) return ok;
      }
    }
  }

  // What is reached from `function`: nodes with every call written out. Recurses as deep as calls.
  Result<std::size_t> expanded(jit::Function& function) {
    const auto [entry, is_new] = sizes_.try_emplace(&function, 0);
    if (!is_new && entry->second == 0) {
      return fail(ErrorCode::kUnsupportedOperation,
                  "The model's " + function.qualname().qualifiedName() +
                      " calls itself; recursion is not supported.");
    }
    if (!is_new) return entry->second;
    std::size_t nodes = 1;
    const auto found = calls_.find(&function);
    if (found != calls_.end()) {
      nodes += found->second.nodes;
      sets_attributes = sets_attributes || found->second.sets_attributes;
      for (jit::Function* callee : found->second.callees) {
        auto inner = expanded(*callee);
        if (!inner) return inner;
        nodes += *inner;
        if (nodes > kMostNodes) {
          return fail(ErrorCode::kTooLarge, "The model's code has more than " +
                                                std::to_string(kMostNodes) +
                                                " steps with all calls written out.");
        }
      }
    }
    return sizes_[&function] = nodes;
  }

  bool sets_attributes = false;

 private:
  struct Calls {
    std::size_t nodes = 0;
    bool sets_attributes = false;
    std::vector<jit::Function*> callees;
  };

  Result<void> check(jit::Function& function) {
    const std::string method = function.qualname().qualifiedName();
    function.ensure_defined();
    if (!function.isGraphFunction()) {
      return insecure("The model's " + method + " is not TorchScript code.");
    }
    Calls& calls = calls_[&function];
    std::vector<const jit::Block*> blocks = {jit::toGraphFunction(function).graph()->block()};
    std::vector<std::shared_ptr<jit::Graph>> graphs;  // keeps them
    while (!blocks.empty()) {
      const jit::Block* block = blocks.back();
      blocks.pop_back();
      for (const jit::Value* input : block->inputs()) {
        if (auto ok = check_type(*input->type(), method); !ok) return ok;
      }
      for (const jit::Node* node : block->nodes()) {
        ++calls.nodes;
        if (auto ok = check_node(*node, method); !ok) return ok;
        if (auto ok = note_calls(*node, calls, method); !ok) return ok;
        for (const jit::Block* inner : node->blocks())
          blocks.push_back(inner);
        for (const c10::Symbol name : node->attributeNames()) {
          if (node->kindOf(name) == jit::AttributeKind::g) {
            graphs.push_back(node->g(name));
            blocks.push_back(graphs.back()->block());
          } else if (node->kindOf(name) == jit::AttributeKind::gs) {
            for (const auto& graph : node->gs(name)) {
              graphs.push_back(graph);
              blocks.push_back(graph->block());
            }
          }
        }
      }
    }
    return {};
  }

  Result<void> check_node(const jit::Node& node, const std::string& method) {
    const std::string name = node.kind().toQualString();
    if (const auto reason = why_refused(name)) {
      return insecure("The model's " + method + " uses the operator " + name + ": " +
                      std::string(*reason) + ".");
    }
    for (const jit::Value* output : node.outputs()) {
      if (auto ok = check_type(*output->type(), method); !ok) return ok;
    }
    for (const c10::Symbol attribute : node.attributeNames()) {
      switch (node.kindOf(attribute)) {
        case jit::AttributeKind::t: {
          if (auto ok = values_.check(node.t(attribute), nullptr, "constant in " + method); !ok) {
            return ok;
          }
          break;
        }
        case jit::AttributeKind::ts:
          for (const at::Tensor& tensor : node.ts(attribute)) {
            if (auto ok = values_.check(tensor, nullptr, "constant in " + method); !ok) return ok;
          }
          break;
        case jit::AttributeKind::ival: {
          const c10::IValue& value = node.ival(attribute);
          if (auto ok = values_.check(value, nullptr, "constant in " + method); !ok) return ok;
          break;
        }
        default:
          break;
      }
    }
    return {};
  }

  Result<void> note_calls(const jit::Node& node, Calls& calls, const std::string& method) {
    if (node.kind() == c10::prim::SetAttr) calls.sets_attributes = true;
    if (node.kind() == c10::prim::CallFunction) {
      const auto type = node.input(0)->type()->cast<c10::FunctionType>();
      if (type == nullptr) return insecure("The model's " + method + " calls what is no function.");
      calls.callees.push_back(type->function());
    }
    const bool enters = node.kind() == c10::prim::Enter;
    if (enters || node.kind() == c10::prim::Exit || node.kind() == c10::prim::CallMethod) {
      const std::string name = enters                           ? "__enter__"
                               : node.kind() == c10::prim::Exit ? "__exit__"
                                                                : node.s(c10::attr::name);
      const auto owner = node.input(0)->type();
      if (const auto cls = owner->cast<c10::ClassType>()) {
        if (jit::Function* callee = cls->findMethod(name)) {
          calls.callees.push_back(callee);
          return {};
        }
      }
      // Through an interface any class may answer. They are all walked, but who calls whom is only
      // known when it happens.
      return fail(ErrorCode::kUnsupportedOperation,
                  "The model's " + method + " calls " + name + " of the interface " +
                      owner->repr_str() +
                      "; calls through interfaces are not supported, save the model with the "
                      "module's own class there (torch.jit.freeze does).");
    }
    return {};
  }

  Result<void> check_type(const c10::Type& type, const std::string& method) {
    if (!types_.insert(&type).second) return {};
    if (reaches_outside(type)) {
      return insecure("The model's " + method + " handles a " + type.repr_str() +
                      ", which is not TorchScript's own.");
    }
    if (type.kind() == TypeKind::FunctionType) return {};
    for (const auto& inner : type.containedTypes()) {
      if (auto ok = check_type(*inner, method); !ok) return ok;
    }
    return {};
  }

  ValueWalk values_;
  std::unordered_set<const c10::Type*> types_;  // kept alive by the graphs
  std::unordered_map<const jit::Function*, Calls> calls_;
  std::unordered_map<const jit::Function*, std::size_t> sizes_;  // 0: under way
};

// What forward() writes in place, with every call written out.
void find_writes(const jit::Function& forward, std::size_t parameters, CodeFacts& facts) {
  const auto graph = jit::toGraphFunction(forward).graph()->copy();
  jit::Inline(*graph);
  std::vector<jit::Value*> written;
  std::vector<jit::Value*> held = {graph->inputs()[0]};  // by the module
  std::vector<jit::Block*> blocks = {graph->block()};
  while (!blocks.empty()) {
    jit::Block* block = blocks.back();
    blocks.pop_back();
    for (jit::Node* node : block->nodes()) {
      for (jit::Block* inner : node->blocks())
        blocks.push_back(inner);
      if (node->kind() == c10::prim::GetAttr) held.push_back(node->output());
      // Statistics of a batch are kept where the model was traced in training.
      if (node->kind() == c10::aten::batch_norm || node->kind() == c10::aten::instance_norm) {
        const auto training = jit::toIValue(node->input(5));
        if (training && training->isBool() && training->toBool()) {
          written.push_back(node->input(3));
          written.push_back(node->input(4));
        }
      }
      const c10::FunctionSchema* schema = node->maybeSchema();
      if (schema == nullptr) continue;
      for (std::size_t i = 0; i < node->inputs().size() && i < schema->arguments().size(); ++i) {
        const auto* alias = schema->arguments()[i].alias_info();
        if (alias != nullptr && alias->isWrite()) written.push_back(node->input(i));
      }
    }
  }
  facts.written.assign(parameters, false);
  if (written.empty()) return;
  const jit::AliasDb aliases(graph);
  facts.writes_tensors = aliases.mayContainAlias(written, held);
  facts.keeps_state = facts.keeps_state || facts.writes_tensors;
  for (std::size_t i = 0; i < parameters; ++i)
    facts.written[i] = aliases.mayContainAlias(graph->inputs()[i + 1], written);
}

}  // namespace

Result<CodeFacts> walk_code(const jit::Module& module) {
  CodeWalk walk;
  if (auto ok = walk.check_all(*module._ivalue()->compilation_unit()); !ok) {
    return std::unexpected(std::move(ok.error()));
  }
  const auto forward = module.find_method("forward");
  if (!forward) {
    return fail(ErrorCode::kInvalidEncoding,
                "The model has no method forward(), so there is nothing to compute.");
  }
  if (auto size = walk.expanded(forward->function()); !size) {
    return std::unexpected(std::move(size.error()));
  }
  CodeFacts facts;
  facts.keeps_state = walk.sets_attributes;
  find_writes(forward->function(), forward->num_inputs() - 1, facts);
  return facts;
}

Result<void> walk_values(const jit::Module& module) {
  return ValueWalk().check(module._ivalue(), nullptr, "module");
}

std::size_t stack_to_compute(const jit::Module& module) {
  constexpr std::size_t kBeside = std::size_t{128} << 10;
  // Measured: at most 1.7 KiB, for a chain of additions. A loop's body may be written out 8 times.
  constexpr std::size_t kPerNode = std::size_t{3} << 10;
  constexpr std::size_t kMostCopies = 8;
  const auto graph = jit::toGraphFunction(module.get_method("forward").function()).graph()->copy();
  jit::Inline(*graph);
  std::size_t nodes = 0;
  bool loops = false;
  std::vector<const jit::Block*> blocks = {graph->block()};
  while (!blocks.empty()) {
    const jit::Block* block = blocks.back();
    blocks.pop_back();
    for (const jit::Node* node : block->nodes()) {
      ++nodes;
      loops = loops || node->kind() == c10::prim::Loop;
      for (const jit::Block* inner : node->blocks())
        blocks.push_back(inner);
    }
  }
  return kBeside + nodes * kPerNode * (loops ? kMostCopies : 1);
}

}  // namespace nacre::torch
