// Runs a fuzzer without libFuzzer: on what is committed in its corpus, and on mutations of that.

#include <gtest/gtest.h>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::string> corpus() {
  std::vector<std::string> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(NACRE_CORPUS_DIR)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

// A copy of exactly that size, so that sanitizers see a read past its end.
void run(const std::string& input) {
  const std::vector<std::uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::string mutate(std::string input, const std::vector<std::string>& all, std::mt19937& random) {
  const auto below = [&random](std::size_t n) { return n == 0 ? 0 : random() % n; };
  for (std::size_t i = 0, changes = 1 + below(4); i < changes; ++i) {
    const std::size_t at = below(input.size() + 1);
    switch (below(6)) {
      case 0:
        input.resize(at);
        break;
      case 1:
        input.insert(at, 1, static_cast<char>(random()));
        break;
      case 2:
        if (at < input.size()) input.erase(at, 1 + below(8));
        break;
      case 3: {
        const std::string& other = all[below(all.size())];
        input.insert(at, other.substr(below(other.size() + 1), below(64)));
        break;
      }
      case 4:
        for (std::size_t k = at; k < input.size() && k < at + 4; ++k)
          input[k] = '\xff';
        break;
      default:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
    }
  }
  return input;
}

TEST(NACRE_FUZZER, CorpusAndItsMutations) {
  const auto inputs = corpus();
  ASSERT_FALSE(inputs.empty()) << NACRE_CORPUS_DIR;
  run({});
  for (const std::string& input : inputs)
    run(input);
  std::mt19937 random(20240601);  // the same mutations in each run
  constexpr int kRounds = 20000;
  for (int i = 0; i < kRounds; ++i) {
    run(mutate(inputs[random() % inputs.size()], inputs, random));
  }
}

}  // namespace
