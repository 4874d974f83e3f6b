// vad MODEL AUDIO: where somebody speaks, by the network silero-vad. It is recurrent: what it gives
// as its second output goes in again as its second input with the next chunk.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "../common/audio.h"
#include "../common/files.h"
#include "segments.h"

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

constexpr char kHelp[] =
    R"(usage: vad [OPTIONS] MODEL AUDIO

Says where in AUDIO somebody speaks: one line `speech BEGIN END`, in seconds, for each stretch, or
`no speech`.

Arguments:
  MODEL  the network silero-vad, as the name the host registered it under, or as a file. It takes
         f32 [1,576] (the chunk of 512 samples, and 64 before it) and its state f32 [2,1,128]
  AUDIO  a WAV file or bare 16-bit samples, at 16,000 a second, in a directory given with --dir

Options:
  --threshold P  the probability from which a chunk is speech (default 0.5)
  --chunks       print the probability of each chunk instead, one a line
  --with-rate    the network has a third input, the rate, as the package's main file has
  --help         print this

Example:
  nacre run --model vad=build/models/silero-vad-16k.onnx --dir build/speech::speech \
      build/guests/vad.wasm vad speech/goforward.raw
)";

constexpr std::size_t kBefore = 64;  // samples of the last chunk that go in again

struct Options {
  float threshold = 0.5f;
  bool chunks = false;
  bool with_rate = false;
  std::vector<std::string> words;
};

int fail(const std::string& sentence) {
  std::fprintf(stderr, "vad: %s\n", sentence.c_str());
  return kFailed;
}

// One probability for each chunk; the last is filled up with silence.
std::expected<std::vector<float>, std::string> infer(const Options& options,
                                                     std::span<const float> samples) {
  const auto sentence = [](const nn::Error& error) { return std::unexpected(error.message); };
  auto graph = common::open_model(options.words[0], "");
  if (!graph) return std::unexpected(graph.error());
  auto context = graph->init_execution_context();
  if (!context) return sentence(context.error());

  const std::uint32_t input_dims[] = {1, kBefore + vad::kChunk};
  const std::uint32_t state_dims[] = {2, 1, 128};
  const std::int64_t rate[] = {vad::kRate};
  std::array<float, kBefore + vad::kChunk> input = {};
  std::array<float, 2 * 128> state = {};
  std::vector<float> probabilities;
  for (std::size_t at = 0; at < samples.size(); at += vad::kChunk) {
    std::copy(input.end() - kBefore, input.end(), input.begin());
    const auto chunk = samples.subspan(at, std::min(vad::kChunk, samples.size() - at));
    std::fill(std::copy(chunk.begin(), chunk.end(), input.begin() + kBefore), input.end(), 0.0f);

    auto set = context->set_input(0, nn::TensorView::of<float>(input_dims, input));
    if (set) set = context->set_input(1, nn::TensorView::of<float>(state_dims, state));
    if (set && options.with_rate)
      set = context->set_input(2, nn::TensorView::of<std::int64_t>({}, rate));
    if (!set) return sentence(set.error());
    if (auto computed = context->compute(); !computed) return sentence(computed.error());
    float probability = 0;
    auto got = context->get_output(0, std::as_writable_bytes(std::span(&probability, 1)));
    if (got) got = context->get_output(1, std::as_writable_bytes(std::span(state)));
    if (!got) return sentence(got.error());
    if (*got != sizeof state)
      return std::unexpected("the model's state has " + std::to_string(*got) + " bytes and not " +
                             std::to_string(sizeof state));
    probabilities.push_back(probability);
  }
  return probabilities;
}

int run(const Options& options) {
  const std::string& path = options.words[1];
  auto file = common::read_file(path);
  if (!file) return fail(file.error());
  auto audio = common::decode_audio(*file, vad::kRate);
  if (!audio) return fail("'" + path + "' is " + audio.error());
  if (audio->rate != vad::kRate)
    return fail("'" + path + "' has " + std::to_string(audio->rate) +
                " samples a second; 16000 are wanted");
  auto probabilities = infer(options, audio->samples);
  if (!probabilities) return fail(probabilities.error());
  if (options.chunks) {
    for (const float probability : *probabilities)
      std::printf("%.6f\n", static_cast<double>(probability));
  } else {
    const auto found = vad::segments(*probabilities, audio->samples.size(), options.threshold);
    for (const vad::Segment& one : found)
      std::printf("speech %.2f %.2f\n", static_cast<double>(one.begin) / vad::kRate,
                  static_cast<double>(one.end) / vad::kRate);
    if (found.empty()) std::puts("no speech");
  }
  return std::fflush(stdout) == 0 ? 0 : fail("cannot write the answer");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help") return std::fputs(kHelp, stdout), 0;
    if (word == "--chunks") {
      options.chunks = true;
    } else if (word == "--with-rate") {
      options.with_rate = true;
    } else if (word == "--threshold" && i + 1 < argc) {
      char* end = nullptr;
      options.threshold = std::strtof(argv[++i], &end);
      if (*end == '\0' && end != argv[i] && options.threshold > 0 && options.threshold < 1)
        continue;
      std::fprintf(stderr, "vad: --threshold wants a number between 0 and 1 (see --help)\n");
      return kUsage;
    } else if (word.starts_with("-")) {
      std::fprintf(stderr, "vad: there is no option '%s' (see --help)\n", argv[i]);
      return kUsage;
    } else {
      options.words.emplace_back(word);
    }
  }
  if (options.words.size() != 2) {
    std::fprintf(stderr, "vad: wants MODEL and AUDIO (see --help)\n");
    return kUsage;
  }
  return run(options);
}
