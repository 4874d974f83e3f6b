// What the tests of the torch backend share beside ../tensors.h: libtorch, called directly for
// comparison.
#ifndef NACRE_TESTS_BACKENDS_TORCH_FIXTURE_H_
#define NACRE_TESTS_BACKENDS_TORCH_FIXTURE_H_

#include <nacre/graph.h>

#include <memory>
#include <string>
#include <vector>

#include "backends/tensors.h"

namespace nacre::test {

/// By path and as a guest does it.
Result<std::shared_ptr<Graph>> load_torch(const std::string& bytes);

/// The module in libtorch's own hands, used as its documentation says: loaded from the file,
/// eval(), forward() in inference mode on two threads. Results in order, tuples and lists
/// flattened.
class Direct {
 public:
  explicit Direct(const std::string& path);
  ~Direct();
  std::vector<Plain> compute(const std::vector<Plain>& inputs);
  /// For silero: forward(tensor, int).
  std::vector<Plain> compute(const Plain& input, std::int64_t number);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nacre::test

#endif  // NACRE_TESTS_BACKENDS_TORCH_FIXTURE_H_
