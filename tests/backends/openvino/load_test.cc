// What the openvino backend says of itself and of models, and what it loads.
#include "fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openvino/opsets/opset13.hpp>

#include <map>
#include <string>

namespace nacre::test {
namespace {

namespace op = ov::opset13;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(OpenvinoProperties, SayWhatIsThere) {
  auto backend = catalog().open("openvino");
  ASSERT_TRUE(backend) << backend.error().message;
  EXPECT_EQ((*backend)->property("vendor"), "OpenVINO");
  const std::string version((*backend)->property("vendor.version"));
  EXPECT_THAT(std::string(ov::get_openvino_version().buildNumber), StartsWith(version + "-"));
  EXPECT_EQ((*backend)->property("encodings"), "openvino,onnx,tensorflow,tensorflowlite,paddle");
  EXPECT_THAT(std::string((*backend)->property("devices")), StartsWith("cpu"));
  EXPECT_EQ((*backend)->property("loads"), "bytes,path");
  EXPECT_EQ((*backend)->property("cancel"), "yes");
  EXPECT_EQ((*backend)->property("threads.default"), "2");
  EXPECT_THAT(std::string((*backend)->property("build")), StartsWith(version));
  EXPECT_THAT(std::string((*backend)->property("onnx.opset")), testing::MatchesRegex("1-[0-9]+"));
  // What costs a probe is not paid for by opening.
  EXPECT_EQ((*backend)->property("openvino.ir_version"), "");
  std::map<std::string, std::string> all;
  for (const auto& [key, value] : (*backend)->all_properties())
    all[key] = value;
  EXPECT_THAT(all["openvino.ir_version"], testing::MatchesRegex("[0-9]+-[0-9]+"));
  const std::string newest =
      all["openvino.ir_version"].substr(all["openvino.ir_version"].find('-') + 1);
  const auto with_version = [](const std::string& number) {
    std::string xml = to_ir(identity(ov::element::f32, {2})).xml;
    const auto at = xml.find("version=\"1", xml.find("<net"));
    return xml.replace(at, xml.find('"', at + 9) + 1 - at, "version=\"" + number + "\"");
  };
  EXPECT_TRUE(load_bytes({with_version(newest)}, GraphEncoding::kOpenvino));
  EXPECT_FALSE(
      load_bytes({with_version(std::to_string(std::stoi(newest) + 1))}, GraphEncoding::kOpenvino));
}

TEST(OpenvinoLoad, IrByBytes) {
  auto graph = load_ir(to_ir(small_net()));
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->backend(), "openvino");
  const GraphDescription& d = (*graph)->description();
  ASSERT_EQ(d.inputs.size(), 1u);
  EXPECT_EQ(d.inputs[0].name, "x");
  EXPECT_EQ(d.inputs[0].type, TensorType::kF32);
  EXPECT_EQ(d.inputs[0].shape, (Shape{1, 3, 8, 8}));
  EXPECT_EQ(d.inputs[0].note, "");
  ASSERT_EQ(d.outputs.size(), 1u);
  EXPECT_EQ(d.outputs[0].name, "y");
  EXPECT_EQ(d.outputs[0].shape, (Shape{1, 256}));
}

TEST(OpenvinoLoad, TheLayoutThatAModelSays) {
  auto model = identity(ov::element::f32, {1, 3, 8, 8});
  model->get_parameters()[0]->set_layout("NCHW");
  const auto graph = load_bytes({to_ir(model).xml}, GraphEncoding::kOpenvino);
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->description().inputs[0].layout, "NCHW");
  model->get_parameters()[0]->set_layout("N...C");
  const auto partly = load_bytes({to_ir(model).xml}, GraphEncoding::kOpenvino);
  ASSERT_TRUE(partly) << partly.error().message;
  EXPECT_EQ((*partly)->description().inputs[0].layout, "[N,...,C]");
}

TEST(OpenvinoLoad, IrByBytesInEitherOrder) {
  const Ir ir = to_ir(small_net());
  auto graph = load_bytes({ir.bin, ir.xml}, GraphEncoding::kOpenvino);
  EXPECT_TRUE(graph) << graph.error().message;
}

TEST(OpenvinoLoad, IrWithoutWeightsIsOnePart) {
  const Ir ir = to_ir(identity(ov::element::f32, {2}));
  auto graph = load_bytes({ir.xml}, GraphEncoding::kOpenvino);
  ASSERT_TRUE(graph) << graph.error().message;
  const Plain x = plain<float>(TensorType::kF32, {2}, {1, 2});
  EXPECT_EQ(compute(*graph, {x}).value(), std::vector{x});
}

TEST(OpenvinoLoad, IrByPathTakesTheWeightsBesideIt) {
  const ScratchFolder folder;
  const Ir ir = to_ir(small_net());
  const std::string xml = folder.write("net.xml", ir.xml);
  folder.write("net.bin", ir.bin);
  const Plain x = noise(TensorType::kF32, {1, 3, 8, 8}, 1);
  auto by_path = load_path(xml);
  ASSERT_TRUE(by_path) << by_path.error().message;
  EXPECT_EQ(compute(*by_path, {x}).value(), compute(load_ir(ir).value(), {x}).value());

  const std::string elsewhere = folder.write("weights.of.net", ir.bin);
  auto named = load_path(xml + ":" + elsewhere);
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_EQ(compute(*named, {x}).value(), compute(*by_path, {x}).value());
}

TEST(OpenvinoLoad, MissingFilesAreNamed) {
  const ScratchFolder folder;
  auto none = load_path("/nowhere/net.xml");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kModelNotFound);
  EXPECT_THAT(none.error().message, HasSubstr("/nowhere/net.xml"));
  const std::string xml = folder.write("net.xml", to_ir(small_net()).xml);
  auto weightless = load_path(xml);
  ASSERT_FALSE(weightless);
  EXPECT_THAT(weightless.error().message, HasSubstr("weights"));
}

TEST(OpenvinoLoad, OnnxByPathAndByBytes) {
  const Plain x = noise(TensorType::kF32, {2, 3}, 2);
  auto path = load_path(onnx_path("add_static"), "backend=openvino");
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ((*path)->backend(), "openvino");
  auto bytes = load_onnx(read_file(onnx_path("add_static")));
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(compute(*path, {x}).value(), compute(*bytes, {x}).value());
}

TEST(OpenvinoLoad, ManyInputsAndOutputsKeepNamesAndOrder) {
  auto graph = load_path(onnx_path("many"), "backend=openvino");
  ASSERT_TRUE(graph) << graph.error().message;
  const GraphDescription& d = (*graph)->description();
  ASSERT_EQ(d.inputs.size(), 3u);
  EXPECT_EQ(d.inputs[0].name, "a");
  EXPECT_EQ(d.inputs[1].name, "b");
  EXPECT_EQ(d.inputs[2].name, "c");
  EXPECT_EQ(d.inputs[1].type, TensorType::kI64);
  EXPECT_EQ(d.inputs[1].shape, (Shape{-1}));
  EXPECT_EQ(d.inputs[1].note, "computed as i32 on the CPU; values outside i32 are refused");
  EXPECT_EQ(d.inputs[2].type, TensorType::kBool);
  ASSERT_EQ(d.outputs.size(), 4u);
  EXPECT_EQ(d.outputs[0].name, "not_c");
  EXPECT_EQ(d.outputs[1].name, "a_plus_one");
  EXPECT_EQ(d.outputs[2].name, "shape_of_b");
  EXPECT_EQ(d.outputs[3].name, "b_doubled");
}

TEST(OpenvinoLoad, AnInputPassedThroughKeepsItsName) {
  auto graph = load_path(onnx_path("dropped"), "backend=openvino");
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->description().inputs[0].name, "pixels");
  EXPECT_EQ((*graph)->description().outputs[0].name, "answer");
  const Plain x = noise(TensorType::kF32, {2}, 2);
  EXPECT_EQ(compute(*graph, {x}).value()[0], x);
}

TEST(OpenvinoLoad, TensorsWithoutNamesHaveNone) {
  auto x = std::make_shared<op::Parameter>(ov::element::f32, ov::PartialShape{2});
  auto y = std::make_shared<op::Relu>(x);
  auto model = std::make_shared<ov::Model>(ov::ResultVector{std::make_shared<op::Result>(y)},
                                           ov::ParameterVector{x});
  // Every layer of an IR has a name; it stands in for the tensor's.
  x->set_friendly_name("pixels");
  y->set_friendly_name("scores");
  auto graph = load_ir(to_ir(model));
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->description().inputs[0].name, "pixels");
  EXPECT_EQ((*graph)->description().outputs[0].name, "scores");
}

TEST(OpenvinoLoad, BoundedDimensionsAreNotedAndKept) {
  auto graph = load_ir(to_ir(identity(ov::element::f32, {ov::Dimension(2, 4), -1})));
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->description().inputs[0].shape, (Shape{-1, -1}));
  EXPECT_EQ((*graph)->description().inputs[0].note, "dimension 0 is from 2 to 4");
  EXPECT_TRUE(compute(*graph, {noise(TensorType::kF32, {3, 5}, 1)}));
  auto outside = compute(*graph, {noise(TensorType::kF32, {5, 5}, 1)});
  ASSERT_FALSE(outside);
  EXPECT_EQ(outside.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(outside.error().message, HasSubstr("[5,5]"));
}

TEST(OpenvinoLoad, AnUnknownRankIsUnknownOrRefusedInWords) {
  // The CPU plug-in takes no such model; the sentence must say which input.
  auto graph = load_ir(to_ir(identity(ov::element::f32, ov::PartialShape::dynamic())));
  ASSERT_FALSE(graph);
  EXPECT_THAT(graph.error().message, HasSubstr("dynamic rank"));
}

// The CPU plug-in overruns its heap on inputs of u4, and frees strings twice behind an Identity.
TEST(OpenvinoLoad, ElementTypesThatBreakOpenvinoAreRefusedBeforeTheyAreCompiled) {
  for (const auto type :
       {ov::element::u1, ov::element::u2, ov::element::u4, ov::element::i4, ov::element::nf4,
        ov::element::f8e4m3, ov::element::f8e5m2, ov::element::string}) {
    auto graph = load_ir(to_ir(identity(type, {4})));
    ASSERT_FALSE(graph) << type;
    EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation) << type;
    EXPECT_THAT(graph.error().message, HasSubstr(type.to_string()));
  }
  auto onnx = load_path(onnx_path("identity_string"), "backend=openvino");
  ASSERT_FALSE(onnx);
  EXPECT_EQ(onnx.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(onnx.error().message, HasSubstr("string"));
}

TEST(OpenvinoLoad, TypesInsideAModelAreLookedAtToo) {
  const auto x = std::make_shared<op::Parameter>(ov::element::f32, ov::PartialShape{4});
  const auto narrow = std::make_shared<op::Convert>(x, ov::element::u4);
  const auto y = std::make_shared<op::Convert>(narrow, ov::element::f32);
  auto graph = load_ir(to_ir(std::make_shared<ov::Model>(
      ov::ResultVector{std::make_shared<op::Result>(y)}, ov::ParameterVector{x})));
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(graph.error().message, HasSubstr("Convert"));

  // In the branches of an If as well.
  const auto branch = [](ov::element::Type type) {
    const auto in = std::make_shared<op::Parameter>(ov::element::f32, ov::PartialShape{4});
    const auto there = std::make_shared<op::Convert>(in, type);
    const auto back = std::make_shared<op::Convert>(there, ov::element::f32);
    return std::make_shared<ov::Model>(ov::ResultVector{std::make_shared<op::Result>(back)},
                                       ov::ParameterVector{in});
  };
  for (const auto type : {ov::element::u4, ov::element::i32}) {
    const auto condition =
        std::make_shared<op::Parameter>(ov::element::boolean, ov::PartialShape{});
    const auto choice = std::make_shared<op::If>(condition);
    const auto yes = branch(type);
    const auto no = branch(ov::element::i32);
    choice->set_then_body(yes);
    choice->set_else_body(no);
    choice->set_input(x, yes->get_parameters()[0], no->get_parameters()[0]);
    const auto out = choice->set_output(yes->get_results()[0], no->get_results()[0]);
    auto chosen = load_ir(to_ir(std::make_shared<ov::Model>(
        ov::ResultVector{std::make_shared<op::Result>(out)}, ov::ParameterVector{condition, x})));
    EXPECT_EQ(chosen.has_value(), type == ov::element::i32) << chosen.error().message;
  }
}

TEST(OpenvinoLoad, WeightsOfFourBitsAreFine) {
  const auto x = std::make_shared<op::Parameter>(ov::element::f32, ov::PartialShape{1, 8});
  const auto w = op::Constant::create(ov::element::u4, {8, 2}, std::vector<std::int64_t>(16, 3));
  const auto wide = std::make_shared<op::Convert>(w, ov::element::f32);
  const auto y = std::make_shared<op::MatMul>(x, wide);
  auto graph = load_ir(to_ir(std::make_shared<ov::Model>(
      ov::ResultVector{std::make_shared<op::Result>(y)}, ov::ParameterVector{x})));
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(compute(*graph, {plain(TensorType::kF32, {1, 8}, std::vector<float>(8, 1))}).value()[0],
            plain<float>(TensorType::kF32, {1, 2}, {24, 24}));
}

TEST(OpenvinoLoad, ARankBeyondNacresIsRefused) {
  auto graph = load_path(onnx_path("rank_33"), "backend=openvino");
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(graph.error().message, HasSubstr("33"));
}

TEST(OpenvinoLoad, AbsentDevicesAreNamed) {
  for (const auto target : {ExecutionTarget::kGpu, ExecutionTarget::kTpu}) {
    const auto devices = catalog().open("openvino").value()->property("devices");
    if (devices.find(to_string(target)) != devices.npos) continue;
    const Ir ir = to_ir(small_net());
    auto graph = load_bytes({ir.xml, ir.bin}, GraphEncoding::kOpenvino, target);
    ASSERT_FALSE(graph);
    EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation);
    EXPECT_THAT(graph.error().message, HasSubstr(std::string(to_string(target))));
    EXPECT_THAT(graph.error().message, HasSubstr("cpu"));
  }
}

TEST(OpenvinoLoad, UnknownOptionsAreRefused) {
  auto graph = load_path(onnx_path("add_static"), "backend=openvino,colour=blue");
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(graph.error().message, HasSubstr("colour"));
}

TEST(OpenvinoLoad, UnknownOperatorsAreNamed) {
  for (const char* name : {"unknown_operator", "custom_operator"}) {
    auto graph = load_path(onnx_path(name), "backend=openvino");
    ASSERT_FALSE(graph) << name;
    EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation) << graph.error().message;
    EXPECT_THAT(graph.error().message,
                HasSubstr(name == std::string("custom_operator") ? "Do" : "Frobnicate"));
  }
}

}  // namespace
}  // namespace nacre::test
