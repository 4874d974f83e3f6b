// magika MODEL TYPES FILE...: what kind of file each is, by the network magika: int32 in, a
// probability for each of 214 kinds out.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "../common/files.h"
#include "features.h"
#include "types.h"

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

constexpr char kHelp[] =
    R"(usage: magika [OPTIONS] MODEL TYPES FILE...

Says what kind of file each FILE is, from its content alone: `FILE: KIND SCORE DESCRIPTION`. Files
that are too short for the network are said to be text or not, without a score.

Arguments:
  MODEL  the network magika, as the name the host registered it under, or as a file
  TYPES  the kinds it knows, one a line (build/models/magika-types.txt)
  FILE   files in directories given with --dir

Options:
  --digits N  digits of the score after the point (default 2)
  --help      print this

Example:
  nacre run --model magika=build/models/magika.onnx --dir build/models --dir . \
      build/guests/magika.wasm magika build/models/magika-types.txt README.md
)";

int fail(const std::string& sentence) {
  std::fprintf(stderr, "magika: %s\n", sentence.c_str());
  return kFailed;
}

void say(const std::string& path, const magika::FileType& type, const std::string& score) {
  std::printf("%s: %s%s %s\n", path.c_str(), type.name.c_str(), score.c_str(),
              type.description.c_str());
}

// The probability of each kind. One file at a time: a file's answer should not depend on the
// others, as it does a little in a batch.
nn::Result<std::vector<float>> infer(nn::ExecutionContext& context,
                                     const magika::Features& features) {
  const std::uint32_t dims[] = {1, static_cast<std::uint32_t>(features.size())};
  const auto input = nn::TensorView::of<std::int32_t>(dims, features);
  if (auto set = context.set_input(0, input); !set) return std::unexpected(set.error());
  if (auto computed = context.compute(); !computed) return std::unexpected(computed.error());
  auto bytes = context.get_output(0);
  if (!bytes) return std::unexpected(bytes.error());
  std::vector<float> scores(bytes->size() / sizeof(float));
  std::memcpy(scores.data(), bytes->data(), scores.size() * sizeof(float));
  return scores;
}

int run(const std::vector<std::string>& words, int digits) {
  auto table = common::read_file(words[1]);
  if (!table) return fail(table.error());
  auto types = magika::parse_types({reinterpret_cast<const char*>(table->data()), table->size()});
  if (!types) return fail("'" + words[1] + "': " + types.error());
  const auto named = [&](const char* name) { return magika::find_type(*types, name); };
  if (!named("txt") || !named("unknown") || !named("empty"))
    return fail("'" + words[1] + "' lacks the kinds txt, unknown and empty");

  auto graph = common::open_model(words[0], "");
  if (!graph) return fail(graph.error());
  auto context = graph->init_execution_context();
  if (!context) return fail(context.error().message);
  for (std::size_t i = 2; i < words.size(); ++i) {
    auto bytes = common::read_file(words[i]);
    if (!bytes) return fail(bytes.error());
    const auto features = magika::features(*bytes);
    if (!features) {
      const bool text = magika::is_utf8(*bytes);
      say(words[i], *named(bytes->empty() ? "empty" : text ? "txt" : "unknown"), "");
      continue;
    }
    const auto scores = infer(*context, *features);
    if (!scores) return fail(scores.error().message);
    if (scores->size() > types->size())
      return fail("the model tells " + std::to_string(scores->size()) + " kinds apart, and '" +
                  words[1] + "' has " + std::to_string(types->size()));
    const auto answer = magika::decide(*types, *scores);
    if (answer.type == nullptr) return fail("'" + words[1] + "' is not this model's");
    char score[40];
    std::snprintf(score, sizeof score, " %.*f", digits, static_cast<double>(answer.score));
    say(words[i], *answer.type, score);
  }
  return std::fflush(stdout) == 0 ? 0 : fail("cannot write the answer");
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words;
  int digits = 2;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help") return std::fputs(kHelp, stdout), 0;
    if (word == "--digits" && i + 1 < argc) {
      const std::string_view value = argv[++i];
      const auto [stop, error] = std::from_chars(value.begin(), value.end(), digits);
      if (error == std::errc() && stop == value.end() && digits >= 0 && digits <= 17) continue;
      std::fprintf(stderr, "magika: --digits wants a number from 0 to 17 (see --help)\n");
      return kUsage;
    }
    if (word.starts_with("-")) {
      std::fprintf(stderr, "magika: there is no option '%s' (see --help)\n", argv[i]);
      return kUsage;
    }
    words.emplace_back(word);
  }
  if (words.size() < 3) {
    std::fprintf(stderr, "magika: wants MODEL, TYPES and files (see --help)\n");
    return kUsage;
  }
  return run(words, digits);
}
