// bench_text [--pieces] MODEL CONFIG PROMPT...: times answers of a language model, piece by piece.
//
// MODEL is a registered model's name, CONFIG its JSON. A PROMPT that begins with + goes on from the
// last one and its answer, as the next turn of a talk does. For each it prints
//   ready        before it begins, so that a host may do something in between
//   piece        per piece, with --pieces
//   first MS     from the prompt to the first piece
//   rest MS N    from there to the end, and how many pieces that were
//   text H       FNV-1a of the answer
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "chat/text_model.h"

namespace {

using Clock = std::chrono::steady_clock;

double ms_between(Clock::time_point a, Clock::time_point b) {
  return std::chrono::duration<double, std::milli>(b - a).count();
}

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char byte : text)
    hash = (hash ^ static_cast<std::uint8_t>(byte)) * 0x100000001b3u;
  return hash;
}

int fail(const char* what, const chat::Status& status) {
  std::fprintf(stderr, "bench_text: %s: %s\n", what, status.reason.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  int at = 1;
  const bool pieces = at < argc && std::string_view(argv[at]) == "--pieces";
  if (pieces) ++at;
  if (argc - at < 3) {
    std::fprintf(stderr, "Usage: bench_text [--pieces] MODEL CONFIG PROMPT...\n");
    return 2;
  }
  chat::TextModel model;
  if (const auto opened = model.open(argv[at], argv[at + 1]); !opened) return fail("open", opened);
  std::string talk;
  std::string piece;
  for (int i = at + 2; i < argc; ++i) {
    const std::string_view prompt = argv[i];
    if (prompt.starts_with('+')) {
      talk += prompt.substr(1);
    } else {
      talk = prompt;
    }
    std::puts("ready");
    std::fflush(stdout);
    const auto begin = Clock::now();
    if (const auto set = model.set_prompt(talk); !set) return fail("set_prompt", set);
    chat::Status more = model.next(piece);
    const auto first = Clock::now();
    std::string answer = piece;
    int count = 0;
    while (more) {
      if (pieces) {
        std::puts("piece");
        std::fflush(stdout);
      }
      more = model.next(piece);
      if (!more) break;
      answer += piece;
      ++count;
    }
    const auto end = Clock::now();
    if (!more.end_of_sequence()) return fail("next", more);
    model.finish();
    talk += answer;
    std::printf("first %.3f\nrest %.3f %d\ntext %016llx\n", ms_between(begin, first),
                ms_between(first, end), count, static_cast<unsigned long long>(fnv1a(answer)));
    std::fflush(stdout);
  }
  return 0;
}
