// libtorch's error texts, cut to the sentence that a person can use.
#ifndef NACRE_BACKENDS_TORCH_EXPLAIN_H_
#define NACRE_BACKENDS_TORCH_EXPLAIN_H_

#include <nacre/error.h>

#include <exception>
#include <string>
#include <string_view>

namespace nacre::torch {

/// One line of at most a few hundred characters: of an error in a model's own code, what that code
/// or operator said, without the traceback through the model's source; of others the first line,
/// without positions in libtorch's source and without a C++ backtrace.
[[nodiscard]] std::string explain(std::string_view text);

/// Of a caught exception, whatever it is; the code is kTooLarge where memory ran out.
[[nodiscard]] Error explain_exception(ErrorCode code, std::string_view doing,
                                      std::exception_ptr thrown);

}  // namespace nacre::torch

#endif  // NACRE_BACKENDS_TORCH_EXPLAIN_H_
