// ask: a chat whose history the host keeps, through wasi:nn's proposed interface `prompt`, which
// the host offers with `--wasi nn-prompt`. `ask MODEL QUESTION...` prints each answer on a line.
#include <cstdio>
#include <string>

#include "sdk/nacre_text.hpp"

namespace {

int fail(const nn::Error& error) {
  std::fprintf(stderr, "ask: %s\n", error.message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fputs("ask: wants MODEL QUESTION...\n", stderr), 2;
  auto graph = nn::Graph::load_by_name(argv[1]);
  if (!graph) return fail(graph.error());
  auto chat = nn::Chat::init(*std::move(graph));
  if (!chat) return fail(chat.error());
  int failures = 0;
  for (int i = 2; i < argc; ++i) {
    const auto answer = chat->compute(argv[i]);
    if (answer) {
      std::printf("%s\n", answer->c_str());
    } else {
      failures += fail(answer.error());
    }
  }
  return failures != 0;
}
