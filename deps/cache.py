"""The cache that deps/fetch.py keeps outside the tree.

An entry is a folder named after what it holds and the hash of the lock content it was made from. It
either is complete or is not there: it is made in a folder of its own under `.partial/` and renamed
into place at the end. One process makes an entry at a time (a lock on a file under `.locks/`), and
what an ended process left under `.partial/` is removed by the next one to make that entry.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time


class FetchError(Exception):
    """What could not be had and what to do about it, as sentences for the user."""


class Stopped(BaseException):
    """A signal asked us to end. Not an Exception, so that only the cleaning up sees it."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


def stop_cleanly_on_signals():
    def stop(number, _frame):
        # Once is enough: a second Ctrl-C must not break the cleaning up.
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)


def say(text):
    print(text, file=sys.stderr, flush=True)


def on_terminal():
    return sys.stderr.isatty()


def hash_of(*parts):
    """A short hash of files (given as paths) and strings, each closed by its length."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, pathlib.Path) else part.encode()
        digest.update(data + f"\0{len(data)}\0".encode())
    return digest.hexdigest()[:16]


def run(command, *, cwd=None, env=None, each_line=None):
    """Runs a program and returns its exit code. What it prints goes to our standard error, or line
    by line to `each_line`. If we are stopped, the program is ended first."""
    pipe = subprocess.PIPE if each_line else sys.stderr.fileno()
    child = subprocess.Popen(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=pipe,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        if each_line:
            for line in child.stdout:
                each_line(line.rstrip("\n"))
        return child.wait()
    except BaseException as why:
        # Ctrl-C on a terminal reaches the program too, and lets it clean up in its own way.
        if not (isinstance(why, Stopped) and why.number == signal.SIGINT):
            child.terminate()
        try:
            child.wait(timeout=2)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise


class Cache:
    def __init__(self, root):
        self.root = root

    @staticmethod
    def at_usual_place():
        given = os.environ.get("NACRE_CACHE")
        root = pathlib.Path(given) if given else pathlib.Path.home() / ".cache" / "nacre"
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FetchError(
                f"The cache folder {root} cannot be made ({error.strerror}). "
                "Set NACRE_CACHE to a folder you may write to."
            ) from error
        return Cache(root.resolve())

    def path(self, name, key):
        return self.root / f"{name}-{key}"

    @contextlib.contextmanager
    def locked(self, name):
        """Holds the lock of `name`. The system gives it back when this process ends, however."""
        folder = self.root / ".locks"
        folder.mkdir(exist_ok=True)
        with open(folder / name, "w", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"nacre deps: waiting for another build that is preparing {name} ...")
                while True:  # Polling, so that Ctrl-C is answered on every Python.
                    time.sleep(0.2)
                    with contextlib.suppress(BlockingIOError):
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
            yield

    def entry(self, name, key, make):
        """The folder of this entry. If it is not there, `make(folder)` fills an empty folder."""
        final = self.path(name, key)
        if final.is_dir():
            return final
        with self.locked(final.name):
            if final.is_dir():  # Made by another process while we waited.
                return final
            partial = self.root / ".partial"
            partial.mkdir(exist_ok=True)
            for left in partial.glob(final.name + ".*"):
                shutil.rmtree(left, ignore_errors=True)
            work = partial / f"{final.name}.{os.getpid()}"
            work.mkdir()
            try:
                make(work)
                work.rename(final)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        return final
