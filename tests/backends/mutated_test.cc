// Real models with something changed in them, as a guest might bring them: whatever the backend
// makes of one, the process goes on. Each is loaded and computed once in a child process; one that
// ends names the model and the seed. NACRE_MUTATIONS=500 hunts longer.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "child.h"
#include "core/zip_file.h"
#include "paddle_program.h"
#include "tensors.h"
#include "tf_graph.h"

namespace nacre::test {
namespace {

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

/// Of a GGUF what stands before the weights: keys and numbers, the vocabulary, the tensors.
void change_header(std::string& bytes, Random& random) {
  const std::size_t end = bytes.rfind("output_norm.weight") + 64;
  const std::size_t tensors = end - std::min<std::size_t>(end, 16384);
  const std::size_t kind = below(random, 3);
  if (kind == 0) {
    for (int i = 0; i < 50; ++i) {
      char& c = bytes[4096 + below(random, tensors - 4096)];
      if (std::isalpha(static_cast<unsigned char>(c)) != 0) c = 'e';
    }
    return;
  }
  const std::size_t begin = kind == 1 ? 0 : tensors;
  std::string part = bytes.substr(begin, kind == 1 ? 2048 : end - begin);
  change_bytes(part, random);
  bytes.replace(begin, part.size(), part);
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

struct Model;
Result<std::shared_ptr<Graph>> by_bytes(const Model& model, const Parts& parts);

struct Model {
  std::string name;
  GraphEncoding encoding;
  std::string backend;
  std::function<Parts()> parts;
  void (*change)(std::string& part, Random& random);
  int seeds;
  std::vector<std::int64_t> dims = {2, 2};  ///< of inputs whose shape the model does not say
  Result<std::shared_ptr<Graph>> (*load)(const Model& model, const Parts& parts) = by_bytes;
  std::size_t changed = 1;  ///< of the parts, one of the first so many is changed
  bool in_time = false;     ///< whether each comes to its end soon
};

std::ostream& operator<<(std::ostream& out, const Model& model) {
  return out << model.name;
}

Result<std::shared_ptr<Graph>> by_bytes(const Model& model, const Parts& parts) {
  return load_bytes(parts, model.encoding);
}

// Formats that no guest may bring are an operator's files.
class Folder {
 public:
  Folder() { std::filesystem::create_directories(path_ / "variables"); }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return (path_ / name).string();
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("nacre-mutated-" + std::to_string(getpid()));
};

Result<std::shared_ptr<Graph>> as_file(const Model& model, const Parts& parts) {
  const Folder folder;
  return load_path(folder.write("model.pb", parts[0]),
                   "encoding=" + std::string(to_string(model.encoding)));
}

const std::vector<std::string> kSavedModel = {"saved_model.pb", "variables/variables.index",
                                              "variables/variables.data-00000-of-00001"};

Result<std::shared_ptr<Graph>> as_saved_model(const Model& model, const Parts& parts) {
  const Folder folder;
  for (std::size_t i = 0; i < parts.size(); ++i)
    static_cast<void>(folder.write(kSavedModel[i], parts[i]));
  return load_path(folder.path(), "encoding=" + std::string(to_string(model.encoding)));
}

Result<std::shared_ptr<Graph>> as_paddle(const Model& model, const Parts& parts) {
  const Folder folder;
  std::string paths = folder.write("net.pdmodel", parts[0]);
  if (parts.size() > 1) paths += ":" + folder.write("net.pdiparams", parts[1]);
  return load_path(paths, "encoding=" + std::string(to_string(model.encoding)));
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

/// Any answer will do, one that comes too late too.
int compute_once(const std::shared_ptr<Graph>& graph, const std::vector<Plain>& inputs) {
  auto context = ExecutionContext::create(graph);
  if (inputs.size() != graph->description().inputs.size() || !context) return kLoaded;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!(*context)->set_input(i, inputs[i].view())) return kLoaded;
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  const auto computed = (*context)->compute(end);
  return computed || computed.error().code == ErrorCode::kTimeout ? kComputed : kLoaded;
}

int load_and_compute(const Model& model, const Parts& parts, Random& random) {
  const auto graph = model.load(model, parts);
  if (!graph) return kRefused;
  return compute_once(*graph, inputs_of(model, (*graph)->description(), random));
}

class Mutated : public testing::TestWithParam<Model> {};

TEST_P(Mutated, EndsNoProcess) {
  const Model& model = GetParam();
  const Parts whole = model.parts();
  auto outcomes = expect_no_process_ends(model.name, model.seeds, model.in_time, [&](int seed) {
    Random random(static_cast<unsigned>(seed));
    Parts parts = whole;
    model.change(parts[below(random, model.changed)], random);
    return load_and_compute(model, parts, random);
  });
  // Changes that only ever make garbage would show nothing.
  EXPECT_GT(outcomes[kRefused], 0);
  EXPECT_GT(outcomes[kComputed], 0);
}

/// The ONNX operator tests with something changed, on one of the two that read them.
class MutatedOperators : public testing::TestWithParam<const char*> {};

std::vector<Plain> small_inputs(const GraphDescription& description, Random& random) {
  std::vector<Plain> inputs;
  for (const TensorDescription& d : description.inputs) {
    std::vector<std::int64_t> dims;
    if (d.shape) dims.assign(d.shape->dims().begin(), d.shape->dims().end());
    std::size_t count = 1;
    for (std::int64_t& dim : dims) {
      if (dim < 0) dim = static_cast<std::int64_t>(below(random, 4));
      count *= static_cast<std::size_t>(dim);
      if (count > std::size_t{1} << 22) return {};
    }
    if (d.type == TensorType::kString) {
      inputs.push_back(strings(dims, std::vector<std::string>(count, "text")));
      continue;
    }
    inputs.push_back(noise(d.type, dims, random()));
    if (d.type != TensorType::kI64 && d.type != TensorType::kI32) continue;
    // Indices, lengths and shapes, most of them such as there may be.
    constexpr std::int64_t kFew[] = {0, 1,   2,    3,       -1,        -2,
                                     5, 100, -100, 1 << 20, INT32_MAX, INT32_MIN};
    std::string& bytes = inputs.back().bytes;
    const std::size_t size = bytes.size() / std::max<std::size_t>(count, 1);
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t value = kFew[below(random, below(random, 3) == 0 ? 12 : 4)];
      std::memcpy(bytes.data() + i * size, &value, size);
    }
  }
  return inputs;
}

TEST_P(MutatedOperators, EndNoProcess) {
  std::vector<std::string> models;
  for (const auto& one : std::filesystem::directory_iterator(NACRE_TEST_OPERATORS_DIR))
    models.push_back(one.path().string() + "/model.onnx");
  std::ranges::sort(models);
  ASSERT_GT(models.size(), 500u);
  const std::string backend = GetParam();
  auto outcomes = expect_no_process_ends(backend, 250, /*in_time=*/false, [&](int seed) {
    Random random(static_cast<unsigned>(seed));
    std::string model = read_file(models[below(random, models.size())]);
    if (below(random, 4) != 0) change_bytes(model, random);
    const Folder folder;
    const auto graph =
        load_path(folder.write("model.onnx", model), "encoding=onnx,backend=" + backend);
    if (!graph) return kRefused;
    return compute_once(*graph, small_inputs((*graph)->description(), random));
  });
  EXPECT_GT(outcomes[kRefused], 0);
  EXPECT_GT(outcomes[kComputed], 0);
}

INSTANTIATE_TEST_SUITE_P(Backends, MutatedOperators, testing::Values("onnxruntime", "openvino"),
                         [](const auto& one) { return std::string(one.param); });

// The rows of bad models that are the same for every format.
TEST_P(Mutated, WhatIsNoWholeModelOfItIsRefused) {
  const Model& model = GetParam();
  const Parts whole = model.parts();
  const auto good = model.load(model, whole);
  ASSERT_TRUE(good) << good.error().message;
  const auto refused = [&](std::string bytes, const std::string& what) {
    Parts parts = whole;
    parts[0] = std::move(bytes);
    const auto graph = model.load(model, parts);
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
  refused((model.encoding == GraphEncoding::kGgml ? "TFL3" : "GGUF") + noise,
          "the mark of another format");
  for (const std::string& other :
       {onnx_path("identity_f32"), torch_path("identity"), kPitch + "/nmp.tflite",
        kModels + "/efficientnet-lite0.xml", kPitch + "/nmp/saved_model.pb"}) {
    const std::string bytes = read_file(other);
    const auto ending = other.substr(other.rfind('.'));
    const bool same = (model.encoding == GraphEncoding::kOnnx && ending == ".onnx") ||
                      (model.encoding == GraphEncoding::kPytorch && ending == ".pt") ||
                      (model.encoding == GraphEncoding::kTensorflowlite && ending == ".tflite") ||
                      (model.encoding == GraphEncoding::kOpenvino && ending == ".xml") ||
                      (model.encoding == GraphEncoding::kTensorflow && ending == ".pb");
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

/// softmax(relu(x * weights + bias)) of x's two halves.
std::string frozen_layers() {
  const auto text = [](int type) { return tf_type(type); };
  const std::int32_t to[] = {-1, 4};
  const std::string shape(reinterpret_cast<const char*>(to), sizeof to);
  const std::string zeros(64, '\0');
  return tf_graph({tf_placeholder("x", {-1, 8}),
                   tf_constant("to", kTfInt32, {2}, shape),
                   tf_constant("weights", kTfFloat, {4, 4}, zeros),
                   tf_constant("bias", kTfFloat, {4}, zeros.substr(0, 16)),
                   {"halves", "Reshape", {"x", "to"}, {{"T", text(kTfFloat)}}},
                   {"product",
                    "MatMul",
                    {"halves", "weights"},
                    {{"T", text(kTfFloat)},
                     {"transpose_a", pb_number(5, 0)},
                     {"transpose_b", pb_number(5, 1)}}},
                   tf_binary("sum", "BiasAdd", "product", "bias"),
                   {"relu", "Relu", {"sum"}, {{"T", text(kTfFloat)}}},
                   {"softmax", "Softmax", {"relu"}, {{"T", text(kTfFloat)}}}});
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
                          as_paddle,
                          2,
                          /*in_time=*/true},
                    Model{"PaddleNetwork",
                          GraphEncoding::kPaddle,
                          "openvino",
                          [] { return paddle(paddle_network()); },
                          change_bytes,
                          200,
                          {},
                          as_paddle,
                          2,
                          /*in_time=*/true},
                    Model{"PaddleLoop",
                          GraphEncoding::kPaddle,
                          "openvino",
                          [] { return paddle(paddle_loop(3)); },
                          change_bytes,
                          120,
                          {},
                          as_paddle,
                          1,
                          /*in_time=*/true},
                    Model{"PaddleChoice",
                          GraphEncoding::kPaddle,
                          "openvino",
                          [] { return paddle(paddle_choice()); },
                          change_bytes,
                          200,
                          {},
                          as_paddle,
                          1,
                          /*in_time=*/true},
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
                          [] { return file(torch_path("nested")); }, change_archive, 60},
                    Model{"TorchNetwork",
                          GraphEncoding::kPytorch,
                          "torch",
                          [] { return file(kModels + "/efficientnet-lite0.pt"); },
                          change_archive,
                          10,
                          {1, 3, 224, 224}},
                    Model{"SavedModelPitch",
                          GraphEncoding::kTensorflow,
                          "openvino",
                          [] {
                            Parts parts;
                            for (const std::string& name : kSavedModel)
                              parts.push_back(read_file(kPitch + "/nmp/" + name));
                            return parts;
                          },
                          change_bytes,
                          20,
                          {},
                          as_saved_model,
                          2,
                          /*in_time=*/true},
                    Model{"FrozenGraph",
                          GraphEncoding::kTensorflow,
                          "openvino",
                          [] { return Parts{frozen_layers()}; },
                          change_bytes,
                          200,
                          {},
                          as_file,
                          1,
                          /*in_time=*/true},
                    Model{"FrozenCalls",
                          GraphEncoding::kTensorflow,
                          "openvino",
                          [] { return Parts{tf_calls_graph()}; },
                          change_bytes,
                          200,
                          {},
                          as_file,
                          1,
                          /*in_time=*/true},
                    Model{"FrozenLoop",
                          GraphEncoding::kTensorflow,
                          "openvino",
                          [] { return Parts{tf_loop_graph(3)}; },
                          change_bytes,
                          200,
                          {},
                          as_file,
                          1,
                          /*in_time=*/true},
                    Model{"FrozenOldLoop",
                          GraphEncoding::kTensorflow,
                          "openvino",
                          [] { return Parts{tf_graph(tf_old_loop(3))}; },
                          change_bytes,
                          200,
                          {},
                          as_file,
                          1,
                          /*in_time=*/true},
                    Model{"SavedModelCalls",
                          GraphEncoding::kTensorflow,
                          "openvino",
                          [] {
                            return Parts{tf_saved_model(tf_calls_graph(), {{"in", "x:0"}},
                                                        {{"out", "y:0"}}, {1, 3})};
                          },
                          change_bytes,
                          200,
                          {},
                          as_saved_model,
                          1,
                          /*in_time=*/true},
                    Model{"GgufLanguage", GraphEncoding::kGgml, "llama",
                          [] { return file(NACRE_TEST_LANGUAGE_MODEL); }, change_header, 6}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace nacre::test
