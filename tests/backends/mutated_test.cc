// Real models with something changed in them, as a guest might bring them: whatever the backend
// makes of one, the process goes on. Each is loaded and computed once in a child process; one that
// ends names the model and the seed. NACRE_MUTATIONS=500 hunts longer.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/zip_file.h"
#include "paddle_program.h"
#include "tensors.h"

namespace nacre::test {
namespace {

namespace fs = std::filesystem;

const std::string kPitch = NACRE_TEST_BASIC_PITCH_DIR;
const std::string kModels = NACRE_TEST_MODELS_DIR;

using Parts = std::vector<std::string>;
using Random = std::mt19937;

std::size_t below(Random& random, std::size_t n) {
  return n == 0 ? 0 : random() % n;
}

/// A place that says how the model is made: near letters, and not among the weights.
std::size_t place(const std::string& bytes, Random& random) {
  for (int tries = 0; tries < 200; ++tries) {
    const std::size_t at = below(random, bytes.size());
    const std::string_view near = std::string_view(bytes).substr(at, 12);
    std::size_t letters = 0;
    for (const char c : near)
      letters += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '/' ? 1 : 0;
    if (letters >= 6) return at - std::min(at, below(random, 24));
  }
  return below(random, bytes.size());
}

void change_bytes(std::string& bytes, Random& random) {
  for (std::size_t i = 0, count = 1 + below(random, 3); i < count; ++i) {
    const std::size_t at = place(bytes, random);
    if (at >= bytes.size()) return;
    switch (below(random, 5)) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(random, 8)));
        break;
      case 2:
        bytes[at] = static_cast<char>(bytes[at] + (below(random, 2) == 0 ? 1 : -1));
        break;
      case 3:
        for (std::size_t k = at; k < bytes.size() && k < at + 4; ++k)
          bytes[k] = '\xff';
        break;
      default: {
        const std::size_t from = place(bytes, random);
        const std::size_t length =
            std::min({below(random, 32), bytes.size() - at, bytes.size() - from});
        bytes.replace(at, length, bytes.substr(from, length));
      }
    }
  }
}

/// Text: numbers become others, words and lines change places.
void change_text(std::string& text, Random& random) {
  constexpr const char* kNumbers[] = {"0",     "-1",         "1",   "2",   "7",
                                      "65536", "2147483648", "-32", "1e9", "nan"};
  for (std::size_t i = 0, count = 1 + below(random, 2); i < count; ++i) {
    const std::size_t at = below(random, text.size());
    const std::size_t digit = text.find_first_of("0123456789", at);
    const std::size_t end = text.find_first_not_of("0123456789", digit);
    switch (below(random, 4)) {
      case 0:
      case 1:
        if (digit == text.npos || end == text.npos) break;
        text.replace(digit, end - digit, kNumbers[below(random, std::size(kNumbers))]);
        break;
      case 2: {
        const std::size_t line = text.find('\n', at);
        const std::size_t next = text.find('\n', line + 1);
        if (line == text.npos || next == text.npos) break;
        const std::string moved = text.substr(line, next - line);
        text.erase(line, next - line);
        text.insert(text.find('\n', below(random, text.size())) % (text.size() + 1), moved);
        break;
      }
      default:
        change_bytes(text, random);
    }
  }
}

/// Of a TorchScript archive the source or a pickle, in an archive that is whole.
void change_archive(std::string& archive, Random& random) {
  std::vector<ZipEntry> entries = unzip(archive);
  for (int tries = 0; tries < 50; ++tries) {
    ZipEntry& entry = entries[below(random, entries.size())];
    const bool pickle = entry.name.ends_with(".pkl");
    if (entry.data.empty() || (!pickle && !entry.name.ends_with(".py"))) continue;
    if (pickle) {
      change_bytes(entry.data, random);
    } else {
      change_text(entry.data, random);
    }
    break;
  }
  archive = zip(entries);
}

struct Model {
  std::string name;
  GraphEncoding encoding;
  std::string backend;
  std::function<Parts()> parts;
  void (*change)(std::string& part, Random& random);
  int seeds;
  std::vector<std::int64_t> dims = {2, 2};  ///< of inputs whose shape the model does not say
  /// Of a format that only an operator can name: what the parts are called on his disk. Each of
  /// them is changed then, where else it is the first.
  std::vector<std::string> files = {};
};

std::ostream& operator<<(std::ostream& out, const Model& model) {
  return out << model.name;
}

Result<std::shared_ptr<Graph>> load(const Model& model, const Parts& parts) {
  if (model.files.empty()) return load_bytes(parts, model.encoding);
  const fs::path folder = fs::temp_directory_path() / ("nacre-mutated-" + std::to_string(getpid()));
  fs::create_directories(folder);
  std::string paths;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string path = folder / model.files[i];
    std::ofstream(path, std::ios::binary) << parts[i];
    paths += (i == 0 ? "" : ":") + path;
  }
  auto graph = load_path(paths, "encoding=" + std::string(to_string(model.encoding)));
  fs::remove_all(folder);
  return graph;
}

/// Zeros, ones or noise for what the model says it wants.
std::vector<Plain> inputs_of(const Model& model, const GraphDescription& description,
                             Random& random) {
  std::vector<Plain> inputs;
  for (const TensorDescription& d : description.inputs) {
    const TensorType type = d.type == TensorType::kUnknown ? TensorType::kF32 : d.type;
    std::vector<std::int64_t> dims = model.dims;
    if (d.shape) dims.assign(d.shape->dims().begin(), d.shape->dims().end());
    std::size_t count = 1;
    for (std::int64_t& dim : dims) {
      if (dim < 0) dim = static_cast<std::int64_t>(below(random, 4));
      count *= static_cast<std::size_t>(dim);
      if (count > std::size_t{1} << 24) return {};
    }
    if (type == TensorType::kString) {
      inputs.push_back(strings(dims, std::vector<std::string>(count, "text")));
    } else {
      inputs.push_back(noise(type, dims, random()));
    }
  }
  return inputs;
}

/// What a child says beside the seeds.
constexpr int kRefused = -1;
constexpr int kLoaded = -2;
constexpr int kComputed = -3;

int load_and_compute(const Model& model, const Parts& parts, Random& random) {
  const auto graph = load(model, parts);
  if (!graph) return kRefused;
  const auto inputs = inputs_of(model, (*graph)->description(), random);
  return !inputs.empty() && compute(*graph, inputs) ? kComputed : kLoaded;
}

/// A child that goes through the seeds from `first` on and says where it is. The one that was
/// under way when it ended by a signal; -1 when it came to its end.
int ends_at(const Model& model, int first, int last, std::map<int, int>& outcomes, int& status) {
  int ends[2];
  if (pipe(ends) != 0) return first;
  const pid_t child = fork();
  if (child == 0) {
    // What takes all memory is not what is looked for here, nor what takes for ever.
    const rlimit memory{std::size_t{12} << 30, std::size_t{12} << 30};
    setrlimit(RLIMIT_AS, &memory);
    const Parts whole = model.parts();
    for (int seed = first; seed < last; ++seed) {
      if (write(ends[1], &seed, sizeof seed) != sizeof seed) _exit(3);
      alarm(60);
      Random random(static_cast<unsigned>(seed));
      Parts parts = whole;
      model.change(parts[below(random, model.files.empty() ? 1 : parts.size())], random);
      const int outcome = load_and_compute(model, parts, random);
      if (write(ends[1], &outcome, sizeof outcome) != sizeof outcome) _exit(3);
    }
    _exit(0);
  }
  close(ends[1]);
  int seed = first;
  for (int said = 0; read(ends[0], &said, sizeof said) == sizeof said;) {
    if (said >= 0) {
      seed = said;
    } else {
      ++outcomes[said];
    }
  }
  close(ends[0]);
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? -1 : seed;
}

class Mutated : public testing::TestWithParam<Model> {};

TEST_P(Mutated, EndsNoProcess) {
  const Model& model = GetParam();
  const char* hunt = std::getenv("NACRE_MUTATIONS");
  const int last = hunt != nullptr ? std::atoi(hunt) : model.seeds;
  const char* from = std::getenv("NACRE_MUTATIONS_FROM");
  int found = 0;
  std::map<int, int> outcomes;
  for (int seed = from != nullptr ? std::atoi(from) : 0; seed < last && found < 20; ++seed) {
    int status = 0;
    const int at = ends_at(model, seed, last, outcomes, status);
    if (at < 0) break;
    ++found;
    const bool slow = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    if (slow) {
      std::printf("%s, seed %d: more than a minute\n", model.name.c_str(), at);
    } else {
      ADD_FAILURE() << model.name << ", seed " << at << ": the process ended by "
                    << (WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                            : "exit " + std::to_string(WEXITSTATUS(status)));
    }
    seed = at;
  }
  std::printf("%s: %d refused, %d loaded, %d computed\n", model.name.c_str(), outcomes[kRefused],
              outcomes[kLoaded] + outcomes[kComputed], outcomes[kComputed]);
  // Changes that only ever make garbage would show nothing.
  EXPECT_GT(outcomes[kRefused], 0);
  EXPECT_GT(outcomes[kComputed], 0);
}

// The rows of bad models that are the same for every format.
TEST_P(Mutated, WhatIsNoWholeModelOfItIsRefused) {
  const Model& model = GetParam();
  const Parts whole = model.parts();
  ASSERT_TRUE(load(model, whole)) << load(model, whole).error().message;
  const auto refused = [&](std::string bytes, const std::string& what) {
    Parts parts = whole;
    parts[0] = std::move(bytes);
    const auto graph = load(model, parts);
    ASSERT_FALSE(graph) << what;
    EXPECT_TRUE(graph.error().code == ErrorCode::kInvalidEncoding ||
                graph.error().code == ErrorCode::kRuntimeError)
        << what << ": " << graph.error().message;
    EXPECT_GT(graph.error().message.size(), 10u) << what;
  };
  refused("", "nothing");
  refused(whole[0].substr(0, 1), "a byte");
  // At every 1 KB, where that is not thousands of times.
  const std::size_t step = std::max<std::size_t>(1024, whole[0].size() / 64 / 1024 * 1024);
  for (std::size_t n = step; n < whole[0].size(); n += step)
    refused(whole[0].substr(0, n), "cut at " + std::to_string(n));
  Random random(1);
  std::string noise(4096, '\0');
  for (char& c : noise)
    c = static_cast<char>(random());
  refused(noise, "random bytes");
  refused("GGUF" + noise, "the mark of another format");
  for (const std::string& other :
       {onnx_path("identity_f32"), torch_path("identity"), kPitch + "/nmp.tflite",
        kModels + "/efficientnet-lite0.xml", kPitch + "/nmp/saved_model.pb"}) {
    const std::string bytes = read_file(other);
    const auto ending = other.substr(other.rfind('.'));
    const bool same = (model.encoding == GraphEncoding::kOnnx && ending == ".onnx") ||
                      (model.encoding == GraphEncoding::kPytorch && ending == ".pt") ||
                      (model.encoding == GraphEncoding::kTensorflowlite && ending == ".tflite") ||
                      (model.encoding == GraphEncoding::kOpenvino && ending == ".xml");
    if (!same) refused(bytes, other);
  }
}

/// A Paddle program and its parameters, if it has any.
Parts paddle(const PaddleModel& model) {
  Parts parts = {model.program()};
  if (!model.parameters.empty()) parts.push_back(model.weights());
  return parts;
}

Parts file(const std::string& path) {
  return {read_file(path)};
}

INSTANTIATE_TEST_SUITE_P(
    Models, Mutated,
    testing::Values(Model{"OnnxNetwork", GraphEncoding::kOnnx, "onnxruntime",
                          [] { return file(kModels + "/efficientnet-lite0.onnx"); }, change_bytes,
                          10},
                    Model{"OnnxPitch", GraphEncoding::kOnnx, "onnxruntime",
                          [] { return file(kPitch + "/nmp.onnx"); }, change_bytes, 40},
                    Model{"OnnxMany", GraphEncoding::kOnnx, "onnxruntime",
                          [] { return file(onnx_path("many")); }, change_bytes, 300},
                    Model{"TflitePitch", GraphEncoding::kTensorflowlite, "tflite",
                          [] { return file(kPitch + "/nmp.tflite"); }, change_bytes, 60},
                    Model{"IrNetwork", GraphEncoding::kOpenvino, "openvino",
                          [] {
                            return Parts{read_file(kModels + "/efficientnet-lite0.xml"),
                                         read_file(kModels + "/efficientnet-lite0.bin")};
                          },
                          change_text, 10},
                    Model{"PaddleLayer",
                          GraphEncoding::kPaddle,
                          "openvino",
                          [] { return paddle(paddle_layer()); },
                          change_bytes,
                          300,
                          {},
                          {"net.pdmodel", "net.pdiparams"}},
                    Model{"PaddleNetwork",
                          GraphEncoding::kPaddle,
                          "openvino",
                          [] { return paddle(paddle_network()); },
                          change_bytes,
                          200,
                          {},
                          {"net.pdmodel", "net.pdiparams"}},
                    Model{"PaddleLoop",
                          GraphEncoding::kPaddle,
                          "openvino",
                          [] { return paddle(paddle_loop(3)); },
                          change_bytes,
                          120,
                          {},
                          {"net.pdmodel"}},
                    Model{"PaddleChoice",
                          GraphEncoding::kPaddle,
                          "openvino",
                          [] { return paddle(paddle_choice()); },
                          change_bytes,
                          200,
                          {},
                          {"net.pdmodel"}},
                    Model{"TorchLayer",
                          GraphEncoding::kPytorch,
                          "torch",
                          [] { return file(torch_path("layer")); },
                          change_archive,
                          60,
                          {3, 64}},
                    Model{"TorchNorm", GraphEncoding::kPytorch, "torch",
                          [] { return file(torch_path("norm")); }, change_archive, 60},
                    Model{"TorchNested", GraphEncoding::kPytorch, "torch",
                          [] { return file(torch_path("nested")); }, change_archive, 60}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace nacre::test
