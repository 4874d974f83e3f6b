#include "benches.h"
#include "guest.h"
#include "statistics.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace nacre::bench {
namespace {

constexpr std::chrono::milliseconds kPause{5};

/// One row: how the guest is compiled, and where its model comes from.
struct Way {
  Abi abi;
  bool by_name;
  int threads;  // 0: all, which is what a model gets that a guest brings
  double limit;
};
constexpr Way kWays[] = {{Abi::kModule, true, 1, 1.01},
                         {Abi::kModule, true, 2, 1.01},
                         {Abi::kComponent, true, 1, 1.02},
                         {Abi::kComponent, true, 2, 1.02},
                         {Abi::kComponent, false, 0, 1.02}};

struct Pairs {
  std::vector<double> guest_ms;
  std::vector<double> direct_ms;
  std::vector<double> in_place_ms;
  // What the guest's time has beside the backend's own, which Nacre's counters of a named model
  // tell.
  std::vector<double> set_input_ms;
  std::vector<double> around_compute_ms;
  std::vector<double> get_output_ms;
  bool good = true;
};

// After each inference the guest prints a line, and while it waits for that to be taken the same
// tensor is computed directly: so the pairs alternate. Both write their tensor anew before the
// clock starts, as a program does that has just made it, and take the same steps: a tensor of
// theirs becomes the input, the network is computed, its output comes into memory of theirs.
// Besides, a second direct model's computing alone is timed, on a tensor that was made in its
// memory and whose output stays there. The pauses let the threads of the one's pool go to sleep,
// which spin for a while after a computation, before the next is measured.
void measure(const Runtime& runtime, const Way& way, int count, std::string_view order,
             Pairs& pairs) {
  std::unique_ptr<Host> host;
  std::unique_ptr<DirectModel> direct;
  std::unique_ptr<DirectModel> in_place;
  const auto start_host = [&] {
    if (!way.by_name) {
      host = make_host({});
      return;
    }
    host = make_host({model_spec(runtime, ",threads=" + std::to_string(way.threads))});
    pairs.good = pairs.good && host->models().open("net");
  };
  for (const char which : order) {
    if (which == 'h') {
      start_host();
    } else {
      (which == 'd' ? direct : in_place) =
          runtime.open(way.by_name ? runtime.path : runtime.files.front(), way.threads);
    }
  }
  std::vector<float> input(in_place->input().size());
  std::vector<float> output;
  for (int i = 0; i < 5; ++i) {
    fill_input(input);
    direct->set_input(input);
    direct->infer();
    output.resize(direct->output().size());
    fill_input(in_place->input());
    in_place->infer();
  }
  const std::string model = way.by_name ? "net" : by_bytes(runtime);
  const auto in_backend = [&] { return ms(host->models().status().front().stats.compute_time); };
  std::vector<double> in_backend_after;
  std::vector<double> in_backend_before = {0};
  const Inferences guest = run_bench_infer(*host, runtime, way.abi, model, count, [&] {
    if (way.by_name) in_backend_after.push_back(in_backend());
    std::this_thread::sleep_for(kPause);
    fill_input(input);
    const auto begin = Clock::now();
    direct->set_input(input);
    direct->infer();
    std::ranges::copy(direct->output(), output.begin());
    pairs.direct_ms.push_back(ms_since(begin));
    std::this_thread::sleep_for(kPause);
    fill_input(in_place->input());
    const auto begin_in_place = Clock::now();
    in_place->infer();
    pairs.in_place_ms.push_back(ms_since(begin_in_place));
    std::this_thread::sleep_for(kPause);
    if (way.by_name) in_backend_before.push_back(in_backend());
  });
  pairs.guest_ms.insert(pairs.guest_ms.end(), guest.ms.begin(), guest.ms.end());
  for (const Inferences::Parts& parts : guest.parts) {
    pairs.set_input_ms.push_back(parts.set_input_ms);
    pairs.get_output_ms.push_back(parts.get_output_ms);
    if (!way.by_name) continue;
    pairs.around_compute_ms.push_back(
        parts.compute_ms - (in_backend_after[parts.index] - in_backend_before[parts.index]));
  }
  pairs.good = pairs.good && guest.ended_well && guest.checksum == checksum(output) &&
               guest.checksum == checksum(in_place->output());
}

std::string what(const Runtime& runtime, const Way& way, std::size_t pairs) {
  std::string text = runtime.model + " through ";
  text += in_words(way.abi);
  text += " ÷ " + runtime.name + " called directly, ";
  if (way.abi == Abi::kComponent) text += way.by_name ? "by name, " : "by bytes, ";
  text += way.threads == 0 ? "all threads" : "threads=" + std::to_string(way.threads);
  return text + ", " + std::to_string(pairs) + " pairs";
}

}  // namespace

void bench_compute(const Settings& settings, Table& table) {
  // Where the pages of a model happen to lie makes two percent between one direct request and
  // another; so everything is set up anew, many times, in every order: direct, host, in place.
  std::string order = "dhi";
  const int rounds = settings.quick ? 6 : 24;
  const int count = settings.quick ? 4 : 20;
  for (const Runtime& runtime : settings.runtimes) {
    for (const Way& way : kWays) {
      if (!way.by_name && runtime.files.empty()) continue;
      Pairs pairs;
      for (int i = 0; i < rounds; ++i) {
        measure(runtime, way, count, order, pairs);
        std::ranges::next_permutation(order);
      }
      // A vendor's pool of two threads on two cores takes twice as long whenever the kernel puts
      // both on one, on either side.
      const double guest_ms = lower_quartile(pairs.guest_ms);
      const double direct_ms = lower_quartile(pairs.direct_ms);
      const double ratio = guest_ms / direct_ms;
      table.add({.what = what(runtime, way, pairs.guest_ms.size()),
                 .measured = number(ratio) + " (" + number(guest_ms) + " ms)",
                 .floor = number(direct_ms) + " ms; computing alone, in place " +
                          number(lower_quartile(pairs.in_place_ms) / direct_ms),
                 .limit = at_most(way.limit),
                 .within = ratio <= way.limit,
                 .correct = pairs.good});
      if (!way.by_name) continue;
      const auto in_us = [](const std::vector<double>& times) {
        return number(1000 * lower_quartile(times));
      };
      table.note("of " + what(runtime, way, pairs.guest_ms.size()) +
                 ", beside the backend's: set_input " + in_us(pairs.set_input_ms) +
                 " µs, around compute " + in_us(pairs.around_compute_ms) + " µs, get_output " +
                 in_us(pairs.get_output_ms) + " µs.");
    }
  }
}

}  // namespace nacre::bench
