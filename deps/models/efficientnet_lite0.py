"""Turns the published weights of EfficientNet-Lite0 into ONNX.

    efficientnet_lite0.py WEIGHTS.pth OUT.onnx

The network: `input`, float32 [1, 3, 224, 224], RGB in planes, scaled to 0..1, then less the mean
0.485 0.456 0.406, over the deviation 0.229 0.224 0.225; `probabilities`, float32 [1, 1000], after
softmax.
Each batch normalisation is folded into its convolution, in float64. Opset 17, so that runtimes
of several years read it.
"""

import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

import torch_pickle

IMAGE = 224
EPSILON = 1e-3  # of the batch normalisations
# repeats, stride of the first, expansion, channels in, channels out; the weights say kernel sizes
STAGES = [
    (1, 1, 1, 32, 16),
    (2, 2, 6, 16, 24),
    (2, 2, 6, 24, 40),
    (3, 2, 6, 40, 80),
    (3, 1, 6, 80, 112),
    (4, 2, 6, 112, 192),
    (1, 1, 6, 192, 320),
]


def same_padding(extent, kernel, stride):
    """TensorFlow's "same": what is odd goes to the end."""
    total = max((-(-extent // stride) - 1) * stride + kernel - extent, 0)
    return total // 2, total - total // 2


class Builder:
    def __init__(self, weights):
        self.weights = dict(weights)
        self.nodes = []
        self.constants = []
        self.constant("zero", numpy.float32(0))
        self.constant("six", numpy.float32(6))

    def take(self, name):
        return self.weights.pop(name)

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(numpy.ascontiguousarray(value), name))
        return name

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def conv(self, x, name, conv, norm, *, extent, stride=1, depthwise=False, relu=True):
        """Convolution with its batch normalisation inside, then ReLU6 unless it is the last."""
        kernel = self.take(f"{conv}.weight").astype(numpy.float64)
        gamma, beta, mean, variance = (
            self.take(f"{norm}.{part}").astype(numpy.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        self.weights.pop(f"{norm}.num_batches_tracked", None)  # Only of use in training.
        scale = gamma / numpy.sqrt(variance + EPSILON)
        weight = (kernel * scale[:, None, None, None]).astype(numpy.float32)
        bias = (beta - mean * scale).astype(numpy.float32)
        size = kernel.shape[2]
        before, after = same_padding(extent, size, stride)
        x = self.node(
            "Conv",
            [x, self.constant(f"{name}.weight", weight), self.constant(f"{name}.bias", bias)],
            name,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=kernel.shape[0] if depthwise else 1,
        )
        return self.node("Clip", [x, "zero", "six"], f"{name}.relu6") if relu else x

    def block(self, x, index, extent, stride, expansion, skip):
        weights, name, start = f"_blocks.{index}", f"block{index}", x
        if expansion != 1:
            x = self.conv(
                x, f"{name}.expand", f"{weights}._expand_conv", f"{weights}._bn0", extent=extent
            )
        x = self.conv(
            x,
            f"{name}.depthwise",
            f"{weights}._depthwise_conv",
            f"{weights}._bn1",
            extent=extent,
            stride=stride,
            depthwise=True,
        )
        extent = -(-extent // stride)
        x = self.conv(
            x,
            f"{name}.project",
            f"{weights}._project_conv",
            f"{weights}._bn2",
            extent=extent,
            relu=False,
        )
        return (self.node("Add", [x, start], f"{name}.sum") if skip else x), extent


def build(weights):
    builder = Builder(weights)
    x = builder.conv("input", "stem", "_conv_stem", "_bn0", extent=IMAGE, stride=2)
    extent, index = IMAGE // 2, 0
    for repeats, first_stride, expansion, channels_in, channels_out in STAGES:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            skip = stride == 1 and (repeat > 0 or channels_in == channels_out)
            x, extent = builder.block(x, index, extent, stride, expansion, skip)
            index += 1
    x = builder.conv(x, "head", "_conv_head", "_bn1", extent=extent)
    x = builder.node("GlobalAveragePool", [x], "pool")
    x = builder.node("Flatten", [x], "features")
    weight = builder.constant("classifier.weight", builder.take("_fc.weight"))
    bias = builder.constant("classifier.bias", builder.take("_fc.bias"))
    x = builder.node("Gemm", [x, weight, bias], "logits", transB=1)
    builder.node("Softmax", [x], "probabilities", axis=1)
    if builder.weights:
        raise SystemExit(f"Weights that the network does not use: {', '.join(builder.weights)}")

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
