// notes MODEL AUDIO: the notes in a piece of music, by the network basic-pitch: sound in, three
// tables out, of which two are read.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "../common/audio.h"
#include "../common/files.h"
#include "transcribe.h"

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

constexpr char kHelp[] =
    R"(usage: notes [OPTIONS] MODEL AUDIO

Prints the notes of AUDIO, one a line: `NAME BEGIN END VELOCITY`, times in seconds, velocity from 0
to 127.

Arguments:
  MODEL  the network basic-pitch, as the name the host registered it under, or as a file
  AUDIO  a WAV file of 16-bit samples, 22,050 a second, in a directory given with --dir

Options:
  --outputs N,O  which of the model's outputs say that a pitch sounds, and that one begins (default
                 1,0, as in the ONNX file)
  --help         print this

Example:
  nacre run --model notes=build/models/basic-pitch.onnx --dir build/music \
      build/guests/notes.wasm notes build/music/scale.wav
)";

struct Options {
  std::uint32_t sounding = 1;
  std::uint32_t beginning = 0;
  std::vector<std::string> words;
};

int fail(const std::string& sentence) {
  std::fprintf(stderr, "notes: %s\n", sentence.c_str());
  return kFailed;
}

struct Tables {
  std::vector<float> sounding;
  std::vector<float> beginning;
};

// The outputs for each window, one after the other.
std::expected<Tables, std::string> infer(const Options& options, std::span<const float> windows) {
  const auto sentence = [](const nn::Error& error) { return std::unexpected(error.message); };
  auto graph = common::open_model(options.words[0], "");
  if (!graph) return std::unexpected(graph.error());
  auto context = graph->init_execution_context();
  if (!context) return sentence(context.error());
  constexpr std::size_t kCells = notes::kFrames * notes::kPitches;
  const std::uint32_t dims[] = {1, notes::kWindow, 1};
  Tables tables;
  for (std::size_t at = 0; at < windows.size(); at += notes::kWindow) {
    const auto window = windows.subspan(at, notes::kWindow);
    if (auto set = context->set_input(0, nn::TensorView::of<float>(dims, window)); !set)
      return sentence(set.error());
    if (auto computed = context->compute(); !computed) return sentence(computed.error());
    for (const bool sounding : {true, false}) {
      auto& table = sounding ? tables.sounding : tables.beginning;
      const std::size_t filled = table.size();
      table.resize(filled + kCells);
      const auto got =
          context->get_output(sounding ? options.sounding : options.beginning,
                              std::as_writable_bytes(std::span(table).subspan(filled)));
      if (!got) return sentence(got.error());
      if (*got != kCells * sizeof(float))
        return std::unexpected("an output has " + std::to_string(*got) + " bytes and not " +
                               std::to_string(kCells * sizeof(float)));
    }
  }
  return tables;
}

int run(const Options& options) {
  const std::string& path = options.words[1];
  auto file = common::read_file(path);
  if (!file) return fail(file.error());
  auto audio = common::decode_audio(*file, notes::kRate);
  if (!audio) return fail("'" + path + "' is " + audio.error());
  if (audio->rate != notes::kRate)
    return fail("'" + path + "' has " + std::to_string(audio->rate) +
                " samples a second; 22050 are wanted");
  const auto tables = infer(options, notes::windows(audio->samples));
  if (!tables) return fail(tables.error());
  const std::size_t length = audio->samples.size();
  for (const notes::Note& note : notes::find_notes(notes::join(tables->sounding, length),
                                                   notes::join(tables->beginning, length)))
    std::printf("%s %.2f %.2f %d\n", notes::name_of(note.pitch).c_str(), note.begin, note.end,
                note.velocity);
  return std::fflush(stdout) == 0 ? 0 : fail("cannot write the answer");
}

// "1,0"
bool parse_outputs(std::string_view text, Options& options) {
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, options.sounding);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ',') return false;
  const auto second = std::from_chars(first.ptr + 1, end, options.beginning);
  return second.ec == std::errc() && second.ptr == end;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help") return std::fputs(kHelp, stdout), 0;
    if (word == "--outputs" && i + 1 < argc) {
      if (parse_outputs(argv[++i], options)) continue;
      std::fprintf(stderr, "notes: --outputs wants two numbers, such as 1,0 (see --help)\n");
      return kUsage;
    }
    if (word.starts_with("-")) {
      std::fprintf(stderr, "notes: there is no option '%s' (see --help)\n", argv[i]);
      return kUsage;
    }
    options.words.emplace_back(word);
  }
  if (options.words.size() != 2) {
    std::fprintf(stderr, "notes: wants MODEL and AUDIO (see --help)\n");
    return kUsage;
  }
  return run(options);
}
