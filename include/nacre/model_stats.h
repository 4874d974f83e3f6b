// What was asked of a model, and how long it took.
#ifndef NACRE_MODEL_STATS_H_
#define NACRE_MODEL_STATS_H_

#include <atomic>
#include <chrono>
#include <cstdint>

namespace nacre {

/// Counts since the process began; they survive an unload.
struct ModelStats {
  /// Computations that ended, well or not. A text is one, however many pieces it came in.
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;                    ///< those of them that failed
  std::chrono::nanoseconds compute_time = {};  ///< in all of them
  /// How long callers waited for their turn: for a load that another had begun, and of a language
  /// model for a place among those whose texts are decoded. Other computations do not queue in
  /// Nacre, they begin on the caller's own thread; a wait inside a vendor's runtime is part of
  /// compute_time.
  std::chrono::nanoseconds queue_time = {};
  std::uint64_t loads = 0;                  ///< attempts
  std::uint64_t load_errors = 0;            ///< those of them that failed
  std::chrono::nanoseconds load_time = {};  ///< in all of them, a check of sha256 included
};

/// The live counters of one model. Any thread; no lock, and no order between counters: a snapshot
/// that is taken while guests compute may be a request ahead in one of them.
class ModelCounters {
 public:
  void computed(bool good, std::chrono::nanoseconds took) noexcept {
    add(requests_, 1);
    add(compute_ns_, took.count());
    if (!good) add(errors_, 1);
  }
  void loaded(bool good, std::chrono::nanoseconds took) noexcept {
    add(loads_, 1);
    add(load_ns_, took.count());
    if (!good) add(load_errors_, 1);
  }
  void queued(std::chrono::nanoseconds took) noexcept { add(queue_ns_, took.count()); }

  [[nodiscard]] ModelStats read() const noexcept {
    const auto get = [](const Counter& counter) { return counter.load(std::memory_order_relaxed); };
    const auto time = [&get](const Counter& counter) {
      return std::chrono::nanoseconds(static_cast<std::int64_t>(get(counter)));
    };
    return {.requests = get(requests_),
            .errors = get(errors_),
            .compute_time = time(compute_ns_),
            .queue_time = time(queue_ns_),
            .loads = get(loads_),
            .load_errors = get(load_errors_),
            .load_time = time(load_ns_)};
  }

 private:
  using Counter = std::atomic<std::uint64_t>;
  static void add(Counter& counter, std::int64_t count) noexcept {
    counter.fetch_add(static_cast<std::uint64_t>(count), std::memory_order_relaxed);
  }

  // A line of the cache of its own: two models do not slow each other down.
  alignas(64) Counter requests_ = 0;
  Counter compute_ns_ = 0;
  Counter errors_ = 0;
  Counter queue_ns_ = 0;
  Counter loads_ = 0;
  Counter load_errors_ = 0;
  Counter load_ns_ = 0;
};

}  // namespace nacre

#endif  // NACRE_MODEL_STATS_H_
