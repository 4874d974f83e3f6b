// Letters of ASCII in lower case, whatever the locale.
#ifndef NACRE_SRC_BASE_LOWER_CASE_H_
#define NACRE_SRC_BASE_LOWER_CASE_H_

#include <string>
#include <string_view>

namespace nacre {

[[nodiscard]] constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] inline std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    c = to_lower(c);
  return out;
}

}  // namespace nacre

#endif  // NACRE_SRC_BASE_LOWER_CASE_H_
