// The rules of the building as functions on text, so that they can be tested themselves.
#ifndef NACRE_TESTS_LAYERING_RULES_H_
#define NACRE_TESTS_LAYERING_RULES_H_

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::layering {

/// One `#include`: what stands between the quotes or the angle brackets.
struct Include {
  std::string name;
  bool angled = false;
};

/// The include of a line, if it is one.
std::optional<Include> parse_include(std::string_view line);

/// The room of a file: "base", "engine", "backends/echo", "include"…; empty where no rule holds.
std::string room_of(const std::filesystem::path& relative);

/// What is wrong with that include in that file (both relative to `root`); empty when nothing is.
std::string check_include(const std::filesystem::path& root, const std::filesystem::path& file,
                          const Include& include);

/// Words that no file may hold: paths of one person's machine.
std::vector<std::string> forbidden_words();

/// The repository paths that a document names: in backticks, or as a link's target.
std::vector<std::string> named_paths(std::string_view document);

}  // namespace nacre::layering

#endif  // NACRE_TESTS_LAYERING_RULES_H_
