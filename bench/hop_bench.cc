#include "benches.h"
#include "guest.h"
#include "statistics.h"

#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace nacre::bench {
namespace {

// Nanoseconds per inference, as the guest echo_hop measured them; 0 when it failed (it checks that
// its bytes came back).
double hop_ns(Host& host, Abi abi, std::size_t size, int count) {
  const std::string bytes = std::to_string(size);
  return number_from_guest(host,
                           {.name = "echo_hop", .abi = abi, .args = {bytes, std::to_string(count)}},
                           bytes + " bytes: ")
      .value_or(0);
}

// One copy in and one copy out, from and to the memory of one who sends and receives.
double two_copies_ns(std::size_t size, int count) {
  const auto make = [size] {
    struct Free {
      void operator()(void* p) const { std::free(p); }
    };
    auto* p = static_cast<char*>(std::aligned_alloc(64, (size + 63) / 64 * 64));
    std::memset(p, 1, size);
    return std::unique_ptr<char, Free>(p);
  };
  const auto in = make();
  const auto middle = make();
  const auto out = make();
  const auto begin = Clock::now();
  for (int i = 0; i < count; ++i) {
    std::memcpy(middle.get(), in.get(), size);
    asm volatile("" ::"r"(middle.get()) : "memory");  // both copies must happen
    std::memcpy(out.get(), middle.get(), size);
    asm volatile("" ::"r"(out.get()) : "memory");
  }
  return ms_since(begin) * 1e6 / count;
}

}  // namespace

void bench_hop(const Settings& settings, Table& table) {
  auto host = make_host({"echo=@echo"});
  struct Measured {
    std::vector<double> hops;
    std::vector<double> copies;
    bool good = true;
  };
  // Short rounds, so that on a busy machine most go by without an interruption.
  const auto measure = [&](Abi abi, std::size_t size, int count, int rounds) {
    if (settings.quick) rounds = 3;
    Measured measured;
    for (int i = 0; i < rounds; ++i) {
      measured.copies.push_back(two_copies_ns(size, count));
      measured.hops.push_back(hop_ns(*host, abi, size, count));
      measured.good = measured.good && measured.hops.back() > 0;
    }
    return measured;
  };
  const auto name_of = [](Abi abi) -> std::string {
    if (abi == Abi::kModule) return "hop: set_input + compute + get_output on echo, ";
    return "hop of a component: construct + compute + data + drops on echo, ";
  };

  for (const auto& [abi, limit] : {std::pair{Abi::kModule, 0.15}, {Abi::kComponent, 1.8}}) {
    const Measured small = measure(abi, 16, 20'000, 201);
    const double us = median(small.hops) / 1000;
    table.add({.what = name_of(abi) + "16 bytes",
               .measured = number(us) + " µs",
               .floor = "two copies: " + number(median(small.copies) / 1000) + " µs",
               .limit = at_most(limit) + " µs",
               .within = us <= limit,
               .correct = small.good});
  }

  for (const Abi abi : {Abi::kModule, Abi::kComponent}) {
    const Measured picture = measure(abi, 602'112, 1000, 51);
    const double ratio = median_ratio(picture.hops, picture.copies);
    std::vector<double> above;  // 1.2 times the two copies
    for (std::size_t i = 0; i < picture.hops.size(); ++i)
      above.push_back((picture.hops[i] - 1.2 * picture.copies[i]) / 1000);
    const bool is_module = abi == Abi::kModule;
    table.add({.what = name_of(abi) + "602,112 bytes ÷ two copies of them",
               .measured = number(ratio) + " (" + number(median(picture.hops) / 1000) + " µs)",
               .floor = number(median(picture.copies) / 1000) + " µs",
               .limit = is_module ? "<= 1.1" : "<= 1.2, and 2 µs",
               .within = is_module ? ratio <= 1.1 : median(above) <= 2,
               .correct = picture.good});
  }

  for (const Abi abi : {Abi::kModule, Abi::kComponent}) {
    const Measured large = measure(abi, 50'000'000, 10, 15);
    table.add({.what = name_of(abi) + "50 MB ÷ two copies of them",
               .measured = number(median_ratio(large.hops, large.copies)) + " (" +
                           number(median(large.hops) / 1e6) + " ms)",
               .floor = number(median(large.copies) / 1e6) + " ms",
               .limit = "",
               .within = {},
               .correct = large.good});
  }
}

}  // namespace nacre::bench
