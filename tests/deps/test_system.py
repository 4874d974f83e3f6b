"""deps/system.sh: what is missing is named in one sentence, or installed where root runs it."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "deps" / "system.sh"
USED = "sh sed tr sort echo python3 cat".split()
TOOLS = "g++ cmake ninja npm ccache mold cargo zsh".split()


class SystemTest(unittest.TestCase):
    """Each test sees a PATH of its own; only g++, which it may lack, is ever missing."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.bin = pathlib.Path(scratch.name)
        for name in USED:
            (self.bin / name).symlink_to(shutil.which(name))
        for name in TOOLS:
            self.fake(name, "")
        self.fake("rustc", "echo 'rustc 1.95.0 (59807616e 2026-04-14)'")
        self.fake("id", "echo 1000")
        self.fake("sudo", "exit 1")

    def fake(self, name, script):
        (self.bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o755)

    def check(self, what="build"):
        return subprocess.run(
            [SCRIPT, what], env={"PATH": str(self.bin)}, capture_output=True, text=True, check=False
        )

    def fake_apt(self):
        """Logs how it was called, and "installs" g++."""
        script = f'echo "$*" >> {self.bin}/log\nprintf "" > {self.bin}/g++\n'
        self.fake("apt-get", script + f"chmod 755 {self.bin}/g++")
        (self.bin / "chmod").symlink_to(shutil.which("chmod"))

    def test_all_there(self):
        result = self.check()
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    def test_without_vendors_nothing_of_theirs_is_wanted(self):
        (self.bin / "npm").unlink()
        self.assertIn("npm", self.check().stderr)
        self.assertEqual(self.check("dev").returncode, 0)

    def test_missing_is_one_sentence_with_the_line(self):
        (self.bin / "g++").unlink()
        self.fake("apt-get", "exit 1")
        result = self.check()
        self.assertEqual(result.returncode, 1)
        self.assertEqual(len(result.stderr.splitlines()), 1)
        self.assertIn("apt-get install g++\n", result.stderr)

    def test_root_installs_and_says_so(self):
        (self.bin / "g++").unlink()
        self.fake_apt()
        self.fake("id", "echo 0")
        result = self.check()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("installing the missing system packages", result.stderr)
        self.assertEqual(
            (self.bin / "log").read_text(), "install --yes --no-install-recommends g++\n"
        )

    def test_sudo_without_a_password_serves_too(self):
        (self.bin / "g++").unlink()
        self.fake_apt()
        self.fake("sudo", 'shift; exec "$@"')
        (self.bin / "true").symlink_to(shutil.which("true"))
        self.assertEqual(self.check().returncode, 0)
        self.assertTrue((self.bin / "g++").exists())

    def test_failed_install_is_an_error(self):
        (self.bin / "g++").unlink()
        self.fake("apt-get", "exit 100")
        self.fake("id", "echo 0")
        result = self.check()
        self.assertEqual(result.returncode, 1)
        self.assertIn("could not install: g++", result.stderr)

    def test_old_and_missing_rust(self):
        self.fake("rustc", "echo 'rustc 1.63.0 (4b91a6ea7 2022-08-08)'")
        self.assertIn("here is rustc 1.63.0", self.check().stderr)
        (self.bin / "rustc").unlink()
        result = self.check()
        self.assertEqual(result.returncode, 1)
        self.assertIn("here is none", result.stderr)


if __name__ == "__main__":
    unittest.main()
