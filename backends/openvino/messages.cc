#include "messages.h"

#include <cstddef>

namespace nacre::openvino {
namespace {

constexpr std::size_t kLongest = 800;

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// "Check 'x' failed at src/y.cc:12:" and "FrontEnd API failed with Z:" say where, not what.
std::string_view drop_position(std::string_view line) {
  if (const auto at = line.find("' failed at src/");
      line.starts_with("Check '") && at != line.npos) {
    const auto end = line.find(':', line.find(':', at) + 1);
    line = end == line.npos ? std::string_view{} : line.substr(end + 1);
  }
  line = trim(line);
  if (line.starts_with("FrontEnd API failed with ")) {
    const auto end = line.find(':');
    line = end == line.npos ? std::string_view{} : line.substr(end + 1);
  }
  return trim(line);
}

}  // namespace

std::string explain(std::string_view vendor_text) {
  std::string out;
  while (!vendor_text.empty()) {
    const std::size_t end = vendor_text.find('\n');
    const std::string_view line = drop_position(trim(vendor_text.substr(0, end)));
    vendor_text = end == vendor_text.npos ? std::string_view{} : vendor_text.substr(end + 1);
    if (line.empty() || line.starts_with("Exception from ")) continue;
    if (!out.empty()) out += ' ';
    out += line;
    if (out.size() <= kLongest) continue;
    std::size_t cut = kLongest;
    while ((static_cast<unsigned char>(out[cut]) & 0xc0u) == 0x80u)
      --cut;  // no half character
    out.resize(cut);
    out += "…";
    break;
  }
  return out.empty() ? "OpenVINO gave no reason." : out;
}

std::string explain(const std::exception& exception) {
  return explain(std::string_view(exception.what()));
}

}  // namespace nacre::openvino
