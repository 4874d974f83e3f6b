#include "cli/suggest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nacre::cli {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("timeuot", "timeout"), 1u);
  EXPECT_EQ(edit_distance("ab", "ba"), 1u);
}

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
