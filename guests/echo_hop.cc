// echo_hop SIZE N: what one inference through the host costs when the model costs nothing.
// Runs set_input + compute + get_output N times on the graph `echo` with SIZE bytes, checks that
// the bytes come back, and prints "SIZE bytes: NS ns per inference" (one decimal). Two more before
// those are not timed: they touch every buffer for the first time. As a component
// an inference is: construct the tensor, compute, read the output's data, drop it.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "sdk/wasi_nn.hpp"

namespace {

constexpr std::size_t kWarmup = 2;

bool parse_number(std::string_view text, std::size_t& out) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, out);
  return error == std::errc() && stop == end && out > 0;
}

int fail(const nn::Error& error) {
  std::fprintf(stderr, "echo_hop: %s\n", error.message.c_str());
  return 1;
}

// Aligned as a careful guest would, so that the copies are at their best.
std::span<std::uint8_t> allocate(std::size_t size) {
  auto* at = static_cast<std::uint8_t*>(std::aligned_alloc(64, (size + 63) / 64 * 64));
  if (at == nullptr) {
    std::fprintf(stderr, "echo_hop: no memory for two buffers of %zu bytes\n", size);
    std::exit(1);
  }
  return {at, size};
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t size = 0;
  std::size_t count = 0;
  if (argc != 3 || !parse_number(argv[1], size) || !parse_number(argv[2], count)) {
    std::fprintf(stderr, "Usage: echo_hop SIZE N, both at least 1\n");
    return 2;
  }
  const auto in = allocate(size);
  const auto out = allocate(size);
  for (std::size_t i = 0; i < size; ++i)
    in[i] = static_cast<std::uint8_t>(i * 31 + 7);

  auto graph = nn::Graph::load_by_name("echo");
  if (!graph) return fail(graph.error());
  auto context = graph->init_execution_context();
  if (!context) return fail(context.error());
  const std::uint32_t dims[] = {static_cast<std::uint32_t>(size)};
  const auto tensor = nn::TensorView::of<std::uint8_t>(dims, in);
  std::size_t written = 0;

  auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < kWarmup + count; ++i) {
    if (i == kWarmup) begin = std::chrono::steady_clock::now();
    if (auto set = context->set_input(0, tensor); !set) return fail(set.error());
    if (auto computed = context->compute(); !computed) return fail(computed.error());
    auto got = context->get_output(0, std::as_writable_bytes(out));
    if (!got) return fail(got.error());
    written = *got;
  }
  const auto end = std::chrono::steady_clock::now();

  if (written != size || std::memcmp(in.data(), out.data(), size) != 0) {
    std::fprintf(stderr, "echo_hop: the bytes that came back are not the ones sent\n");
    return 1;
  }
  const double ns = std::chrono::duration<double, std::nano>(end - begin).count();
  std::printf("%zu bytes: %.1f ns per inference\n", size, ns / static_cast<double>(count));
  return 0;
}
