"""Saves an ONNX model as OpenVINO IR, at its own precision.

    onnx_to_ir.py IN.onnx OUT.xml          (and OUT.bin beside it)
"""

import sys

import openvino


def main():
    if len(sys.argv) != 3:
        raise SystemExit("usage: onnx_to_ir.py IN.onnx OUT.xml")
    model = openvino.Core().read_model(sys.argv[1])
    # The default would halve the weights to f16.
    openvino.save_model(model, sys.argv[2], compress_to_fp16=False)


if __name__ == "__main__":
    main()
