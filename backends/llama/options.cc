#include "options.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::llama {
namespace {

// "4096", "512M", "2G".
std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const int shift = unit.empty() ? 0 : unit == "K" ? 10 : unit == "M" ? 20 : unit == "G" ? 30 : -1;
  if (shift < 0 || value > (UINT64_MAX >> shift)) return std::nullopt;
  return value << shift;
}

std::unexpected<Error> wrong(const Property& option, std::string_view wanted) {
  return fail(ErrorCode::kInvalidArgument,
              "the option " + option.key + "=" + option.value + ": " + std::string(wanted));
}

}  // namespace

Result<Options> parse_options(std::span<const Property> given) {
  Options options;
  for (const Property& option : given) {
    const auto value = number(option.value);
    const auto in = [&](std::uint64_t low, std::uint64_t high) {
      return value && *value >= low && *value <= high;
    };
    if (option.key == "slots") {
      if (!in(1, 64)) return wrong(option, "a number from 1 to 64 was expected");
      options.slots = static_cast<std::uint32_t>(*value);
    } else if (option.key == "ctx-size") {
      if (!in(0, 16'777'216)) return wrong(option, "a number of tokens was expected");
      options.context_size = static_cast<std::uint32_t>(*value);
    } else if (option.key == "kv-bytes") {
      if (!in(1, UINT64_MAX)) return wrong(option, "a number of bytes was expected (512M, 2G)");
      options.kv_bytes = *value;
    } else if (option.key == "engines") {
      if (!in(1, 64)) return wrong(option, "a number from 1 to 64 was expected");
      options.engines = static_cast<std::uint32_t>(*value);
    } else if (option.key == "max-tokens") {
      if (!in(0, UINT32_MAX)) return wrong(option, "a number of tokens was expected");
      options.max_tokens = static_cast<std::uint32_t>(*value);
    } else if (option.key == "waiting") {
      if (!in(0, 100'000)) return wrong(option, "a number up to 100000 was expected");
      options.waiting = static_cast<std::uint32_t>(*value);
    } else if (option.key == "wait-ms") {
      if (!in(0, 3'600'000)) return wrong(option, "milliseconds up to 3600000 were expected");
      options.wait = std::chrono::milliseconds(*value);
    } else if (option.key == "run-ahead") {
      if (!in(0, 64)) return wrong(option, "a number of tokens up to 64 was expected");
      options.run_ahead = static_cast<std::uint32_t>(*value);
    } else if (option.key == "saved-bytes") {
      if (!value) return wrong(option, "a number of bytes was expected (0, 512M, 2G)");
      options.saved_bytes = *value;
    } else if (option.key == "prefix-cache") {
      if (option.value == "off") {
        options.prefix_cache = PrefixCache::kOff;
      } else if (option.value == "guest") {
        options.prefix_cache = PrefixCache::kOwner;
      } else if (option.value == "shared") {
        options.prefix_cache = PrefixCache::kShared;
      } else {
        return wrong(option, "off, guest or shared was expected");
      }
    } else if (option.key == "reproducible") {
      if (option.value != "true" && option.value != "false") {
        return wrong(option, "true or false was expected");
      }
      options.reproducible = option.value == "true";
    } else {
      return fail(ErrorCode::kInvalidArgument,
                  "the llama backend has no option \"" + option.key +
                      "\"; it has: slots, ctx-size, kv-bytes, engines, max-tokens, waiting, "
                      "wait-ms, prefix-cache, run-ahead, saved-bytes, reproducible");
    }
  }
  return options;
}

}  // namespace nacre::llama
