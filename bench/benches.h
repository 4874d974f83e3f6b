// One function per kind of row. `quick` is for trying the program out: too few repetitions to
// quote.
#ifndef NACRE_BENCH_BENCHES_H_
#define NACRE_BENCH_BENCHES_H_

#include "direct.h"
#include "table.h"

#include <memory>
#include <span>
#include <string>

namespace nacre::bench {

struct Runtime {
  std::string name;
  std::unique_ptr<DirectModel> (*open)(const std::string& path, int threads);
};

struct Settings {
  std::span<const Runtime> runtimes;
  bool quick = false;
};

/// EfficientNet-Lite0 through a guest ÷ the vendor's SDK called directly, in alternating pairs.
void bench_compute(const Settings& settings, Table& table);
/// set_input + compute + get_output on the echo graph.
void bench_hop(const Settings& settings, Table& table);
/// Two guests at once on one graph ÷ one guest.
void bench_two_guests(const Settings& settings, Table& table);
/// From process start to the first result, against a native program.
void bench_start(const Settings& settings, Table& table);
/// Resident memory after many inferences − after few.
void bench_memory(const Settings& settings, Table& table);

}  // namespace nacre::bench

#endif  // NACRE_BENCH_BENCHES_H_
