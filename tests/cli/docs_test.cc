// What docs/models.md shows, as its reader would type it.
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
using testing::AllOf;
using testing::HasSubstr;

/// The texts between ```LANGUAGE and ```.
std::vector<std::string> blocks(const std::string& document, const std::string& language) {
  std::vector<std::string> found;
  std::istringstream lines(document);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "```" + language) {
      inside = true;
      found.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      found.back() += line + "\n";
    }
  }
  return found;
}

class ModelsDocument : public testing::Test {
 protected:
  ModelsDocument() {
    fs::create_directory_symlink(NACRE_TEST_BINARY_DIR, checkout_.path() / "build");
    fs::create_directory_symlink(NACRE_TEST_SOURCE_DIR "/tests", checkout_.path() / "tests");
    fs::create_directory(checkout_.path() / "bin");
    fs::create_symlink(program(), checkout_.path() / "bin" / "nacre");
  }
  Ended type(const std::string& line) const {
    Process shell({"/bin/sh", "-c", "PATH=" + (checkout_ / "bin") + ":$PATH; " + line},
                  {.directory = checkout_.path()});
    return shell.wait();
  }

  const std::string text_ = read_text(NACRE_TEST_SOURCE_DIR "/docs/models.md");
  const ScratchDir checkout_;
};

TEST_F(ModelsDocument, ItsExampleWorks) {
  const auto lists = blocks(text_, "toml");
  const auto commands = blocks(text_, "sh");
  ASSERT_EQ(lists.size(), 2u);
  ASSERT_EQ(commands.size(), 1u);
  write_text(checkout_ / "models.toml", lists[0]);
  if (!NACRE_TEST_HAS_ONNX) {
    // Without a runtime for the models the list is still read, and the reasons are theirs.
    const Ended ended = type("nacre check --models models.toml build/guests/stdio.wasm");
    EXPECT_THAT(ended.err, testing::IsEmpty());
    return;
  }
  std::istringstream lines(commands[0]);
  std::vector<Ended> ended;
  for (std::string line; std::getline(lines, line);) {
    ended.push_back(type(line));
    EXPECT_EQ(ended.back().exit_code, 0) << line << "\n" << ended.back().out << ended.back().err;
  }
  ASSERT_EQ(ended.size(), 2u);
  EXPECT_THAT(ended[0].out, AllOf(HasSubstr("model net: onnx, backend onnxruntime, target cpu, "
                                            "loaded: What is in a photograph"),
                                  HasSubstr("model identity: onnx, backend onnxruntime, target "
                                            "cpu, sha256 as wanted, loaded")));
  EXPECT_THAT(ended[1].out, HasSubstr("967 "));
  EXPECT_THAT(ended[1].err, AllOf(HasSubstr("model      requests"), HasSubstr("\nnet "),
                                  HasSubstr("\nidentity ")));
}

TEST_F(ModelsDocument, ItsDescriptionsAreUnderstood) {
  const auto lists = blocks(text_, "toml");
  ASSERT_EQ(lists.size(), 2u);
  write_text(checkout_ / "models.toml", lists[1]);
  write_text(checkout_ / "silero_vad.jit", "no model, but a file");
  const Ended ended = type("nacre check --models models.toml build/guests/stdio.wasm");
  EXPECT_THAT(ended.out, HasSubstr("model vad: "));
  EXPECT_THAT(ended.err, testing::IsEmpty());
}

}  // namespace
}  // namespace nacre::test
