// The commands that README.md shows are run as they stand there, and print what it says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <set>
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

using Words = std::set<std::string>;

/// What stands between backquotes.
Words code_words(const std::string& cell) {
  Words words;
  for (auto at = cell.find('`'); at != cell.npos; at = cell.find('`', at)) {
    const auto end = cell.find('`', at + 1);
    words.insert(cell.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return words;
}

Words split(const std::string& list) {
  Words words;
  std::istringstream in(list);
  for (std::string word; std::getline(in, word, ',');)
    words.insert(word);
  return words;
}

/// The rows of README's table of runtimes, by the runtime's name.
std::map<std::string, std::vector<std::string>> table_of_runtimes() {
  std::map<std::string, std::vector<std::string>> rows;
  std::istringstream lines(read_text(NACRE_TEST_SOURCE_DIR "/README.md"));
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    inside = inside || line.starts_with("| runtime |");
    if (inside && line.empty()) break;
    if (!inside || !line.starts_with("| `")) continue;
    std::vector<std::string> cells;
    std::istringstream cut(line.substr(1));
    for (std::string cell; std::getline(cut, cell, '|');)
      cells.push_back(cell);
    rows[*code_words(cells[0]).begin()] = cells;
  }
  return rows;
}

// The table says neither more nor less than the runtimes do.
TEST(Readme, TheTableOfRuntimesIsWhatTheySay) {
  auto rows = table_of_runtimes();
  const auto all = nlohmann::json::parse(nacre({"backends", "--json"}).out);
  for (const auto& known : all) {
    const auto name = known["name"].get<std::string>();
    ASSERT_EQ(rows.count(name), 1u) << name << " is not in README's table";
    const auto cells = std::exchange(rows[name], {});
    rows.erase(name);
    ASSERT_EQ(cells.size(), 6u) << name;
    const auto one = nlohmann::json::parse(nacre({"backends", name, "--json"}).out)[0];
    if (!one["available"].get<bool>()) {
      const char* ci = std::getenv("CI");
      EXPECT_TRUE(ci == nullptr || *ci == '\0') << name << " is missing";
      continue;
    }
    const auto said = [&](const char* key) { return one["properties"][key].get<std::string>(); };
    EXPECT_EQ(code_words(cells[1]), split(said("encodings"))) << name;
    EXPECT_EQ(code_words(cells[3]), split(said("encodings"))) << name << ", by name";
    EXPECT_EQ(code_words(cells[4]), split(said("element_types"))) << name;
    EXPECT_EQ(code_words(cells[5]), split(said("devices"))) << name;
    // A version that is named is that of the library.
    const auto version = cells[0].find_first_of("0123456789");
    if (version != std::string::npos) {
      const std::string stated = cells[0].substr(version, cells[0].find(' ', version) - version);
      EXPECT_TRUE(said("vendor.version").starts_with(stated))
          << name << " is " << said("vendor.version") << ", not " << stated;
    }
  }
  EXPECT_TRUE(rows.empty()) << "README has a row for " << rows.begin()->first;
}

/// A model of each format as `bench_infer` takes it, in folders lent to the guest, and its input.
struct Brought {
  std::string model;
  std::string dims;
};
const std::map<std::string, Brought> kBrought = {
    {"onnx", {"onnx:data/onnx/identity_f32.onnx", "3,2"}},
    {"pytorch", {"pytorch:data/torch/identity.pt", "3,2"}},
    {"openvino",
     {"openvino:models/efficientnet-lite0.xml:models/efficientnet-lite0.bin", "1,3,224,224"}},
    {"tensorflowlite", {"tensorflowlite:pitch/nmp.tflite", "1,43844,1"}},
    {"tensorflow", {"tensorflow:pitch/nmp/saved_model.pb", "1,43844,1"}}};

// A guest may bring the formats of the third column and no others. (GGUF and echo are brought by
// the guests of tests/guests/language_test.cc and tests/abi.)
TEST(Readme, TheTableOfRuntimesSaysWhatGuestsMayBring) {
  for (const auto& [name, cells] : table_of_runtimes()) {
    const std::string built = "," + std::string(NACRE_TEST_BACKENDS) + ",";
    if (built.find("," + name + ",") == std::string::npos) continue;
    for (const std::string& format : code_words(cells[1])) {
      const auto model = kBrought.find(format);
      if (model == kBrought.end()) continue;
      if (format == "openvino" && !fs::exists(NACRE_TEST_MODELS "/efficientnet-lite0.xml"))
        continue;
      const Ended ended =
          nacre({"run", "-v", "--backend", format + "=" + name, "--dir",
                 NACRE_TEST_SOURCE_DIR "/tests/data::data", "--dir", NACRE_TEST_MODELS "::models",
                 "--dir", NACRE_TEST_BASIC_PITCH "::pitch", guest("bench_infer.wasm"),
                 model->second.model, "1", "0", model->second.dims});
      if (code_words(cells[2]).contains(format)) {
        EXPECT_EQ(ended.exit_code, 0) << name << " " << format << "\n" << ended.err;
      } else {
        EXPECT_EQ(ended.exit_code, 1) << name << " " << format;
        EXPECT_THAT(ended.err, testing::HasSubstr("from files only")) << name << " " << format;
      }
    }
  }
}

}  // namespace
}  // namespace nacre::test
