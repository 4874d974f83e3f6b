// wasi-nn for guests written in C++23: a thin wrapper that says the same thing on every ABI.
//
//   as a core module   nothing to define; it imports wasi_ephemeral_nn
//   as a component     -DWASI_NN_COMPONENT, and for another version than the newest one also
//                      -DWASI_NN_VERSION=20240625 or 20240819 (see wasi_nn_component.h)
//
// Nothing here carries a wire number: element types, encodings and error codes are Nacre's names
// (the WIT's), and inputs and outputs are named by index or by name, so a guest's source does not
// depend on whether it becomes a core module or a component. What does depend on it:
//  - A core module knows positions only and a component names only: see IndexOrName.
//  - Set every input before every compute. In core modules and the two older versions an input
//    stays set, in 2024-10-28 compute consumes it; no copy is kept on this side to hide that.
//  - A tensor that is wrong in itself is refused by set_input, but in 2024-10-28 by compute.
//  - Core modules cannot give a handle back (the ABI has no call for it), so there the host frees
//    graphs and contexts when the instance ends; reuse contexts rather than making many.
//
// No exceptions, no RTTI: everything fallible returns Result<T>. Objects are move-only and own
// their handle. Tensors cross with one copy each way: from the caller's memory into the host, and
// from the host into the caller's buffer. Setting, computing and reading into a buffer allocate
// nothing once each has happened, unless they fail.
#pragma once

#include "wasi_nn_types.hpp"

#ifdef WASI_NN_COMPONENT
#include "wasi_nn_component.hpp"
#else
#include "wasi_nn_module.hpp"
#endif

namespace nn {

// One computation at a time: set every input, compute, read the outputs, as often as you like.
class ExecutionContext {
 public:
  // The tensor is copied. Setting an input again replaces it.
  NN_HOT Result<void> set_input(IndexOrName which, const TensorView& tensor) {
    return context_.set_input(which, tensor);
  }

  NN_HOT Result<void> compute() { return context_.compute(); }

  // Copies an output into `buffer` and returns how many bytes it has. kTooLarge when it does not
  // fit. As often as you like, until the next compute.
  NN_HOT Result<std::size_t> get_output(IndexOrName which, std::span<std::byte> buffer) {
    return context_.get_output(which, buffer);
  }

  // The same into a vector of its own, of the right size.
  Result<std::vector<std::byte>> get_output(IndexOrName which) {
    return context_.get_output(which);
  }

 private:
  friend class Graph;
  explicit ExecutionContext(detail::Context context) : context_(std::move(context)) {}
  detail::Context context_;
};

// A model, loaded. Makes any number of contexts, and may go before them.
class Graph {
 public:
  // From bytes: one part, or two for OpenVINO (.xml, .bin). They are not needed afterwards.
  static Result<Graph> load(std::span<const std::span<const std::byte>> parts,
                            GraphEncoding encoding,
                            ExecutionTarget target = ExecutionTarget::kCpu) {
    return of(detail::Model::load(parts, encoding, target));
  }

  // A model the operator registered. kNotFound when there is none of that name.
  static Result<Graph> load_by_name(std::string_view name) {
    return of(detail::Model::load_by_name(name));
  }

  Result<ExecutionContext> init_execution_context() const {
    auto made = model_.init_execution_context();
    if (!made) return std::unexpected(std::move(made.error()));
    return ExecutionContext(std::move(*made));
  }

  // The ABI's own number of the graph; it stays this object's.
  auto handle() const { return model_.handle(); }
  // The same, given away: for calls that take the graph over.
  auto release() && { return model_.release(); }

 private:
  static Result<Graph> of(Result<detail::Model> model) {
    if (!model) return std::unexpected(std::move(model.error()));
    return Graph(std::move(*model));
  }

  explicit Graph(detail::Model model) : model_(std::move(model)) {}
  detail::Model model_;
};

}  // namespace nn

#undef NN_HOT
#undef NN_COLD
