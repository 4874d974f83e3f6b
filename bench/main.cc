// nacre_bench [--quick] [compute] [hop] [load] [by-name] [fresh] [two-guests] [start] [memory]
// [shared] [text] [prompt] [texts] [turn] [stream] [text-memory] [BACKEND...]
//
// Prints a Markdown table of the named measurements, or of all. It ends with 1 when a result was
// wrong; a slow row is only marked.
#include "benches.h"
#ifdef NACRE_BENCH_LANGUAGE
#include "language/language_benches.h"
#endif

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

namespace nacre::bench {

#define RUNTIME(name) Runtime name();
NACRE_BENCH_RUNTIMES
#undef RUNTIME

namespace {

struct Bench {
  std::string_view name;
  void (*run)(const Settings&, Table&);
};
constexpr Bench kBenches[] = {
    {"compute", bench_compute}, {"hop", bench_hop},       {"load", bench_load},
    {"by-name", bench_by_name}, {"fresh", bench_fresh},   {"two-guests", bench_two_guests},
    {"start", bench_start},     {"memory", bench_memory}, {"shared", bench_shared},
#ifdef NACRE_BENCH_LANGUAGE
    {"text", bench_text},       {"prompt", bench_prompt}, {"texts", bench_texts},
    {"turn", bench_turn},       {"stream", bench_stream}, {"text-memory", bench_text_memory},
#endif
};

int run(std::span<char*> args) {
  const std::vector<Runtime> runtimes = {
#define RUNTIME(name) name(),
      NACRE_BENCH_RUNTIMES
#undef RUNTIME
  };
  Settings settings;
  std::vector<Runtime> asked_for;
  std::vector<std::string_view> wanted;
  for (const char* arg : args) {
    if (std::strcmp(arg, "--quick") == 0) {
      settings.quick = true;
    } else if (std::ranges::find(kBenches, arg, &Bench::name) != std::end(kBenches)) {
      wanted.emplace_back(arg);
    } else if (const auto named = std::ranges::find(runtimes, arg, &Runtime::name);
               named != runtimes.end()) {
      asked_for.push_back(*named);
    } else {
      std::fprintf(stderr,
                   "nacre_bench: there is no '%s'\n"
                   "Usage: nacre_bench [--quick] [ROW...] [BACKEND...], with the rows:",
                   arg);
      for (const Bench& bench : kBenches)
        std::fprintf(stderr, " %s", bench.name.data());
      std::fputc('\n', stderr);
      return 2;
    }
  }
  settings.runtimes = asked_for.empty() ? runtimes : asked_for;
  Table table;
  table.print_head();
  for (const Bench& bench : kBenches) {
    if (wanted.empty() || std::ranges::find(wanted, bench.name) != wanted.end()) {
      bench.run(settings, table);
    }
  }
  table.print_notes();
  return table.all_correct() ? 0 : 1;
}

}  // namespace
}  // namespace nacre::bench

int main(int argc, char** argv) {
  return nacre::bench::run({argv + 1, static_cast<std::size_t>(argc - 1)});
}
