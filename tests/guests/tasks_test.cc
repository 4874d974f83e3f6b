// The guests that do a real task, on every runtime and in every ABI. What they must answer was
// computed by the networks' own packages: tests/guests/vendor_answers.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "cli/process.h"

namespace nacre::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Abi {
  std::string name;
  std::string ending;
};

const std::vector<Abi> kAbis = {{"module", ".wasm"},
                                {"component_2024_06_25", ".2024-06-25.component.wasm"},
                                {"component_2024_08_19", ".2024-08-19.component.wasm"},
                                {"component_2024_10_28", ".component.wasm"}};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string word; in >> word;)
    words.push_back(word);
  return words;
}

std::string model(const std::string& file, const std::string& backend) {
  return "net=" NACRE_TEST_MODELS "/" + file + ",backend=" + backend;
}

class Tasks : public testing::TestWithParam<std::tuple<Abi, std::string>> {
 protected:
  static std::string guest(const std::string& name) {
    return test::guest(name + std::get<0>(GetParam()).ending);
  }
  static const std::string& backend() { return std::get<1>(GetParam()); }
};

struct FileKind {
  std::string path;
  std::string kind;
  double score;  // of magika's own package
};

const std::vector<FileKind> kFiles = {
    {"package/magika.py", "python", 0.999965},
    {"package/config/content_types_kb.min.json", "json", 0.993072},
    {"package/models/standard_v3_3/README.md", "markdown", 0.999446},
    {"package/models/standard_v3_3/model.onnx", "onnx", 0.999938},
    // The network is not sure that this is JSON.
    {"package/models/standard_v3_3/metadata.json", "txt", 0.379772},
    {"photos/coffee.png", "png", 0.999987},
    {"photos/rocket.jpg", "jpeg", 0.999996},
    {"speech/cards/001.wav", "wav", 0.999928},
    {"speech/goforward.raw", "wav", 0.990091}};

TEST_P(Tasks, MagikaSaysWhatItsPackageSays) {
  std::vector<std::string> words = {"run",
                                    "--model",
                                    model("magika.onnx", backend()),
                                    "--dir",
                                    NACRE_TEST_MODELS "::models",
                                    "--dir",
                                    NACRE_TEST_MAGIKA "::package",
                                    "--dir",
                                    NACRE_TEST_PHOTOS "::photos",
                                    "--dir",
                                    NACRE_TEST_SPEECH "::speech",
                                    guest("magika"),
                                    "--digits",
                                    "6",
                                    "net",
                                    "models/magika-types.txt"};
  for (const FileKind& file : kFiles)
    words.push_back(file.path);
  const Ended ended = nacre(words);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto lines = lines_of(ended.out);
  ASSERT_EQ(lines.size(), kFiles.size()) << ended.out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto said = words_of(lines[i]);
    ASSERT_GE(said.size(), 3u) << lines[i];
    EXPECT_EQ(said[0], kFiles[i].path + ":");
    EXPECT_EQ(said[1], kFiles[i].kind) << lines[i];
    EXPECT_NEAR(std::stod(said[2]), kFiles[i].score, 1e-4) << lines[i];
  }
}

struct Recording {
  std::string path;
  std::size_t chunks;
  std::vector<double> probabilities;  // of the chunks from the 15th on
  std::string segments;
};

const std::vector<Recording> kRecordings = {
    {"goforward.raw",
     88,
     {0.003097, 0.021320, 0.901155, 0.990695, 0.995188, 0.997065},
     "speech 0.48 2.30\n"},
    {"numbers.raw",
     126,
     {0.011882, 0.085048, 0.925398, 0.986270, 0.972243, 0.986274},
     "speech 0.48 3.39\n"},
    {"something.raw",
     94,
     {0.084043, 0.901649, 0.993493, 0.991971, 0.985489, 0.993898},
     "speech 0.45 2.24\n"},
    {"cards/001.wav",
     35,
     {0.992696, 0.997213, 0.985949, 0.999826, 0.999904, 0.999962},
     "speech 0.19 1.10\n"}};

void expect_speech(const std::vector<std::string>& command, const Recording& recording) {
  std::vector<std::string> words = command;
  words.insert(words.end(), {"net", "speech/" + recording.path});
  const Ended ended = nacre(words);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, recording.segments) << recording.path;

  words.insert(words.end(), "--chunks");
  const Ended chunks = nacre(words);
  ASSERT_EQ(chunks.exit_code, 0) << chunks.err;
  const auto lines = lines_of(chunks.out);
  ASSERT_EQ(lines.size(), recording.chunks) << recording.path;
  for (std::size_t i = 0; i < recording.probabilities.size(); ++i)
    EXPECT_NEAR(std::stod(lines[14 + i]), recording.probabilities[i], 2e-5) << recording.path;
}

TEST_P(Tasks, VadHearsWhatItsPackageHears) {
  const std::vector<std::string> command = {"run",
                                            "--model",
                                            model("silero-vad-16k.onnx", backend()),
                                            "--dir",
                                            NACRE_TEST_SPEECH "::speech",
                                            guest("vad")};
  expect_speech(command, kRecordings[0]);
  expect_speech(command, kRecordings[3]);
}

// C4 to C5 and the chord. The package hears an overtone, E5, beside it.
const std::vector<std::string> kNotes = {
    "C4 0.24 0.74 99", "D4 0.74 1.24 100", "E4 1.24 1.75 99", "F4 1.75 2.24 100", "G4 2.24 2.75 99",
    "A4 2.74 3.25 99", "B4 3.23 3.75 99",  "C5 3.75 4.31 95", "C4 4.24 4.93 97",  "E4 4.24 5.27 94",
    "G4 4.24 5.29 98", "E5 4.24 4.43 38",  "C4 4.93 5.27 90", "E5 4.93 5.19 45"};

TEST_P(Tasks, NotesAreThoseThatItsPackageFinds) {
  const Ended ended = nacre({"run", "--model", model("basic-pitch.onnx", backend()), "--dir",
                             NACRE_TEST_MUSIC "::music", guest("notes"), "net", "music/scale.wav"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto lines = lines_of(ended.out);
  ASSERT_EQ(lines.size(), kNotes.size()) << ended.out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto said = words_of(lines[i]);
    const auto right = words_of(kNotes[i]);
    ASSERT_EQ(said.size(), right.size()) << lines[i];
    EXPECT_EQ(said[0], right[0]);
    EXPECT_NEAR(std::stod(said[1]), std::stod(right[1]), 0.0121) << lines[i];  // one row
    EXPECT_NEAR(std::stod(said[2]), std::stod(right[2]), 0.0121) << lines[i];
    EXPECT_NEAR(std::stod(said[3]), std::stod(right[3]), 1) << lines[i];
  }
}

std::vector<std::string> backends() {
  std::vector<std::string> names;
  std::istringstream list(NACRE_TEST_ONNX_BACKENDS);
  for (std::string name; std::getline(list, name, ',');)
    names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Everywhere, Tasks,
                         testing::Combine(testing::ValuesIn(kAbis), testing::ValuesIn(backends())),
                         [](const auto& one) {
                           return std::get<0>(one.param).name + "_" + std::get<1>(one.param);
                         });

TEST(Vad, TakesThePackagesMainFileToo) {
  // Its third input is the rate. OpenVINO does not read it.
  const std::string backend = backends().front();
  ASSERT_EQ(backend, "onnxruntime");
  for (const Recording& recording : kRecordings)
    expect_speech({"run", "--model", model("silero-vad.onnx", backend), "--dir",
                   NACRE_TEST_SPEECH "::speech", guest("vad.wasm"), "--with-rate"},
                  recording);
}

TEST(Vad, SilenceIsNoSpeech) {
  const ScratchDir dir;
  write_text(dir / "silence.raw", std::string(32000, '\0'));
  const Ended ended =
      nacre({"run", "--model", model("silero-vad-16k.onnx", backends().front()), "--dir",
             dir.path().string() + "::.", guest("vad.wasm"), "net", "silence.raw"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, "no speech\n");
}

TEST(Magika, KnowsAGuestAndFilesTooShortToTell) {
  const ScratchDir dir;
  write_text(dir / "empty", "");
  write_text(dir / "short", "abc");
  write_text(dir / "blank", std::string(5000, ' ') + "x");
  write_text(dir / "odd", "\xff\xfe\x01");
  const Ended ended =
      nacre({"run", "--model", model("magika.onnx", backends().front()), "--dir",
             NACRE_TEST_MODELS "::models", "--dir", dir.path().string() + "::d", "--dir",
             NACRE_TEST_GUESTS "::guests", guest("magika.wasm"), "net", "models/magika-types.txt",
             "d/empty", "d/short", "d/blank", "d/odd", "guests/vad.wasm"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, testing::StartsWith("d/empty: empty Empty file\n"
                                             "d/short: txt Generic text document\n"
                                             "d/blank: txt Generic text document\n"
                                             "d/odd: unknown Unknown binary data\n"
                                             "guests/vad.wasm: wasm "));
}

// What is wrong is said in a sentence, with exit code 1; 2 for a wrong command line.
TEST(TasksAlone, SayWhatIsWrong) {
  const ScratchDir dir;
  write_text(dir / "not.wav", "RIFF....WAVEfmt ");
  write_text(dir / "types.txt", "one\tline\n");
  const std::string here = dir.path().string() + "::.";
  const auto expect = [&](std::vector<std::string> words, int code, const std::string& sentence) {
    words.insert(words.begin(), {"run", "--dir", here});
    const Ended ended = nacre(words);
    EXPECT_EQ(ended.exit_code, code) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(sentence));
  };
  expect({guest("vad.wasm"), "net", "not.wav"}, 1, "a WAV file without samples");
  expect({guest("vad.wasm"), "net", "missing.wav"}, 1, "cannot read 'missing.wav'");
  expect({guest("vad.wasm"), "net"}, 2, "wants MODEL and AUDIO");
  expect({guest("vad.wasm"), "--threshold", "2", "net", "x"}, 2, "between 0 and 1");
  expect({guest("notes.wasm"), "net", "not.wav"}, 1, "a WAV file without samples");
  expect({guest("notes.wasm"), "--outputs", "1", "net", "x"}, 2, "two numbers");
  expect({guest("notes.wasm"), "--loud"}, 2, "no option '--loud'");
  expect({guest("magika.wasm"), "net", "types.txt", "x"}, 1, "has 2 columns and not 6");
  expect({guest("magika.wasm"), "net"}, 2, "wants MODEL, TYPES and files");
}

}  // namespace
}  // namespace nacre::test
