"""EfficientNet-Lite0, layer by layer, for whatever writes it in some format.

`input`: float32 [1, 3, 224, 224], RGB in planes, scaled to 0..1, then less the mean
0.485 0.456 0.406, over the deviation 0.229 0.224 0.225; `probabilities`: float32 [1, 1000], after
softmax. Each batch normalisation is folded into its convolution, in float64.
"""

import numpy

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
    """Walks through the network. How a constant and a node are written is left to who derives."""

    def __init__(self, weights):
        self.weights = dict(weights)
        self.constant("zero", numpy.float32(0))
        self.constant("six", numpy.float32(6))

    def constant(self, name, value):
        """Keeps an array under a name, which it returns."""
        raise NotImplementedError

    def node(self, kind, inputs, output, **attributes):
        """An operator of ONNX on named values; returns the name of its output."""
        raise NotImplementedError

    def take(self, name):
        return self.weights.pop(name)

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

    def build(self):
        """The whole network, from the value `input` to `probabilities`."""
        x = self.conv("input", "stem", "_conv_stem", "_bn0", extent=IMAGE, stride=2)
        extent, index = IMAGE // 2, 0
        for repeats, first_stride, expansion, channels_in, channels_out in STAGES:
            for repeat in range(repeats):
                stride = first_stride if repeat == 0 else 1
                skip = stride == 1 and (repeat > 0 or channels_in == channels_out)
                x, extent = self.block(x, index, extent, stride, expansion, skip)
                index += 1
        x = self.conv(x, "head", "_conv_head", "_bn1", extent=extent)
        x = self.node("GlobalAveragePool", [x], "pool")
        x = self.node("Flatten", [x], "features")
        weight = self.constant("classifier.weight", self.take("_fc.weight"))
        bias = self.constant("classifier.bias", self.take("_fc.bias"))
        x = self.node("Gemm", [x, weight, bias], "logits", transB=1)
        self.node("Softmax", [x], "probabilities", axis=1)
        if self.weights:
            raise SystemExit(f"Weights that the network does not use: {', '.join(self.weights)}")
