// classify: says what is in a photograph, through wasi-nn.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "../common/files.h"
#include "../sdk/wasi_nn.hpp"
#include "picture.h"

namespace {

constexpr int kSide = 224;
constexpr int kFailed = 1;  // exit codes; 0 is success
constexpr int kUsage = 2;

constexpr const char kHelp[] =
    R"(Usage: classify [OPTIONS] MODEL PICTURE

Says what is in a photograph: the best classes, one per line, as INDEX LABEL PROBABILITY.

  MODEL    the name of a model the host has, or a file in a directory given with --dir
           (net.onnx; net.xml or net.xml,net.bin). It takes one f32 input of 1x3x224x224,
           normalised as for ImageNet, and gives one f32 score or probability per class.
  PICTURE  a PNG or JPEG file in a directory given with --dir

Options:
  --top N          how many classes to print (default 5)
  --digits N       digits after the point (default 2)
  --labels FILE    class names: a JSON array of strings, or one name per line
  --encoding E     how to read MODEL when it is a file: openvino, onnx, tensorflow, pytorch,
                   tensorflowlite, autodetect (default: by its extension)
  --times          print to standard error how long each step took
  --help           print this

Example:
  nacre run --model net=efficientnet-lite0.onnx --dir photos classify.wasm net photos/coffee.png
)";

struct Options {
  int top = 5;
  int digits = 2;
  std::string labels;
  std::string encoding;
  bool times = false;
  bool help = false;
  std::vector<std::string> positional;
};

// The number in `text`, when it is one between low and high.
bool parse_number(std::string_view text, int low, int high, int& out) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, out);
  return error == std::errc() && stop == end && out >= low && out <= high;
}

// Fills `options`; the answer is a complaint, or empty.
std::string parse(int argc, char** argv, Options& options) {
  bool only_positional = false;
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (only_positional || !word.starts_with("-") || word == "-") {
      options.positional.emplace_back(word);
      continue;
    }
    if (word == "--") {
      only_positional = true;
      continue;
    }
    if (word == "--help" || word == "-h") return options.help = true, "";
    if (word == "--times") {
      options.times = true;
      continue;
    }
    std::string_view value;
    const auto equals = word.find('=');
    const bool joined = equals != word.npos;
    if (joined) {
      value = word.substr(equals + 1);
      word = word.substr(0, equals);
    }
    if (word != "--top" && word != "--digits" && word != "--labels" && word != "--encoding")
      return "there is no option '" + std::string(word) + "'";
    if (!joined) {
      if (++i >= argc) return "'" + std::string(word) + "' wants a value";
      value = argv[i];
    }
    auto wanted = [&](const char* range) {
      return "'" + std::string(word) + "' wants a number " + range + ", not '" +
             std::string(value) + "'";
    };
    if (word == "--top" && !parse_number(value, 1, 1'000'000, options.top))
      return wanted("from 1 up");
    if (word == "--digits" && !parse_number(value, 0, 17, options.digits))
      return wanted("from 0 to 17");
    if (word == "--labels") options.labels = value;
    if (word == "--encoding") options.encoding = value;
  }
  if (options.positional.size() != 2)
    return "wants MODEL and PICTURE, got " + std::to_string(options.positional.size()) +
           (options.positional.size() == 1 ? " argument" : " arguments");
  return "";
}

// Probabilities stay as they are; anything else is taken for logits.
void to_probabilities(std::vector<float>& scores) {
  const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
  const bool in_range =
      std::all_of(scores.begin(), scores.end(), [](float x) { return x >= 0 && x <= 1.001f; });
  if (in_range && std::fabs(sum - 1) < 0.01) return;
  const float highest = *std::max_element(scores.begin(), scores.end());
  double total = 0;
  for (float& x : scores)
    total += x = std::exp(x - highest);
  for (float& x : scores)
    x = static_cast<float>(x / total);
}

// Prints the time since the last step, when asked to.
class Stopwatch {
 public:
  explicit Stopwatch(bool on) : on_(on) {}
  void step(const char* name) {
    if (!on_) return;
    const auto now = std::chrono::steady_clock::now();
    std::fprintf(stderr, "%-8s %8.3f ms\n", name,
                 std::chrono::duration<double, std::milli>(now - last_).count());
    last_ = now;
  }

 private:
  bool on_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

int fail(const std::string& sentence) {
  std::fprintf(stderr, "classify: %s\n", sentence.c_str());
  return kFailed;
}

int run(const Options& options) {
  Stopwatch watch(options.times);
  std::vector<std::string> labels;
  if (!options.labels.empty()) {
    auto read = common::read_labels(options.labels);
    if (!read) return fail(read.error());
    labels = std::move(*read);
  }

  const auto& path = options.positional[1];
  auto file = common::read_file(path);
  if (!file) return fail(file.error());
  watch.step("read");
  auto picture = classify::decode_picture(*file);
  if (!picture) return fail("'" + path + "' is " + picture.error());
  watch.step("decode");
  const std::vector<float> pixels = classify::imagenet_tensor(*picture, kSide);
  watch.step("resize");

  auto graph = common::open_model(options.positional[0], options.encoding);
  if (!graph) return fail(graph.error());
  auto context = graph->init_execution_context();
  if (!context) return fail(context.error().message);
  watch.step("load");

  const std::uint32_t dims[] = {1, 3, kSide, kSide};
  if (auto set = context->set_input(0, nn::TensorView::of<float>(dims, pixels)); !set)
    return fail("the model does not take a 1x3x224x224 f32 picture: " + set.error().message);
  if (auto computed = context->compute(); !computed) return fail(computed.error().message);
  auto bytes = context->get_output(0);
  if (!bytes) return fail(bytes.error().message);
  watch.step("compute");
  if (bytes->empty() || bytes->size() % sizeof(float) != 0)
    return fail("the model's output is " + std::to_string(bytes->size()) +
                " bytes, not one f32 per class");

  std::vector<float> scores(bytes->size() / sizeof(float));
  std::memcpy(scores.data(), bytes->data(), bytes->size());
  if (!std::all_of(scores.begin(), scores.end(), [](float x) { return std::isfinite(x); }))
    return fail("the model's output holds numbers that are not finite");
  to_probabilities(scores);

  std::vector<int> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const auto count = std::min<std::size_t>(options.top, order.size());
  std::partial_sort(order.begin(), order.begin() + count, order.end(), [&](int a, int b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  for (std::size_t i = 0; i < count; ++i) {
    const int index = order[i];
    const bool known = static_cast<std::size_t>(index) < labels.size();
    std::printf("%d %s%s%.*f\n", index, known ? labels[index].c_str() : "", known ? " " : "",
                options.digits, scores[index]);
  }
  return std::fflush(stdout) == 0 ? 0 : fail("cannot write the answer");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const auto complaint = parse(argc, argv, options); !complaint.empty()) {
    std::fprintf(stderr, "classify: %s (see --help)\n", complaint.c_str());
    return kUsage;
  }
  if (options.help) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  return run(options);
}
