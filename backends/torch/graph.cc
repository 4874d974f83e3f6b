#include "graph.h"

#include <exception>
#include <string>

#include "context.h"
#include "explain.h"

namespace nacre::torch {
namespace {

Result<void> check_options(const LoadOptions& options) {
  if (options.target == ExecutionTarget::kGpu || options.target == ExecutionTarget::kTpu) {
    return fail(ErrorCode::kUnsupportedOperation,
                "There is no " + std::string(to_string(options.target)) +
                    " for the torch backend; the devices here are: cpu.");
  }
  if (options.encoding != GraphEncoding::kPytorch) {
    return fail(ErrorCode::kInvalidEncoding, "The torch backend reads pytorch; it was given " +
                                                 std::string(to_string(options.encoding)) + ".");
  }
  for (const Property& option : options.options) {
    if (option.key == "inputs" || option.key == "outputs") continue;
    return fail(ErrorCode::kInvalidArgument,
                "The torch backend has no option '" + option.key +
                    "'; it takes inputs, outputs, threads, streams and precision.");
  }
  if (!options.config.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "The torch backend takes no configuration text; it was given " +
                    std::to_string(options.config.size()) + " bytes.");
  }
  constexpr std::uint32_t kMostThreads = 1024;
  if (options.threads > kMostThreads) {
    return fail(ErrorCode::kInvalidArgument, "threads=" + std::to_string(options.threads) +
                                                 " is more than the " +
                                                 std::to_string(kMostThreads) + " there may be.");
  }
  return {};
}

std::string option_of(const LoadOptions& options, std::string_view key) {
  for (const Property& option : options.options) {
    if (option.key == key) return option.value;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<BackendGraph>> TorchGraph::load(std::shared_ptr<Runtime> runtime,
                                                       const ModelSource& source,
                                                       const LoadOptions& options) {
  if (auto fine = check_options(options); !fine) return std::unexpected(std::move(fine.error()));
  if (source.parts.size() != 1 || !source.paths.empty()) {
    return fail(ErrorCode::kInvalidEncoding,
                "A TorchScript model is one part, given as bytes; " +
                    std::to_string(source.parts.size() + source.paths.size()) + " were given.");
  }
  auto model = load_model(std::move(runtime), source.parts[0], options.threads,
                          option_of(options, "inputs"), option_of(options, "outputs"));
  if (!model) return std::unexpected(std::move(model.error()));
  return std::make_unique<TorchGraph>(std::move(*model));
}

Result<std::unique_ptr<BackendContext>> TorchGraph::create_context() {
  try {
    return std::make_unique<TorchContext>(model_);
  } catch (...) {
    return std::unexpected(explain_exception(
        ErrorCode::kRuntimeError, "libtorch does not make a context", std::current_exception()));
  }
}

}  // namespace nacre::torch
