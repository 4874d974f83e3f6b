// What forward() takes and gives, as a row of inputs and a row of outputs.
//
// Parameters, in order:
//   Tensor, Optional[Tensor]   an input of the parameter's name
//   int, float, bool, Scalar   an input of one element, converted
//   Tuple                      its members, named NAME.0, NAME.1, …
//   List[Tensor]               as the last: as many inputs as are set, or as `inputs=` says,
//                              named NAME.0, NAME.1, …
//   whatever has a default     no input: the default is used, unless `inputs=` names all parameters
// Anything else is refused when the model is loaded.
//
// Results are flattened in order. A tensor is the output `output`; the members of tuples and lists
// are `output.0`, `output.1`, …; of named tuples `output.FIELD`; of dictionaries `output.KEY`, in
// the order of the keys as bytes. int, float, bool and str are tensors of rank 0 (i64, f64, bool,
// string); lists of numbers tensors of rank 1; None is f32 of [0].
#ifndef NACRE_BACKENDS_TORCH_SIGNATURE_H_
#define NACRE_BACKENDS_TORCH_SIGNATURE_H_

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>
#include <nacre/backend.h>

#include <cstddef>
#include <string>
#include <vector>

namespace nacre::torch {

/// How one parameter (or a member of one) is made of inputs.
struct Parameter {
  enum class Kind { kTensor, kInt, kFloat, kBool, kNumber, kTuple, kList, kDefault };
  Kind kind = Kind::kTensor;
  std::vector<Parameter> members;  ///< of a tuple
  std::size_t count = 0;           ///< of a list, where `counted`
  bool counted = false;            ///< of a list: how many is known
  c10::IValue value;               ///< of kDefault
};

/// Immutable once made; any thread.
struct Signature {
  std::vector<Parameter> parameters;  ///< without `self`
  GraphDescription description;
  /// Keys that `outputs=` named, where forward() gives a dictionary; otherwise all, by key.
  std::vector<std::string> output_keys;
};

/// `inputs` and `outputs` are the operator's own descriptions ("inputs=", "outputs="), or empty.
/// Errors: kUnsupportedOperation for what cannot be passed, kInvalidArgument for a description that
/// is malformed or does not fit.
[[nodiscard]] Result<Signature> read_signature(const c10::FunctionSchema& forward,
                                               const std::string& inputs,
                                               const std::string& outputs);

/// "image:f32[1,3,?,?];scale:f32[];ids" — names, each with an element type and a shape where they
/// are known. `x` serves for the comma, which the command line uses itself; `?` is dynamic.
[[nodiscard]] Result<std::vector<TensorDescription>> parse_descriptions(const std::string& key,
                                                                        const std::string& text);

}  // namespace nacre::torch

#endif  // NACRE_BACKENDS_TORCH_SIGNATURE_H_
