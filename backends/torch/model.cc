#include "model.h"

#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/serialization/import.h>

#include <exception>
#include <optional>
#include <utility>

#include "archive.h"
#include "base/stacks.h"
#include "divisions.h"
#include "explain.h"

namespace nacre::torch {
namespace {

namespace jit = ::torch::jit;

Result<std::shared_ptr<const Model>> load_here(std::shared_ptr<Runtime> runtime,
                                               std::span<const std::byte> archive,
                                               std::uint32_t threads, const std::string& inputs,
                                               const std::string& outputs) {
  const OnThisThread here(runtime->host, 0);
  const std::string doing = "libtorch " + library_version() + " does not load the model";
  try {
    if (auto ok = check_sources(archive); !ok) return std::unexpected(std::move(ok.error()));
    auto model = std::make_shared<Model>();
    model->runtime = std::move(runtime);
    model->threads = threads;
    jit::ExtraFilesMap no_extra_files;
    model->module =
        jit::import_ir_module(std::make_shared<jit::CompilationUnit>(),
                              std::make_shared<BytesAdapter>(archive), c10::kCPU, no_extra_files);
    if (auto ok = walk_values(model->module); !ok) return std::unexpected(std::move(ok.error()));
    auto facts = walk_code(model->module);
    if (!facts) return std::unexpected(std::move(facts.error()));
    model->facts = std::move(*facts);
    guard_divisions(model->module);
    model->stack_to_compute = stack_to_compute(model->module);
    auto signature =
        read_signature(model->module.get_method("forward").function().getSchema(), inputs, outputs);
    if (!signature) return std::unexpected(std::move(signature.error()));
    model->signature = std::move(*signature);
    // Every layer that behaves otherwise in training.
    model->module.eval();
    return model;
  } catch (...) {
    return std::unexpected(
        explain_exception(ErrorCode::kInvalidEncoding, doing, std::current_exception()));
  }
}

}  // namespace

Result<std::shared_ptr<const Model>> load_model(std::shared_ptr<Runtime> runtime,
                                                std::span<const std::byte> archive,
                                                std::uint32_t threads, const std::string& inputs,
                                                const std::string& outputs) {
  Result<std::shared_ptr<const Model>> loaded;
  const bool ran = run_on_stack(kLoadStack, [&]() noexcept {
    loaded = load_here(std::move(runtime), archive, threads, inputs, outputs);
  });
  if (ran) return loaded;
  return fail(ErrorCode::kTooLarge,
              "There is no room for the " + std::to_string(kLoadStack >> 20) +
                  " MiB of address space that loading TorchScript takes for its stack.");
}

jit::Module module_for_context(const Model& model) {
  if (!model.facts.keeps_state) return model.module;
  const c10::InferenceMode inference;
  c10::IValue::HashAliasedIValueMap copied;
  if (!model.facts.writes_tensors) {
    // What is noted here as copied is taken as it is.
    c10::IValue(model.module._ivalue()).visit([&](const c10::IValue& value) {
      if (value.isTensor()) copied.emplace(value, value);
      return false;
    });
  }
  return jit::Module(c10::IValue(model.module._ivalue()).deepcopy(copied).toObject());
}

}  // namespace nacre::torch
