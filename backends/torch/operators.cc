#include "operators.h"

#include <functional>
#include <map>

namespace nacre::torch {

extern const char* const kOperatorsText;  // operators.txt, compiled in

namespace {

// The reason by name; empty: allowed.
using Verdicts = std::map<std::string, std::string_view, std::less<>>;

Verdicts read_verdicts() {
  Verdicts verdicts;
  std::string_view reason;
  std::string_view rest = kOperatorsText;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    constexpr std::string_view kRefuse = "refuse ";
    if (line.empty() || line.front() == '#') continue;
    if (line.front() != ' ') {
      reason = line.starts_with(kRefuse) ? line.substr(kRefuse.size()) : std::string_view{};
      continue;
    }
    while (!line.empty()) {
      const auto word = line.substr(0, line.find(' '));
      if (!word.empty()) {
        const bool bare = word.find("::") == word.npos;
        verdicts.emplace((bare ? "aten::" : "") + std::string(word), reason);
      }
      line.remove_prefix(word.size() == line.size() ? line.size() : word.size() + 1);
    }
  }
  return verdicts;
}

}  // namespace

std::optional<std::string_view> why_refused(std::string_view name) {
  static const Verdicts verdicts_by_name = read_verdicts();
  const auto found = verdicts_by_name.find(name);
  if (found == verdicts_by_name.end())
    return "it is not on Nacre's list of operators that only compute";
  if (found->second.empty()) return std::nullopt;
  return found->second;
}

}  // namespace nacre::torch
