"""deps/models/torch_pickle.py: what it reads, and that a pickle can run nothing."""

import collections
import pathlib
import pickle
import struct
import sys
import tempfile
import types
import unittest

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deps" / "models"))

import torch_pickle  # noqa: E402


class FloatStorage:
    """Stands for torch's; written by reference, so its module is named torch."""


def _rebuild_tensor_v2(*parts):
    return parts


class Rebuilt:
    def __init__(self, *arguments):
        self.arguments = arguments

    def __reduce__(self):
        return _rebuild_tensor_v2, self.arguments


class Key:
    def __init__(self, key, count):
        self.key, self.count = key, count


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, Key):
            return ("storage", FloatStorage, value.key, "cpu", value.count, None)
        return None


class TorchPickleTest(unittest.TestCase):
    def setUp(self):
        for name, thing in (("torch", FloatStorage), ("torch._utils", _rebuild_tensor_v2)):
            module = types.ModuleType(name)
            setattr(module, thing.__name__, thing)
            thing.__module__ = name
            sys.modules[name] = module
            self.addCleanup(sys.modules.pop, name)
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.file = pathlib.Path(scratch.name) / "weights.pth"

    def write(self, tensors, values=(1, 2, 3, 4, 5, 6), magic=torch_pickle.MAGIC, count=None):
        with open(self.file, "wb") as file:
            for part in (magic, torch_pickle.VERSION, {"little_endian": True}):
                pickle.dump(part, file, 2)
            Pickler(file, 2).dump(tensors)
            pickle.dump(["s"], file, 2)
            file.write(struct.pack("<q", len(values) if count is None else count))
            file.write(numpy.asarray(values, "<f4").tobytes())

    def tensor(self, shape, strides, offset=0):
        hooks = collections.OrderedDict()
        return {"w": Rebuilt(Key("s", 6), offset, shape, strides, False, hooks)}

    def test_rows_and_columns(self):
        self.write(self.tensor((2, 3), (3, 1)))
        numpy.testing.assert_array_equal(
            torch_pickle.load(self.file)["w"], [[1, 2, 3], [4, 5, 6]]
        )

    def test_transposed_and_offset(self):
        self.write(self.tensor((2, 2), (1, 2), offset=1))
        numpy.testing.assert_array_equal(torch_pickle.load(self.file)["w"], [[2, 4], [3, 5]])

    def test_beyond_the_storage(self):
        for shape, strides, offset in (((7,), (1,), 0), ((2,), (1,), 5), ((2,), (-1,), 1)):
            self.write(self.tensor(shape, strides, offset))
            with self.assertRaisesRegex(pickle.UnpicklingError, "beyond its storage"):
                torch_pickle.load(self.file)

    def test_another_count_than_promised(self):
        self.write(self.tensor((6,), (1,)), count=5)
        with self.assertRaisesRegex(pickle.UnpicklingError, "6 elements were promised"):
            torch_pickle.load(self.file)

    def test_truncated(self):
        self.write(self.tensor((6,), (1,)))
        whole = self.file.read_bytes()
        for length in range(len(whole)):
            self.file.write_bytes(whole[:length])
            with self.assertRaises((pickle.UnpicklingError, EOFError, ValueError, struct.error)):
                torch_pickle.load(self.file)

    def test_another_format(self):
        self.write(self.tensor((6,), (1,)), magic=7)
        with self.assertRaisesRegex(pickle.UnpicklingError, "older format"):
            torch_pickle.load(self.file)

    def test_a_pickle_that_would_run_a_program(self):
        mark = self.file.with_name("mark")

        class Evil:
            def __reduce__(self):
                import os

                return os.system, (f"touch {mark}",)

        self.write({"w": Evil()})
        with self.assertRaisesRegex(pickle.UnpicklingError, "it is not read"):
            torch_pickle.load(self.file)
        self.assertFalse(mark.exists())


if __name__ == "__main__":
    unittest.main()
