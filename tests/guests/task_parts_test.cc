// What the guests of real tasks do before and after the network, compiled natively.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "common/audio.h"
#include "magika/features.h"
#include "magika/types.h"
#include "notes/transcribe.h"
#include "vad/segments.h"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// --- magika

TEST(MagikaFeatures, AreTheEndsOfAFileWithoutTheirBlanks) {
  const std::string text = " \n\tbeginning and end \v\f\r\n";
  const auto all = magika::features(bytes(text));
  ASSERT_TRUE(all);
  const std::string left = "beginning and end \v\f\r\n";
  for (std::size_t i = 0; i < 1024; ++i) {
    EXPECT_EQ((*all)[i], i < left.size() ? left[i] : 256) << i;
  }
  const std::string right = " \n\tbeginning and end";
  for (std::size_t i = 0; i < 1024; ++i) {
    const std::size_t padding = 1024 - right.size();
    EXPECT_EQ((*all)[1024 + i], i < padding ? 256 : right[i - padding]) << i;
  }
}

TEST(MagikaFeatures, ComeFromTheFirstAndTheLast4096Bytes) {
  std::string text(10000, 'm');
  text.replace(0, 4090, std::string(4090, ' '));
  text.replace(10000 - 4086, 4086, std::string(4086, '\n'));
  // Six letters are left at the beginning: too few, however long the file is.
  EXPECT_FALSE(magika::features(bytes(text)));
  text[4080] = 'a';
  const auto all = magika::features(bytes(text));
  ASSERT_TRUE(all);
  EXPECT_EQ((*all)[0], 'a');
  EXPECT_EQ((*all)[15], 'm');
  EXPECT_EQ((*all)[16], 256);
  EXPECT_EQ((*all)[2047], 'm');
  EXPECT_EQ((*all)[2047 - 10], 256);
}

TEST(MagikaFeatures, ThereAreNoneOfAFewBytes) {
  EXPECT_FALSE(magika::features({}));
  EXPECT_FALSE(magika::features(bytes("1234567")));
  EXPECT_FALSE(magika::features(bytes("       1234567")));
  EXPECT_TRUE(magika::features(bytes("12345678")));
}

TEST(MagikaFeatures, BytesAreUnsigned) {
  const auto all = magika::features(bytes(std::string(8, '\xff')));
  ASSERT_TRUE(all);
  EXPECT_EQ((*all)[0], 255);
}

TEST(MagikaFeatures, Utf8IsToldFromOtherBytes) {
  for (const std::string text : {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"})
    EXPECT_TRUE(magika::is_utf8(bytes(text))) << text;
  for (const std::string text :
       {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"})
    EXPECT_FALSE(magika::is_utf8(bytes(text)));
}

constexpr std::string_view kTypes =
    "sure\tbinary\t0.5\tsure\tm/s\tA sure thing\n"
    "vague\ttext\t0.9\tvague\tm/v\tA vague text\n"
    "noise\tbinary\t0.5\tunknown\tm/n\tNoise\n"
    "txt\ttext\t0.5\ttxt\ttext/plain\tText\n"
    "unknown\tbinary\t0.5\tunknown\tm/u\tUnknown\n";

TEST(MagikaTypes, AreSaidWhenTheNetworkIsSure) {
  const auto types = magika::parse_types(kTypes);
  ASSERT_TRUE(types) << types.error();
  const auto said = [&](std::vector<float> scores) {
    return magika::decide(*types, scores).type->name;
  };
  EXPECT_EQ(said({0.6f, 0.1f, 0.3f}), "sure");
  EXPECT_EQ(said({0.4f, 0.3f, 0.3f}), "unknown");
  EXPECT_EQ(said({0.1f, 0.95f, 0.0f}), "vague");
  EXPECT_EQ(said({0.1f, 0.8f, 0.0f}), "txt");
  EXPECT_EQ(said({0.1f, 0.1f, 0.8f}), "unknown");
  EXPECT_EQ(magika::decide(*types, {}).type, nullptr);
}

TEST(MagikaTypes, ABrokenTableIsRefused) {
  EXPECT_THAT(magika::parse_types("a\tb\n").error(), HasSubstr("line 1 has 2 columns"));
}

// --- vad

std::vector<float> chunks(std::initializer_list<std::pair<int, float>> runs) {
  std::vector<float> all;
  for (const auto& [count, value] : runs)
    all.insert(all.end(), static_cast<std::size_t>(count), value);
  return all;
}

std::vector<std::pair<std::size_t, std::size_t>> speech(const std::vector<float>& probabilities) {
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (const auto& one : vad::segments(probabilities, probabilities.size() * vad::kChunk, 0.5f))
    found.emplace_back(one.begin, one.end);
  return found;
}

// A chunk is 32 ms. With the answers of the package's get_speech_timestamps_from_probs.
TEST(VadSegments, AreThoseOfThePackage) {
  using Found = std::pair<std::size_t, std::size_t>;
  EXPECT_THAT(speech(chunks({{40, 0.1f}})), IsEmpty());
  EXPECT_THAT(speech(chunks({{10, 0.1f}, {20, 0.9f}, {10, 0.1f}})),
              ElementsAre(Found(4640, 15840)));
  // Too short for speech.
  EXPECT_THAT(speech(chunks({{10, 0.1f}, {7, 0.9f}, {10, 0.1f}})), IsEmpty());
  // Too short a silence, and one between the two thresholds.
  EXPECT_THAT(speech(chunks({{20, 0.9f}, {3, 0.1f}, {20, 0.9f}, {9, 0.4f}})),
              ElementsAre(Found(0, 26624)));
  EXPECT_THAT(speech(chunks({{20, 0.9f}, {5, 0.1f}, {20, 0.9f}})),
              ElementsAre(Found(0, 10720), Found(12320, 23040)));
}

// --- notes

TEST(NotesWindows, OverlapAndBeginInSilence) {
  std::vector<float> samples(50000);
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<float>(i + 1);
  const auto all = notes::windows(samples);
  ASSERT_EQ(all.size(), 2 * notes::kWindow);
  EXPECT_EQ(all[3839], 0);
  EXPECT_EQ(all[3840], 1);
  // The second begins 36,164 samples later.
  EXPECT_EQ(all[notes::kWindow], 36164 - 3840 + 1);
  EXPECT_EQ(all.back(), 0);
  EXPECT_TRUE(notes::windows({}).size() == notes::kWindow);
}

TEST(NotesJoin, DropsTheOverlapAndWhatIsBehindTheEnd) {
  std::vector<float> output(2 * notes::kFrames * notes::kPitches);
  for (std::size_t i = 0; i < output.size(); ++i)
    output[i] = static_cast<float>(i / notes::kPitches);  // the row
  const auto all = notes::join(output, 44100);
  ASSERT_EQ(all.size(), 172 * notes::kPitches);  // 86 rows a second
  EXPECT_EQ(all[0], 15);
  EXPECT_EQ(all[141 * notes::kPitches], 156);
  EXPECT_EQ(all[142 * notes::kPitches], 172 + 15);
}

TEST(NotesFound, NeedAnOnsetOrALoudMiddle) {
  constexpr std::size_t kRows = 100;
  std::vector<float> frames(kRows * notes::kPitches);
  std::vector<float> onsets(kRows * notes::kPitches);
  const auto fill = [](std::vector<float>& table, std::size_t from, std::size_t to,
                       std::size_t pitch, float value) {
    for (std::size_t row = from; row < to; ++row)
      table[row * notes::kPitches + pitch] = value;
  };
  EXPECT_THAT(notes::find_notes(frames, onsets), IsEmpty());
  fill(frames, 10, 40, 39, 0.8f);
  onsets[10 * notes::kPitches + 39] = 0.9f;
  fill(frames, 60, 66, 50, 0.8f);  // too short
  onsets[60 * notes::kPitches + 50] = 0.9f;
  auto found = notes::find_notes(frames, onsets);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(notes::name_of(found[0].pitch), "C4");
  EXPECT_NEAR(found[0].begin, 10 * 256 / 22050.0, 1e-9);
  EXPECT_NEAR(found[0].end, 40 * 256 / 22050.0, 1e-9);
  EXPECT_EQ(found[0].velocity, 102);
}

TEST(NotesNames, AreThoseOfAPiano) {
  EXPECT_EQ(notes::name_of(21), "A0");
  EXPECT_EQ(notes::name_of(61), "C#4");
  EXPECT_EQ(notes::name_of(108), "C8");
}

// --- sound

std::string little(std::uint32_t value, int size) {
  std::string text;
  for (int i = 0; i < size; ++i)
    text += static_cast<char>(value >> (8 * i));
  return text;
}

std::string wav(std::uint32_t channels, std::uint32_t format, const std::string& data) {
  return "RIFF" + little(0, 4) + "WAVE" + "LIST" + little(3, 4) + "abc" + little(0, 1) + "fmt " +
         little(16, 4) + little(format, 2) + little(channels, 2) + little(16000, 4) + little(0, 4) +
         little(0, 2) + little(16, 2) + "data" +
         little(static_cast<std::uint32_t>(data.size()), 4) + data;
}

TEST(Sound, IsAveragedOverTheChannels) {
  const auto audio = common::decode_audio(
      bytes(wav(2, 1, little(16384, 2) + little(0, 2) + little(0x8000, 2) + little(0x8000, 2))),
      8000);
  ASSERT_TRUE(audio) << audio.error();
  EXPECT_EQ(audio->rate, 16000);
  EXPECT_THAT(audio->samples, ElementsAre(0.25f, -1.0f));
}

TEST(Sound, MayBeBareSamples) {
  const auto audio = common::decode_audio(bytes(little(16384, 2) + "x"), 8000);
  ASSERT_TRUE(audio);
  EXPECT_EQ(audio->rate, 8000);
  EXPECT_THAT(audio->samples, ElementsAre(0.5f));
}

TEST(Sound, BrokenWavFilesAreRefused) {
  EXPECT_THAT(common::decode_audio(bytes(wav(1, 3, "")), 8000).error(), HasSubstr("format 3"));
  for (std::size_t size = 12; size < 60; ++size) {
    const std::string whole = wav(1, 1, std::string(4, 'x'));
    const auto cut = common::decode_audio(bytes(whole.substr(0, size)), 8000);
    if (size < whole.size() - 4) {
      EXPECT_FALSE(cut) << size;
    }
  }
  const std::string endless = "RIFF" + little(0, 4) + "WAVE" + "data" + little(0xffffffff, 4);
  EXPECT_FALSE(common::decode_audio(bytes(endless), 8000));
}

}  // namespace
