// Summaries of repeated measurements.
#ifndef NACRE_BENCH_STATISTICS_H_
#define NACRE_BENCH_STATISTICS_H_

#include <chrono>
#include <span>
#include <vector>

namespace nacre::bench {

using Clock = std::chrono::steady_clock;

[[nodiscard]] inline double ms(std::chrono::duration<double, std::milli> time) {
  return time.count();
}
[[nodiscard]] inline double ms_since(Clock::time_point begin) {
  return ms(Clock::now() - begin);
}

/// Of this process, as the kernel counts it.
[[nodiscard]] double resident_mib();

[[nodiscard]] double median(std::vector<double> values);

/// What a quarter of the values are below. Whatever else a machine does makes a time longer, never
/// shorter, so this is steadier than the median where that happens often.
[[nodiscard]] double lower_quartile(std::vector<double> values);

/// The median over i of a[i] / b[i]: what the two did side by side, whatever else the machine did
/// at that moment. The spans are equally long.
[[nodiscard]] double median_ratio(std::span<const double> a, std::span<const double> b);

}  // namespace nacre::bench

#endif  // NACRE_BENCH_STATISTICS_H_
