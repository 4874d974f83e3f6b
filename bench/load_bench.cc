#include "benches.h"
#include "guest.h"
#include "statistics.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace nacre::bench {
namespace {

// Milliseconds of the one load of a guest of its own, as it measured them itself.
std::optional<double> load_ms(Host& host, const Runtime& runtime, Abi abi) {
  GuestCall call{.name = "bench_load",
                 .abi = abi,
                 .args = {runtime.encoding, "1"},
                 .models_dir = models_dir(runtime)};
  for (std::string& file : guest_files(runtime))
    call.args.push_back(std::move(file));
  return number_from_guest(host, call, "ms ");
}

}  // namespace

void bench_load(const Settings& settings, Table& table) {
  const int rounds = settings.quick ? 6 : 50;
  for (const Runtime& runtime : settings.runtimes) {
    if (runtime.files.empty()) continue;
    const auto host = make_host({});
    double bytes = 0;
    for (const std::string& file : runtime.files)
      bytes += static_cast<double>(std::filesystem::file_size(file));
    std::vector<double> module_ms;
    std::vector<double> component_ms;
    bool good = true;
    for (int i = 0; i < rounds; ++i) {
      const bool module_first = i % 2 == 0;
      for (const bool first : {true, false}) {
        const Abi abi = first == module_first ? Abi::kModule : Abi::kComponent;
        const auto ms = load_ms(*host, runtime, abi);
        good = good && ms;
        (abi == Abi::kModule ? module_ms : component_ms).push_back(ms.value_or(0));
      }
    }
    const double ratio = median_ratio(component_ms, module_ms);
    table.add({.what = "loading " + number(bytes / 1e6) +
                       " MB by bytes from a component ÷ from a " + "core module, " + runtime.name +
                       ", " + std::to_string(rounds) + " pairs",
               .measured = number(ratio) + " (" + number(median(component_ms)) + " ms)",
               .floor = number(median(module_ms)) + " ms",
               .limit = at_most(1.1),
               .within = ratio <= 1.1,
               .correct = good});
  }
}

}  // namespace nacre::bench
