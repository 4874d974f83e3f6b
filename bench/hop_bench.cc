#include "benches.h"
#include "guest.h"
#include "statistics.h"

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace nacre::bench {
namespace {

// Nanoseconds per inference, as the guest echo_hop measured them; 0 when it failed (it checks that
// its bytes came back).
double hop_ns(Host& host, std::size_t size, int count) {
  double ns = 0;
  const bool good = run_guest(host, "echo_hop", {std::to_string(size), std::to_string(count)},
                              [&](std::string_view line) {
                                const auto at = line.find(": ");
                                if (at == line.npos) return;
                                ns = std::strtod(std::string(line.substr(at + 2)).c_str(), nullptr);
                              });
  return good ? ns : 0;
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
  // Short rounds, so that on a busy machine most go by without an interruption.
  const auto measure = [&](std::size_t size, int count, int rounds, std::vector<double>& hops,
                           std::vector<double>& copies) {
    if (settings.quick) rounds = 3;
    bool good = true;
    for (int i = 0; i < rounds; ++i) {
      copies.push_back(two_copies_ns(size, count));
      hops.push_back(hop_ns(*host, size, count));
      good = good && hops.back() > 0;
    }
    return good;
  };

  std::vector<double> hops;
  std::vector<double> copies;
  bool good = measure(16, 20'000, 201, hops, copies);
  const double small_us = median(hops) / 1000;
  table.add({.what = "hop: set_input + compute + get_output on echo, 16 bytes",
             .measured = number(small_us) + " µs",
             .floor = "two copies: " + number(median(copies) / 1000) + " µs",
             .limit = "<= 0.15 µs",
             .within = small_us <= 0.15,
             .correct = good});

  hops.clear();
  copies.clear();
  good = measure(602'112, 1000, 51, hops, copies);
  const double ratio = median_ratio(hops, copies);
  table.add({.what = "hop: the same with 602,112 bytes ÷ two copies of them",
             .measured = number(ratio) + " (" + number(median(hops) / 1000) + " µs)",
             .floor = number(median(copies) / 1000) + " µs",
             .limit = "<= 1.1",
             .within = ratio <= 1.1,
             .correct = good});
}

}  // namespace nacre::bench
