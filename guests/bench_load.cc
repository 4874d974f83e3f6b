// bench_load ENCODING N FILE [FILE]: times loading a model by bytes.
//
// Reads the files (openvino: .xml and .bin; else one) from a directory given with --dir, loads the
// model N times and prints
//   bytes B       that each load hands over
//   ms X          per load, in order
//   median X      of those, in ms
// A core module cannot give graphs back, so N is at most what the host lets one guest hold (64).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "bench_model.hpp"

int main(int argc, char** argv) {
  const auto encoding = argc >= 4 ? bench::encoding_of(argv[1]) : std::nullopt;
  const int count = argc >= 4 ? std::atoi(argv[2]) : 0;
  if (!encoding || count < 1 || argc > 5) {
    std::fprintf(stderr,
                 "Usage: bench_load ENCODING N FILE [FILE], as in: onnx 10 net.onnx; ENCODING is "
                 "openvino, onnx, tensorflow, pytorch, tensorflowlite or autodetect\n");
    return 2;
  }
  std::vector<std::vector<std::byte>> files;
  std::size_t size = 0;
  for (int i = 3; i < argc; ++i) {
    auto bytes = bench::read_file(argv[i]);
    if (!bytes) {
      std::fprintf(stderr, "bench_load: cannot read '%s'\n", argv[i]);
      return 1;
    }
    size += bytes->size();
    files.push_back(std::move(*bytes));
  }
  const std::vector<std::span<const std::byte>> parts(files.begin(), files.end());
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    auto graph = nn::Graph::load(parts, *encoding);
    const auto end = std::chrono::steady_clock::now();
    if (!graph) {
      std::fprintf(stderr, "bench_load: %s\n", graph.error().message.c_str());
      return 1;
    }
    times.push_back(std::chrono::duration<double, std::milli>(end - begin).count());
  }
  std::printf("bytes %zu\n", size);
  for (double time : times)
    std::printf("ms %.3f\n", time);
  std::sort(times.begin(), times.end());
  std::printf("median %.3f\n", (times[(times.size() - 1) / 2] + times[times.size() / 2]) / 2);
  return 0;
}
