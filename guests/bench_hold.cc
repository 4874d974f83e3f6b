// bench_hold MODEL FILE [DIMS]: opens the registered model MODEL, with DIMS (1,3,224,224) computes
// once on an f32 input of zeros, prints "held", and ends when FILE is there. So a host can have
// many guests alive at once and look at what they cost.
#include <time.h>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

#include "sdk/wasi_nn.hpp"

namespace {

int fail(const nn::Error& error) {
  std::fprintf(stderr, "bench_hold: %s\n", error.message.c_str());
  return 1;
}

bool parse_dims(std::string_view text, std::vector<std::uint32_t>& dims) {
  const char* at = text.data();
  const char* end = at + text.size();
  for (;; ++at) {
    const auto [stop, error] = std::from_chars(at, end, dims.emplace_back());
    if (error != std::errc()) return false;
    if (stop == end) return true;
    if (*stop != ',') return false;
    at = stop;
  }
}

nn::Result<nn::ExecutionContext> compute(const nn::Graph& graph,
                                         const std::vector<std::uint32_t>& dims) {
  std::size_t elements = 1;
  for (auto dim : dims)
    elements *= dim;
  const std::vector<float> zeros(elements);
  auto context = graph.init_execution_context();
  if (!context) return context;
  const auto tensor = nn::TensorView::of<float>(dims, zeros);
  if (auto set = context->set_input(0, tensor); !set) return std::unexpected(set.error());
  if (auto done = context->compute(); !done) return std::unexpected(done.error());
  return context;
}

bool exists(const char* path) {
  std::FILE* file = std::fopen(path, "rb");
  if (file != nullptr) std::fclose(file);
  return file != nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::uint32_t> dims;
  if (argc < 3 || argc > 4 || (argc == 4 && !parse_dims(argv[3], dims))) {
    std::fprintf(stderr,
                 "Usage: bench_hold MODEL FILE [DIMS], as in: net /wait/over 1,3,224,224\n");
    return 2;
  }
  const auto graph = nn::Graph::load_by_name(argv[1]);
  if (!graph) return fail(graph.error());
  std::optional<nn::ExecutionContext> context;
  if (argc == 4) {
    auto computed = compute(*graph, dims);
    if (!computed) return fail(computed.error());
    context.emplace(std::move(*computed));
  }
  std::puts("held");
  std::fflush(stdout);
  while (!exists(argv[2])) {
    const timespec pause = {0, 50'000'000};
    nanosleep(&pause, nullptr);
  }
  return 0;
}
