#include "base/copy_bytes.h"
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
  std::vector<double> control_ms;
  // What the guest's time has beside the backend's own, which Nacre's counters of a named model
  // tell.
  std::vector<double> set_input_ms;
  std::vector<double> around_compute_ms;
  std::vector<double> get_output_ms;
  bool good = true;
};

void append(std::vector<double>& all, const std::vector<double>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

// After each inference the guest prints a line, and while it waits for that to be taken the same
// tensor is computed directly: so the pairs alternate. Both write their tensor anew before the
// clock starts, as a program does that has just made it. The control is a second direct model with
// the settings that Nacre gives the vendor, whose input is copied in as Nacre does, since the
// tensor lies elsewhere: what is beyond it is the guest's and Nacre's, or noise. The pauses let the
// threads of the one's pool go to sleep, which spin for a while after a computation, before the
// next is measured.
void measure(const Runtime& runtime, const Way& way, int count, std::string_view order,
             Pairs& pairs) {
  std::unique_ptr<Host> host;
  std::unique_ptr<DirectModel> direct;
  std::unique_ptr<DirectModel> control;
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
      const bool as_nacre = which == 'c' && runtime.open_as_nacre != nullptr;
      (which == 'd' ? direct : control) = (as_nacre ? runtime.open_as_nacre : runtime.open)(
          way.by_name ? runtime.path : runtime.files.front(), way.threads);
    }
  }
  std::vector<float> made(control->input().size());
  for (int i = 0; i < 5; ++i) {
    fill_input(direct->input());
    direct->infer();
    fill_input(control->input());
    control->infer();
  }
  const std::string model = way.by_name ? "net" : by_bytes(runtime);
  const auto in_backend = [&] { return ms(host->models().status().front().stats.compute_time); };
  std::vector<double> in_backend_after;
  std::vector<double> in_backend_before = {0};
  const Inferences guest = run_bench_infer(*host, runtime, way.abi, model, count, [&] {
    if (way.by_name) in_backend_after.push_back(in_backend());
    std::this_thread::sleep_for(kPause);
    fill_input(direct->input());
    const auto begin = Clock::now();
    direct->infer();
    pairs.direct_ms.push_back(ms_since(begin));
    std::this_thread::sleep_for(kPause);
    fill_input(made);
    const auto control_begin = Clock::now();
    copy_bytes(std::as_writable_bytes(control->input()).data(), std::as_bytes(std::span(made)));
    control->infer();
    pairs.control_ms.push_back(ms_since(control_begin));
    std::this_thread::sleep_for(kPause);
    if (way.by_name) in_backend_before.push_back(in_backend());
  });
  append(pairs.guest_ms, guest.ms);
  append(pairs.set_input_ms, guest.set_input_ms);
  append(pairs.get_output_ms, guest.get_output_ms);
  // The first has those before it that are not timed.
  for (std::size_t i = 1; i < in_backend_after.size(); ++i) {
    pairs.around_compute_ms.push_back(guest.compute_ms[i] -
                                      (in_backend_after[i] - in_backend_before[i]));
  }
  pairs.good = pairs.good && guest.ended_well && guest.checksum == checksum(direct->output());
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
  // another; so everything is set up anew, many times, in every order: control, direct, host.
  std::string order = "cdh";
  const int rounds = settings.quick ? 6 : 24;
  const int count = settings.quick ? 4 : 17;
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
                 .floor = number(direct_ms) + " ms; control " +
                          number(lower_quartile(pairs.control_ms) / direct_ms),
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
