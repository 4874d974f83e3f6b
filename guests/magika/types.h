// The kinds of files that the network magika tells apart, as deps/fetch.py writes them down: one
// line each, `name text-or-binary threshold kept-as media-type description`, tabs between. The
// first lines are the network's outputs in their order; those after them are further names.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace magika {

struct FileType {
  std::string name;
  bool is_text = false;
  float threshold = 0.5f;  // below it only text or binary is said
  std::string kept_as;     // the name that is said for it, mostly its own
  std::string media_type;
  std::string description;
};

std::expected<std::vector<FileType>, std::string> parse_types(std::string_view text);

// The type that `scores` (one per output) speak for, and how sure the network is of it.
struct Answer {
  const FileType* type = nullptr;
  float score = 0;
};
Answer decide(std::span<const FileType> types, std::span<const float> scores);

// By name; nullptr where there is none.
const FileType* find_type(std::span<const FileType> types, std::string_view name);

}  // namespace magika
