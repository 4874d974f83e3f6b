// The fuzzer's entry on random bytes: about 200,000 calls, the same ones in every run.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

TEST(RandomCalls, NoneOfThemHarmsTheHost) {
  std::mt19937 random(20240607);
  for (int run = 0; run < 4000; ++run) {
    std::vector<std::uint8_t> input(200 + random() % 800);
    for (auto& byte : input)
      byte = static_cast<std::uint8_t>(random());
    EXPECT_EQ(LLVMFuzzerTestOneInput(input.data(), input.size()), 0);
  }
}
