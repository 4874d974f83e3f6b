#include "benches.h"
#include "guest.h"
#include "statistics.h"

#include <string>
#include <vector>

namespace nacre::bench {
namespace {

GuestCall call_of(Abi abi) {
  return {.name = "bench_by_name", .abi = abi, .args = {"net", "0"}};
}

}  // namespace

void bench_fresh(const Settings& settings, Table& table) {
  if (settings.runtimes.empty()) return;
  const int rounds = settings.quick ? 200 : 5000;
  const auto host = make_host({model_spec(settings.runtimes.front())});
  bool good = host->models().open("net").has_value();

  std::vector<double> prepared_us[2];
  std::vector<double> unprepared_us[2];
  GuestOptions guests[2];
  for (const Abi abi : {Abi::kModule, Abi::kComponent}) {
    GuestOptions& guest = guests[abi == Abi::kComponent];
    guest = to_options(call_of(abi));
    auto prepared = host->prepare(guest);
    good = good && prepared;
    if (prepared) guest.prepared = *prepared;
  }
  const auto run = [&](Abi abi, bool prepared, std::vector<double>& us) {
    GuestOptions guest = guests[abi == Abi::kComponent];
    if (!prepared) guest.prepared.reset();
    const auto begin = Clock::now();
    const auto outcome = host->run(guest);
    us.push_back(ms_since(begin) * 1000);
    good = good && outcome && outcome->reason == ExitReason::kExited && outcome->exit_code == 0;
  };
  for (int i = 0; i < rounds; ++i) {
    for (const Abi abi : {Abi::kModule, Abi::kComponent}) {
      run(abi, true, prepared_us[abi == Abi::kComponent]);
      if (i % 20 == 0) run(abi, false, unprepared_us[abi == Abi::kComponent]);
    }
  }
  const double us = median(prepared_us[1]);
  table.add({.what = "a fresh instance of a component, from Host::run to its end, which opens its "
                     "model by name, " +
                     std::to_string(rounds) + " of them",
             .measured = number(us) + " µs",
             .floor = "a core module: " + number(median(prepared_us[0])) + " µs",
             .limit = at_most(50) + " µs",
             .within = us <= 50,
             .correct = good});
  table.note(
      "a fresh instance without Host::prepare, its compiled code from the cache: component " +
      number(median(unprepared_us[1])) + " µs, core module " + number(median(unprepared_us[0])) +
      " µs.");
}

}  // namespace nacre::bench
