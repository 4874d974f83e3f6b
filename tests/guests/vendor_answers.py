#!/usr/bin/env python3
"""Prints the answers of the packages' own Python code, which tests/guests/tasks_test.cc holds.

    pip install --target PY onnxruntime==1.31.1 numpy scipy python-dotenv click
    pip install --target PY --no-deps magika==1.0.3 silero-vad==6.2.3 basic-pitch==0.4.0
    PYTHONPATH=PY tests/guests/vendor_answers.py BUILD_DIR FILE...

FILEs are for magika; the other two use BUILD_DIR/speech and BUILD_DIR/music. What the packages
import and this needs not (librosa, PyTorch, pretty_midi...) is put aside.
"""

import importlib.util
import pathlib
import sys
import types
import wave

import numpy as np
import onnxruntime

BUILD = pathlib.Path(sys.argv[1])


def package(name):
    return pathlib.Path(importlib.util.find_spec(name).submodule_search_locations[0])


def cut_out(path, begin, end, names):
    """The functions of a file from `begin` up to `end`, without the file's imports."""
    text = path.read_text("utf-8")
    code = text[text.index(begin) : text.index(end)]
    exec(compile("from __future__ import annotations\n" + code, str(path), "exec"), names)
    return names


def samples(path):
    data = path.read_bytes()
    if data.startswith(b"RIFF"):
        with wave.open(str(path)) as sound:
            data = sound.readframes(sound.getnframes())
    return np.frombuffer(data, "<i2").astype(np.float32) / 32768


def magika(paths):
    from magika import Magika

    network = Magika()
    for path in map(pathlib.Path, paths):
        result = network.identify_path(path)
        print(f"{path.name} {result.output.label} {result.score:.6f}")


def silero(recordings):
    names = cut_out(
        package("silero_vad") / "utils_vad.py",
        "def get_speech_timestamps_from_probs",
        "class VADIterator",
        {},
    )
    session = onnxruntime.InferenceSession(package("silero_vad") / "data" / "silero_vad.onnx")
    for recording in recordings:
        sound = samples(BUILD / "speech" / recording)
        state, before, probabilities = np.zeros((2, 1, 128), np.float32), np.zeros((1, 64)), []
        for at in range(0, len(sound), 512):  # as OnnxWrapper.__call__ does
            chunk = sound[at : at + 512]
            chunk = np.pad(chunk, (0, 512 - len(chunk)))[None]
            whole = np.concatenate([before, chunk], axis=1).astype(np.float32)
            inputs = {"input": whole, "state": state, "sr": np.array(16000, "int64")}
            answer, state = session.run(None, inputs)
            before = whole[:, -64:]
            probabilities.append(float(answer[0, 0]))
        found = names["get_speech_timestamps_from_probs"](
            probabilities, audio_length_samples=len(sound)
        )
        times = [f"{each['start'] / 16000:.2f} {each['end'] / 16000:.2f}" for each in found]
        print(recording, len(probabilities), [f"{each:.6f}" for each in probabilities[14:20]], times)


def basic_pitch(path):
    for name in ("mir_eval", "librosa", "librosa.core", "resampy", "pretty_midi"):
        sys.modules[name] = types.ModuleType(name)
    librosa = sys.modules["librosa"]
    librosa.core = sys.modules["librosa.core"]
    librosa.core.frames_to_time = lambda frames, sr, hop_length: frames * hop_length / float(sr)
    sys.modules["pretty_midi"].PrettyMIDI = object
    home = package("basic_pitch")
    own = types.ModuleType("basic_pitch")
    own.__path__ = [str(home)]
    sys.modules["basic_pitch"] = own
    from basic_pitch import constants, note_creation

    names = cut_out(
        home / "inference.py", "def unwrap_output", "def run_inference", {"np": np} | vars(constants)
    )
    model = home / "saved_models" / "icassp_2022" / "nmp.onnx"
    session = onnxruntime.InferenceSession(model)
    sound = samples(path)
    overlap = 30 * constants.FFT_HOP
    padded = np.concatenate([np.zeros(overlap // 2, np.float32), sound])
    tables = {"note": [], "onset": [], "contour": []}
    order = [f"StatefulPartitionedCall:{number}" for number in (1, 2, 0)]
    for at in range(0, len(padded), constants.AUDIO_N_SAMPLES - overlap):
        window = padded[at : at + constants.AUDIO_N_SAMPLES]
        window = np.pad(window, (0, constants.AUDIO_N_SAMPLES - len(window)))[None, :, None]
        for key, table in zip(tables, session.run(order, {"serving_default_input_2:0": window})):
            tables[key].append(table)
    tables = {
        key: names["unwrap_output"](np.concatenate(table), len(sound), 30)
        for key, table in tables.items()
    }
    notes = note_creation.output_to_notes_polyphonic(
        tables["note"], tables["onset"], onset_thresh=0.5, frame_thresh=0.3, min_note_len=11,
        infer_onsets=True, max_freq=None, min_freq=None,
    )  # fmt: skip
    times = note_creation.model_frames_to_time(len(tables["contour"]))
    for begin, end, pitch, loudness in sorted(notes, key=lambda note: (times[note[0]], note[2])):
        name = "C C# D D# E F F# G G# A A# B".split()[pitch % 12] + str(pitch // 12 - 1)
        print(f"{name} {times[begin]:.2f} {times[end]:.2f} {int(np.round(127 * loudness))}")


magika(sys.argv[2:])
silero(["goforward.raw", "numbers.raw", "something.raw", "cards/001.wav"])
basic_pitch(BUILD / "music" / "scale.wav")
