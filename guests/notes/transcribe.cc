#include "transcribe.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace notes {
namespace {

constexpr std::size_t kHop = 256;            // samples from one row to the next
constexpr std::size_t kOverlap = 30 * kHop;  // samples that two windows share
constexpr std::size_t kCut = 15;             // rows of the overlap, at either end
constexpr std::size_t kFramesPerSecond = 86;
constexpr std::size_t kShortest = 11;   // rows; a note has more
constexpr std::size_t kTolerance = 11;  // rows below the threshold that end a note
constexpr double kOnsetThreshold = 0.5;
constexpr double kFrameThreshold = 0.3;
constexpr int kLowestPitch = 21;

// Rows of kPitches columns.
template <typename T>
struct Table {
  std::vector<T> cells;

  std::size_t rows() const { return cells.size() / kPitches; }
  T& at(std::size_t row, std::size_t pitch) { return cells[row * kPitches + pitch]; }
  T at(std::size_t row, std::size_t pitch) const { return cells[row * kPitches + pitch]; }

  // The cell and its neighbours in pitch.
  void silence(std::size_t row, std::size_t pitch) {
    at(row, pitch) = 0;
    if (pitch + 1 < kPitches) at(row, pitch + 1) = 0;
    if (pitch > 0) at(row, pitch - 1) = 0;
  }
};

// The onsets, and also where a pitch rises within two rows, scaled to the surest onset.
Table<double> with_rises(const Table<double>& onsets, const Table<double>& frames) {
  Table<double> rises{std::vector<double>(frames.cells.size())};
  for (std::size_t row = 2; row < frames.rows(); ++row) {
    for (std::size_t pitch = 0; pitch < kPitches; ++pitch) {
      const double now = frames.at(row, pitch);
      const double rise =
          std::min(now - frames.at(row - 1, pitch), now - frames.at(row - 2, pitch));
      rises.at(row, pitch) = std::max(rise, 0.0);
    }
  }
  const double highest = std::ranges::max(rises.cells);
  const double surest = std::ranges::max(onsets.cells);
  Table<double> both = onsets;
  for (std::size_t i = 0; highest > 0 && i < both.cells.size(); ++i)
    both.cells[i] = std::max(both.cells[i], surest * rises.cells[i] / highest);
  return both;
}

// The row's time. The rows of a window are a little shorter than its samples; the last number is
// the package's, which calls it magic.
double seconds(std::size_t row) {
  const double hop = static_cast<double>(kHop) / kRate;
  const double shift =
      hop * (static_cast<double>(kFrames) - static_cast<double>(kWindow) / kHop) + 0.0018;
  return static_cast<double>(row) * hop - shift * static_cast<double>(row / kFrames);
}

Note make_note(const Table<double>& frames, std::size_t begin, std::size_t end, std::size_t pitch) {
  double sum = 0;
  for (std::size_t row = begin; row < end; ++row)
    sum += frames.at(row, pitch);
  const double mean = sum / static_cast<double>(end - begin);
  return {.pitch = kLowestPitch + static_cast<int>(pitch),
          .begin = seconds(begin),
          .end = seconds(end),
          .velocity = static_cast<int>(std::nearbyint(127 * mean))};
}

// A note for every onset that is the highest around, the latest first.
void notes_with_onsets(const Table<double>& frames, const Table<double>& onsets,
                       Table<double>& energy, std::vector<Note>& found) {
  const std::size_t rows = frames.rows();
  for (std::size_t begin = rows - 1; begin-- > 1;) {
    for (std::size_t pitch = kPitches; pitch-- > 0;) {
      const double here = onsets.at(begin, pitch);
      if (here < kOnsetThreshold || here <= onsets.at(begin - 1, pitch) ||
          here <= onsets.at(begin + 1, pitch))
        continue;
      std::size_t end = begin + 1;
      std::size_t quiet = 0;
      for (; end < rows - 1 && quiet < kTolerance; ++end)
        quiet = energy.at(end, pitch) < kFrameThreshold ? quiet + 1 : 0;
      end -= quiet;
      if (end - begin <= kShortest) continue;
      for (std::size_t row = begin; row < end; ++row)
        energy.silence(row, pitch);
      found.push_back(make_note(frames, begin, end, pitch));
    }
  }
}

// Then one for what still sounds, the loudest first, as far as it reaches in both directions.
void notes_without_onsets(const Table<double>& frames, Table<double>& energy,
                          std::vector<Note>& found) {
  const std::size_t rows = frames.rows();
  while (true) {
    const auto loudest = std::ranges::max_element(energy.cells);
    if (*loudest <= kFrameThreshold) return;
    const auto index = static_cast<std::size_t>(loudest - energy.cells.begin());
    const std::size_t middle = index / kPitches;
    const std::size_t pitch = index % kPitches;
    *loudest = 0;
    const auto step = [&](std::size_t row, std::size_t& quiet) {
      quiet = energy.at(row, pitch) < kFrameThreshold ? quiet + 1 : 0;
      energy.silence(row, pitch);
    };
    std::size_t quiet = 0;
    std::size_t after = middle + 1;
    for (; after < rows - 1 && quiet < kTolerance; ++after)
      step(after, quiet);
    const std::size_t end = after - 1 - quiet;
    quiet = 0;
    std::size_t before = middle;  // one above the package's, since nothing here is negative
    for (; before > 1 && quiet < kTolerance; --before)
      step(before - 1, quiet);
    const std::size_t begin = before + quiet;
    if (end > begin && end - begin > kShortest)
      found.push_back(make_note(frames, begin, end, pitch));
  }
}

}  // namespace

std::vector<float> windows(std::span<const float> samples) {
  const std::size_t before = kOverlap / 2;
  const std::size_t step = kWindow - kOverlap;
  const std::size_t count = (before + samples.size() + step - 1) / step;
  std::vector<float> all(count * kWindow);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < kWindow; ++k) {
      const std::size_t at = i * step + k;
      if (at >= before && at - before < samples.size()) all[i * kWindow + k] = samples[at - before];
    }
  }
  return all;
}

std::vector<float> join(std::span<const float> output, std::size_t samples) {
  constexpr std::size_t kOne = kFrames * kPitches;
  std::vector<float> all;
  for (std::size_t at = 0; at + kOne <= output.size(); at += kOne) {
    const auto rows = output.subspan(at + kCut * kPitches, (kFrames - 2 * kCut) * kPitches);
    all.insert(all.end(), rows.begin(), rows.end());
  }
  const auto length = static_cast<std::size_t>(
      std::floor(static_cast<double>(samples) * (static_cast<double>(kFramesPerSecond) / kRate)));
  all.resize(std::min(all.size(), length * kPitches));
  return all;
}

std::vector<Note> find_notes(std::span<const float> frames, std::span<const float> onsets) {
  std::vector<Note> found;
  const Table<double> sounding{{frames.begin(), frames.end()}};
  if (sounding.rows() < 3 || frames.size() != onsets.size()) return found;
  const Table<double> beginning = with_rises({{onsets.begin(), onsets.end()}}, sounding);
  Table<double> energy = sounding;
  notes_with_onsets(sounding, beginning, energy, found);
  notes_without_onsets(sounding, energy, found);
  std::ranges::sort(found, {}, [](const Note& note) { return std::tuple(note.begin, note.pitch); });
  return found;
}

std::string name_of(int pitch) {
  constexpr const char* kNames[] = {"C",  "C#", "D",  "D#", "E",  "F",
                                    "F#", "G",  "G#", "A",  "A#", "B"};
  return kNames[pitch % 12] + std::to_string(pitch / 12 - 1);
}

}  // namespace notes
