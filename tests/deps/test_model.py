"""The prepared EfficientNet-Lite0, as ONNX and as IR, answers as published for real photographs."""

import os
import pathlib
import struct
import unittest
import zlib

import numpy
import openvino

MODELS = pathlib.Path(os.environ["NACRE_MODELS_DIR"])
PHOTOS = pathlib.Path(os.environ["NACRE_PHOTOS_DIR"])


def read_png(path):
    """8-bit RGB, not interlaced: all that the two photographs need."""
    data = path.read_bytes()
    at, compressed = 8, b""
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", body)
            assert (depth, colour, interlaced) == (8, 2, 0)
        elif kind == b"IDAT":
            compressed += body
        at += length + 12
    stride = width * 3
    lines = numpy.frombuffer(zlib.decompress(compressed), numpy.uint8).reshape(height, stride + 1)
    picture = numpy.zeros((height, stride), numpy.uint8)
    above = [0] * stride
    for y, line in enumerate(lines.tolist()):
        kind, row = line[0], line[1:]
        for x in range(stride):
            left = row[x - 3] if x >= 3 else 0
            up = above[x]
            corner = above[x - 3] if x >= 3 else 0
            if kind == 4:
                guess = left + up - corner
                row[x] += min((left, up, corner), key=lambda value: abs(guess - value))
            else:
                row[x] += (0, left, up, (left + up) // 2)[kind]
            row[x] &= 255
        picture[y] = above = row
    return picture.reshape(height, width, 3)


def cubic(x, a=-0.5):
    x = numpy.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return numpy.where(x < 1, near, numpy.where(x < 2, far, 0))


def resize_weights(source, target):
    """One row per target pixel: an antialiased bicubic filter over the source pixels."""
    scale = source / target
    centres = (numpy.arange(target) + 0.5) * scale
    weights = cubic((numpy.arange(source) + 0.5 - centres[:, None]) / max(scale, 1))
    return weights / weights.sum(axis=1, keepdims=True)


def prepared(path):
    picture = read_png(path).astype(numpy.float64)
    side = min(picture.shape[:2])
    top, left = ((extent - side) // 2 for extent in picture.shape[:2])
    picture = picture[top : top + side, left : left + side]
    weights = resize_weights(side, 224)
    picture = numpy.einsum("ay,bx,yxc->cab", weights, weights, picture, optimize=True)
    picture = numpy.clip(numpy.round(picture), 0, 255) / 255
    mean = numpy.array([0.485, 0.456, 0.406])[:, None, None]
    deviation = numpy.array([0.229, 0.224, 0.225])[:, None, None]
    return ((picture - mean) / deviation).astype(numpy.float32)[None]


class ModelTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        core = openvino.Core()
        cls.models = {
            kind: core.compile_model(
                str(MODELS / f"efficientnet-lite0.{kind}"),
                "CPU",
                {"INFERENCE_PRECISION_HINT": "f32"},
            )
            for kind in ("onnx", "xml")
        }

    def answers(self, photo):
        values = prepared(PHOTOS / photo)
        answers = {kind: model(values)[0][0].copy() for kind, model in self.models.items()}
        numpy.testing.assert_allclose(answers["onnx"], answers["xml"], atol=1e-5)
        return answers["onnx"]

    def test_the_interface(self):
        for kind, model in self.models.items():
            with self.subTest(kind):
                self.assertEqual(model.input(0).get_any_name(), "input")
                self.assertEqual(list(model.input(0).shape), [1, 3, 224, 224])
                self.assertEqual(model.output(0).get_any_name(), "probabilities")
                self.assertEqual(list(model.output(0).shape), [1, 1000])

    def test_coffee(self):
        answer = self.answers("coffee.png")
        self.assertEqual(answer.argmax(), 967)
        self.assertAlmostEqual(answer[967], 0.82, delta=0.01)
        self.assertAlmostEqual(answer.sum(), 1, delta=1e-5)

    def test_chelsea(self):
        answer = self.answers("chelsea.png")
        self.assertEqual(answer.argsort()[::-1][:3].tolist(), [285, 282, 281])
        for index, probability in ((285, 0.36), (282, 0.26), (281, 0.21)):
            self.assertAlmostEqual(answer[index], probability, delta=0.01)


if __name__ == "__main__":
    unittest.main()
