// Archives and pickles that libtorch would trust: looked at without libtorch.
#include "core/torchscript_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <span>

#include "core/pickle_walk.h"
#include "core/zip_file.h"

namespace nacre {
namespace {

using test::ZipEntry;
using testing::HasSubstr;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<void> check(const std::string& archive) {
  return check_torchscript(std::as_bytes(std::span(archive)));
}

std::string good_model() {
  return read_file(std::filesystem::path(NACRE_TEST_DATA_DIR) / "torch" / "layer.pt");
}

TEST(TorchscriptWalk, TakesEveryModelThatExportersWrite) {
  int models = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(std::filesystem::path(NACRE_TEST_DATA_DIR) / "torch")) {
    const std::string name = file.path().stem().string();
    const auto checked = check(read_file(file.path()));
    // What these do while they are loaded shows in their pickles.
    const bool wanted = name != "setstate" && name != "quantised";
    EXPECT_EQ(checked.has_value(), wanted)
        << name << ": " << (checked ? std::string("taken") : checked.error().message);
    ++models;
  }
  EXPECT_GT(models, 30);
}

TEST(TorchscriptWalk, TakesZip64) {
  // The end record's fields moved to a 64-bit one, as libtorch itself writes them.
  std::string zip = test::zip(test::unzip(good_model()));
  const std::size_t end = zip.size() - 22;
  std::uint32_t size = 0;
  std::uint32_t offset = 0;
  std::uint16_t count = 0;
  std::memcpy(&count, zip.data() + end + 10, 2);
  std::memcpy(&size, zip.data() + end + 12, 4);
  std::memcpy(&offset, zip.data() + end + 16, 4);
  const auto with_end64 = [&](std::uint64_t entries) {
    std::string large = zip.substr(0, end);
    test::put32(large, 0x06064b50);
    test::put64(large, 44);
    test::put32(large, 45);
    test::put64(large, 0);
    test::put64(large, entries);
    test::put64(large, entries);
    test::put64(large, size);
    test::put64(large, offset);
    test::put32(large, 0x07064b50);
    test::put32(large, 0);
    test::put64(large, end);
    test::put32(large, 1);
    return large;
  };
  EXPECT_TRUE(check(with_end64(count) + zip.substr(end)));
  EXPECT_FALSE(check(with_end64(count - 1U) + zip.substr(end))) << "the two disagree";
  std::string marked = zip.substr(end);
  marked.replace(8, 12, std::string(12, '\xff'));
  EXPECT_TRUE(check(with_end64(count) + marked));
  EXPECT_FALSE(check(with_end64(UINT64_MAX) + marked));
}

TEST(TorchscriptWalk, EveryPrefixIsRefused) {
  const std::string whole = good_model();
  ASSERT_TRUE(check(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    ASSERT_FALSE(check(whole.substr(0, size))) << size;
  EXPECT_FALSE(check(whole + "x"));
  EXPECT_FALSE(check("x" + whole));
}

TEST(TorchscriptWalk, NothingInTheDirectoryIsBelieved) {
  const std::string whole = test::zip(test::unzip(good_model()));
  std::mt19937 random(1);
  const std::size_t directory = whole.find("PK\1\2");
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = whole;
    for (unsigned k = 0; k < 1 + random() % 4; ++k)
      bad[directory + random() % (bad.size() - directory)] = static_cast<char>(random());
    (void)check(bad);  // under the sanitizers too
  }
  std::vector<ZipEntry> entries = test::unzip(good_model());
  entries.push_back({entries[0].name.substr(0, entries[0].name.find('/')) + "/code/bomb.py", "x"});
  std::string bomb = test::zip(entries, "bomb.py");
  const std::size_t at = bomb.rfind("PK\1\2");
  const std::uint32_t claimed = 0x7fffffff;
  std::memcpy(bomb.data() + at + 24, &claimed, sizeof claimed);
  const auto checked = check(bomb);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::kTooLarge);
}

TEST(TorchscriptWalk, AStorageIsReadAsOftenAsItIsNamed) {
  // One storage of 64 KiB, referred to by a list of a thousand tensors.
  const std::string key = "X\1\0\0\0";
  const auto word = [](const std::string& text) {
    std::string out = "X";
    test::put32(out, static_cast<std::uint32_t>(text.size()));
    return out + text;
  };
  std::string tensors;
  for (int i = 0; i < 1000; ++i) {
    tensors += "ctorch._utils\n_rebuild_tensor_v2\n((" + word("storage") + "ctorch\nByteStorage\n" +
               word("0") + word("cpu") + std::string("J\0\0\1\0tQK\0(K\1t(K\1t\x89", 18) +
               "ccollections\nOrderedDict\n)RtR";
  }
  std::vector<ZipEntry> entries = test::unzip(good_model());
  const std::string folder = entries[0].name.substr(0, entries[0].name.find('/') + 1);
  for (ZipEntry& entry : entries) {
    if (entry.name.ends_with("constants.pkl")) entry.data = "\x80\2](" + tensors + "e\x85.";
  }
  entries.push_back({folder + "constants/0", std::string(65536, '\0')});
  const auto checked = check(test::zip(entries));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::kTooLarge) << checked.error().message;
}

Result<PickleFacts> walk(const std::string& pickle) {
  return walk_pickle("test", std::as_bytes(std::span(pickle)), PickleResult::kTuple,
                     [](std::string_view key) -> std::optional<std::uint64_t> {
                       if (key == "0") return 12;
                       return std::nullopt;
                     });
}

TEST(PickleWalk, TakesWhatTheExporterWrites) {
  using namespace std::string_literals;
  EXPECT_TRUE(walk("\x80\2)."));
  EXPECT_TRUE(walk("\x80\2(K\1M\2\1J\1\2\3\4\x8a\x08\1\2\3\4\5\6\7\x08NG01234567\x88\x89t."s));
  EXPECT_TRUE(walk("\x80\2]q\0(K\1K\2eh\0\x86."s)) << "a list that is remembered while it grows";
  EXPECT_TRUE(walk("\x80\2}(K\1K\2K\3K\4u\x85."s));
  EXPECT_TRUE(walk("\x80\2ctorch\ndevice\nX\3\0\0\0cpu\x85R\x85."s));
  EXPECT_TRUE(walk("\x80\2ctorch.jit._pickle\nbuild_intlist\n](K\1e\x85R\x85."s));
  EXPECT_TRUE(walk("\x80\2ctorch.jit._pickle\nrestore_type_tag\n]X\t\0\0\0List[int]\x86R\x85."s));
}

TEST(PickleWalk, RefusesTheRest) {
  using namespace std::string_literals;
  for (const std::string& bad :
       {""s,
        "\x80"s,
        "\x80\2"s,
        "\x80\3)."s,
        "\x80\2N."s,
        "\x80\2)N."s,
        "\x80\2(N."s,
        "\x80\2\x85."s,
        "\x80\2N\x86."s,
        "\x80\2(\x85."s,
        "\x80\2Ne\x85."s,
        "\x80\2N(e\x85."s,
        "\x80\2](Ne)N\x85."s,
        "\x80\2}(Nu\x85."s,
        "\x80\2K"s,
        "\x80\2q\0)."s,
        "\x80\2)q\1."s,
        "\x80\2]q\0h\0a\x85."s,                         // holds itself
        "\x80\2]q\0\x85h\0Na\x86."s,                    // grows inside a tuple
        "\x80\2c__torch__\nM\n\x85q\0h\0](h\0e\x86."s,  // a name in a list
        "\x80\2c__torch__\nM\n)\x81q\0](h\0e\x86."s,    // an object that was never built
        "\x80\2c__torch__\nM\nN\x81}b\x85."s,
        "\x80\2c__torch__\nM\n)\x81)b\x85."s,
        "\x80\2ctorch\nQInt8Storage\n\x85."s,
        "\x80\2ctorch._utils\n_rebuild_qtensor\n\x85."s,
        "\x80\2cbuiltins\neval\n\x85."s,
        "\x80\2c__torch__\nM"s,
        "\x80\2NQ\x85."s,
        "\x80\2ctorch.jit._pickle\nbuild_intlist\n)R\x85."s,
        "\x80\2ctorch.jit._pickle\nbuild_tensor_from_id\nK\1\x85R\x85."s}) {
    EXPECT_FALSE(walk(bad)) << testing::PrintToString(bad);
  }
}

TEST(PickleWalk, QuantisedWeightsAreSaidToBe) {
  using namespace std::string_literals;
  for (const std::string& pickle :
       {"\x80\2ctorch._utils\n_rebuild_qtensor\n\x85."s,
        "\x80\2c__torch__.torch.classes.quantized\nLinearPackedParamsBase\n\x85."s}) {
    const auto refused = walk(pickle);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupportedOperation);
    EXPECT_NE(refused.error().message.find("holds quantised weights"), std::string::npos)
        << refused.error().message;
    EXPECT_NE(refused.error().message.find("export it as ONNX"), std::string::npos);
  }
}

TEST(PickleWalk, RandomProgramsEnd) {
  std::mt19937 random(7);
  const std::string codes =
      "(.NK]}t\x85\x86\x87"
      "aesuqrhjcQ\x81"
      "bR)\x88X";
  for (int i = 0; i < 200'000; ++i) {
    std::string pickle = "\x80\2";
    for (unsigned k = 0; k < random() % 24; ++k)
      pickle +=
          random() % 4 == 0 ? static_cast<char>(random() % 4) : codes[random() % codes.size()];
    (void)walk(pickle);
  }
}

}  // namespace
}  // namespace nacre
