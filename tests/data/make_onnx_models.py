#!/usr/bin/env python3
"""Writes the small ONNX models of tests/data/onnx, which are checked in; needs the package onnx.

    tests/data/make_onnx_models.py [FOLDER]

The tests only read the files. Run this again when a model is to change.
"""

import pathlib
import sys

import onnx
from onnx import TensorProto, helper

OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "onnx")
IR = 8
OPSET = 17

TYPES = {
    "f16": TensorProto.FLOAT16,
    "f32": TensorProto.FLOAT,
    "f64": TensorProto.DOUBLE,
    "bf16": TensorProto.BFLOAT16,
    "u8": TensorProto.UINT8,
    "i8": TensorProto.INT8,
    "u16": TensorProto.UINT16,
    "i16": TensorProto.INT16,
    "i32": TensorProto.INT32,
    "u32": TensorProto.UINT32,
    "i64": TensorProto.INT64,
    "u64": TensorProto.UINT64,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}


def value(name, kind="f32", shape=()):
    return helper.make_tensor_value_info(name, TYPES.get(kind, kind), shape)


def save(name, nodes, inputs, outputs, *, initializers=(), ir=IR, opsets=None, sparse=(), functions=()):
    graph = helper.make_graph(
        nodes, name, inputs, outputs, initializer=list(initializers), sparse_initializer=list(sparse)
    )
    imports = [helper.make_opsetid(d, v) for d, v in (opsets or {"": OPSET}).items()]
    model = helper.make_model(
        graph, opset_imports=imports, producer_name="nacre-tests", functions=list(functions)
    )
    model.ir_version = ir
    (OUT / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs, outputs, name=f"{op}_{outputs[0]}", **attributes)


def constant(name, kind, dims, values):
    return helper.make_tensor(name, TYPES[kind], dims, values)


def external(name, location):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[4])
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    return tensor


def good():
    for name in TYPES:
        save(f"identity_{name}", [node("Identity", ["x"], ["y"])],
             [value("x", name, ["n", 2])], [value("y", name, ["n", 2])])
    for name in ("bool", "f32", "i16", "string", "u64"):
        save(f"identity_scalar_{name}", [node("Identity", ["x"], ["y"])],
             [value("x", name)], [value("y", name)])

    one = constant("one", "f32", [], [1.0])
    save("add_static", [node("Add", ["x", "one"], ["y"])],
         [value("x", "f32", [2, 3])], [value("y", "f32", [2, 3])], initializers=[one])
    save("square_scalar", [node("Mul", ["x", "x"], ["y"])], [value("x")], [value("y")])

    # The runtime may find nothing left to do here, and the input is the output.
    save("dropped", [node("Dropout", ["pixels"], ["answer"])], [value("pixels", "f32", [2])],
         [value("answer", "f32", [2])])
    save("many",
         [node("Add", ["a", "one"], ["a_plus_one"]),
          node("Add", ["b", "b"], ["b_doubled"]),
          node("Not", ["c"], ["not_c"]),
          node("Shape", ["b"], ["shape_of_b"])],
         [value("a", "f32", [2, 2]), value("b", "i64", ["n"]), value("c", "bool", [3])],
         [value("not_c", "bool", [3]), value("a_plus_one", "f32", [2, 2]),
          value("shape_of_b", "i64", [1]), value("b_doubled", "i64", ["n"])],
         initializers=[one])

    save("nonzero", [node("NonZero", ["x"], ["where"])],  # the shape depends on the data
         [value("x", "f32", ["n"])], [value("where", "i64", [1, "found"])])
    save("logarithm", [node("Log", ["x"], ["y"])],  # NaN for negative numbers
         [value("x", "f32", [4])], [value("y", "f32", [4])])
    unranked = helper.make_empty_tensor_value_info("x")
    unranked.type.tensor_type.elem_type = TensorProto.FLOAT
    unranked_out = helper.make_empty_tensor_value_info("y")
    unranked_out.type.tensor_type.elem_type = TensorProto.FLOAT
    save("unranked", [node("Neg", ["x"], ["y"])], [unranked], [unranked_out])

    # A layer large enough that the threads of a pool share it.
    weights = [((i * 37) % 113) / 113 - 0.5 for i in range(64 * 64)]
    save("layer", [node("MatMul", ["x", "w"], ["xw"]), node("Tanh", ["xw"], ["y"])],
         [value("x", "f32", ["n", 64])], [value("y", "f32", ["n", 64])],
         initializers=[constant("w", "f32", [64, 64], weights)])

    # Computes for as long as asked: x is multiplied by the matrix `turns` times.
    body = helper.make_graph(
        [node("Identity", ["more_in"], ["more_out"]), node("MatMul", ["state_in", "w"], ["state_out"])],
        "body",
        [value("turn", "i64"), value("more_in", "bool"), value("state_in", "f32", ["n", 64])],
        [value("more_out", "bool"), value("state_out", "f32", ["n", 64])])
    save("slow", [node("Loop", ["turns", "", "x"], ["y"], body=body)],
         [value("turns", "i64"), value("x", "f32", ["n", 64])], [value("y", "f32", ["n", 64])],
         initializers=[constant("w", "f32", [64, 64], weights)])
    save("endless", [node("Loop", ["turns", "", "x"], ["y"], body=body)],  # by its own word
         [value("x", "f32", ["n", 64])], [value("y", "f32", ["n", 64])],
         initializers=[constant("w", "f32", [64, 64], weights),
                       constant("turns", "i64", [], [1 << 62])])


def refused():
    kinds = {"complex64": TensorProto.COMPLEX64, "float8": TensorProto.FLOAT8E4M3FN}
    for name, kind in kinds.items():
        op = "Identity" if name == "complex64" else "Identity"
        save(f"type_{name}", [node(op, ["x"], ["y"])], [value("x", kind, [2])],
             [value("y", kind, [2])], ir=9, opsets={"": 19})
    sequence = helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, ["n"])
    save("sequence_input", [node("SequenceLength", ["s"], ["n"])], [sequence], [value("n", "i64")])
    save("sequence_output", [node("SequenceConstruct", ["x", "x"], ["s"])],
         [value("x", "f32", ["n"])], [sequence])
    map_type = helper.make_map_type_proto(
        TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    save("map_output",
         [helper.make_node("ZipMap", ["x"], ["m"], domain="ai.onnx.ml", classlabels_int64s=[0, 1])],
         [value("x", "f32", [1, 2])],
         [helper.make_value_info("m", helper.make_sequence_type_proto(map_type))],
         opsets={"": OPSET, "ai.onnx.ml": 3})
    optional = helper.make_value_info(
        "o", helper.make_optional_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, [2])))
    save("optional_input", [node("OptionalHasElement", ["o"], ["has"])], [optional],
         [value("has", "bool")], opsets={"": 18})
    save("rank_33", [node("Identity", ["x"], ["y"])], [value("x", "f32", [1] * 33)],
         [value("y", "f32", [1] * 33)])

    plain = [node("Identity", ["x"], ["y"])], [value("x", "f32", [1])], [value("y", "f32", [1])]
    save("opset_future", *plain, opsets={"": 99})
    save("ir_future", *plain, ir=99)
    save("unknown_operator", [node("Frobnicate", ["x"], ["y"])], *plain[1:])
    save("custom_operator", [helper.make_node("Do", ["x"], ["y"], domain="com.example")], *plain[1:],
         opsets={"": OPSET, "com.example": 1})
    # Says [2, 2], gives what the second input says.
    save("lies_about_shape", [node("Reshape", ["x", "shape"], ["y"])],
         [value("x", "f32", [4]), value("shape", "i64", [2])], [value("y", "f32", [2, 2])])


def with_external_data():
    four = [value("y", "f32", [4])]
    x = [value("x", "f32", [4])]
    add = [node("Add", ["x", "w"], ["y"])]
    save("external_near", add, x, four, initializers=[external("w", "near.bin")])
    save("external_absolute", add, x, four, initializers=[external("w", "/etc/hostname")])
    save("external_parent", add, x, four, initializers=[external("w", "../onnx/near.bin")])
    save("external_attribute",
         [node("Constant", [], ["w"], value=external("w", "near.bin")), *add], x, four)
    branch = helper.make_graph(
        [node("Identity", ["w"], ["branch_y"])], "branch", [], [value("branch_y", "f32", [4])],
        initializer=[external("w", "near.bin")])
    save("external_subgraph",
         [node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)],
         [value("c", "bool")], four)
    function = helper.make_function(
        "com.example", "WithData", ["fx"], ["fy"],
        [node("Constant", [], ["w"], value=external("w", "near.bin")),
         node("Add", ["fx", "w"], ["fy"])],
        [helper.make_opsetid("", OPSET)])
    save("external_function", [helper.make_node("WithData", ["x"], ["y"], domain="com.example")], x,
         four, opsets={"": OPSET, "com.example": 1}, functions=[function])
    sparse = onnx.SparseTensorProto(dims=[4])
    sparse.values.CopyFrom(external("w", "near.bin"))
    sparse.values.dims[:] = [2]
    sparse.indices.CopyFrom(helper.make_tensor("i", TensorProto.INT64, [2], [0, 1]))
    save("external_sparse", add, x, four, sparse=[sparse])
    (OUT / "near.bin").write_bytes(bytes.fromhex("0000803f 00000040 00004040 00008040"))


OUT.mkdir(parents=True, exist_ok=True)
good()
refused()
with_external_data()
