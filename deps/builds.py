"""What is built from the sources in crates: the engine with cargo, llama.cpp with CMake."""

import os
import pathlib
import re
import shutil
import subprocess

from cache import FetchError, on_terminal, run, say
from registries import DEPS, locked_crate

SHIM = DEPS.parent / "src" / "engine" / "component_shim"
WASI_ADAPTER = DEPS / "cargo" / "wasi-adapter"
LLAMA = DEPS / "cargo" / "llama"
RUST_NEEDED = (1, 95)
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


# -- the engine


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


def configured(template, features):
    """What CMake's configure_file makes of the `#cmakedefine WASMTIME_FEATURE_X` lines."""
    on = {"WASMTIME_FEATURE_" + name.upper().replace("-", "_") for name in features}
    return re.sub(
        r"^#cmakedefine (\w+)$",
        lambda line: f"#define {line[1]}" if line[1] in on else f"/* #undef {line[1]} */",
        template,
        flags=re.MULTILINE,
    )


# -- the WASI adapter of components


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


# -- llama.cpp


def llama_sources():
    for tool, package in (("cargo", "Rust, for instance with rustup"), ("cmake", "cmake")):
        if not shutil.which(tool):
            raise FetchError(
                f"llama.cpp is fetched and built with {tool}, which is not on PATH. "
                f"Install {package}."
            )
    crate, _ = locked_crate(LLAMA, "llama-cpp-sys-2")
    return pathlib.Path(crate["manifest_path"]).parent / "llama.cpp"


def copy_llama_headers(folder):
    """llama.cpp's headers in include/, LLAMA_COMMON in common/."""
    say("nacre deps: fetching llama.cpp with cargo (41 MB) ...")
    source = llama_sources()
    shutil.copytree(source / "include", folder / "include")
    shutil.copytree(source / "ggml" / "include", folder / "include", dirs_exist_ok=True)
    (folder / "common").mkdir()
    for name in LLAMA_COMMON:
        shutil.copy2(source / "common" / name, folder / "common")


def build_llama(folder):
    """Shared libraries of llama.cpp in lib/."""
    given = llama_sources()
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
