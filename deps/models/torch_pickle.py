"""Reads a state dictionary that torch.save wrote in its older (pre-1.6) format, without torch.

The file is five pickles (a magic number, a version, facts about the machine, the dictionary, the
list of storage keys), then for each key, in that order, a 64-bit count of elements and then those.

A pickle can name any function and have it called. Here only the four names that a dictionary of
tensors needs are known, and each stands for something of ours that just keeps numbers.
"""

import collections
import dataclasses
import pickle
import struct
import sys

import numpy

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


@dataclasses.dataclass
class Storage:
    key: str
    dtype: str
    count: int


@dataclasses.dataclass
class Tensor:
    storage: Storage
    offset: int
    shape: tuple
    strides: tuple


def rebuild_tensor(storage, offset, shape, strides, _requires_grad, _hooks):
    return Tensor(storage, offset, shape, strides)


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return rebuild_tensor
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        raise pickle.UnpicklingError(
            f"A file of weights was expected, and this one wants {module}.{name}; it is not read."
        )

    def persistent_load(self, pid):
        kind, dtype, key, _device, count, view = pid
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError(f"A tensor's storage was expected, and {kind} came.")
        return Storage(key, dtype, count)


def read_storages(file, keys, wanted):
    """The elements of every storage, in the order in which the file holds them."""
    arrays = {}
    for key in keys:
        if key not in wanted:
            raise pickle.UnpicklingError(f"The file holds a storage {key} that no tensor names.")
        storage = wanted[key]
        (count,) = struct.unpack("<q", file.read(8))
        if count != storage.count:
            raise pickle.UnpicklingError(
                f"{storage.count} elements were promised for storage {key} and {count} are there."
            )
        data = file.read(count * numpy.dtype(storage.dtype).itemsize)
        arrays[key] = numpy.frombuffer(data, storage.dtype, count)
    return arrays


def load(path):
    """The tensors by name, as numpy arrays."""
    with open(path, "rb") as file:
        if Unpickler(file).load() != MAGIC or Unpickler(file).load() != VERSION:
            raise pickle.UnpicklingError(f"{path} is not a file of torch's older format.")
        if not Unpickler(file).load()["little_endian"] or sys.byteorder != "little":
            raise pickle.UnpicklingError("Only little-endian files and machines are supported.")
        tensors = Unpickler(file).load()
        wanted = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
        arrays = read_storages(file, Unpickler(file).load(), wanted)

    loaded = {}
    for name, tensor in tensors.items():
        flat = arrays[tensor.storage.key]
        steps = [(n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True)]
        last = tensor.offset + sum(steps)
        if tensor.offset < 0 or min(steps, default=0) < 0 or last >= flat.size:
            raise pickle.UnpicklingError(f"{name} reaches beyond its storage.")
        loaded[name] = numpy.lib.stride_tricks.as_strided(
            flat[tensor.offset :],
            tensor.shape,
            [step * flat.itemsize for step in tensor.strides],
            writeable=False,
        )
    return loaded
