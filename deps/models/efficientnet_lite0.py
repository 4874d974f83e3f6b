"""Turns the published weights of EfficientNet-Lite0 into ONNX.

    efficientnet_lite0.py WEIGHTS.pth OUT.onnx

What goes in and comes out is told in efficientnet_lite0_network.py. Opset 17, so that runtimes of
several years read it.
"""

import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

import torch_pickle
from efficientnet_lite0_network import IMAGE, Builder


class OnnxBuilder(Builder):
    def __init__(self, weights):
        self.nodes = []
        self.constants = []
        super().__init__(weights)

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(numpy.ascontiguousarray(value), name))
        return name

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output


def build(weights):
    builder = OnnxBuilder(weights)
    builder.build()
    graph = helper.make_graph(
        builder.nodes,
        "efficientnet-lite0",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, IMAGE, IMAGE])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, 1000])],
        builder.constants,
    )
    model = helper.make_model(
        graph, producer_name="nacre", ir_version=8, opset_imports=[helper.make_opsetid("", 17)]
    )
    onnx.checker.check_model(model, full_check=True)  # Also infers every shape.
    return model


def main():
    if len(sys.argv) != 3:
        raise SystemExit("usage: efficientnet_lite0.py WEIGHTS.pth OUT.onnx")
    onnx.save(build(torch_pickle.load(sys.argv[1])), sys.argv[2])


if __name__ == "__main__":
    main()
