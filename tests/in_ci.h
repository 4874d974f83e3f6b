// Whether this run decides about a change: what is missing then is a failure and not a skip.
#ifndef NACRE_TESTS_IN_CI_H_
#define NACRE_TESTS_IN_CI_H_

#include <cstdlib>

namespace nacre::test {

/// Any value of CI but the empty one, as cmake/run_tests.py reads it.
inline bool in_ci() {
  const char* ci = std::getenv("CI");
  return ci != nullptr && *ci != '\0';
}

}  // namespace nacre::test

#endif  // NACRE_TESTS_IN_CI_H_
