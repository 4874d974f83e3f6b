#!/usr/bin/python3
"""Writes the small TorchScript models of tests/data/torch, which are checked in.

    tests/data/make_torch_models.py [FOLDER]

It needs Debian's python3-torch, and so Debian's own Python. The tests only read the files. Run this
again when a model is to change. Forged ones are made by the tests out of these.
"""

import io
import pathlib
import sys
import zipfile
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor, nn

OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "torch")


def save(name, module):
    scripted = module if isinstance(module, torch.jit.ScriptModule) else torch.jit.script(module)
    buffer = io.BytesIO()
    torch.jit.save(scripted, buffer)
    (OUT / f"{name}.pt").write_bytes(without_debug(buffer.getvalue()))


def entries(archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as z:
        return [(info.filename, z.read(info)) for info in z.infolist()]


def without_debug(archive):
    """Without positions in the Python source: most of a small file. The same bytes every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as z:
        for name, data in entries(archive):
            if not name.endswith(".debug_pkl"):
                z.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


# --- good ones


class Identity(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


class Many(nn.Module):
    """As tests/data/onnx/many.onnx."""

    def forward(self, a: Tensor, b: Tensor, c: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
        return torch.logical_not(c), a + 1.0, torch.tensor([b.shape[0]]), b + b


class Pair(NamedTuple):
    sum: Tensor
    difference: Tensor


class Named(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Pair:
        return Pair(a + b, a - b)


class Nested(nn.Module):
    def forward(self, pair: Tuple[Tensor, Tensor]) -> Tuple[Tensor, Tuple[Tensor, int], List[int]]:
        a, b = pair
        return a + b, (a - b, a.dim()), [a.numel(), b.numel()]


class Lists(nn.Module):
    def forward(self, first: Tensor, rest: List[Tensor]) -> List[Tensor]:
        return [first + r for r in rest]


class Dicts(nn.Module):
    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        return {"twice": x + x, "half": x / 2, "negative": -x}


class Scalars(nn.Module):
    def forward(self, x: Tensor, n: int, f: float, b: bool, more: int = 10) -> Tensor:
        return x * f + n + (100 if b else 0) + more


class Gives(nn.Module):
    """Everything that is not a tensor."""

    def forward(self, x: Tensor) -> Tuple[int, float, bool, str, List[float], Optional[Tensor]]:
        nothing: Optional[Tensor] = None
        if x.numel() > 1000:
            nothing = x
        return x.numel(), 0.5, x.numel() > 2, "nacre", [1.0, 2.0], nothing


class Counter(nn.Module):
    """Keeps how often it was called, and all it was given."""

    def __init__(self):
        super().__init__()
        self.calls = 0
        self.sum = torch.zeros(2)

    def forward(self, x: Tensor) -> Tuple[Tensor, int]:
        self.calls += 1
        self.sum = self.sum + x
        return self.sum, self.calls


class InPlace(nn.Module):
    """Writes into its buffer, and gives the buffer itself."""

    def __init__(self):
        super().__init__()
        self.register_buffer("sum", torch.zeros(2))

    def forward(self, x: Tensor) -> Tensor:
        self.sum.add_(x)
        return self.sum


class Keeps(nn.Module):
    """Keeps its input, and gives the one before."""

    def __init__(self):
        super().__init__()
        self.last = torch.zeros(2)

    def forward(self, x: Tensor) -> Tensor:
        before = self.last
        self.last = x
        return before


class WritesInput(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mul_(2)


class GivesWeight(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight


class Views(nn.Module):
    """None of them contiguous, the last two the same tensor."""

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
        y = x + 1
        return y.t(), y[:, 0], y, y


class Layer(nn.Module):
    """As tests/data/onnx/layer.onnx."""

    def __init__(self):
        super().__init__()
        weights = torch.tensor([((i * 37) % 113) / 113 - 0.5 for i in range(64 * 64)])
        self.register_buffer("w", weights.reshape(64, 64))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x @ self.w)


class Norm(nn.Module):
    """Batch normalisation and dropout: the same every time unless in training."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(2)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.norm(x))


class Slow(nn.Module):
    def forward(self, turns: int, x: Tensor) -> Tensor:
        for _ in range(turns):
            x = torch.tanh(x @ x)
        return x


class Huge(nn.Module):
    def forward(self, n: int) -> Tensor:
        return torch.ones([n, 1024, 1024])


class Raises(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.numel() != 2:
            raise ValueError("two numbers are wanted")
        return x


class Divides(nn.Module):
    """Every kind of integer division."""

    def forward(self, kind: int, a: Tensor, b: Tensor) -> Tensor:
        if kind == 0:
            return a // b
        elif kind == 1:
            return torch.div(a, b, rounding_mode="trunc")
        elif kind == 2:
            return torch.remainder(a, b)
        elif kind == 3:
            return torch.fmod(a, b)
        elif kind == 4:
            return a // int(b)
        elif kind == 5:
            return torch.clone(a).floor_divide_(b)
        elif kind == 6:
            return torch.tensor([int(a) // int(b)])
        elif kind == 7:
            return torch.tensor([int(a) % int(b)])
        return torch.div(a, int(b), rounding_mode="floor")


def good():
    torch.manual_seed(1)
    save("identity", Identity())
    save("many", Many())
    save("named", Named())
    save("nested", Nested())
    save("lists", Lists())
    save("dicts", Dicts())
    save("scalars", Scalars())
    save("gives", Gives())
    save("counter", Counter())
    save("in_place", InPlace())
    save("keeps", Keeps())
    save("writes_input", WritesInput())
    save("gives_weight", GivesWeight())
    save("views", Views())
    save("layer", Layer())
    save("norm", Norm())
    save("slow", Slow())
    save("huge", Huge())
    save("raises", Raises())
    save("divides", Divides())
    save("traced", torch.jit.trace(Layer(), torch.zeros(1, 64)))


# --- refused ones, as the exporter writes them


class ReadsFile(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.from_file("/etc/passwd", False, 16, dtype=torch.uint8)


class WritesFile(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.from_file("/tmp/torch-was-here", True, 16, dtype=torch.uint8)


class Saves(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        torch.save(x, "/tmp/torch-was-here")
        return x


class HiddenInMethod(nn.Module):
    """Not reached from forward()."""

    def forward(self, x: Tensor) -> Tensor:
        return x

    @torch.jit.export
    def other(self) -> Tensor:
        return torch.from_file("/etc/passwd", False, 16, dtype=torch.uint8)


class HiddenInBranch(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.ReLU(), HiddenInMethod())

    def forward(self, x: Tensor) -> Tensor:
        for i in range(3):
            if x.numel() > 5:
                while bool(x.sum() > 100):
                    x = torch.from_file("/etc/passwd", False, 16, dtype=torch.uint8)
        return x


def reads_in_function(x: Tensor) -> Tensor:
    return torch.from_file("/etc/passwd", False, 16, dtype=torch.uint8)


class HiddenInFunction(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return reads_in_function(x)


class HiddenInHook(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Identity()

        def hook(self, inputs: Tuple[Tensor], output: Tensor) -> Tensor:
            return torch.from_file("/etc/passwd", False, 16, dtype=torch.uint8)

        self.inner.register_forward_hook(hook)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


class Prints(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        print(x)
        return x


class Empty(nn.Module):
    def forward(self, n: int) -> Tensor:
        return torch.empty([n])


class Forks(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.jit.wait(torch.jit.fork(reads_nothing, x))


def reads_nothing(x: Tensor) -> Tensor:
    return x


class Seeds(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        torch.manual_seed(7)
        return torch.rand([2])


@torch.jit.interface
class Answers(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        pass


class ThroughInterface(nn.Module):
    inner: Answers

    def __init__(self):
        super().__init__()
        self.inner = Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner.forward(x)


class Complex(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.complex(x, x)


class TakesDict(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Tensor:
        return x["a"]


class TakesString(nn.Module):
    def forward(self, x: str) -> int:
        return len(x)


class Stateful(nn.Module):
    """Run while it is loaded, in libtorch's own loader."""

    def __init__(self):
        super().__init__()
        self.w = torch.zeros(2)

    @torch.jit.export
    def __getstate__(self) -> Tuple[Tensor, bool]:
        return self.w, self.training

    @torch.jit.export
    def __setstate__(self, state: Tuple[Tensor, bool]):
        self.w = torch.from_file("/etc/passwd", False, 16, dtype=torch.uint8)
        self.training = state[1]

    def forward(self, x: Tensor) -> Tensor:
        return self.w


class Quantised(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.quantized.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


def refused():
    for name, module in {
        "reads_file": ReadsFile(), "writes_file": WritesFile(), "saves": Saves(),
        "hidden_in_method": HiddenInMethod(), "hidden_in_branch": HiddenInBranch(),
        "hidden_in_function": HiddenInFunction(), "hidden_in_hook": HiddenInHook(),
        "prints": Prints(), "empty": Empty(), "forks": Forks(), "seeds": Seeds(),
        "through_interface": ThroughInterface(), "complex": Complex(), "takes_dict": TakesDict(),
        "takes_string": TakesString(), "setstate": Stateful(), "quantised": Quantised(),
    }.items():  # fmt: skip
        save(name, module)


OUT.mkdir(parents=True, exist_ok=True)
good()
refused()
