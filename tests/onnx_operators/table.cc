#include "onnx_operators/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

namespace nacre::onnx_operators_test {
namespace {

constexpr std::string_view kHead =
    "# The ONNX operator tests on one runtime: the vendor's own API, the same through Nacre, "
    "whether\n"
    "# both give the same bytes, and why not. Written by tests/onnx_operators (see its README).\n"
    "# test\tdirect\tnacre\tbytes\treason\n";

/// Vendors' sentences go on and on.
std::string shortened(std::string_view text) {
  constexpr std::size_t kLongest = 160;
  if (text.size() <= kLongest) return std::string(text);
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string describe(const Row& row) {
  return fmt::format("the vendor's API {}, Nacre {}, bytes {}{}", row.direct, row.nacre, row.bytes,
                     row.reason.empty() ? "" : " (" + row.reason + ")");
}

/// Which of the few kinds of reasons it is.
std::string_view kind_of(const Row& row) {
  const auto says = [&](std::string_view words) {
    return row.reason.find(words) != row.reason.npos;
  };
  for (const std::string_view word : {"sequence", "optional", "Optional", "Sequence"}) {
    if (says(word)) return "a sequence or an optional value, which wasi-nn has not";
  }
  if (says("cannot hold")) return "values that the runtime would change silently";
  if (says("string")) return "strings";
  return "an operator, type or attribute that the runtime lacks";
}

}  // namespace

std::string to_text(const Table& table) {
  std::string text(kHead);
  for (const auto& [name, row] : table) {
    text += fmt::format("{}\t{}\t{}\t{}\t{}\n", name, row.direct, row.nacre, row.bytes,
                        shortened(row.reason));
  }
  return text;
}

Table parse_table(std::string_view text) {
  Table table;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('#')) continue;
    std::array<std::string, 5> cells;
    std::size_t filled = 0;
    while (filled < cells.size()) {
      const auto tab = filled + 1 < cells.size() ? line.find('\t') : line.npos;
      cells[filled++] = line.substr(0, tab);
      if (tab == line.npos) break;
      line.remove_prefix(tab + 1);
    }
    if (filled != cells.size()) continue;
    table[cells[0]] = {
        .direct = cells[1], .nacre = cells[2], .bytes = cells[3], .reason = cells[4]};
  }
  return table;
}

std::vector<std::string> differences(const Table& recorded, const Table& now) {
  std::vector<std::string> found;
  for (const auto& [name, row] : recorded) {
    const auto other = now.find(name);
    if (other == now.end()) {
      found.push_back(fmt::format("{} was not run", name));
      continue;
    }
    const Row& is = other->second;
    // Random bytes may be the right ones, once.
    if (row.bytes == "random" && is.nacre != "crash" && is.nacre != "unsupported") continue;
    if (row.direct == is.direct && row.nacre == is.nacre && row.bytes == is.bytes) continue;
    found.push_back(fmt::format("{}: recorded: {}; now: {}", name, describe(row), describe(is)));
  }
  for (const auto& [name, row] : now) {
    if (!recorded.contains(name)) found.push_back(fmt::format("{} is not recorded", name));
  }
  return found;
}

std::vector<std::string> broken_promises(const Table& table) {
  std::vector<std::string> found;
  for (const auto& [name, row] : table) {
    // Where Nacre is right and the vendor's API is not, there is a reason to differ.
    const bool differs = row.bytes == "differ" && row.nacre != "pass";
    const bool lost = row.direct == "pass" && (row.nacre != "pass" || row.bytes != "same");
    if (row.nacre == "crash" || (row.bytes != "random" && (differs || lost)))
      found.push_back(fmt::format("{}: {}", name, describe(row)));
  }
  return found;
}

std::string summary(const std::map<std::string, Table>& by_runtime) {
  const auto line = [&](std::string_view what, const std::function<bool(const Row&)>& counts) {
    std::string text = fmt::format("| {} |", what);
    for (const auto& [runtime, table] : by_runtime) {
      text += fmt::format(" {} |", std::ranges::count_if(table, [&](const auto& entry) {
                            return counts(entry.second);
                          }));
    }
    return text + "\n";
  };
  std::string text = "| |";
  std::string rule = "|---|";
  for (const auto& [runtime, table] : by_runtime) {
    text += fmt::format(" {} |", runtime);
    rule += "---|";
  }
  text += "\n" + rule + "\n";
  text += line("tests", [](const Row&) { return true; });
  text += line("pass, called directly", [](const Row& row) { return row.direct == "pass"; });
  text += line("pass through Nacre", [](const Row& row) { return row.nacre == "pass"; });
  text += line("pass both ways, with the same bytes", [](const Row& row) {
    return row.direct == "pass" && row.nacre == "pass" && row.bytes == "same";
  });
  text += line("compute to other numbers than the test's, the same both ways",
               [](const Row& row) { return row.nacre == "fail" && row.bytes == "same"; });
  text += line("are random", [](const Row& row) { return row.bytes == "random"; });
  text +=
      line("unsupported through Nacre", [](const Row& row) { return row.nacre == "unsupported"; });
  std::map<std::string_view, int> kinds;
  for (const auto& [runtime, table] : by_runtime) {
    for (const auto& [name, row] : table)
      if (row.nacre == "unsupported") ++kinds[kind_of(row)];
  }
  for (const auto& [kind, count] : kinds) {
    text += line(fmt::format("... for {}", kind), [&](const Row& row) {
      return row.nacre == "unsupported" && kind_of(row) == kind;
    });
  }
  text += line("end the process", [](const Row& row) { return row.nacre == "crash"; });
  return text;
}

std::string with_summary(std::string_view document, std::string_view summary) {
  constexpr std::string_view kBegin = "<!-- summary -->\n";
  constexpr std::string_view kEnd = "<!-- end -->\n";
  const auto begin = document.find(kBegin);
  const auto end = document.find(kEnd);
  if (begin == document.npos || end == document.npos || end < begin) return std::string(document);
  std::string text(document.substr(0, begin + kBegin.size()));
  text += "\n";
  text += summary;
  text += "\n";
  text += document.substr(end);
  return text;
}

}  // namespace nacre::onnx_operators_test
