// Broken and hostile model bytes: each is refused in words, and the process goes on.
#include "fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openvino/opsets/opset13.hpp>

#include <chrono>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/loader.h"
#include "onnx_model.h"

namespace nacre::test {
namespace {

namespace op = ov::opset13;
using ::testing::HasSubstr;

const Ir& good() {
  static const Ir ir = to_ir(small_net());
  return ir;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, text.npos) << what << " is not in " << text;
  return at == text.npos ? text : text.replace(at, what.size(), by);
}

// The code of the refusal; the sentence must be one.
ErrorCode refusal(const std::vector<std::string>& parts,
                  GraphEncoding encoding = GraphEncoding::kOpenvino) {
  auto graph = encoding == GraphEncoding::kOnnx ? load_onnx(parts[0]) : load_bytes(parts, encoding);
  EXPECT_FALSE(graph) << parts[0].substr(0, 200);
  if (graph) return ErrorCode::kUnknown;
  EXPECT_GT(graph.error().message.size(), 10u);
  EXPECT_EQ(graph.error().message.find("Exception from"), std::string::npos);
  EXPECT_EQ(graph.error().message.find('\n'), std::string::npos);
  return graph.error().code;
}

void still_works() {
  const Plain x = noise(TensorType::kF32, {1, 3, 8, 8}, 1);
  auto graph = load_ir(good());
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_TRUE(compute(*graph, {x}));
}

TEST(OpenvinoHostile, NotAModel) {
  for (const std::string& bytes :
       {std::string(), std::string("<"), std::string(1, '\0'), std::string("<net/>"),
        std::string(100'000, '<'), std::string("<?xml version=\"1.0\"?>"), std::string(4096, 'x'),
        std::string("\x7f"
                    "ELF"),
        read_file(onnx_path("many"))}) {
    EXPECT_EQ(refusal({bytes, good().bin}), ErrorCode::kInvalidEncoding) << bytes.substr(0, 40);
  }
  for (const std::string& bytes :
       {std::string(), std::string(1, '\x08'), std::string(4096, 'x'), good().xml}) {
    EXPECT_EQ(refusal({bytes}, GraphEncoding::kOnnx), ErrorCode::kInvalidEncoding);
  }
  still_works();
}

TEST(OpenvinoHostile, CutAnywhere) {
  for (std::size_t n = 0; n < good().xml.size(); n += 61) {
    static_cast<void>(refusal({good().xml.substr(0, n), good().bin}));
  }
  for (std::size_t n = 0; n < good().bin.size(); n += 16) {
    auto graph = load_bytes({good().xml, good().bin.substr(0, n)}, GraphEncoding::kOpenvino);
    ASSERT_FALSE(graph) << n;
  }
  const std::string onnx = read_file(efficientnet_path("onnx"));
  for (std::size_t n = 0; n < 64 * 1024; n += 1024) {
    static_cast<void>(refusal({onnx.substr(0, n)}, GraphEncoding::kOnnx));
  }
  const std::string xml = read_file(efficientnet_path("xml"));
  for (std::size_t n = 0; n < xml.size(); n += 1024) {
    static_cast<void>(refusal({xml.substr(0, n), good().bin}));
  }
  still_works();
}

TEST(OpenvinoHostile, WeightsOutOfRange) {
  const std::string& xml = good().xml;
  const std::string place = R"(offset="0" size="432")";
  for (const char* by :
       {R"(offset="99999999999" size="432")", R"(offset="18446744073709551600" size="432")",
        R"(offset="9223372036854775800" size="432")", R"(offset="-16" size="432")",
        R"(offset="20" size="432")", R"(offset="0" size="4")", R"(offset="0" size="0")",
        R"(offset="0" size="18446744073709551615")", R"(offset="0" size="9223372036854775807")",
        R"(offset="x" size="432")", R"(size="432")", R"(offset="0")"}) {
    EXPECT_EQ(refusal({replaced(xml, place, by), good().bin}), ErrorCode::kInvalidEncoding) << by;
  }
  EXPECT_EQ(refusal({xml}), ErrorCode::kInvalidEncoding);
  still_works();
}

TEST(OpenvinoHostile, ShapesAndAttributesThatMakeNoSense) {
  const auto swap = [](std::string_view what, std::string_view by) {
    return replaced(good().xml, what, by);
  };
  for (const std::string& xml :
       {swap(R"(shape="4, 3, 3, 3")", R"(shape="4294967296, 4294967296, 3, 3")"),
        swap(R"(shape="4, 3, 3, 3")", R"(shape="4611686018427387904, 4, 27, 4")"),
        swap(R"(shape="1,3,8,8")", R"(shape="1,3,4294967296,4294967296")"),
        swap(R"(shape="1,3,8,8")", R"(shape="1,3,-8,-8")"),
        swap(R"(strides="1, 1")", R"(strides="0, 0")"),
        swap(R"(strides="1, 1")", R"(strides="-1, -1")"),
        swap(R"(strides="1, 1")", R"(strides="1, 1, 1")"),
        swap(R"(dilations="1, 1")", R"(dilations="0, 0")"),
        swap(R"(pads_begin="1, 1")", R"(pads_begin="-900, -900")"),
        swap(R"(pads_begin="1, 1")", R"(pads_begin="2000000000, 2000000000")"),
        swap(R"(element_type="f32")", R"(element_type="f33")"),
        swap("ReLU", "Frobnicate"),
        swap("opset1", "opset99"),
        swap(R"(version="11")", R"(version="99")"),
        swap(R"(from-layer="0")", R"(from-layer="3")"),
        swap(R"(from-layer="0")", R"(from-layer="99999999999999999999999")"),
        swap(R"(to-layer="2")", R"(to-layer="77")"),
        swap(R"(from-port="0")", R"(from-port="77")"),
        swap(R"(to-port="0")", R"(to-port="4000000000")"),
        swap(R"(<layer id="1")", R"(<layer id="0")")}) {
    static_cast<void>(refusal({xml, good().bin}));
  }
  still_works();
}

// An IR is only its two parts: nothing in it can name a file, and no entity is expanded.
TEST(OpenvinoHostile, XmlThatReachesOutOrGrows) {
  const std::string body = good().xml.substr(good().xml.find("<net"));
  const std::string secret = "root:x:0:0";
  std::string bomb = "<!DOCTYPE net [<!ENTITY a0 \"aaaaaaaaaa\">";
  for (int i = 1; i < 12; ++i) {
    bomb += "<!ENTITY a" + std::to_string(i) + " \"";
    for (int k = 0; k < 10; ++k)
      bomb += "&a" + std::to_string(i - 1) + ";";
    bomb += "\">";
  }
  bomb += "]>";
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& xml :
       {"<!DOCTYPE net [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>" +
            replaced(body, R"(names="x")", R"(names="&f;")"),
        "<!DOCTYPE net SYSTEM \"file:///etc/passwd\">" + replaced(body, "<rt_info />", "&f;"),
        bomb + replaced(body, R"(names="x")", R"(names="&a11;")")}) {
    auto graph = load_bytes({xml, good().bin}, GraphEncoding::kOpenvino);
    if (!graph) continue;  // refusing is as good
    const std::string& name = (*graph)->description().inputs[0].name;
    EXPECT_LT(name.size(), 100u);
    EXPECT_EQ(name.find(secret), name.npos);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(OpenvinoHostile, DeepNestingDoesNotOverflowTheStack) {
  for (const int depth : {1000, 1'000'000}) {
    std::string open;
    std::string close;
    for (int i = 0; i < depth; ++i) {
      open += "<a>";
      close += "</a>";
    }
    static_cast<void>(refusal({replaced(good().xml, "<layers>", open + "<layers>"), good().bin}));
    for (const std::string& xml :
         {replaced(good().xml, "<layers>", open + close + "<layers>"),
          replaced(good().xml, "<rt_info />", "<rt_info>" + open + close + "</rt_info>")}) {
      static_cast<void>(load_bytes({xml, good().bin}, GraphEncoding::kOpenvino));
    }
  }
  still_works();
}

TEST(OpenvinoHostile, RandomChanges) {
  const char* numbers[] = {"0", "-1", "65536", "2147483648", "9223372036854775807", "3.5", "?"};
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    Ir ir = good();
    for (int k = 0; k < 3; ++k) {
      const std::size_t at = random() % ir.xml.size();
      switch (random() % 4) {
        case 0:
          ir.xml[at] = static_cast<char>(random());
          break;
        case 1:
          ir.xml.erase(at, random() % 20);
          break;
        case 2:
          ir.xml.insert(at, ir.xml.substr(random() % ir.xml.size(), random() % 40));
          break;
        default: {
          const std::size_t digit = ir.xml.find_first_of("0123456789", at);
          if (digit == ir.xml.npos) break;
          const std::size_t end = ir.xml.find_first_not_of("0123456789", digit);
          ir.xml.replace(digit, end - digit, numbers[random() % std::size(numbers)]);
        }
      }
    }
    ir.bin[random() % ir.bin.size()] = static_cast<char>(random());
    auto graph = load_ir(ir);
    if (!graph) {
      EXPECT_GT(graph.error().message.size(), 10u) << seed;
      continue;
    }
    const GraphDescription& d = (*graph)->description();
    if (d.inputs.size() != 1 || !d.inputs[0].shape || d.inputs[0].type != TensorType::kF32) {
      continue;
    }
    std::vector<std::int64_t> dims(d.inputs[0].shape->dims().begin(),
                                   d.inputs[0].shape->dims().end());
    for (std::int64_t& dim : dims)
      dim = dim < 0 ? 1 : dim;
    if (element_count(dims).value_or(1 << 30) > 1 << 20) continue;
    static_cast<void>(compute(*graph, {noise(TensorType::kF32, dims, seed)}));
  }
  still_works();
}

TEST(OpenvinoHostile, ExternalDataOfAGuestIsRefused) {
  for (const char* name :
       {"external_near", "external_absolute", "external_parent", "external_attribute",
        "external_subgraph", "external_function", "external_sparse"}) {
    auto graph = load_bytes({read_file(onnx_path(name))}, GraphEncoding::kOnnx);
    ASSERT_FALSE(graph) << name;
    EXPECT_EQ(graph.error().code, ErrorCode::kSecurity) << name;
  }
}

TEST(OpenvinoHostile, ExternalDataOfTheOperatorIsFound) {
  auto graph = load_path(onnx_path("external_near"), "backend=openvino");
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(compute(*graph, {plain<float>(TensorType::kF32, {4}, {0, 0, 0, 0})}).value()[0],
            plain<float>(TensorType::kF32, {4}, {1, 2, 3, 4}));
}

/// x in the shape that 7 rounds make of {3, 1}, leaving it as it is.
std::shared_ptr<ov::Model> with_a_loop_for_a_shape() {
  const auto value = std::make_shared<op::Parameter>(ov::element::i64, ov::Shape{2});
  const auto go_on = op::Constant::create(ov::element::boolean, {}, {true});
  const auto same =
      std::make_shared<op::Multiply>(value, op::Constant::create(ov::element::i64, {}, {1}));
  const auto loop = std::make_shared<op::Loop>(op::Constant::create(ov::element::i64, {}, {7}),
                                               op::Constant::create(ov::element::boolean, {}, {1}));
  loop->set_function(
      std::make_shared<ov::Model>(ov::OutputVector{go_on, same}, ov::ParameterVector{value}));
  loop->set_special_body_ports({-1, 0});
  loop->set_merged_input(value, op::Constant::create(ov::element::i64, {2}, {3, 1}), same);
  const auto x = std::make_shared<op::Parameter>(ov::element::f32, ov::Shape{1, 3});
  const auto y = std::make_shared<op::Reshape>(x, loop->get_iter_value(same, -1), false);
  return std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{x});
}

/// y = x + what `rounds` rounds of doubling make of 1; -1 is for ever.
std::shared_ptr<ov::Model> with_a_constant_loop(std::int64_t rounds) {
  const auto value = std::make_shared<op::Parameter>(ov::element::f32, ov::Shape{});
  const auto go_on = op::Constant::create(ov::element::boolean, {}, {true});
  const auto twice = std::make_shared<op::Add>(value, value);
  const auto loop = std::make_shared<op::Loop>(op::Constant::create(ov::element::i64, {}, {rounds}),
                                               op::Constant::create(ov::element::boolean, {}, {1}));
  loop->set_function(
      std::make_shared<ov::Model>(ov::OutputVector{go_on, twice}, ov::ParameterVector{value}));
  loop->set_special_body_ports({-1, 0});
  loop->set_merged_input(value, op::Constant::create(ov::element::f32, {}, {1}), twice);
  const auto x = std::make_shared<op::Parameter>(ov::element::f32, ov::Shape{1});
  const auto y = std::make_shared<op::Add>(loop->get_iter_value(twice, -1), x);
  return std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{x});
}

// OpenVINO computes what depends on no input while it prepares the model.
TEST(OpenvinoHostile, ALoopThatNoInputReachesEnds) {
  const auto graph = load_ir(to_ir(with_a_constant_loop(10)));
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(compute(*graph, {plain<float>(TensorType::kF32, {1}, {2})}).value()[0],
            plain<float>(TensorType::kF32, {1}, {1026}));
  for (const std::int64_t rounds : {std::int64_t{-1}, std::int64_t{1'000'001}, INT64_MAX}) {
    const auto refused = load_ir(to_ir(with_a_constant_loop(rounds)));
    ASSERT_FALSE(refused) << rounds;
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupportedOperation);
    EXPECT_THAT(refused.error().message, HasSubstr("depends on none of its inputs"));
  }
  // Where a shape hangs on it, it is run while the model is read.
  Ir ir = to_ir(with_a_loop_for_a_shape());
  const auto shaped = load_ir(ir);
  ASSERT_TRUE(shaped) << shaped.error().message;
  EXPECT_EQ(*(*shaped)->description().outputs[0].shape, (Shape{3, 1}));
  EXPECT_EQ(compute(*shaped, {plain<float>(TensorType::kF32, {1, 3}, {4, 5, 6})}).value()[0],
            plain<float>(TensorType::kF32, {3, 1}, {4, 5, 6}));
  const std::string seven{"\x07\0\0\0\0\0\0\0", 8};
  ASSERT_NE(ir.bin.find(seven), ir.bin.npos);
  ir.bin.replace(ir.bin.find(seven), 8, std::string(8, '\xff'));
  const std::string version = "type=\"Loop\" version=\"opset";
  for (const char* opset : {"5", "6", "13", "16"}) {
    Ir endless = ir;
    const auto at = endless.xml.find(version) + version.size();
    endless.xml.replace(at, endless.xml.find('"', at) - at, opset);
    const auto refused = load_ir(endless);
    ASSERT_FALSE(refused) << opset;
    EXPECT_THAT(refused.error().message, HasSubstr("depends on none of its inputs")) << opset;
  }
}

// OpenVINO divides by numbers of elements when it works out what such models come to.
TEST(OpenvinoHostile, TensorsOfNoElements) {
  constexpr int kOnnxBool = 9;
  const std::string nothing = pb_number(1, 0) + pb_number(2, kOnnxBool) + pb_bytes(8, "none");
  const std::string compress =
      pb_bytes(1, OnnxNode{"Compress", {"x", "none"}, {"y"}, {onnx_number("axis", 1)}}.bytes()) +
      pb_bytes(2, "g") + pb_bytes(5, nothing) + pb_bytes(11, onnx_value("x", kOnnxFloat, {0, 3})) +
      pb_bytes(12, onnx_value("y", kOnnxFloat, {0, 0}));
  const std::string pool = onnx_model({OnnxNode{"GlobalLpPool", {"x"}, {"y"}}.bytes()},
                                      {onnx_value("x", kOnnxFloat, {1, 0, 4})},
                                      {onnx_value("y", kOnnxFloat, {1, 0, 1})});
  // Whether they are taken is OpenVINO's to say.
  for (const std::string& model :
       {pb_number(1, 8) + pb_bytes(7, compress) + pb_bytes(8, pb_number(2, 13)), pool}) {
    const auto graph = load_onnx(model);
    if (!graph) continue;
    const std::vector<std::int64_t> dims =
        model == pool ? std::vector<std::int64_t>{1, 0, 4} : std::vector<std::int64_t>{0, 3};
    (void)compute(*graph, {plain<float>(TensorType::kF32, dims, {})});
  }
  still_works();
}

// An axis of a tensor that has none is used unchecked.
TEST(OpenvinoHostile, ReductionsAlongComputedAxes) {
  const auto load_sum = [](const ov::PartialShape& shape) {
    const auto x = std::make_shared<op::Parameter>(ov::element::f32, shape);
    const auto axes = std::make_shared<op::Parameter>(ov::element::i64, ov::PartialShape{1});
    const auto y = std::make_shared<op::Result>(std::make_shared<op::ReduceSum>(x, axes, true));
    return load_ir(
        to_ir(std::make_shared<ov::Model>(ov::ResultVector{y}, ov::ParameterVector{x, axes})));
  };
  const auto rows = load_sum({2, 2});
  ASSERT_TRUE(rows) << rows.error().message;
  const Plain x = plain<float>(TensorType::kF32, {2, 2}, {1, 2, 3, 4});
  for (const std::int64_t axis : {0, -2}) {
    EXPECT_EQ(compute(*rows, {x, plain<std::int64_t>(TensorType::kI64, {1}, {axis})}).value()[0],
              plain<float>(TensorType::kF32, {1, 2}, {4, 6}));
  }
  for (const std::int64_t axis : {std::int64_t{2}, std::int64_t{-3}, INT64_MAX, INT64_MIN})
    EXPECT_FALSE(compute(*rows, {x, plain<std::int64_t>(TensorType::kI64, {1}, {axis})})) << axis;
  const auto number = load_sum({});
  ASSERT_FALSE(number);
  EXPECT_THAT(number.error().message, HasSubstr("reduces a single number"));
  const auto anything = load_sum(ov::PartialShape::dynamic());
  ASSERT_FALSE(anything);
  EXPECT_THAT(anything.error().message, HasSubstr("unknown rank"));
  still_works();
}

// y = Clip(x, low, high), where "" leaves a bound out; `before` is what comes between x and it.
std::string clipped(const std::vector<std::string>& bounds, const std::string& before = {}) {
  std::vector<std::string> nodes;
  if (!before.empty()) {
    nodes.push_back(OnnxNode{before, {"x"}, {"t"}, {}, "no.where"}.bytes());
  }
  std::vector<std::string> inputs = {before.empty() ? "x" : "t"};
  inputs.insert(inputs.end(), bounds.begin(), bounds.end());
  nodes.push_back(OnnxNode{"Clip", inputs, {"y"}}.bytes());
  std::vector<std::string> given = {onnx_value("x", kOnnxFloat, {3})};
  for (const std::string& bound : bounds) {
    if (!bound.empty()) given.push_back(onnx_value(bound, kOnnxFloat, {}));
  }
  return onnx_model(nodes, given, {onnx_value("y", kOnnxFloat, {3})}, "g",
                    pb_bytes(8, pb_bytes(1, "no.where") + pb_number(2, 1)));
}

// Behind an operator without conversion no type is known, and OpenVINO's own reader of Clip would
// end the process.
TEST(OpenvinoHostile, AClipWithoutBoundsOfUnknownType) {
  const Plain x = plain<float>(TensorType::kF32, {3}, {-5, 0.5, std::numeric_limits<float>::max()});
  const Plain low = plain<float>(TensorType::kF32, {}, {-1});
  const Plain high = plain<float>(TensorType::kF32, {}, {1});
  const auto both = load_onnx(clipped({"low", "high"}));
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(compute(*both, {x, low, high}).value()[0],
            plain<float>(TensorType::kF32, {3}, {-1, 0.5, 1}));
  const auto lower = load_onnx(clipped({"low"}));
  ASSERT_TRUE(lower) << lower.error().message;
  EXPECT_EQ(compute(*lower, {x, low}).value()[0],
            plain<float>(TensorType::kF32, {3}, {-1, 0.5, std::numeric_limits<float>::max()}));
  const auto upper = load_onnx(clipped({"", "high"}));
  ASSERT_TRUE(upper) << upper.error().message;
  EXPECT_EQ(compute(*upper, {x, high}).value()[0],
            plain<float>(TensorType::kF32, {3}, {-5, 0.5, 1}));
  for (const std::vector<std::string>& bounds :
       {std::vector<std::string>{}, {"low"}, {"", "high"}, {"", ""}}) {
    EXPECT_EQ(refusal({clipped(bounds, "Nope")}, GraphEncoding::kOnnx),
              ErrorCode::kUnsupportedOperation);
  }
  still_works();
}

// OpenVINO's reader follows a null pointer for the bias that is left out; ONNX Runtime computes it.
TEST(OpenvinoHostile, AnAttentionWithoutBias) {
  const ScratchFolder folder;
  const auto load_with_bias = [&](bool bias) {
    std::vector<std::string> inputs = {"x", "w"};
    std::vector<std::string> given = {onnx_value("x", kOnnxFloat, {1, 3, 4}),
                                      onnx_value("w", kOnnxFloat, {4, 12})};
    if (bias) {
      inputs.emplace_back("b");
      given.push_back(onnx_value("b", kOnnxFloat, {12}));
    }
    const std::string heads =
        pb_bytes(1, "num_heads") + pb_number(3, 2) + pb_number(20, 2);  // name, i, type
    const OnnxNode node{"Attention", inputs, {"y"}, {heads}, "com.microsoft"};
    const std::string path =
        folder.write("attention.onnx",
                     onnx_model({node.bytes()}, given, {onnx_value("y", kOnnxFloat, {1, 3, 4})},
                                "g", pb_bytes(8, pb_bytes(1, "com.microsoft") + pb_number(2, 1))));
    const ModelSpec spec{
        .name = "m", .paths = {path}, .backend = "openvino", .config = {}, .options = {}};
    return load_model(catalog(), spec);
  };
  const auto with = load_with_bias(true);
  EXPECT_TRUE(with) << with.error().message;
  const auto without = load_with_bias(false);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(without.error().message,
              HasSubstr("brings 2 inputs, and this runtime computes Attention of com.microsoft "
                        "with 3 or more only"));
  still_works();
}

// `depth` Ifs inside each other around x + x; where the condition is false, -x.
std::shared_ptr<ov::Model> nested_ifs(int depth, bool outermost = true) {
  const auto condition = std::make_shared<op::Parameter>(ov::element::boolean, ov::PartialShape{});
  const auto x = std::make_shared<op::Parameter>(ov::element::f32, ov::PartialShape{2});
  if (depth == 0) {
    const auto sum = std::make_shared<op::Add>(x, x);
    return std::make_shared<ov::Model>(ov::OutputVector{sum}, ov::ParameterVector{condition, x});
  }
  const auto yes = nested_ifs(depth - 1, false);
  const auto other_x = std::make_shared<op::Parameter>(ov::element::f32, ov::PartialShape{2});
  const auto no = std::make_shared<ov::Model>(
      ov::OutputVector{std::make_shared<op::Negative>(other_x)}, ov::ParameterVector{other_x});
  const auto choice = std::make_shared<op::If>(condition);
  choice->set_then_body(yes);
  choice->set_else_body(no);
  choice->set_input(condition, yes->get_parameters()[0], nullptr);
  choice->set_input(x, yes->get_parameters()[1], other_x);
  const auto y = choice->set_output(yes->get_results()[0], no->get_results()[0]);
  if (outermost) y.get_tensor().set_names({"y"});
  return std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{condition, x});
}

// The time to prepare them doubles with each, and no deadline reaches a load.
TEST(OpenvinoHostile, IfsInsideIfsAreBounded) {
  const Plain x = plain<float>(TensorType::kF32, {2}, {1, 2});
  const auto few = load_ir(to_ir(nested_ifs(8)));
  ASSERT_TRUE(few) << few.error().message;
  EXPECT_EQ(compute(*few, {Plain{TensorType::kBool, {}, std::string(1, 1)}, x}).value()[0],
            plain<float>(TensorType::kF32, {2}, {2, 4}));
  for (const int depth : {18, 24, 30}) {
    const Ir ir = to_ir(nested_ifs(depth));
    const auto begin = std::chrono::steady_clock::now();
    const auto many = load_ir(ir);
    ASSERT_FALSE(many) << depth;
    EXPECT_EQ(many.error().code, ErrorCode::kTooLarge) << many.error().message;
    EXPECT_THAT(many.error().message, HasSubstr("Ifs inside Ifs"));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  }
  still_works();
}

}  // namespace
}  // namespace nacre::test
