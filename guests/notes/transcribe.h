// What stands around the network basic-pitch: windows of sound in front of it, notes behind it. It
// does what the package's own Python does with its defaults, without pitch bends.
//
// Nothing here knows of wasi-nn or of WebAssembly: the same code compiles natively.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace notes {

inline constexpr int kRate = 22050;
inline constexpr std::size_t kWindow = 43844;  // samples that go in at a time
inline constexpr std::size_t kFrames = 172;    // rows that come out of each
inline constexpr std::size_t kPitches = 88;    // columns: the keys of a piano, from A0

// The windows of `samples`, one after the other, each of kWindow samples: they overlap, half of the
// overlap of silence comes before the first, and the last is filled up with silence.
std::vector<float> windows(std::span<const float> samples);

// What the network gave for all windows, kFrames x kPitches each, as one table of rows: without the
// overlaps, and cut to the length of the sound.
std::vector<float> join(std::span<const float> output, std::size_t samples);

struct Note {
  int pitch = 0;     // MIDI's number: 60 is C4
  double begin = 0;  // seconds
  double end = 0;
  int velocity = 0;  // 0 to 127
};

// `frames` says how surely a pitch sounds, `onsets` how surely it begins, in the rows of join().
// Sorted by begin, then pitch.
std::vector<Note> find_notes(std::span<const float> frames, std::span<const float> onsets);

// "C4", "F#3"
std::string name_of(int pitch);

}  // namespace notes
