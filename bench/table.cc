#include "table.h"

#include <cmath>
#include <cstdio>

namespace nacre::bench {

void Table::print_head() const {
  std::printf("| what | measured | floor | limit | within | result right |\n");
  std::printf("|---|---|---|---|---|---|\n");
  std::fflush(stdout);
}

void Table::add(const Row& row) {
  const char* within = !row.within ? "" : *row.within ? "yes" : "**no**";
  std::printf("| %s | %s | %s | %s | %s | %s |\n", row.what.c_str(), row.measured.c_str(),
              row.floor.c_str(), row.limit.c_str(), within, row.correct ? "yes" : "**NO**");
  std::fflush(stdout);
  all_correct_ = all_correct_ && row.correct;
}

void Table::note(std::string text) {
  notes_ += "- " + std::move(text) + "\n";
}

void Table::print_notes() const {
  std::printf("\n%s", notes_.c_str());
}

std::string number(double value) {
  char text[32];
  const double size = std::fabs(value);
  const int digits = size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0;
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string at_most(double limit) {
  char text[32];
  std::snprintf(text, sizeof text, "<= %g", limit);
  return text;
}

}  // namespace nacre::bench
