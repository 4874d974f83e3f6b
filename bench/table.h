// The table of results, in Markdown, a row at a time.
#ifndef NACRE_BENCH_TABLE_H_
#define NACRE_BENCH_TABLE_H_

#include <optional>
#include <string>

namespace nacre::bench {

struct Row {
  std::string what;
  std::string measured;  ///< with its unit
  std::string floor;     ///< what it is compared with, measured beside it
  std::string limit;     ///< "<= 1.01"; empty: only told
  std::optional<bool> within;
  bool correct = false;  ///< the results were checked and are right
};

class Table {
 public:
  void print_head() const;
  void add(const Row& row);
  /// A line under the table, kept until print_notes().
  void note(std::string text);
  void print_notes() const;
  [[nodiscard]] bool all_correct() const noexcept { return all_correct_; }

 private:
  bool all_correct_ = true;
  std::string notes_;
};

/// "0.123", "12.3", "123": three digits that mean something.
[[nodiscard]] std::string number(double value);

/// "<= 1.02"
[[nodiscard]] std::string at_most(double limit);

}  // namespace nacre::bench

#endif  // NACRE_BENCH_TABLE_H_
