// The commands that the documents show are run as they stand there, and print what is said there;
// and README's table of runtimes is what the runtimes say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
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

bool is_nacre(const std::string& line) {
  return line.starts_with("./build/nacre ") || line.starts_with("nacre ");
}

/// The lines inside code blocks that are for a shell: those without a language, and `sh`. Lines
/// that go on after a backslash are one.
std::vector<std::string> lines_of_code(const std::string& document) {
  std::vector<std::string> all;
  std::istringstream lines(document);
  bool inside = false;
  bool shell = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
      shell = inside && (line == "```" || line == "```sh");
    } else if (shell) {
      while (line.ends_with('\\')) {
        line.pop_back();
        std::string more;
        std::getline(lines, more);
        line += more;
      }
      all.push_back(line);
    }
  }
  return all;
}

/// The program's commands in the document's code blocks.
std::vector<Shown> commands_of(const std::string& document) {
  std::vector<Shown> all;
  for (const std::string& line : lines_of_code(document)) {
    if (is_nacre(line)) {
      all.push_back({line, {}});
    } else if (line.starts_with("# ") && !all.empty()) {
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

/// A folder as the reader's: the sources, `build` in them, `nacre` on the path, and the list of
/// models that docs/models.md shows first.
class Checkout {
 public:
  Checkout() {
    fs::create_directory_symlink(NACRE_TEST_BINARY_DIR, dir_.path() / "build");
    fs::create_directory_symlink(kSource / "tests", dir_.path() / "tests");
    fs::copy_file(kSource / "README.md", dir_.path() / "README.md");
    fs::create_directory(dir_.path() / "bin");
    fs::create_symlink(program(), dir_.path() / "bin" / "nacre");
    const std::string models = read_text(kSource / "docs/models.md");
    const auto begin = models.find("```toml\n") + 8;
    write_text(dir_ / "models.toml", models.substr(begin, models.find("```", begin) - begin));
  }
  Ended type(const std::string& line) const {
    Process shell({"/bin/sh", "-c", "PATH=" + (dir_ / "bin") + ":$PATH; " + line},
                  {.directory = dir_.path()});
    return shell.wait();
  }

  inline static const fs::path kSource = NACRE_TEST_SOURCE_DIR;

 private:
  const ScratchDir dir_;
};

/// Every document of ours, by its path in the sources.
std::vector<std::string> documents() {
  std::vector<std::string> all = {"README.md", "CONTRIBUTING.md", "guests/README.md",
                                  "deps/README.md", "tests/onnx_operators/README.md"};
  for (const auto& entry : fs::directory_iterator(Checkout::kSource / "docs")) {
    if (entry.path().extension() == ".md")
      all.push_back("docs/" + entry.path().filename().string());
  }
  return all;
}

class Document : public testing::TestWithParam<std::string> {
 protected:
  const std::string text_ = read_text(Checkout::kSource / GetParam());
};

TEST_P(Document, CommandsDoWhatItSays) {
  const Checkout checkout;
  for (const Shown& shown : commands_of(text_)) {
    const Ended ended = checkout.type(shown.command);
    EXPECT_EQ(ended.exit_code, 0) << shown.command << "\n" << ended.err;
    std::string out = ended.out;
    for (const std::string& line : shown.prints) {
      const auto at = out.find(line + "\n");
      EXPECT_NE(at, out.npos) << shown.command << "\nprints\n" << ended.out << "and not " << line;
      if (at != out.npos) out.erase(0, at + line.size());
    }
  }
}

/// Lines of code blocks that no test runs, by how they begin, and why.
const std::vector<std::pair<std::string, std::string>> kNotRun = {
    {"# ", "what the command above prints: CommandsDoWhatItSays looks for it"},
    {"967 espresso", "what make run prints at its end"},
    {"cmake --preset dev", "a build of minutes; below its preset is looked for"},
    {"ctest --test-dir build-dev", "runs the tests of that build, of which this is one"},
    {"CXX=clang++-19 cmake", "a hunt with libFuzzer: it wants clang and a minute"},
    {"cmake --build build-fuzz", "the same"},
    {"build-fuzz/fuzz/", "the same"},
    {"cd FOLDER && find", "for a folder of the reader's; tests/registry runs it on one of its own"},
};

// Nothing that could be pasted is left out by accident: what is neither run nor a target of make
// stands in the list above.
TEST_P(Document, EveryPasteableLineIsKnown) {
  if (GetParam() == "docs/architecture.md") return;  // its blocks are drawings
  for (const std::string& line : lines_of_code(text_)) {
    if (line.empty() || is_nacre(line) || line.starts_with("make ")) continue;
    EXPECT_TRUE(std::ranges::any_of(kNotRun, [&](const auto& known) {
      return line.starts_with(known.first);
    })) << line;
  }
}

// What stands in the text between backquotes: commands and options that there are, and targets of
// make.
TEST_P(Document, CommandsInTheTextExist) {
  std::vector<std::string> spans = lines_of_code(text_);
  for (auto at = text_.find('`'); at != text_.npos; at = text_.find('`', at)) {
    const auto end = text_.find('`', at + 1);
    if (end == text_.npos) break;
    spans.push_back(text_.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  for (const std::string& span : spans) {
    std::istringstream words(span);
    std::string word;
    words >> word;
    if (word == "make" && words >> word) {
      const std::string makefile = "\n" + read_text(Checkout::kSource / "Makefile");
      EXPECT_NE(makefile.find("\n" + word + ":"), std::string::npos) << span;
    } else if (word == "cmake" && words >> word && word == "--preset") {
      words >> word;
      const std::string presets = read_text(Checkout::kSource / "CMakePresets.json");
      EXPECT_NE(presets.find("\"name\": \"" + word + "\""), std::string::npos) << span;
    } else if (is_nacre(span) && words >> word && !word.starts_with('-')) {
      const Ended help = nacre({word, "--help"});
      EXPECT_EQ(help.exit_code, 0) << span;
      for (std::string option; words >> option;) {
        if (option.starts_with('[')) option.erase(0, 1);
        if (option.ends_with("wasm")) break;  // what follows is the guest's
        option.resize(std::min(option.size(), option.find_first_of("=]")));
        if (option.starts_with('-')) {
          EXPECT_NE(help.out.find(option), std::string::npos) << span << ": " << option;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Document, testing::ValuesIn(documents()), [](const auto& one) {
  std::string name = one.param.substr(0, one.param.size() - 3);
  std::ranges::replace(name, '/', '_');
  return name;
});

TEST(Documents, WhatIsNotRunIsStillThere) {
  std::string all;
  for (const std::string& document : documents())
    all += read_text(Checkout::kSource / document);
  for (const auto& [begin, why] : kNotRun)
    EXPECT_NE(all.find("\n" + begin), std::string::npos) << begin;
  std::size_t commands = 0;
  std::size_t lines = 0;
  for (const Shown& shown : commands_of(all)) {
    ++commands;
    lines += shown.prints.size();
  }
  EXPECT_GE(commands, 13u);
  EXPECT_GE(lines, 9u);
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
    {"tensorflow", {"tensorflow:pitch/nmp/saved_model.pb", "1,43844,1"}},
    {"paddle", {"autodetect:paddle/cls.pdmodel:paddle/cls.pdiparams", "1,3,48,192"}}};

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
                 "--dir", NACRE_TEST_BASIC_PITCH "::pitch", "--dir", NACRE_TEST_PADDLE "::paddle",
                 guest("bench_infer.wasm"), model->second.model, "1", "0", model->second.dims});
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
