#include "divisions.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/interned_strings.h>
#include <ATen/ops/eq.h>
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/runtime/custom_operator.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace nacre::torch {
namespace {

namespace jit = ::torch::jit;

constexpr const char* kCheck = "nacre::check_division";

// Narrower integers are divided as ints, where there is room.
bool holds(const c10::IValue& value, bool smallest) {
  if (value.isInt()) {
    return value.toInt() == (smallest ? std::numeric_limits<std::int64_t>::min() : -1);
  }
  if (!value.isTensor() || !value.toTensor().defined()) return false;
  const at::Tensor& tensor = value.toTensor();
  std::int64_t wanted = -1;
  if (tensor.scalar_type() == at::kLong) {
    wanted = smallest ? std::numeric_limits<std::int64_t>::min() : wanted;
  } else if (tensor.scalar_type() == at::kInt) {
    wanted = smallest ? std::numeric_limits<std::int32_t>::min() : wanted;
  } else if (smallest || !c10::isIntegralType(tensor.scalar_type(), false)) {
    return false;
  }
  return tensor.eq(wanted).any().item<bool>();
}

void check_division(jit::Stack& stack) {
  const auto count = static_cast<std::size_t>(jit::pop(stack).toInt());
  const bool overflows = holds(jit::peek(stack, 1, count), /*smallest=*/false) &&
                         holds(jit::peek(stack, 0, count), /*smallest=*/true);
  // Of tensors libtorch looks at this itself.
  const c10::IValue& divisor = jit::peek(stack, 1, count);
  const bool by_zero =
      jit::peek(stack, 0, count).isInt() && divisor.isInt() && divisor.toInt() == 0;
  jit::drop(stack, count);
  if (by_zero) throw std::runtime_error("an integer is divided by zero");
  if (overflows) {
    throw std::runtime_error("the smallest integer is divided by -1, which has no answer");
  }
}

// Conservative: kept although nothing uses a result of it.
const jit::RegisterOperators kRegistered({jit::Operator("nacre::check_division(...) -> ()",
                                                        check_division,
                                                        c10::AliasAnalysisKind::CONSERVATIVE)});

bool divides(const jit::Node& node) {
  static const std::vector<c10::Symbol> always = [] {
    std::vector<c10::Symbol> symbols;
    for (const char* name :
         {"aten::floor_divide", "aten::floor_divide_", "aten::remainder", "aten::remainder_",
          "aten::fmod", "aten::fmod_", "aten::floordiv", "aten::__round_to_zero_floordiv",
          "aten::divmod", "aten::mathremainder"}) {
      symbols.push_back(c10::Symbol::fromQualString(name));
    }
    return symbols;
  }();
  static const std::vector<c10::Symbol> rounding = [] {
    std::vector<c10::Symbol> symbols;
    for (const char* name : {"aten::div", "aten::div_", "aten::divide", "aten::divide_"})
      symbols.push_back(c10::Symbol::fromQualString(name));
    return symbols;
  }();
  const auto is_one_of = [&node](const std::vector<c10::Symbol>& symbols) {
    return std::find(symbols.begin(), symbols.end(), node.kind()) != symbols.end();
  };
  // Without a rounding_mode it is a division of floats.
  return is_one_of(always) || (is_one_of(rounding) && node.inputs().size() > 2);
}

}  // namespace

void guard_divisions(const jit::Module& module) {
  for (jit::Function* function : module._ivalue()->compilation_unit()->get_functions()) {
    const auto graph = jit::toGraphFunction(*function).graph();
    std::vector<jit::Block*> blocks = {graph->block()};
    while (!blocks.empty()) {
      jit::Block* block = blocks.back();
      blocks.pop_back();
      for (jit::Node* node : block->nodes()) {
        for (jit::Block* inner : node->blocks())
          blocks.push_back(inner);
        if (!divides(*node)) continue;
        jit::Node* check =
            graph->create(c10::Symbol::fromQualString(kCheck), {node->input(0), node->input(1)}, 0);
        check->insertBefore(node);
      }
    }
  }
}

}  // namespace nacre::torch
