#include "benches.h"
#include "guest.h"
#include "statistics.h"

#include <chrono>
#include <thread>
#include <vector>

namespace nacre::bench {
namespace {

constexpr std::chrono::milliseconds kPause{5};

struct Pairs {
  std::vector<double> guest_ms;
  std::vector<double> direct_ms;
  bool good = true;
};

// After each inference the guest prints a line, and while it waits for that to be taken the same
// thread computes the same tensor directly: so the pairs alternate on one core with one cache. Both
// write their tensor anew before the clock starts, as a program does that has just made it. The
// pauses let the threads of the one's pool go to sleep, which spin for a while after a computation,
// before the other is measured.
void measure(const Runtime& runtime, int threads, int count, bool host_first, Pairs& pairs) {
  std::unique_ptr<Host> host;
  const auto start_host = [&] {
    host = make_host({"net=" + model_path() + ",backend=" + runtime.name +
                      ",threads=" + std::to_string(threads)});
    pairs.good = pairs.good && host->models().open("net");
  };
  if (host_first) start_host();
  auto direct = runtime.open(model_path(), threads);
  if (!host_first) start_host();
  for (int i = 0; i < 5; ++i) {
    fill_input(direct->input());
    direct->infer();
  }
  const Inferences guest = run_bench_infer(*host, "net", count, [&] {
    std::this_thread::sleep_for(kPause);
    fill_input(direct->input());
    const auto begin = Clock::now();
    direct->infer();
    pairs.direct_ms.push_back(ms_since(begin));
    std::this_thread::sleep_for(kPause);
  });
  pairs.guest_ms.insert(pairs.guest_ms.end(), guest.ms.begin(), guest.ms.end());
  pairs.good = pairs.good && guest.ended_well && guest.checksum == checksum(direct->output());
}

}  // namespace

void bench_compute(const Settings& settings, Table& table) {
  // Where the pages of a model happen to lie makes a percent; so everything is set up anew, in
  // either order, several times.
  const int rounds = settings.quick ? 2 : 8;
  const int count = settings.quick ? 10 : 50;
  for (const Runtime& runtime : settings.runtimes) {
    for (const int threads : {1, 2}) {
      Pairs pairs;
      for (int i = 0; i < rounds; ++i)
        measure(runtime, threads, count, i % 2 == 0, pairs);
      const double ratio = median_ratio(pairs.guest_ms, pairs.direct_ms);
      table.add({.what = "EfficientNet-Lite0 through a guest ÷ " + runtime.name +
                         " called directly, threads=" + std::to_string(threads) + ", " +
                         std::to_string(pairs.guest_ms.size()) + " pairs",
                 .measured = number(ratio) + " (" + number(median(pairs.guest_ms)) + " ms)",
                 .floor = number(median(pairs.direct_ms)) + " ms",
                 .limit = "<= 1.01",
                 .within = ratio <= 1.01,
                 .correct = pairs.good});
    }
  }
}

}  // namespace nacre::bench
