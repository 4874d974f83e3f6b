#include "base/copy_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nacre {
namespace {

std::vector<std::byte> numbered(std::size_t count) {
  std::vector<std::byte> bytes(count);
  std::uint32_t x = 1;
  for (std::byte& byte : bytes)
    byte = static_cast<std::byte>((x = x * 1664525 + 1013904223) >> 24);
  return bytes;
}

TEST(CopyBytes, AllOfThemAndNoMoreWhereverTheyLie) {
  constexpr std::size_t kMost = 9000;
  const auto source = numbered(kMost + 128);
  for (std::size_t size :
       {0u, 1u, 2u, 63u, 64u, 2047u, 2048u, 2049u, 2111u, 2112u, 2113u, 4096u, 8191u, 9000u}) {
    for (std::size_t from : {0u, 1u, 8u, 16u, 63u}) {
      for (std::size_t to : {0u, 1u, 7u, 64u}) {
        std::vector<std::byte> target(kMost + 128, std::byte{0xa5});
        copy_bytes(target.data() + to, std::span(source).subspan(from, size));
        const auto begin = target.begin() + static_cast<std::ptrdiff_t>(to);
        const auto end = begin + static_cast<std::ptrdiff_t>(size);
        const auto untouched = [](std::byte b) { return b == std::byte{0xa5}; };
        EXPECT_TRUE(std::equal(begin, end, source.begin() + static_cast<std::ptrdiff_t>(from)))
            << size << " bytes from " << from << " to " << to;
        EXPECT_TRUE(std::all_of(target.begin(), begin, untouched));
        EXPECT_TRUE(std::all_of(end, target.end(), untouched));
      }
    }
  }
  copy_bytes(nullptr, {});
}

// By `rep movsb` the second takes sixteen times as long on some processors.
TEST(CopyBytes, TakesNoLongerWhereTheTargetLiesJustBehindTheSourcesPlaceInAPage) {
  constexpr std::size_t kSize = 65536;
  constexpr std::size_t kPage = 4096;
  auto source = numbered(kSize + 2 * kPage);
  std::vector<std::byte> target(kSize + 2 * kPage);
  const auto page_of = [](std::vector<std::byte>& bytes) {
    const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
    return bytes.data() + (kPage - address % kPage) % kPage;
  };
  const auto fastest = [&](std::size_t from, std::size_t to) {
    auto best = std::chrono::nanoseconds::max();
    for (int i = 0; i < 200; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      copy_bytes(page_of(target) + to, {page_of(source) + from, kSize});
      best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - begin);
    }
    return best;
  };
  EXPECT_LT(fastest(56, 64), 4 * fastest(64, 64));
}

}  // namespace
}  // namespace nacre
