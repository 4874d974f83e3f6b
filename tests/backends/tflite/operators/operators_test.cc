// Every operator as no converter writes it: whatever the library makes of it, the process goes on.
// Each is loaded and computed in a child process; one that ends names the operator and the seed.
// NACRE_MUTATIONS=5000 hunts longer.
#include <gtest/gtest.h>

#include "backends/child.h"
#include "backends/tensors.h"
#include "odd_models.h"

namespace nacre::test {
namespace {

class TfliteOperators : public testing::TestWithParam<Operation> {};

TEST_P(TfliteOperators, EndNoProcess) {
  const auto changed = [](int seed, Random& random) {
    Operation one = GetParam();
    if (seed != 0) change(one, random);
    return one;
  };
  const auto outcomes = expect_no_process_ends(
      GetParam().name, 60, /*in_time=*/true,
      [&](int seed) {
        Random random(static_cast<unsigned>(seed));
        const Operation one = changed(seed, random);
        return load_and_compute(model_of(one, random).bytes(), random);
      },
      [&](int seed) {
        Random random(static_cast<unsigned>(seed));
        return testing::PrintToString(changed(seed, random));
      });
  // What is never computed shows nothing; some are never to be.
  if (outcomes.contains(kComputed) || outcomes.contains(kLoaded)) return;
  Random random(0);
  const auto graph =
      load_bytes({model_of(GetParam(), random).bytes()}, GraphEncoding::kTensorflowlite);
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation) << graph.error().message;
}

INSTANTIATE_TEST_SUITE_P(All, TfliteOperators, testing::ValuesIn(operations()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace nacre::test
