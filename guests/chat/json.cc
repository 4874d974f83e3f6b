#include <charconv>
#include <cstdio>

#include "text_model.h"

namespace chat {

std::optional<long> number_in(std::string_view json, std::string_view key) {
  const std::string wanted = '"' + std::string(key) + "\":";
  const auto at = json.find(wanted);
  if (at == json.npos) return std::nullopt;
  const char* from = json.data() + at + wanted.size();
  const char* end = json.data() + json.size();
  while (from != end && *from == ' ')
    ++from;
  long value = 0;
  if (std::from_chars(from, end, value).ec != std::errc()) return std::nullopt;
  return value;
}

std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned char>(c));
      json += escaped;
    } else {
      json += c;
    }
  }
  return json + '"';
}

}  // namespace chat
