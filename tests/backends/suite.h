// One behaviour suite for every backend: what a case of it is.
//
// A backend takes part by a source of its own here, suite_<backend>.cc, which registers at least
// one case; a backend that is built and has none fails the suite.
#ifndef NACRE_TESTS_BACKENDS_SUITE_H_
#define NACRE_TESTS_BACKENDS_SUITE_H_

#include <nacre/error.h>
#include <nacre/graph.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tensors.h"

namespace nacre::test {

struct SuiteCase {
  std::string name;     ///< of the test: letters, digits, _
  std::string backend;  ///< that must serve it
  std::function<Result<std::shared_ptr<Graph>>()> load;
  std::vector<Plain> inputs;   ///< in the graph's order; at least one
  std::vector<Plain> outputs;  ///< what they must give
  double tolerance = 0;        ///< absolute, for f32 outputs; 0: the same bytes
  bool text = false;           ///< the input is text: its bytes count, whatever its dimensions say
};

/// The cases registered so far.
std::vector<SuiteCase>& suite_cases();

/// `static const bool registered = add_case({…});` in a source that the suite is built from.
inline bool add_case(SuiteCase suite_case) {
  suite_cases().push_back(std::move(suite_case));
  return true;
}

}  // namespace nacre::test

#endif  // NACRE_TESTS_BACKENDS_SUITE_H_
