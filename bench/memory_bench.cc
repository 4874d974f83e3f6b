#include "benches.h"
#include "guest.h"

#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace nacre::bench {
namespace {

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

}  // namespace

void bench_memory(const Settings& settings, Table& table) {
  const int few = 100;
  const int many = settings.quick ? 300 : 10'000;
  for (const Runtime& runtime : settings.runtimes) {
    auto host = make_host({"net=" + model_path() + ",backend=" + runtime.name});
    int done = 0;
    double after_few = 0;
    double after_many = 0;
    const Inferences guest = run_bench_infer(*host, "net", many, [&] {
      ++done;
      if (done == few) after_few = resident_mib();
      if (done == many) after_many = resident_mib();
    });
    const double growth = after_many - after_few;
    // A page here and there is noise; a leak of one byte in a thousand inferences is not seen.
    constexpr double kNoise = 1;
    table.add({.what = "resident memory after " + std::to_string(many) + " inferences − after " +
                       std::to_string(few) + ", " + runtime.name,
               .measured = number(growth) + " MiB",
               .floor = number(after_few) + " MiB",
               .limit = "0 within 1 MiB",
               .within = growth <= kNoise,
               .correct = guest.ended_well && done == many});
  }
}

}  // namespace nacre::bench
