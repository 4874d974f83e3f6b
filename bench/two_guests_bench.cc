#include "benches.h"
#include "guest.h"
#include "statistics.h"

#include <algorithm>
#include <thread>
#include <vector>

namespace nacre::bench {
namespace {

struct Run {
  std::vector<Clock::time_point> ends;  // of each timed inference
  std::string checksum;
  bool ended_well = false;

  [[nodiscard]] double count_between(Clock::time_point from, Clock::time_point to) const {
    return static_cast<double>(
        std::ranges::count_if(ends, [&](auto at) { return at > from && at <= to; }));
  }
};

Run run_one(Host& host, const Runtime& runtime, int count) {
  Run run;
  run.ends.reserve(static_cast<std::size_t>(count));
  Inferences guest = run_bench_infer(host, runtime, Abi::kModule, "net", count,
                                     [&] { run.ends.push_back(Clock::now()); });
  run.checksum = std::move(guest.checksum);
  run.ended_well = guest.ended_well;
  return run;
}

// Inferences per second while all of `runs` were at work.
double rate(std::span<const Run> runs) {
  auto from = Clock::time_point::min();
  auto to = Clock::time_point::max();
  for (const Run& run : runs) {
    if (run.ends.size() < 2) return 0;
    from = std::max(from, run.ends.front());
    to = std::min(to, run.ends.back());
  }
  double count = 0;
  for (const Run& run : runs)
    count += run.count_between(from, to);
  return to > from ? count / std::chrono::duration<double>(to - from).count() : 0;
}

}  // namespace

void bench_two_guests(const Settings& settings, Table& table) {
  const int count = settings.quick ? 20 : 200;
  const int rounds = settings.quick ? 1 : 5;
  for (const Runtime& runtime : settings.runtimes) {
    const std::string more = runtime.name == "openvino" ? ",threads=1,streams=2" : ",threads=1";
    auto host = make_host({model_spec(runtime, more)});
    auto direct = runtime.open(runtime.path, 1);
    fill_input(direct->input());
    direct->infer();
    const std::string expected = checksum(direct->output());
    direct.reset();

    std::vector<double> alone;
    std::vector<double> together;
    bool good = true;
    for (int i = 0; i < rounds; ++i) {
      const Run one[] = {run_one(*host, runtime, count)};
      Run two[2];
      std::thread other([&] { two[1] = run_one(*host, runtime, count); });
      two[0] = run_one(*host, runtime, count);
      other.join();
      alone.push_back(rate(one));
      together.push_back(rate(two));
      for (const Run& run : {one[0], two[0], two[1]}) {
        good = good && run.ended_well && run.checksum == expected;
      }
    }
    const double ratio = median_ratio(together, alone);
    table.add({.what = "two guests at once on one graph ÷ one guest, " + runtime.name + more +
                       ", " + std::to_string(rounds) + " rounds",
               .measured = number(ratio) + " (" + number(median(together)) + "/s)",
               .floor = number(median(alone)) + "/s",
               .limit = ">= 1.8",
               .within = ratio >= 1.8,
               .correct = good});
  }
}

}  // namespace nacre::bench
