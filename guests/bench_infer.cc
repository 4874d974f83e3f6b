// bench_infer MODEL N [WARMUP] [DIMS]: times inferences of a model.
//
// MODEL is a registered model's name, or ENCODING:FILE[:FILE] for one that the guest brings, from a
// directory given with --dir.
//
// Feeds one deterministic f32 tensor of DIMS (default 1,3,224,224), written anew each time as by a
// guest that has just made it, to input 0, runs WARMUP (default 3) inferences untimed and N timed,
// each set_input + compute + get_output, and prints
//   ms X          per timed inference, as it ends, so that a host may do something in between
//   ms X of set_input A, compute B, get_output C
//                 instead for every fourth: reading the clock within takes time of its own
//   median X      of the others, in ms
//   argmax I      of the f32 output
//   checksum H    FNV-1a of the output's bytes; it must not change from one inference to the next
// The tensor: element i is (x >> 8) / 2^24 * 4 - 2, where x starts at 12345 and each step is
// x = x * 1664525 + 1013904223 modulo 2^32, taken after stepping. A native program can do the same.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "bench_model.hpp"

namespace {

void fill(std::span<float> values) {
  std::uint32_t x = 12345;
  for (float& value : values) {
    x = x * 1664525u + 1013904223u;
    value = static_cast<float>(x >> 8) / 16777216.0f * 4.0f - 2.0f;
  }
}

std::uint64_t fnv1a(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (auto byte : bytes)
    hash = (hash ^ static_cast<std::uint8_t>(byte)) * 0x100000001b3u;
  return hash;
}

bool parse_number(std::string_view text, std::uint32_t& out) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, out);
  return error == std::errc() && stop == end;
}

bool parse_dims(std::string_view text, std::vector<std::uint32_t>& dims) {
  dims.clear();
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    std::uint32_t dim = 0;
    if (!parse_number(text.substr(begin, end - begin), dim)) return false;
    dims.push_back(dim);
    begin = end + 1;
  }
  return true;
}

double ms(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

int fail(const std::string& sentence) {
  std::fprintf(stderr, "bench_infer: %s\n", sentence.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint32_t count = 0;
  std::uint32_t warmup = 3;
  std::vector<std::uint32_t> dims = {1, 3, 224, 224};
  if (argc < 3 || argc > 5 || !parse_number(argv[2], count) || count == 0 ||
      (argc > 3 && !parse_number(argv[3], warmup)) || (argc > 4 && !parse_dims(argv[4], dims))) {
    std::fprintf(stderr,
                 "Usage: bench_infer MODEL N [WARMUP] [DIMS], as in: net 200 5 1,3,224,224\n");
    return 2;
  }
  std::size_t elements = 1;
  for (auto dim : dims)
    elements *= dim;
  std::vector<float> values(elements);
  fill(values);
  const auto tensor = nn::TensorView::of<float>(dims, values);

  auto graph = bench::open_model(argv[1]);
  if (!graph) return fail(graph.error().message);
  auto context = graph->init_execution_context();
  if (!context) return fail(context.error().message);
  if (auto set = context->set_input(0, tensor); !set) return fail(set.error().message);
  if (auto computed = context->compute(); !computed) return fail(computed.error().message);
  auto expected = context->get_output(0);
  if (!expected) return fail(expected.error().message);

  std::vector<std::byte> output(expected->size());
  std::vector<double> times;
  times.reserve(count);
  for (std::uint32_t i = 0; i < warmup + count; ++i) {
    const bool in_parts = i >= warmup && (i - warmup) % 4 == 3;
    fill(values);
    const auto begin = std::chrono::steady_clock::now();
    auto was_set = begin;
    auto was_computed = begin;
    auto set = context->set_input(0, tensor);
    if (in_parts) was_set = std::chrono::steady_clock::now();
    auto computed = context->compute();
    if (in_parts) was_computed = std::chrono::steady_clock::now();
    auto got = context->get_output(0, output);
    const auto end = std::chrono::steady_clock::now();
    if (!set) return fail(set.error().message);
    if (!computed) return fail(computed.error().message);
    if (!got) return fail(got.error().message);
    if (*got != output.size() || output != *expected)
      return fail("inference " + std::to_string(i) + " gave another output than the first");
    if (i < warmup) continue;
    if (in_parts) {
      std::printf("ms %.4f of set_input %.4f, compute %.4f, get_output %.4f\n", ms(end - begin),
                  ms(was_set - begin), ms(was_computed - was_set), ms(end - was_computed));
    } else {
      times.push_back(ms(end - begin));
      std::printf("ms %.4f\n", times.back());
    }
    std::fflush(stdout);
  }

  std::sort(times.begin(), times.end());
  std::printf("median %.4f\n", (times[(times.size() - 1) / 2] + times[times.size() / 2]) / 2);
  std::vector<float> scores(output.size() / sizeof(float));
  std::memcpy(scores.data(), output.data(), scores.size() * sizeof(float));
  std::printf("argmax %td\n", std::max_element(scores.begin(), scores.end()) - scores.begin());
  std::printf("checksum %016llx\n", static_cast<unsigned long long>(fnv1a(output)));
  return 0;
}
