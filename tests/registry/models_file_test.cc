// models.toml: every key, and where each mistake is said to be.
#include <nacre/registry.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace nacre {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kHash(64, 'a');

class ModelsFileTest : public testing::Test {
 protected:
  // A folder of its own: other tests of this file run beside it.
  ModelsFileTest() {
    std::string folder = fs::path(testing::TempDir()) / "models_file_XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) ADD_FAILURE() << "no scratch folder";
    dir_ = folder;
    fs::create_directories(dir_ / "sub");
    for (const char* name : {"net.onnx", "net.xml", "net.bin", "sub/deep.onnx"})
      std::ofstream(dir_ / name) << "x";
  }
  ~ModelsFileTest() override { fs::remove_all(dir_); }

  [[nodiscard]] std::string path() const { return (dir_ / "models.toml").string(); }
  [[nodiscard]] std::string in(const std::string& name) const { return (dir_ / name).string(); }

  Result<std::vector<ModelSpec>> read(const std::string& text) const {
    std::ofstream(path()) << text;
    return read_models_file(path());
  }

  fs::path dir_;
};

TEST_F(ModelsFileTest, EveryKey) {
  const auto specs = read(R"(
[[model]]
name = "net"
paths = ["net.xml", "sub/../net.bin"]
sha256 = [")" + kHash + R"(", ")" +
                          kHash +
                          R"("]
encoding = "OpenVINO"
backend = "openvino"
target = "auto"
description = "what it is for"
preload = true
guests = ["classify.wasm", "sha256:)" +
                          kHash + R"("]
inputs = [{ name = "x", type = "f32", shape = [1, -1], layout = "NC" }, {}]
outputs = [{ type = "i64" }]

[model.options]
threads = 2
streams = 3
precision = "fast"
config = "{}"
text = "a"
number = 7
half = 0.5
yes = true

[[model]]
name = "deep"
path = "sub/deep.onnx"
sha256 = ")" + kHash + R"("
[[model]]
name = "echo"
path = "@echo"
)");
  ASSERT_TRUE(specs) << specs.error().message;
  ASSERT_EQ(specs->size(), 3U);
  const ModelSpec& net = specs->at(0);
  EXPECT_EQ(net.name, "net");
  EXPECT_THAT(net.paths, ElementsAre(in("net.xml"), in("net.bin")));
  EXPECT_THAT(net.sha256, ElementsAre(kHash, kHash));
  EXPECT_EQ(net.encoding, GraphEncoding::kOpenvino);
  EXPECT_EQ(net.backend, "openvino");
  EXPECT_EQ(net.target, ExecutionTarget::kAuto);
  EXPECT_EQ(net.description, "what it is for");
  EXPECT_TRUE(net.preload);
  EXPECT_THAT(net.guests.value(), ElementsAre("classify.wasm", "sha256:" + kHash));
  ASSERT_EQ(net.inputs.size(), 2U);
  EXPECT_EQ(net.inputs[0].name, "x");
  EXPECT_EQ(net.inputs[0].type, TensorType::kF32);
  EXPECT_EQ(net.inputs[0].shape, (Shape{1, -1}));
  EXPECT_EQ(net.inputs[0].layout, "NC");
  EXPECT_EQ(net.inputs[1].type, TensorType::kUnknown);
  EXPECT_FALSE(net.inputs[1].shape);
  ASSERT_EQ(net.outputs.size(), 1U);
  EXPECT_EQ(net.outputs[0].type, TensorType::kI64);
  EXPECT_EQ(net.threads, 2U);
  EXPECT_EQ(net.streams, 3U);
  EXPECT_EQ(net.precision, Precision::kFast);
  EXPECT_EQ(net.config, "{}");
  std::vector<std::string> options;
  for (const Property& option : net.options)
    options.push_back(option.key + "=" + option.value);
  EXPECT_THAT(options, testing::UnorderedElementsAre("text=a", "number=7", "half=0.5", "yes=true"));
  EXPECT_EQ(net.origin, path() + ":2");
  EXPECT_EQ(net.sha256_origin, path() + ":5");

  EXPECT_EQ(specs->at(1).name, "deep");
  EXPECT_THAT(specs->at(1).sha256, ElementsAre(kHash));
  EXPECT_FALSE(specs->at(1).guests);
  EXPECT_FALSE(specs->at(1).preload);
  EXPECT_EQ(specs->at(2).encoding, GraphEncoding::kEcho);
  EXPECT_TRUE(specs->at(2).paths.empty());
}

TEST_F(ModelsFileTest, NoGuestIsARuleToo) {
  const auto specs = read("[[model]]\nname = 'a'\npath = 'net.onnx'\nguests = []\n");
  ASSERT_TRUE(specs) << specs.error().message;
  EXPECT_TRUE(specs->at(0).guests.value().empty());
}

TEST_F(ModelsFileTest, MistakesPointAtFileLineAndKey) {
  struct Row {
    std::string text;
    int line;
    std::string key;  // empty: none
    std::string says;
  };
  const std::string net = "[[model]]\nname = 'net'\npath = 'net.onnx'\n";
  std::string thirty_three;
  for (int i = 0; i < 33; ++i)
    thirty_three += "1,";
  const std::vector<Row> table = {
      {"", 1, "model", "there is none; [[model]] begins one"},
      {"x", 1, "", ""},
      {"a = 1\n[[model", 2, "", ""},
      {"[model]\nname = 'a'", 1, "model", "written [[model]]"},
      {"model = 3", 1, "model", "[[model]] is wanted, not a whole number"},
      {"model = [1]", 1, "model", "[[model]] is wanted, not a whole number"},
      {"\n[[models]]\nname = 'a'", 2, "models", "did you mean \"model\"?"},
      {net + "encodng = 'onnx'", 4, "encodng", "did you mean \"encoding\"?"},
      {net + "thing = 1", 4, "thing", "one of: name, path"},
      {net + "threads = 1", 4, "threads", "stands under options"},
      {net + "encoding = 'onx'", 4, "encoding", "did you mean \"onnx\"?"},
      {net + "encoding = 1", 4, "encoding", "a string is wanted, not a whole number"},
      {net + "target = 'npu'", 4, "target", "one of: cpu, gpu, tpu, auto"},
      {net + "target = true", 4, "target", "a string is wanted, not true or false"},
      {net + "backend = ''", 4, "backend", "a backend's name is wanted"},
      {net + "description = 2020-01-01", 4, "description", "not a date"},
      {net + "preload = 'true'", 4, "preload", "true or false is wanted, not a string"},
      {net + "preload = 1", 4, "preload", "not a whole number"},
      {net + "sha256 = 'abc'", 4, "sha256", "64 hexadecimal digits are wanted, and \"abc\" has 3"},
      {net + "sha256 = '" + std::string(64, 'g') + "'", 4, "sha256", "64 hexadecimal digits"},
      {net + "sha256 = [\n'" + kHash + "',\n'b']", 6, "sha256", "64 hexadecimal digits"},
      {net + "sha256 = ['" + kHash + "', '" + kHash + "']", 4, "sha256", "2 hashes for 1 paths"},
      {net + "sha256 = []", 4, "sha256", "0 hashes for 1 paths"},
      {net + "sha256 = 1", 4, "sha256", "a string or a list of strings"},
      {net + "guests = 'a.wasm'", 4, "guests", "a list of strings is wanted, not a string"},
      {net + "guests = ['dir/a.wasm']", 4, "guests", "without folders"},
      {net + "guests = ['']", 4, "guests", "without folders"},
      {net + "guests = [\n'a.wasm',\n'sha256:12']", 6, "guests", "64 hexadecimal digits"},
      {net + "inputs = 1", 4, "inputs", "a list of { name, type, shape, layout }"},
      {net + "inputs = ['x']", 4, "inputs", "a list of { name, type, shape, layout } is wanted"},
      {net + "inputs = [{ nam = 'x' }]", 4, "nam", "did you mean \"name\"?"},
      {net + "inputs = [{ type = 'float' }]", 4, "type", "one of: f16, f32"},
      {net + "inputs = [{ type = 'unknown' }]", 4, "type", "one of: f16, f32"},
      {net + "inputs = [{ shape = [-2] }]", 4, "shape", "-1 for one that differs"},
      {net + "inputs = [{ shape = ['n'] }]", 4, "shape", "-1 for one that differs"},
      {net + "inputs = [{ shape = [" + thirty_three + "] }]", 4, "shape", "at most 32 dimensions"},
      {net + "outputs = {}", 4, "outputs", "a list of { name, type, shape, layout }"},
      {net + "options = 1", 4, "options", "a table is wanted"},
      {net + "[model.options]\nthreads = -1", 5, "threads", "a number from 0 to 1024"},
      {net + "[model.options]\nstreams = '2'", 5, "streams", "a number from 0 to 1024"},
      {net + "[model.options]\nprecision = 'high'", 5, "precision", "one of: model, fast"},
      {net + "[model.options]\nthread = 1", 5, "thread", "did you mean \"threads\"?"},
      {net + "[model.options]\nother = [1]", 5, "other", "a string, a number, true or false"},
      {"[[model]]\npath = 'net.onnx'", 1, "name", "it is missing"},
      {"\n[[model]]\nname = ''\npath = 'net.onnx'", 3, "name", "it is empty"},
      {"[[model]]\nname = 3\npath = 'net.onnx'", 2, "name", "a string is wanted"},
      {"[[model]]\nname = 'net'", 1, "path", "it is missing"},
      {net + "paths = ['net.xml']", 4, "paths", "one of them is wanted"},
      {"[[model]]\nname = 'a'\npaths = []", 3, "paths", "the list is empty"},
      {"[[model]]\nname = 'a'\npath = ''", 3, "path", "a path is empty"},
      {"[[model]]\nname = 'a'\npath = ['net.onnx']", 3, "path", "a string is wanted, not a list"},
      {"[[model]]\nname = 'a'\npath = 'gone.onnx'", 3, "path", "there is no file"},
      {"[[model]]\nname = 'a'\npaths = [\n'net.xml',\n'gone.bin']", 5, "paths", "gone.bin"},
      {"[[model]]\nname = 'a'\npath = '@echo'\nencoding = 'onnx'", 3, "path", "whose encoding is"},
      {net + net, 5, "name", "two models are named \"net\"; the other stands in line 2"},
      {net + "name = 'again'", 4, "", ""},
      {"[[model]]\nname = \"\xff\"", 2, "", ""},
  };
  for (const Row& row : table) {
    const auto specs = read(row.text);
    ASSERT_FALSE(specs) << row.text;
    EXPECT_EQ(specs.error().code, ErrorCode::kInvalidArgument);
    const std::string place = path() + ":" + std::to_string(row.line) + ": ";
    const std::string key = row.key.empty() ? "" : "key \"" + row.key + "\": ";
    EXPECT_THAT(specs.error().message, AllOf(StartsWith(place + key), HasSubstr(row.says)))
        << row.text;
  }
}

TEST_F(ModelsFileTest, AFileThatCannotBeRead) {
  const auto missing = read_models_file(in("none.toml"));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, AllOf(HasSubstr("none.toml"), HasSubstr("No such file")));
  EXPECT_FALSE(read_models_file(dir_.string()));
  const auto endless = read_models_file("/dev/zero");
  ASSERT_FALSE(endless);
  EXPECT_THAT(endless.error().message, HasSubstr("neither a file nor a pipe"));
  const std::string pipe = in("pipe.toml");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto silent = read_models_file(pipe);
  ASSERT_FALSE(silent);
  EXPECT_THAT(silent.error().message, HasSubstr("a pipe that nobody writes to"));
  const auto large = read("# " + std::string(2 << 20, 'x'));
  ASSERT_FALSE(large);
  EXPECT_THAT(large.error().message, HasSubstr("more than 1048576 bytes"));
}

// A parser that goes down into what is nested must come up again.
TEST_F(ModelsFileTest, DeepNestingIsAnError) {
  const auto specs = read("model = " + std::string(100'000, '['));
  ASSERT_FALSE(specs);
  EXPECT_THAT(specs.error().message, StartsWith(path() + ":1"));
}

TEST_F(ModelsFileTest, PathsAreRelativeToTheFile) {
  const fs::path before = fs::current_path();
  fs::current_path(dir_ / "sub");
  std::ofstream(path()) << "[[model]]\nname = 'a'\npath = 'net.onnx'\n";
  const auto specs = read_models_file("../models.toml");
  fs::current_path(before);
  ASSERT_TRUE(specs) << specs.error().message;
  EXPECT_THAT(specs->at(0).paths, ElementsAre("../net.onnx"));
  std::ofstream(path()) << "[[model]]\nname = 'a'\npath = '" << in("net.onnx") << "'\n";
  EXPECT_THAT(read_models_file(path()).value().at(0).paths, ElementsAre(in("net.onnx")));
}

}  // namespace
}  // namespace nacre
