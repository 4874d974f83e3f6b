"""Turns the published weights of EfficientNet-Lite0 into TorchScript.

    efficientnet_lite0_torchscript.py WEIGHTS.pth OUT.pt

The same network with the same numbers as the ONNX one (efficientnet_lite0_network.py), traced.
Needs torch.
"""

import sys

import numpy
import torch
import torch.nn.functional as F

import torch_pickle
from efficientnet_lite0_network import IMAGE, Builder


class Steps(Builder):
    """Notes the nodes, and the constants as tensors."""

    def __init__(self, weights):
        self.steps = []
        self.constants = {}
        super().__init__(weights)

    def constant(self, name, value):
        self.constants[name] = torch.from_numpy(numpy.array(value))
        return name

    def node(self, kind, inputs, output, **attributes):
        self.steps.append((kind, inputs, output, attributes))
        return output


class Network(torch.nn.Module):
    def __init__(self, builder):
        super().__init__()
        self.steps = builder.steps
        for name, value in builder.constants.items():
            if value.dim() != 0:
                self.register_buffer(self.attribute(name), value)

    @staticmethod
    def attribute(name):
        return name.replace(".", "_")

    def conv(self, x, weight, bias, strides, pads, group, **_):
        top, left, bottom, right = pads
        if (top, left) == (bottom, right):
            return F.conv2d(x, weight, bias, strides, (top, left), groups=group)
        return F.conv2d(F.pad(x, (left, right, top, bottom)), weight, bias, strides, groups=group)

    def forward(self, x):
        values = {"input": x}
        for kind, inputs, output, attributes in self.steps:
            given = [
                values[name] if name in values else getattr(self, self.attribute(name), None)
                for name in inputs
            ]
            values[output] = {
                "Conv": lambda: self.conv(*given, **attributes),
                "Clip": lambda: F.relu6(given[0]),
                "Add": lambda: given[0] + given[1],
                "GlobalAveragePool": lambda: F.adaptive_avg_pool2d(given[0], 1),
                "Flatten": lambda: torch.flatten(given[0], 1),
                "Gemm": lambda: F.linear(*given),
                "Softmax": lambda: torch.softmax(given[0], 1),
            }[kind]()
        return values["probabilities"]


def main():
    if len(sys.argv) != 3:
        raise SystemExit("usage: efficientnet_lite0_torchscript.py WEIGHTS.pth OUT.pt")
    builder = Steps(torch_pickle.load(sys.argv[1]))
    builder.build()
    network = Network(builder).eval()
    with torch.no_grad():
        traced = torch.jit.trace(network, torch.zeros(1, 3, IMAGE, IMAGE))
    torch.jit.save(traced, sys.argv[2])


if __name__ == "__main__":
    main()
