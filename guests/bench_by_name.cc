// bench_by_name MODEL N: opens the registered model MODEL, then N times more, and prints
//   ns X          per opening after the first, with its drop in a component
// With N = 0 it only opens the model and ends: what a guest costs that does next to nothing.
// A core module cannot give graphs back, so there N is less than what the host lets one hold (64).
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string_view>

#include "sdk/wasi_nn.hpp"

namespace {

bool parse_number(std::string_view text, unsigned& out) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, out);
  return error == std::errc() && stop == end;
}

int fail(const nn::Error& error) {
  std::fprintf(stderr, "bench_by_name: %s\n", error.message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  unsigned count = 0;
  if (argc != 3 || !parse_number(argv[2], count)) {
    std::fprintf(stderr, "Usage: bench_by_name MODEL N\n");
    return 2;
  }
  const auto first = nn::Graph::load_by_name(argv[1]);
  if (!first) return fail(first.error());
  if (count == 0) return 0;

  const auto begin = std::chrono::steady_clock::now();
  for (unsigned i = 0; i < count; ++i) {
    if (auto graph = nn::Graph::load_by_name(argv[1]); !graph) return fail(graph.error());
  }
  const auto end = std::chrono::steady_clock::now();
  const double ns = std::chrono::duration<double, std::nano>(end - begin).count();
  std::printf("ns %.1f\n", ns / count);
  std::fflush(stdout);  // the host may take its time over this line: the model is held meanwhile
  return 0;
}
