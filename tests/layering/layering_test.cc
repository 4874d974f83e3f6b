// The building's rules, checked on the tree: who includes whom, what no file may say, and that
// every path a document names exists.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "rules.h"

namespace nacre::layering {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

const fs::path kRoot = NACRE_SOURCE_DIR;

// Where our own text files are; build trees and .git are not among them.
const std::vector<std::string> kFolders = {".ci",    "backends", "bench",    "cmake",
                                           "deps",   "docs",     "examples", "fuzz",
                                           "guests", "include",  "src",      "tests"};

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool is_source(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".h" || extension == ".cc" || extension == ".hpp" || extension == ".c" ||
         extension == ".cpp" || extension == ".hh";
}

/// All regular files, relative to the root. Folders of caches and build trees are left out.
std::vector<fs::path> files() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(kRoot)) {
    if (entry.is_regular_file()) found.push_back(fs::relative(entry.path(), kRoot));
  }
  for (const std::string& folder : kFolders) {
    if (!fs::exists(kRoot / folder)) continue;
    for (auto it = fs::recursive_directory_iterator(kRoot / folder); it != fs::end(it); ++it) {
      const std::string name = it->path().filename().string();
      if (it->is_directory() && (name == "__pycache__" || name == "node_modules" ||
                                 name == "target" || name.starts_with("build"))) {
        it.disable_recursion_pending();
      } else if (it->is_regular_file()) {
        found.push_back(fs::relative(it->path(), kRoot));
      }
    }
  }
  std::ranges::sort(found);
  return found;
}

TEST(Layering, EachRoomIncludesOnlyWhatItMay) {
  int includes = 0;
  for (const fs::path& file : files()) {
    if (!is_source(file) || room_of(file).empty()) continue;
    std::istringstream lines(read(kRoot / file));
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
      ++number;
      const auto include = parse_include(line);
      if (!include) continue;
      ++includes;
      const std::string wrong = check_include(kRoot, file, *include);
      EXPECT_EQ(wrong, "") << file.string() << ":" << number << ": " << line;
    }
  }
  EXPECT_GT(includes, 100) << "the tree was not found under " << kRoot;
}

TEST(Layering, NoFileNamesSomebodysMachine) {
  const auto words = forbidden_words();
  int seen = 0;
  for (const fs::path& file : files()) {
    const std::string text = read(kRoot / file);
    // Binary files hold compiled-in paths of their makers; ours are text.
    if (text.find('\0') != std::string::npos) continue;
    ++seen;
    for (const std::string& word : words) {
      EXPECT_EQ(text.find(word), std::string::npos) << file.string() << " says " << word;
    }
  }
  EXPECT_GT(seen, 50);
}

TEST(Layering, DocumentsNamePathsThatExist) {
  int documents = 0;
  int paths = 0;
  for (const fs::path& file : files()) {
    if (file.extension() != ".md") continue;
    ++documents;
    for (const std::string& name : named_paths(read(kRoot / file))) {
      ++paths;
      EXPECT_TRUE(fs::exists(kRoot / name) || fs::exists(kRoot / file.parent_path() / name))
          << file.string() << " names " << name;
    }
  }
  EXPECT_GT(documents, 0);
  EXPECT_GT(paths, 0);
}

/// "Suite.Name" of every test in the tree.
std::set<std::string> all_tests() {
  std::set<std::string> tests;
  for (const fs::path& file : files()) {
    if (file.extension() != ".cc" || *file.begin() != "tests") continue;
    std::istringstream lines(read(kRoot / file));
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("TEST")) continue;
      const auto open = line.find('(');
      const auto comma = line.find(", ", open);
      const auto close = line.find(')', comma);
      if (close == line.npos) continue;
      tests.insert(line.substr(open + 1, comma - open - 1) + "." +
                   line.substr(comma + 2, close - comma - 2));
    }
  }
  return tests;
}

std::vector<std::string> in_backticks(const std::string& text) {
  static const std::regex kName(R"re(`([^`]+)`)re");
  std::vector<std::string> names;
  for (std::sregex_iterator it(text.begin(), text.end(), kName), end; it != end; ++it)
    names.push_back((*it)[1].str());
  return names;
}

/// The cells of a table's line; none for another line.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  if (!line.starts_with("| ") || !line.ends_with(" |")) return cells;
  std::istringstream in(line.substr(1));
  for (std::string cell; std::getline(in, cell, '|');)
    cells.push_back(cell.substr(1, cell.size() < 2 ? 0 : cell.size() - 2));
  return cells;
}

// A place of a table names tests, says why there is none, or points at the column that has it.
TEST(Layering, TheTablesOfBadInputNameTestsThatExist) {
  const std::set<std::string> tests = all_tests();
  ASSERT_GT(tests.size(), 500u);
  std::istringstream lines(read(kRoot / "docs/negative_cases.md"));
  std::size_t width = 0;
  int named = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("|---")) continue;
    const auto cells = cells_of(line);
    const bool header = width == 0;
    width = cells.size();
    if (header || cells.empty()) continue;
    for (std::size_t i = 1; i < cells.size(); ++i) {
      const auto names = in_backticks(cells[i]);
      const bool says_why = cells[i].starts_with("– ");
      if (cells[i] == "·") {
        EXPECT_FALSE(in_backticks(cells[1]).empty()) << "nothing everywhere: " << line;
        continue;
      }
      EXPECT_TRUE(says_why || !names.empty()) << "an empty place: " << line;
      for (const std::string& name : names) {
        if (name.find('/') != name.npos) continue;  // a path, looked at with the others
        EXPECT_TRUE(tests.contains(name)) << "there is no test " << name;
        ++named;
      }
    }
  }
  EXPECT_GT(named, 100);
}

TEST(Layering, TheTableOfDialectsNamesTestsThatExist) {
  std::set<std::string> names;
  for (const std::string& test : all_tests())
    names.insert(test.substr(test.find('.') + 1));
  const std::string text = read(kRoot / "docs/abi_dialects.md");
  const auto begin = text.find("| rule | tests |");
  ASSERT_NE(begin, text.npos);
  int named = 0;
  for (const std::string& name :
       in_backticks(text.substr(begin, text.find("\n\n", begin) - begin))) {
    if (name.size() < 8 ||
        name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                               "uvwxyz0123456789") != name.npos ||
        std::islower(static_cast<unsigned char>(name[0])) != 0) {
      continue;
    }
    EXPECT_TRUE(names.contains(name)) << "there is no test " << name;
    ++named;
  }
  EXPECT_GT(named, 20);
}

TEST(Layering, HeadersAreGuardedByTheirPath) {
  std::set<std::string> guards;
  for (const fs::path& file : files()) {
    if (file.extension() != ".h" || room_of(file).empty()) continue;
    const std::string text = read(kRoot / file);
    const auto at = text.find("#ifndef NACRE_");
    ASSERT_NE(at, std::string::npos) << file.string() << " has no include guard";
    const std::string guard = text.substr(at + 8, text.find('\n', at) - at - 8);
    EXPECT_TRUE(guards.insert(guard).second) << file.string() << " shares its guard " << guard;
  }
}

// --- the rules themselves find what they are for

TEST(Rules, ParseIncludes) {
  EXPECT_EQ(parse_include("#include <nacre/host.h>")->name, "nacre/host.h");
  EXPECT_FALSE(parse_include("  #  include \"core/x.h\"  // why")->angled);
  EXPECT_FALSE(parse_include("// #include <x>"));
  EXPECT_FALSE(parse_include("include \"x\""));
}

TEST(Rules, RoomsOfFiles) {
  EXPECT_EQ(room_of("src/core/loader.cc"), "core");
  EXPECT_EQ(room_of("src/abi/witx/calls.cc"), "abi");
  EXPECT_EQ(room_of("backends/echo/echo.h"), "backends/echo");
  EXPECT_EQ(room_of("include/nacre/host.h"), "include");
  EXPECT_EQ(room_of("tests/core/x.cc"), "");
}

TEST(Rules, FindTheForbiddenIncludes) {
  const auto check = [](const char* file, const char* name, bool angled) {
    return check_include(kRoot, file, {name, angled});
  };
  EXPECT_EQ(check("src/core/x.cc", "base/log.h", false), "");
  EXPECT_EQ(check("src/core/x.cc", "nacre/graph.h", true), "");
  EXPECT_EQ(check("src/engine/x.cc", "wasmtime.h", true), "");
  EXPECT_EQ(check("backends/echo/echo.cc", "echo.h", false), "");
  EXPECT_EQ(check("src/cli/x.cc", "CLI/CLI.hpp", true), "");
  EXPECT_EQ(check("src/cli/x.cc", "base/closest_match.h", false), "");
  EXPECT_EQ(check("src/base/x.cc", "openssl/evp.h", true), "");
  EXPECT_THAT(check("src/core/x.cc", "openssl/evp.h", true), HasSubstr("only base and engine"));
  EXPECT_THAT(check("src/cli/x.cc", "toml++/toml.h", true), HasSubstr("only registry"));
  EXPECT_THAT(check("src/core/x.cc", "wasmtime.h", true), HasSubstr("only engine"));
  EXPECT_THAT(check("src/abi/x.cc", "wasmtime/func.h", true), HasSubstr("only engine"));
  EXPECT_THAT(check("backends/openvino/x.cc", "onnxruntime_c_api.h", true),
              HasSubstr("only backends/onnxruntime"));
  EXPECT_THAT(check("src/core/x.cc", "openvino/openvino.hpp", true),
              HasSubstr("only backends/openvino"));
  EXPECT_THAT(check("src/base/x.cc", "nacre/error.h", true), HasSubstr("standard library"));
  EXPECT_THAT(check("src/base/x.cc", "core/loader.h", false), HasSubstr("may not include core"));
  EXPECT_THAT(check("include/nacre/x.h", "fmt/format.h", true), HasSubstr("third-party"));
  EXPECT_THAT(check("include/nacre/x.h", "core/loader.h", false), HasSubstr("may not include"));
  EXPECT_THAT(check("src/cli/x.cc", "core/loader.h", false), HasSubstr("may not include core"));
  EXPECT_THAT(check("src/core/x.cc", "echo/echo.h", false), HasSubstr("may not include"));
  EXPECT_THAT(check("backends/onnxruntime/x.cc", "core/loader.h", false),
              HasSubstr("may not include core"));

  EXPECT_THAT(check("src/core/x.cc", "nowhere/no_such_thing.h", false), HasSubstr("no such"));
}

TEST(Rules, FindPathsInDocuments) {
  EXPECT_THAT(named_paths("see `src/core/sniff.h`, `make run` and [it](../docs/a.md#part), "
                          "`src/<room>/x`, `build/nacre`, `nacre run`"),
              ElementsAre("src/core/sniff.h", "docs/a.md"));
}

TEST(Rules, ForbidMachinePaths) {
  EXPECT_THAT(forbidden_words(), testing::Contains(std::string("/ro") + "ot/"));
}

}  // namespace
}  // namespace nacre::layering
