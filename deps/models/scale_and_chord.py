#!/usr/bin/env python3
"""Writes a short piece of music of which it is known what notes are in it.

    scale_and_chord.py OUT.wav

The scale of C major from C4 to C5, half a second a note, and its chord for a second; 16-bit samples,
22,050 a second. Each note is struck like a string: it has overtones, and fades.
"""

import array
import math
import sys
import wave

RATE = 22050
OVERTONES = 5


def play(samples, begin, length, pitch, loudness):
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    first = int(begin * RATE)
    for i in range(int(length * RATE)):
        t = i / RATE
        shape = min(1, t / 0.005) * min(1, (length - t) / 0.02) * math.exp(-1.5 * t)
        tone = sum(
            math.sin(2 * math.pi * frequency * k * t) / (k * k) for k in range(1, OVERTONES + 1)
        )
        samples[first + i] += loudness * shape * tone


def main():
    samples = [0.0] * int(5.5 * RATE)
    begin = 0.25
    for pitch in (60, 62, 64, 65, 67, 69, 71, 72):
        play(samples, begin, 0.48, pitch, 0.4)
        begin += 0.5
    for pitch in (60, 64, 67):
        play(samples, begin, 1.0, pitch, 0.2)
    whole = array.array("h", (round(sample * 32767) for sample in samples))
    if sys.byteorder == "big":
        whole.byteswap()
    with wave.open(sys.argv[1], "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(whole.tobytes())


if __name__ == "__main__":
    main()
