// Text that a guest chose, made fit for a log.
#ifndef NACRE_SRC_ABI_PRINTABLE_H_
#define NACRE_SRC_ABI_PRINTABLE_H_

#include <string>
#include <string_view>

namespace nacre {

/// `text` with control characters and whatever is not UTF-8 written as \xNN, so that a model's name
/// can neither move a terminal's cursor nor break a log's line. What is longer than `max_bytes` is
/// cut and ends in "…".
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_bytes = 2000);

/// The same for a text of several lines, which stay lines.
[[nodiscard]] std::string printable_lines(std::string_view text, std::size_t max_bytes = 8000);

/// `text` with U+FFFD in the place of each byte that is part of no UTF-8 character.
[[nodiscard]] std::string to_utf8(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace nacre

#endif  // NACRE_SRC_ABI_PRINTABLE_H_
