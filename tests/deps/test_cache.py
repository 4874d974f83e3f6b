"""deps/cache.py: entries are whole or not there, and are made once, whatever ends the process."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

DEPS = pathlib.Path(__file__).resolve().parents[2] / "deps"
sys.path.insert(0, str(DEPS))

import cache as cache_module  # noqa: E402
from cache import Cache, FetchError, hash_of  # noqa: E402

# Makes an entry slowly: says "begun", and sleeps in a program of its own before the last file.
SLOW = """
import pathlib, sys
sys.path.insert(0, sys.argv[1])
from cache import Cache, Stopped, run, stop_cleanly_on_signals
def make(folder):
    (folder / "first").write_text("1")
    with open(sys.argv[3], "a") as log:
        log.write("made\\n")
    print("begun", flush=True)
    run(["sleep", sys.argv[4]])
    (folder / "second").write_text("2")
stop_cleanly_on_signals()
try:
    Cache(pathlib.Path(sys.argv[2])).entry("thing", "k", make)
except Stopped as stopped:
    sys.exit(128 + stopped.number)
"""


class CacheTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name) / "cache"
        self.root.mkdir()
        self.log = pathlib.Path(scratch.name) / "log"
        self.cache = Cache(self.root)

    def start(self, seconds):
        child = subprocess.Popen(
            [sys.executable, "-B", "-c", SLOW, DEPS, self.root, self.log, str(seconds)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.addCleanup(child.stdout.close)
        return child

    def files(self):
        return sorted(path.name for path in self.cache.path("thing", "k").iterdir())

    def left_over(self):
        return list((self.root / ".partial").iterdir())

    def test_an_entry_is_made_once(self):
        calls = []
        for _ in range(2):
            folder = self.cache.entry("thing", "k", lambda folder: calls.append(folder))
        self.assertEqual(len(calls), 1)
        self.assertEqual(folder, self.root / "thing-k")

    def test_a_failed_entry_is_not_there(self):
        def make(folder):
            (folder / "half").write_text("half")
            raise FetchError("no")

        with self.assertRaises(FetchError):
            self.cache.entry("thing", "k", make)
        self.assertFalse(self.cache.path("thing", "k").exists())
        self.assertEqual(self.left_over(), [])

    def test_a_signal_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                child = self.start(60)
                self.assertEqual(child.stdout.readline(), "begun\n")
                child.send_signal(number)
                self.assertEqual(child.wait(timeout=20), 128 + number)
                self.assertFalse(self.cache.path("thing", "k").exists())
                self.assertEqual(self.left_over(), [])

    def test_what_a_killed_process_left_is_removed_by_the_next(self):
        child = self.start(3)
        child.stdout.readline()
        child.kill()
        child.wait()
        self.assertEqual(len(self.left_over()), 1)
        self.assertFalse(self.cache.path("thing", "k").exists())
        self.assertEqual(self.start(0).wait(timeout=20), 0)
        self.assertEqual(self.files(), ["first", "second"])
        self.assertEqual(self.left_over(), [])

    def test_two_processes_make_it_once(self):
        first, second = self.start(1), self.start(1)
        self.assertEqual((first.wait(timeout=20), second.wait(timeout=20)), (0, 0))
        self.assertEqual(self.log.read_text(), "made\n")
        self.assertEqual(self.files(), ["first", "second"])

    def test_a_lock_is_free_again_after_a_kill(self):
        child = self.start(3)
        child.stdout.readline()
        child.kill()
        child.wait()
        begun = time.monotonic()
        with self.cache.locked("thing-k"):
            self.assertLess(time.monotonic() - begun, 2)

    def test_the_hash_knows_where_one_part_ends(self):
        self.assertNotEqual(hash_of("ab", "c"), hash_of("a", "bc"))
        self.assertEqual(hash_of("ab", "c"), hash_of("ab", "c"))

    def test_a_folder_that_cannot_be_made_is_a_sentence(self):
        blocker = self.root / "file"
        blocker.write_text("")
        before = os.environ.get("NACRE_CACHE")
        os.environ["NACRE_CACHE"] = str(blocker / "below")
        try:
            with self.assertRaisesRegex(FetchError, "Set NACRE_CACHE"):
                cache_module.Cache.at_usual_place()
        finally:
            if before is None:
                del os.environ["NACRE_CACHE"]
            else:
                os.environ["NACRE_CACHE"] = before


if __name__ == "__main__":
    unittest.main()
