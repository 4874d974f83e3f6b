#include "benches.h"
#include "guest.h"
#include "statistics.h"

#include <vector>

namespace nacre::bench {

// After each inference the guest prints a line, and while it waits for that to be taken the same
// thread computes the same tensor directly: so the pairs alternate on one core with one cache.
void bench_compute(const Settings& settings, Table& table) {
  const int pairs = settings.quick ? 20 : 400;
  for (const Runtime& runtime : settings.runtimes) {
    for (const int threads : {1, 2}) {
      auto host = make_host({"net=" + model_path() + ",backend=" + runtime.name +
                             ",threads=" + std::to_string(threads)});
      auto direct = runtime.open(model_path(), threads);
      fill_input(direct->input());
      for (int i = 0; i < 10; ++i)
        direct->infer();

      std::vector<double> direct_ms;
      const Inferences guest = run_bench_infer(*host, "net", pairs, [&] {
        const auto begin = Clock::now();
        direct->infer();
        direct_ms.push_back(ms_since(begin));
      });
      const double ratio = median_ratio(guest.ms, direct_ms);
      table.add({.what = "EfficientNet-Lite0 through a guest ÷ " + runtime.name +
                         " called directly, threads=" + std::to_string(threads) + ", " +
                         std::to_string(guest.ms.size()) + " pairs",
                 .measured = number(ratio) + " (" + number(median(guest.ms)) + " ms)",
                 .floor = number(median(direct_ms)) + " ms",
                 .limit = "<= 1.01",
                 .within = ratio <= 1.01,
                 .correct = guest.ended_well && guest.checksum == checksum(direct->output())});
    }
  }
}

}  // namespace nacre::bench
