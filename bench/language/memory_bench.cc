#include "guest.h"
#include "language/language_benches.h"
#include "language/talk.h"
#include "statistics.h"

#include <malloc.h>

#include <algorithm>
#include <string>
#include <vector>

namespace nacre::bench {
namespace {

double trimmed_mib() {
  ::malloc_trim(0);
  return resident_mib();
}

}  // namespace

void bench_text_memory(const Settings& settings, Table& table) {
  const int cycles = settings.quick ? 2 : 5;
  const auto host =
      language_host({language_spec("chat", "slots=4,ctx-size=2048"), "echo=@echo"}, {});
  // What any guest brings into memory, the VM's code above all, is not the model's.
  bool good = run_guest(*host, {.name = "echo_hop", .args = {"16", "3"}}, [](std::string_view) {});
  double in_use = 0;
  const double before = trimmed_mib();
  std::vector<double> after;
  for (int i = 0; i < cycles; ++i) {
    const Talk talk =
        run_talk(*host, "chat", R"({"temp": 0, "n-predict": 16})", {long_text(200, i)});
    in_use = std::max(in_use, trimmed_mib());
    const auto unloaded = host->models().unload("chat");
    good = good && talk.good && unloaded && *unloaded;
    after.push_back(trimmed_mib());
  }
  const auto row = [&](const std::string& what, double mib, double floor, double most) {
    table.add({.what = what,
               .measured = number(mib) + " MiB",
               .floor = number(floor) + " MiB",
               .limit = at_most(most) + " MiB",
               .within = mib <= most,
               .correct = good});
  };
  row("resident memory after a language model's unload − before its first load",
      after.front() - before, before, 10);
  row("the same after " + std::to_string(cycles) + " cycles − after one",
      after.back() - after.front(), after.front(), 1);
  table.note("with the language model loaded and one conversation: " + number(in_use) +
             " MiB resident.");
}

}  // namespace nacre::bench
