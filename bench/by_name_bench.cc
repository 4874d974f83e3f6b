#include "benches.h"
#include "guest.h"
#include "statistics.h"

#include <string>
#include <vector>

namespace nacre::bench {

void bench_by_name(const Settings& settings, Table& table) {
  const int rounds = settings.quick ? 11 : 201;
  constexpr int kCount = 60;  // a core module keeps every graph it opened, and may have 64
  for (const Runtime& runtime : settings.runtimes) {
    const auto host = make_host({model_spec(runtime)});
    bool good = host->models().open("net").has_value();
    std::vector<double> ns[2];
    std::vector<double> native_ns;
    for (int i = 0; i < rounds; ++i) {
      const auto begin = Clock::now();
      for (int k = 0; k < kCount; ++k)
        good = host->models().open("net").has_value() && good;
      native_ns.push_back(ms_since(begin) * 1e6 / kCount);
      for (const Abi abi : {Abi::kModule, Abi::kComponent}) {
        const auto measured = number_from_guest(
            *host, {.name = "bench_by_name", .abi = abi, .args = {"net", std::to_string(kCount)}},
            "ns ");
        good = good && measured;
        ns[abi == Abi::kComponent].push_back(measured.value_or(0));
      }
    }
    for (const Abi abi : {Abi::kModule, Abi::kComponent}) {
      const double us = median(ns[abi == Abi::kComponent]) / 1000;
      table.add({.what = "opening a loaded model by name in " + std::string(in_words(abi)) +
                         (abi == Abi::kComponent ? ", and dropping it, " : ", ") + runtime.name,
                 .measured = number(us) + " µs",
                 .floor = "from C++: " + number(median(native_ns) / 1000) + " µs",
                 .limit = at_most(2) + " µs",
                 .within = us <= 2,
                 .correct = good});
    }
  }
}

}  // namespace nacre::bench
