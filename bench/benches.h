// One function per kind of row. `quick` is for trying the program out: too few repetitions to
// quote.
#ifndef NACRE_BENCH_BENCHES_H_
#define NACRE_BENCH_BENCHES_H_

#include "direct.h"
#include "table.h"

#include <span>

namespace nacre::bench {

struct Settings {
  std::span<const Runtime> runtimes;
  bool quick = false;
};

/// A network through a guest ÷ the vendor's SDK called directly, in alternating pairs; the guest as
/// a core module and as a component, the model by name and by bytes.
void bench_compute(const Settings& settings, Table& table);
/// set_input + compute + get_output on the echo graph, from 16 bytes to 50 MB.
void bench_hop(const Settings& settings, Table& table);
/// Loading a model by bytes from a component ÷ from a core module.
void bench_load(const Settings& settings, Table& table);
/// Opening a registered model that is loaded already.
void bench_by_name(const Settings& settings, Table& table);
/// A whole life of a guest whose code and model are there already.
void bench_fresh(const Settings& settings, Table& table);
/// Two guests at once on one graph ÷ one guest.
void bench_two_guests(const Settings& settings, Table& table);
/// From process start to the first result, against a native program.
void bench_start(const Settings& settings, Table& table);
/// Resident memory after many inferences − after few.
void bench_memory(const Settings& settings, Table& table);
/// What a further guest costs that shares a model.
void bench_shared(const Settings& settings, Table& table);

}  // namespace nacre::bench

#endif  // NACRE_BENCH_BENCHES_H_
