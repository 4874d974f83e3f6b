// Numbers of fields are those of the TFLite schema, version 3.
#include "core/tflite_sparsity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace nacre {
namespace {

constexpr std::size_t kMostDims = 8;

template <typename... Args>
std::unexpected<std::string> wrong(fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(fmt::format(format, std::forward<Args>(args)...));
}

/// The schema has three widths for the same numbers; none of another kind is read.
class Indices {
 public:
  Indices(const FlatTable& level, unsigned field) {
    const auto kind = level.number<std::uint8_t>(field);
    const FlatTable table = level.table(field + 1);
    if (kind == 1) wide_ = table.numbers<std::int32_t>(0);
    if (kind == 2) middle_ = table.numbers<std::uint16_t>(0);
    if (kind == 3) narrow_ = table.numbers<std::uint8_t>(0);
  }
  [[nodiscard]] std::size_t size() const {
    return std::max({wide_.size(), middle_.size(), narrow_.size()});
  }
  [[nodiscard]] std::int64_t operator[](std::size_t i) const {
    if (wide_.size() != 0) return wide_[i];
    return middle_.size() != 0 ? std::int64_t{middle_[i]} : std::int64_t{narrow_[i]};
  }

 private:
  FlatVector<std::int32_t> wide_;
  FlatVector<std::uint16_t> middle_;
  FlatVector<std::uint8_t> narrow_;
};

/// Of one level: where the rows of indices begin and end, and that each index is below `extent`.
std::expected<std::uint64_t, std::string> rows(const FlatTable& level, std::uint64_t parents,
                                               std::int64_t extent) {
  const Indices segments(level, 2);
  const Indices indices(level, 4);
  if (segments.size() != parents + 1 || segments[0] != 0) {
    return wrong("has {} rows of indices and {} ends of them", parents, segments.size());
  }
  for (std::size_t i = 1; i < segments.size(); ++i) {
    if (segments[i] < segments[i - 1]) return wrong("has a row of indices that ends before itself");
  }
  if (segments[segments.size() - 1] != static_cast<std::int64_t>(indices.size())) {
    return wrong("has {} indices, and its rows have {}", indices.size(),
                 segments[segments.size() - 1]);
  }
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] < 0 || indices[i] >= extent) {
      return wrong("has the index {} in a dimension of {}", indices[i], extent);
    }
  }
  return indices.size();
}

}  // namespace

std::expected<std::uint64_t, std::string> sparse_tflite_values(
    const FlatTable& sparsity, const FlatVector<std::int32_t>& shape) {
  const auto order = sparsity.numbers<std::int32_t>(0);
  const auto blocks = sparsity.numbers<std::int32_t>(1);
  const FlatTables levels = sparsity.tables(2);
  const std::size_t rank = shape.size();
  if (rank == 0 || rank > kMostDims || blocks.size() > rank ||
      order.size() != rank + blocks.size() || levels.size() != order.size()) {
    return wrong("has {} dimensions, {} blocks, and {} levels in an order of {}", rank,
                 blocks.size(), levels.size(), order.size());
  }
  std::vector<std::int64_t> extents;  // of the levels: dimensions in blocks, then the blocks
  std::uint64_t elements = 1;
  for (std::size_t i = 0; i < rank; ++i) {
    if (shape[i] < 1) return wrong("has a dimension of {}", shape[i]);
    elements *= static_cast<std::uint64_t>(shape[i]);
    if (elements > INT32_MAX) return wrong("has more than {} elements", INT32_MAX);
    extents.push_back(shape[i]);
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto size = levels[rank + i].number<std::int32_t>(1);
    const bool ordered = blocks[i] >= 0 && static_cast<std::size_t>(blocks[i]) < rank &&
                         (i == 0 || blocks[i] > blocks[i - 1]);
    if (!ordered || size < 1 || extents[static_cast<std::size_t>(blocks[i])] % size != 0) {
      return wrong("has blocks of {} in dimension {}", size, blocks[i]);
    }
    extents[static_cast<std::size_t>(blocks[i])] /= size;
    extents.push_back(size);
  }
  std::vector<bool> seen(rank, false);
  std::uint64_t values = 1;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::int32_t at = order[i];
    const bool in_place = at >= 0 && (i < rank ? static_cast<std::size_t>(at) < rank
                                               : static_cast<std::size_t>(at) == i);
    if (!in_place || (i < rank && seen[static_cast<std::size_t>(at)])) {
      return wrong("has {} in the order of its dimensions", at);
    }
    if (i < rank) seen[static_cast<std::size_t>(at)] = true;
    const FlatTable level = levels[i];
    const std::int64_t extent = extents[static_cast<std::size_t>(at)];
    const auto format = level.number<std::uint8_t>(0);
    if (format == 0) {
      const auto size = level.number<std::int32_t>(1);
      if (size != extent) return wrong("has {} at a level of {}", size, extent);
      values *= static_cast<std::uint64_t>(extent);
    } else if (format == 1 && i < rank) {
      const auto found = rows(level, values, extent);
      if (!found) return found;
      values = *found;
    } else {
      return wrong("has a level of the unknown kind {}", format);
    }
    if (values > elements * order.size()) return wrong("has more values than elements");
  }
  return values;
}

}  // namespace nacre
