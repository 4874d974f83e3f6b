// The sections of a component that matter here (all numbers LEB128; a name is a length and bytes):
//
//   4  component   a whole binary: the next index of a component
//   5  instances   count, then each:  0 component count { name sort index }…   an instantiation
//                                     1 count { name' sort index }…            a bundle of items
//   6  aliases     count, then each:  sort, and  0 instance name   1 core-instance name
//                                                2 how-many-levels-up index
//   10 imports     count, then each:  name' description
//   11 exports     count, then each:  name' sort index, 0 or 1 description
//
//   sort: 0 and one more byte for a core item, else 1 func 2 value 3 type 4 component 5 instance
//   name': 0 or 1 and a name, or 2 and a name and a version
//   description: 0 and two numbers, 2 and 3 a bound (0 index, 1), else one number

#include "engine/instantiations.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "engine/binary_reader.h"

namespace nacre::engine {
namespace {

constexpr std::uint64_t kComponent = 4;  // of the sorts
constexpr std::size_t kDeepest = 64;     // the VM's own limit is lower

std::uint64_t add(std::uint64_t a, std::uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/// Of one component: what each component that it can name costs.
using Costs = std::vector<std::uint64_t>;

class Walk {
 public:
  std::uint64_t cost_of(std::span<const std::byte> wasm) {
    scopes_.emplace_back();
    std::uint64_t cost = 1;
    BinaryReader reader(wasm);
    const auto head = reader.take(8);
    const bool component = head && (*head)[6] == std::byte{1};
    while (component && !reader.at_end()) {
      const auto id = reader.take(1);
      const auto size = id ? reader.number() : std::nullopt;
      const auto body = size ? reader.take(*size) : std::nullopt;
      if (!body || !read_section(std::to_integer<unsigned>(id->front()), *body, cost)) break;
    }
    scopes_.pop_back();
    most_ = std::max(most_, cost);
    return cost;
  }

 private:
  bool read_section(unsigned id, std::span<const std::byte> body, std::uint64_t& cost) {
    if (id == kComponent) {
      if (scopes_.size() >= kDeepest) return false;
      const std::uint64_t inner = cost_of(body);
      scopes_.back().push_back(inner);
      return true;
    }
    if (id != 5 && id != 6 && id != 10 && id != 11) return true;
    BinaryReader reader(body);
    const auto count = reader.number();
    for (std::uint64_t i = 0; count && i < *count; ++i) {
      const bool read = id == 5    ? read_instance(reader, cost)
                        : id == 6  ? read_alias(reader)
                        : id == 10 ? read_import(reader)
                                   : read_export(reader);
      if (!read) return false;
    }
    return count.has_value();
  }

  bool read_instance(BinaryReader& reader, std::uint64_t& cost) {
    const auto kind = reader.number();
    if (kind == 0) {
      const auto index = reader.number();
      if (!index) return false;
      cost = add(cost, cost_at(0, *index));
    }
    const auto count = kind && *kind <= 1 ? reader.number() : std::nullopt;
    for (std::uint64_t i = 0; count && i < *count; ++i) {
      const bool named = *kind == 0 ? skip_name(reader) : skip_marked_name(reader);
      if (!named || !read_sort(reader) || !reader.number()) return false;
    }
    return count.has_value();
  }

  bool read_alias(BinaryReader& reader) {
    const auto sort = read_sort(reader);
    const auto target = sort ? reader.number() : std::nullopt;
    const auto first = target ? reader.number() : std::nullopt;
    if (!first || *target > 2) return false;
    if (*target != 2) {
      if (!skip_name(reader)) return false;
      if (*sort == kComponent) scopes_.back().push_back(most_);
      return true;
    }
    const auto index = reader.number();
    if (!index) return false;
    if (*sort == kComponent) scopes_.back().push_back(cost_at(*first, *index));
    return true;
  }

  bool read_import(BinaryReader& reader) {
    if (!skip_marked_name(reader)) return false;
    const auto kind = read_description(reader);
    if (kind == kComponent) scopes_.back().push_back(most_);
    return kind.has_value();
  }

  bool read_export(BinaryReader& reader) {
    if (!skip_marked_name(reader)) return false;
    const auto sort = read_sort(reader);
    const auto index = sort ? reader.number() : std::nullopt;
    const auto described = index ? reader.number() : std::nullopt;
    if (!described || (*described == 1 && !read_description(reader))) return false;
    // An export is a new name for what it exports.
    if (*sort == kComponent) scopes_.back().push_back(cost_at(0, *index));
    return true;
  }

  /// What it describes; nullopt: unreadable.
  static std::optional<std::uint64_t> read_description(BinaryReader& reader) {
    const auto kind = reader.number();
    const auto first = kind ? reader.number() : std::nullopt;
    if (!first) return std::nullopt;
    const bool has_second = *kind == 0 || ((*kind == 2 || *kind == 3) && *first == 0);
    if (has_second && !reader.number()) return std::nullopt;
    return kind;
  }

  static std::optional<std::uint64_t> read_sort(BinaryReader& reader) {
    const auto sort = reader.number();
    if (sort == 0 && !reader.number()) return std::nullopt;
    return sort;
  }

  static bool skip_name(BinaryReader& reader) {
    const auto size = reader.number();
    return size && reader.take(*size);
  }

  static bool skip_marked_name(BinaryReader& reader) {
    const auto mark = reader.number();
    return mark && skip_name(reader) && (*mark != 2 || skip_name(reader));
  }

  /// Of the component `index` in the scope so many levels up. One that came in by an import or out
  /// of an instance is taken for the costliest so far.
  [[nodiscard]] std::uint64_t cost_at(std::uint64_t levels, std::uint64_t index) const {
    if (levels >= scopes_.size()) return most_;
    const Costs& scope = scopes_[scopes_.size() - 1 - static_cast<std::size_t>(levels)];
    return index < scope.size() ? scope[static_cast<std::size_t>(index)] : most_;
  }

  std::vector<Costs> scopes_;  // innermost last
  std::uint64_t most_ = 1;
};

}  // namespace

std::uint64_t instantiations_of(std::span<const std::byte> wasm) {
  return Walk().cost_of(wasm);
}

}  // namespace nacre::engine
