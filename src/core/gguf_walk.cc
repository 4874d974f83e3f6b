#include "core/gguf_walk.h"

#include "base/checked_math.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nacre {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are read as they lie");

enum ValueType : std::uint32_t {
  kUint32 = 4,
  kFloat32 = 6,
  kString = 8,
  kArray = 9,
  kFloat64 = 12,
  kTypes = 13,
};
// By the number of the type; 0 where the size is not fixed.
constexpr std::array<std::uint8_t, kTypes> kValueBytes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

struct Block {
  std::uint32_t elements;
  std::uint32_t bytes;
};

/// How ggml lays out a row of a type; nothing for numbers that are not known here, whose data is
/// only checked to begin inside.
std::optional<Block> block_of(std::uint32_t type) noexcept {
  switch (type) {
    case 0:  // f32
    case 26:
      return Block{1, 4};
    case 1:  // f16
    case 25:
    case 30:
      return Block{1, 2};
    case 24:  // i8
      return Block{1, 1};
    case 27:  // i64
    case 28:
      return Block{1, 8};
    case 2:  // q4_0
    case 20:
      return Block{32, 18};
    case 3:  // q4_1
      return Block{32, 20};
    case 6:  // q5_0
      return Block{32, 22};
    case 7:  // q5_1
      return Block{32, 24};
    case 8:  // q8_0
      return Block{32, 34};
    case 9:  // q8_1
      return Block{32, 36};
    case 10:  // q2_K
      return Block{256, 84};
    case 11:  // q3_K
      return Block{256, 110};
    case 12:  // q4_K
      return Block{256, 144};
    case 13:  // q5_K
      return Block{256, 176};
    case 14:  // q6_K
      return Block{256, 210};
    default:
      return std::nullopt;
  }
}

class Walk {
 public:
  /// `model` may be the beginning of `size` bytes; what is read goes into `facts`, if given.
  Walk(std::span<const std::byte> model, std::uint64_t size, GgufFacts* facts) noexcept
      : model_(model), size_(size), facts_(facts) {}

  /// After a refusal: it would have gone on beyond what is at hand.
  [[nodiscard]] bool cut() const noexcept { return cut_; }

  Result<void> run() {
    if (take(4) != "GGUF") return refuse("it does not start with GGUF");
    const auto version = number<std::uint32_t>();
    if (ok_ && version != 2 && version != 3) {
      return refuse(fmt::format("its version is {}, and 2 and 3 are known", version));
    }
    const auto tensors = number<std::uint64_t>();
    const auto pairs = number<std::uint64_t>();
    if (ok_ && (tensors > kMaxGgufEntries || pairs > kMaxGgufEntries)) {
      return refuse(fmt::format("it claims {} tensors and {} pairs, and the limit is {}", tensors,
                                pairs, kMaxGgufEntries));
    }
    for (std::uint64_t i = 0; i < pairs && ok_; ++i) {
      if (auto done = pair(); !done) return done;
    }
    const std::size_t first_tensor = at_;
    for (std::uint64_t i = 0; i < tensors && ok_; ++i) {
      if (auto done = tensor(0); !done) return done;
    }
    if (!ok_) return refuse("it ends before what it says is in it");
    // Now that it is known where the data begins, the tensors once more.
    const std::uint64_t data = (at_ + alignment_ - 1) / alignment_ * alignment_;
    if (facts_ != nullptr) facts_->weights_bytes = size_ - std::min(size_, data);
    at_ = first_tensor;
    for (std::uint64_t i = 0; i < tensors; ++i) {
      if (auto done = tensor(data); !done) return done;
    }
    return {};
  }

 private:
  std::unexpected<Error> refuse(std::string_view why) const {
    return fail(
        ErrorCode::kInvalidEncoding,
        fmt::format("the bytes are no GGUF model: {} (near byte {} of {})", why, at_, size_));
  }

  std::string_view take(std::uint64_t length) noexcept {
    if (!ok_) return {};
    if (!range_fits(at_, length, model_.size())) {
      cut_ = range_fits(at_, length, size_);
      ok_ = false;
      return {};
    }
    const auto* from = reinterpret_cast<const char*>(model_.data()) + at_;
    at_ += static_cast<std::size_t>(length);
    return {from, static_cast<std::size_t>(length)};
  }

  template <typename T>
  T number() noexcept {
    T value{};
    const std::string_view bytes = take(sizeof value);
    if (ok_) bytes.copy(reinterpret_cast<char*>(&value), sizeof value);
    return value;
  }

  std::string_view string() noexcept { return take(number<std::uint64_t>()); }

  Result<void> pair() {
    const std::string_view key = string();
    if (key.empty() || key.size() > kMaxGgufKeyBytes) {
      if (ok_) return refuse("a key is empty or longer than any is");
    }
    const auto type = number<std::uint32_t>();
    if (ok_ && type >= kTypes) return refuse(fmt::format("a value has the type {}", type));
    if (key == "general.alignment" && ok_) {
      const std::size_t before = at_;
      if (type != kUint32) return refuse("general.alignment is no 32-bit number");
      alignment_ = number<std::uint32_t>();
      at_ = before;
      if (ok_ && (!std::has_single_bit(alignment_) || alignment_ > 65'536)) {
        return refuse(fmt::format("general.alignment is {}", alignment_));
      }
    }
    if (type != kArray) {
      value(key, type, 1);
      return {};
    }
    const auto element = number<std::uint32_t>();
    const auto count = number<std::uint64_t>();
    if (ok_ && (element >= kTypes || element == kArray)) {
      return refuse(fmt::format("an array has elements of the type {}", element));
    }
    if (facts_ != nullptr) facts_->counts.insert_or_assign(std::string(key), count);
    value(key, element, count);
    return {};
  }

  void value(std::string_view key, std::uint32_t type, std::uint64_t count) {
    if (!ok_) return;
    if (type != kString) {
      const auto bytes = checked_mul(count, kValueBytes[type]);
      ok_ = bytes.has_value();
      if (ok_) note_numbers(key, type, take(*bytes));
      return;
    }
    if (facts_ != nullptr && count == 1) {
      const std::string_view text = string();
      if (text.size() <= kMostGgufTextBytes) {
        facts_->texts.insert_or_assign(std::string(key), std::string(text));
      }
      return;
    }
    for (std::uint64_t i = 0; i < count && ok_; ++i)  // each takes 8 bytes or ends the loop
      static_cast<void>(string());
  }

  // Whole numbers that are not negative; an array counts as its largest.
  void note_numbers(std::string_view key, std::uint32_t type, std::string_view bytes) {
    if (facts_ == nullptr || !ok_ || type == kFloat32 || type == kFloat64) return;
    const std::size_t each = kValueBytes[type];
    std::uint64_t largest = 0;
    for (std::size_t at = 0; at < bytes.size(); at += each) {
      std::uint64_t number = 0;
      bytes.copy(reinterpret_cast<char*>(&number), each, at);
      largest = std::max(largest, number);
    }
    facts_->numbers.insert_or_assign(std::string(key), largest);
  }

  // `data`: where the tensors' bytes begin, or 0 to look at the entry alone.
  Result<void> tensor(std::uint64_t data) {
    const std::string_view name = string();
    const auto rank = number<std::uint32_t>();
    if (ok_ && rank > 4) return refuse(fmt::format("a tensor has the rank {}", rank));
    std::array<std::uint64_t, 4> dims{1, 1, 1, 1};
    for (std::uint32_t i = 0; i < rank && ok_; ++i)
      dims[i] = number<std::uint64_t>();
    const auto type = number<std::uint32_t>();
    const auto offset = number<std::uint64_t>();
    if (!ok_ || data == 0) return {};
    const auto bad = [&](std::string_view why) {
      return refuse(fmt::format("the tensor \"{}\" {}", name.substr(0, 80), why));
    };
    const Block block = block_of(type).value_or(Block{1, 0});
    std::uint64_t elements = 1;
    for (const std::uint64_t dim : dims) {
      const auto product = checked_mul(elements, dim);
      if (!product || *product > INT64_MAX) return bad("has more elements than can be counted");
      elements = *product;
    }
    if (facts_ != nullptr) {
      facts_->parameters = checked_add(facts_->parameters, elements).value_or(UINT64_MAX);
    }
    if (dims[0] % block.elements != 0) return bad("has rows that are no whole blocks of its type");
    const auto bytes = checked_mul(elements / block.elements, block.bytes);
    const auto begin = checked_add(data, offset);
    if (offset % alignment_ != 0) return bad("begins between two aligned places");
    if (!bytes || !begin || !range_fits(*begin, *bytes, size_)) {
      return bad("lies outside the file");
    }
    return {};
  }

  std::span<const std::byte> model_;
  const std::uint64_t size_;
  GgufFacts* const facts_;
  bool cut_ = false;
  std::size_t at_ = 0;
  bool ok_ = true;  // false: an end was passed
  std::uint32_t alignment_ = 32;
};

}  // namespace

Result<void> check_gguf(std::span<const std::byte> model) {
  return Walk(model, model.size(), nullptr).run();
}

Result<std::optional<GgufFacts>> read_gguf_facts(std::span<const std::byte> beginning,
                                                 std::uint64_t model_bytes) {
  GgufFacts facts;
  Walk walk(beginning, model_bytes, &facts);
  if (auto walked = walk.run(); !walked) {
    if (walk.cut()) return std::optional<GgufFacts>();
    return std::unexpected(std::move(walked.error()));
  }
  return facts;
}

}  // namespace nacre
