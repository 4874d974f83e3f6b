// The three functions of llama.cpp's common.cpp that its schema converter uses; the rest of that
// file, with what it needs in turn, stays out.
#include <common.h>

#include <string>
#include <vector>

std::string string_repeat(const std::string& text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i)
    all += text;
  return all;
}

std::string string_join(const std::vector<std::string>& values, const std::string& separator) {
  std::string all;
  for (std::size_t i = 0; i < values.size(); ++i)
    all += (i == 0 ? "" : separator) + values[i];
  return all;
}

std::vector<std::string> string_split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t at = 0; (at = text.find(separator, from)) != std::string::npos;
       from = at + separator.size())
    parts.push_back(text.substr(from, at - from));
  parts.push_back(text.substr(from));
  return parts;
}
