#include "benches.h"
#include "guest.h"
#include "statistics.h"

#include <unistd.h>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace nacre::bench {
namespace {

// A page here and there is noise; a leak of one byte in a thousand inferences is not seen.
constexpr double kNoise = 1;

/// A folder that guests see as /models, where a file appears in the end.
class Signal {
 public:
  Signal() {
    std::string name = std::filesystem::temp_directory_path() / "nacre-bench-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) folder_ = name;
  }
  ~Signal() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  [[nodiscard]] std::string folder() const { return folder_.string(); }
  void give() const { std::ofstream(folder_ / "over") << "over"; }

 private:
  std::filesystem::path folder_;
};

/// Resident memory per guest beyond the first, while `count` of them are alive at once.
struct Crowd {
  double each = 0;
  bool good = true;
};

Crowd gather(const std::string& spec, Abi abi, std::vector<std::string> more_args, int count) {
  Crowd crowd;
  const Signal signal;
  const auto host = make_host({spec});
  GuestCall call{.name = "bench_hold",
                 .abi = abi,
                 .args = {"net", "/models/over"},
                 .models_dir = signal.folder()};
  call.args.insert(call.args.end(), more_args.begin(), more_args.end());
  const auto prepared = host->prepare(to_options(call));
  if (!prepared) return {.good = false};
  call.prepared = *prepared;

  std::mutex mutex;
  std::condition_variable changed;
  int there = 0;
  int failed = 0;
  const auto guest = [&] {
    const bool good = run_guest(*host, call, [&](std::string_view) {
      const std::lock_guard lock(mutex);
      ++there;
      changed.notify_all();
    });
    if (good) return;
    const std::lock_guard lock(mutex);
    ++failed;
    changed.notify_all();
  };
  std::vector<std::thread> threads;
  double one = 0;
  for (int i = 0; i < count && crowd.good; ++i) {
    threads.emplace_back(guest);
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return there == i + 1 || failed != 0; });
    crowd.good = failed == 0;
    if (i == 0) one = resident_mib();
  }
  crowd.each = (resident_mib() - one) / (count - 1);
  signal.give();
  for (std::thread& thread : threads)
    thread.join();
  crowd.good = crowd.good && failed == 0;
  return crowd;
}

void memory_of_inferences(const Settings& settings, const Runtime& runtime, Table& table) {
  const int few = 100;
  const int many = settings.quick ? 300 : 10'000;
  const auto host = make_host({model_spec(runtime)});
  int done = 0;
  double after_few = 0;
  double after_many = 0;
  const Inferences guest = run_bench_infer(*host, runtime, Abi::kModule, "net", many, [&] {
    ++done;
    if (done == few) after_few = resident_mib();
    if (done == many) after_many = resident_mib();
  });
  const double growth = after_many - after_few;
  table.add({.what = "resident memory after " + std::to_string(many) + " inferences − after " +
                     std::to_string(few) + ", " + runtime.name,
             .measured = number(growth) + " MiB",
             .floor = number(after_few) + " MiB",
             .limit = "0 within 1 MiB",
             .within = growth <= kNoise,
             .correct = guest.ended_well && done == many});
}

void memory_of_guests(const Settings& settings, Table& table) {
  const int few = 100;
  const int many = settings.quick ? 1000 : 20'000;
  const auto host = make_host({"net=@echo"});
  const GuestCall call{.name = "bench_by_name", .abi = Abi::kComponent, .args = {"net", "0"}};
  GuestOptions guest = to_options(call);
  const auto prepared = host->prepare(guest);
  bool good = prepared.has_value();
  if (prepared) guest.prepared = *prepared;
  double after_few = 0;
  for (int i = 0; i < many; ++i) {
    if (i == few) after_few = resident_mib();
    const auto outcome = host->run(guest);
    good = good && outcome && outcome->exit_code == 0;
  }
  const double growth = resident_mib() - after_few;
  table.add({.what = "resident memory after " + std::to_string(many) +
                     " component guests one after the other − after " + std::to_string(few),
             .measured = number(growth) + " MiB",
             .floor = number(after_few) + " MiB",
             .limit = "0 within 1 MiB",
             .within = growth <= kNoise,
             .correct = good});
}

}  // namespace

void bench_memory(const Settings& settings, Table& table) {
  for (const Runtime& runtime : settings.runtimes)
    memory_of_inferences(settings, runtime, table);
  memory_of_guests(settings, table);
}

void bench_shared(const Settings& settings, Table& table) {
  constexpr int kGuests = 100;
  for (const Runtime& runtime : settings.runtimes) {
    const double file = static_cast<double>(std::filesystem::file_size(runtime.path)) / (1 << 20);
    for (const Abi abi : {Abi::kModule, Abi::kComponent}) {
      const Crowd without = gather("net=@echo", abi, {}, kGuests);
      const Crowd with = gather(model_spec(runtime), abi, {}, kGuests);
      const double above = (with.each - without.each) * (kGuests - 1);
      const std::string as = " as " + std::string(in_words(abi)) + ", " + runtime.name;
      table.add({.what = "resident memory for a model that 100 guests hold − that one holds," + as,
                 .measured = number(above) + " MiB",
                 .floor = "its file: " + number(file) + " MiB",
                 .limit = "0 within 5 MiB",
                 .within = above <= 5,
                 .correct = with.good && without.good});

      const Crowd computed = gather(model_spec(runtime), abi, {dims_of(runtime)}, kGuests);
      table.note("each of 100 guests alive at once," + as + ": " + number(without.each) +
                 " MiB resident on echo, " + number(with.each) + " MiB with the model open, " +
                 number(computed.each) + " MiB after a computation" +
                 (computed.good ? "." : " (which FAILED)."));
    }
  }
}

}  // namespace nacre::bench
