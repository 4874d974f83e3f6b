#include "types.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace magika {

std::expected<std::vector<FileType>, std::string> parse_types(std::string_view text) {
  std::vector<FileType> types;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    std::array<std::string, 6> cells;
    std::size_t filled = 0;
    while (filled < cells.size()) {
      const auto tab = filled + 1 < cells.size() ? line.find('\t') : line.npos;
      cells[filled++] = line.substr(0, tab);
      if (tab == line.npos) break;
      line.remove_prefix(tab + 1);
    }
    if (filled != cells.size())
      return std::unexpected("line " + std::to_string(types.size() + 1) + " has " +
                             std::to_string(filled) + " columns and not 6");
    types.push_back({.name = cells[0],
                     .is_text = cells[1] == "text",
                     .threshold = std::strtof(cells[2].c_str(), nullptr),
                     .kept_as = cells[3],
                     .media_type = cells[4],
                     .description = cells[5]});
  }
  return types;
}

const FileType* find_type(std::span<const FileType> types, std::string_view name) {
  const auto found = std::ranges::find(types, name, &FileType::name);
  return found == types.end() ? nullptr : &*found;
}

Answer decide(std::span<const FileType> types, std::span<const float> scores) {
  const auto best = std::ranges::max_element(scores);
  const auto index = static_cast<std::size_t>(best - scores.begin());
  if (best == scores.end() || index >= types.size()) return {};
  const FileType& likely = types[index];
  const FileType* said = find_type(types, likely.kept_as);
  if (said != nullptr && *best < likely.threshold)
    said = find_type(types, said->is_text ? "txt" : "unknown");
  return {.type = said, .score = *best};
}

}  // namespace magika
