#include "core/ir_walk.h"

#include <fmt/format.h>

#include <string_view>

namespace nacre {
namespace {

std::unexpected<Error> not_ir(std::string_view why, std::size_t offset) {
  return fail(
      ErrorCode::kInvalidEncoding,
      fmt::format("the bytes are not the XML of an OpenVINO IR: {} near byte {}", why, offset));
}

/// Where the tag that begins before `at` ends: its '>', outside of quotes.
std::size_t end_of_tag(std::string_view text, std::size_t at) noexcept {
  for (; at < text.size(); ++at) {
    at = text.find_first_of("\"'>", at);
    if (at == text.npos || text[at] == '>') return at;
    at = text.find(text[at], at + 1);
    if (at == text.npos) return at;
  }
  return text.npos;
}

}  // namespace

Result<void> check_ir_depth(std::span<const std::byte> xml) {
  const std::string_view text(reinterpret_cast<const char*>(xml.data()), xml.size());
  std::size_t depth = 0;
  for (std::size_t at = text.find('<'); at != text.npos; at = text.find('<', at)) {
    const std::size_t begin = at;
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("<!--")) {
      at = text.find("-->", at + 4);
    } else if (rest.starts_with("<?")) {
      at = text.find("?>", at + 2);
    } else if (rest.starts_with("<!")) {
      return not_ir("a document type or CDATA", begin);
    } else if (rest.starts_with("</")) {
      at = text.find('>', at);
      if (depth != 0) --depth;
    } else {
      at = end_of_tag(text, at + 1);
      if (at != text.npos && text[at - 1] != '/' && ++depth > kMaxIrDepth) {
        return not_ir(fmt::format("elements are nested deeper than {}", kMaxIrDepth), begin);
      }
    }
    if (at == text.npos) return not_ir("something that does not end", begin);
  }
  return {};
}

}  // namespace nacre
