#include "cli/suggest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nacre::cli {
namespace {

TEST(Nearest, FindsTheOneThatWasMeant) {
  const std::vector<std::string> options = {"--timeout",     "--max-memory", "--model",
                                            "--models-only", "--dir",        "-v"};
  EXPECT_EQ(nearest("--timeot", options), "--timeout");
  EXPECT_EQ(nearest("-timeout", options), "--timeout");
  EXPECT_EQ(nearest("--maxmemory", options), "--max-memory");
  EXPECT_EQ(nearest("--modle", options), "--model");
  EXPECT_EQ(nearest("--max", options), "--max-memory");
  EXPECT_EQ(nearest("--quantum", options), std::nullopt);
  EXPECT_EQ(nearest("-x", options), std::nullopt);
}

TEST(DidYouMean, IsEmptyWithoutAnIdea) {
  const std::vector<std::string> commands = {"run", "inspect", "compile"};
  EXPECT_EQ(did_you_mean("inpsect", commands), "; did you mean inspect?");
  EXPECT_EQ(did_you_mean("rum", commands), "; did you mean run?");
  EXPECT_EQ(did_you_mean("serve", commands), "");
}

}  // namespace
}  // namespace nacre::cli
