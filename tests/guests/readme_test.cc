// The commands that README.md shows are run as they stand there, and print what it says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "cli/process.h"

namespace nacre::test {
namespace {

namespace fs = std::filesystem;

/// A command of a document, and the `# ` lines below it: what it prints, line by line.
struct Shown {
  std::string command;
  std::vector<std::string> prints;
};

/// Those that begin with ./build/nacre inside the document's code blocks.
std::vector<Shown> commands_of(const std::string& document) {
  std::vector<Shown> all;
  std::istringstream lines(document);
  bool code = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      code = !code;
    } else if (code && line.starts_with("./build/nacre ")) {
      while (line.ends_with('\\')) {
        line.pop_back();
        std::string more;
        std::getline(lines, more);
        line += more;
      }
      all.push_back({line, {}});
    } else if (code && line.starts_with("# ") && !all.empty()) {
      all.back().prints.push_back(line.substr(2));
    }
  }
  return all;
}

TEST(Readme, CommandsAreFoundWithWhatTheyPrint) {
  const auto found = commands_of(
      "./build/nacre no\n```\nmake run\n./build/nacre run a \\\n    b\n# one\n# two\n```\n# no\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].command, "./build/nacre run a     b");
  EXPECT_EQ(found[0].prints, (std::vector<std::string>{"one", "two"}));
}

TEST(Readme, CommandsDoWhatItSays) {
  const fs::path source = NACRE_TEST_SOURCE_DIR;
  // A folder as the reader's: the sources, and `build` in them.
  const ScratchDir dir;
  fs::create_directory_symlink(NACRE_TEST_BINARY_DIR, dir.path() / "build");
  fs::copy_file(source / "README.md", dir.path() / "README.md");
  const auto commands = commands_of(read_text(source / "README.md"));
  ASSERT_GE(commands.size(), 8u);
  std::size_t checked = 0;
  for (const Shown& shown : commands) {
    Process process({"/bin/sh", "-c", shown.command}, {.directory = dir.path()});
    const Ended ended = process.wait();
    EXPECT_EQ(ended.exit_code, 0) << shown.command << "\n" << ended.err;
    std::string out = ended.out;
    for (const std::string& line : shown.prints) {
      const auto at = out.find(line + "\n");
      EXPECT_NE(at, out.npos) << shown.command << "\nprints\n" << ended.out << "and not " << line;
      if (at != out.npos) out.erase(0, at + line.size());
      ++checked;
    }
  }
  EXPECT_GE(checked, 6u);
}

}  // namespace
}  // namespace nacre::test
