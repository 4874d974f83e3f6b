#include "core/onnx_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <string>
#include <string_view>

namespace nacre {
namespace {

using ::testing::HasSubstr;

// Protobuf by hand: each function returns the bytes of one field.

std::string varint(std::uint64_t value) {
  std::string out;
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
  return out;
}

std::string tag(std::uint64_t number, unsigned wire) {
  return varint(number << 3 | wire);
}

std::string field(std::uint64_t number, std::string_view bytes) {
  return tag(number, 2) + varint(bytes.size()) + std::string(bytes);
}

std::string number_field(std::uint64_t number, std::uint64_t value) {
  return tag(number, 0) + varint(value);
}

std::string entry(std::string_view key, std::string_view value) {
  return field(1, key) + field(2, value);
}

std::string external_tensor(std::string_view location = "weights.bin") {
  return number_field(1, 4) + number_field(2, 1) + field(8, "W") +
         field(13, entry("location", location)) + number_field(14, 1);
}

std::string inner_tensor() {
  return number_field(1, 1) + field(8, "W") + field(9, "\0\0\0\0");
}

std::string model_of_graph(std::string_view graph) {
  return number_field(1, 8) + field(2, "hand") + field(3, "1.0") + field(7, graph) +
         field(8, number_field(2, 17)) + field(8, field(1, "ai.onnx.ml") + number_field(2, 3));
}

std::string model_of_attribute(std::string_view attribute) {
  return model_of_graph(field(1, field(1, "c") + field(4, "If") + field(5, attribute)));
}

std::span<const std::byte> bytes(const std::string& s) {
  return std::as_bytes(std::span(s));
}

ErrorCode code_of(const std::string& model) {
  const auto result = refuse_external_data(bytes(model));
  return result ? ErrorCode{} : result.error().code;
}

std::string message_of(const std::string& model) {
  const auto result = refuse_external_data(bytes(model));
  return result ? std::string() : result.error().message;
}

constexpr ErrorCode kFine{};

TEST(OnnxWalk, ModelWithItsDataInsideIsFine) {
  EXPECT_EQ(code_of(model_of_graph("")), kFine);
  EXPECT_EQ(code_of(model_of_graph(field(5, inner_tensor()))), kFine);
  EXPECT_EQ(code_of(model_of_graph(field(5, inner_tensor() + number_field(14, 0)))), kFine);
}

// Each place of a ModelProto where a TensorProto can be.
struct Place {
  const char* name;
  std::string (*model)(std::string_view tensor);
};

class OnnxWalkPlaces : public ::testing::TestWithParam<Place> {};

TEST_P(OnnxWalkPlaces, ExternalTensorIsRefused) {
  EXPECT_EQ(code_of(GetParam().model(inner_tensor())), kFine);
  const std::string model = GetParam().model(external_tensor());
  EXPECT_EQ(code_of(model), ErrorCode::kSecurity);
  EXPECT_THAT(message_of(model), HasSubstr("Tensor 'W'"));
}

std::string in_graph(std::string_view tensor) {
  return field(5, tensor);
}

const Place kPlaces[] = {

    Place{"Initializer", [](std::string_view t) { return model_of_graph(in_graph(t)); }},
    Place{"SparseValues",
          [](std::string_view t) { return model_of_graph(field(15, field(1, t))); }},
    Place{"SparseIndices",
          [](std::string_view t) { return model_of_graph(field(15, field(2, t))); }},
    Place{"AttributeTensor", [](std::string_view t) { return model_of_attribute(field(5, t)); }},
    Place{"AttributeTensors", [](std::string_view t) { return model_of_attribute(field(10, t)); }},
    Place{"AttributeSparseTensor",
          [](std::string_view t) { return model_of_attribute(field(22, field(1, t))); }},
    Place{"AttributeSparseTensors",
          [](std::string_view t) { return model_of_attribute(field(23, field(2, t))); }},
    Place{"Subgraph", [](std::string_view t) { return model_of_attribute(field(6, in_graph(t))); }},
    Place{"Subgraphs",
          [](std::string_view t) { return model_of_attribute(field(11, in_graph(t))); }},
    Place{"SecondSubgraph",
          [](std::string_view t) {
            return model_of_attribute(field(11, "") + field(11, in_graph(t)));
          }},
    Place{"SubgraphOfSubgraph",
          [](std::string_view t) {
            return model_of_attribute(field(6, field(1, field(5, field(6, in_graph(t))))));
          }},
    Place{"FunctionNode",
          [](std::string_view t) {
            return model_of_graph("") + field(25, field(7, field(5, field(5, t))));
          }},
    Place{
        "FunctionAttribute",
        [](std::string_view t) { return model_of_graph("") + field(25, field(11, field(5, t))); }},
    Place{"TrainingInitialization",
          [](std::string_view t) { return model_of_graph("") + field(20, field(1, in_graph(t))); }},
    Place{"TrainingAlgorithm",
          [](std::string_view t) { return model_of_graph("") + field(20, field(2, in_graph(t))); }},
};

INSTANTIATE_TEST_SUITE_P(All, OnnxWalkPlaces, ::testing::ValuesIn(kPlaces),
                         [](const auto& tested) { return tested.param.name; });

// What parsers accept beyond what writers emit.

TEST(OnnxWalk, AnyTraceOfExternalDataCounts) {
  const auto refused = [](std::string_view more) {
    return code_of(model_of_graph(field(5, inner_tensor() + std::string(more))));
  };
  EXPECT_EQ(refused(number_field(14, 1)), ErrorCode::kSecurity);
  EXPECT_EQ(refused(field(13, entry("location", "a"))), ErrorCode::kSecurity);
  EXPECT_EQ(refused(field(13, "")), ErrorCode::kSecurity);
  // The last scalar wins in parsers, which order of the two is looked at does not matter here.
  EXPECT_EQ(refused(number_field(14, 1) + number_field(14, 0)), ErrorCode::kSecurity);
  EXPECT_EQ(refused(number_field(14, 0) + number_field(14, 1)), ErrorCode::kSecurity);
  // Cut to 32 bits, these are 1.
  EXPECT_EQ(refused(number_field(14, (std::uint64_t{1} << 32) + 1)), ErrorCode::kSecurity);
  EXPECT_EQ(refused(tag(14, 0) + "\x81\x80\x80\x80\x80\x80\x80\x80\x80\x01"), ErrorCode::kSecurity);
  EXPECT_EQ(refused(tag(14, 0) + std::string("\x81\x00", 2)), ErrorCode::kSecurity);
  // Other values and wire types mean nothing good either.
  EXPECT_EQ(refused(number_field(14, 2)), ErrorCode::kSecurity);
  EXPECT_EQ(refused(field(14, "\x01")), ErrorCode::kSecurity);
  EXPECT_EQ(refused(tag(14, 5) + std::string(4, '\0')), ErrorCode::kSecurity);
  EXPECT_EQ(refused(tag(13, 0) + varint(7)), ErrorCode::kSecurity);
}

TEST(OnnxWalk, MessagesThatComeTwiceAreBothRead) {
  EXPECT_EQ(
      code_of(model_of_graph(field(5, inner_tensor())) + field(7, field(5, external_tensor()))),
      ErrorCode::kSecurity);
  EXPECT_EQ(code_of(field(7, field(5, external_tensor())) + model_of_graph("")),
            ErrorCode::kSecurity);
  EXPECT_EQ(code_of(model_of_attribute(field(5, inner_tensor()) + field(5, number_field(14, 1)))),
            ErrorCode::kSecurity);
}

// What is read of a model with one node of opset 17.
std::string refusal_of_node(std::string_view op, int inputs, std::string_view more = {}) {
  std::string node = field(3, "here") + field(4, op) + std::string(more);
  for (int i = 0; i < inputs; ++i)
    node += field(1, "x");
  const std::string model = model_of_graph(field(1, node));
  const auto read = refuse_external_data(bytes(model));
  return read ? "" : read.error().message;
}

TEST(OnnxWalk, NodesHaveTheInputsTheyNeed) {
  EXPECT_THAT(refusal_of_node("Conv", 1),
              HasSubstr("node 'here' brings 1 of the 2 inputs that Conv needs"));
  EXPECT_EQ(refusal_of_node("Conv", 2), "");
  EXPECT_THAT(refusal_of_node("Sum", 0), HasSubstr("0 of the 1 inputs"));
  EXPECT_EQ(refusal_of_node("Sum", 1), "");
  EXPECT_THAT(refusal_of_node("Pad", 1), HasSubstr("1 of the 2 inputs"));
  EXPECT_EQ(refusal_of_node("Constant", 0), "");
  EXPECT_EQ(refusal_of_node("Where", 3), "");
  EXPECT_THAT(refusal_of_node("Where", 2), HasSubstr("2 of the 3 inputs"));
  // An input that is left out is an empty name, and counts.
  EXPECT_EQ(refusal_of_node("Conv", 1, field(1, "")), "");
  // Domains: ONNX's own has two spellings; functions are called in others.
  EXPECT_THAT(refusal_of_node("Conv", 1, field(7, "ai.onnx")), HasSubstr("1 of the 2"));
  EXPECT_THAT(refusal_of_node("FusedConv", 1, field(7, "com.microsoft")), HasSubstr("1 of the 2"));
  EXPECT_THAT(refusal_of_node("Gelu", 0, field(7, "com.microsoft")), HasSubstr("0 of the 1"));
  EXPECT_THAT(refusal_of_node("Pad", 1, field(7, "com.microsoft")), HasSubstr("1 of the 2"));
  EXPECT_EQ(refusal_of_node("Attention", 2, field(7, "com.microsoft")), "");
  EXPECT_THAT(refusal_of_node("DetectionOutput", 2, field(7, "org.openvinotoolkit")),
              HasSubstr("2 of the 3"));
  EXPECT_EQ(refusal_of_node("Conv", 0, field(7, "my.functions")), "");
  // Which of two operators or domains counts is the parser's.
  EXPECT_THAT(refusal_of_node("Relu", 1, field(4, "Conv")), HasSubstr("twice"));
  EXPECT_THAT(refusal_of_node("Relu", 1, field(7, "my.functions") + field(7, "")),
              HasSubstr("twice"));
  // In a subgraph, and in a function.
  const std::string conv = field(1, "x") + field(4, "Conv");
  EXPECT_EQ(code_of(model_of_attribute(field(6, field(1, conv)))), ErrorCode::kInvalidEncoding);
  EXPECT_EQ(code_of(model_of_graph("") + field(25, field(7, conv))), ErrorCode::kInvalidEncoding);
}

// What a runtime says of itself, beyond the operators' schemas.
TEST(OnnxWalk, ARuntimeMayNeedMoreInputs) {
  const OnnxNeed need{.domain = "com.microsoft", .op = "Attention", .inputs = 3};
  const auto answer = [&](int inputs, std::string_view domain) {
    std::string node = field(4, "Attention") + field(7, domain);
    for (int i = 0; i < inputs; ++i)
      node += field(1, "x");
    const std::string model = field(7, field(1, node));
    return check_onnx_needs(bytes(model), need);
  };
  EXPECT_TRUE(answer(3, "com.microsoft"));
  EXPECT_TRUE(answer(2, "ai.onnx"));
  const auto few = answer(2, "com.microsoft");
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(few.error().message, HasSubstr("with 3 or more only"));
}

std::string real(std::string_view name, float value) {
  std::string bits(4, '\0');
  std::memcpy(bits.data(), &value, 4);
  return field(5, field(1, name) + tag(2, 5) + bits + number_field(20, 1));
}
std::string integer(std::string_view name, std::int64_t value) {
  return field(5, field(1, name) + number_field(3, static_cast<std::uint64_t>(value)));
}

TEST(OnnxWalk, NumbersThatEndARuntimeAreRefused) {
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  const auto refused = [](std::string_view op, const std::string& attributes) {
    return !refusal_of_node(op, 9, attributes).empty();
  };
  for (const char* op : {"RandomNormal", "RandomNormalLike"}) {
    EXPECT_FALSE(refused(op, "")) << "the scale is 1";
    EXPECT_FALSE(refused(op, real("scale", 0.5F) + real("mean", -3)));
    for (const float scale : {0.0F, -1.0F, kNone})
      EXPECT_TRUE(refused(op, real("scale", scale))) << scale;
    EXPECT_TRUE(refused(op, real("scale", 0) + real("scale", 1))) << "either may count";
    EXPECT_TRUE(refused(op, field(5, field(1, "scale")))) << "which is 0";
    EXPECT_FALSE(refused(op, field(5, field(1, "scale") + field(21, "theirs"))))
        << "who calls the function that this is in says it";
    EXPECT_TRUE(refused(op, field(5, field(1, "scale") + field(21, ""))));
  }
  for (const char* op : {"RandomUniform", "RandomUniformLike"}) {
    EXPECT_FALSE(refused(op, ""));
    EXPECT_FALSE(refused(op, real("low", -2) + real("high", -2)));
    EXPECT_FALSE(refused(op, real("high", 7)));
    EXPECT_TRUE(refused(op, real("low", 2))) << "up to 1";
    EXPECT_TRUE(refused(op, real("high", -1))) << "from 0";
    EXPECT_TRUE(refused(op, real("low", kNone)));
    EXPECT_TRUE(refused(op, real("high", kNone)));
    EXPECT_TRUE(refused(op, real("low", kNone) + real("low", 0)));
    EXPECT_TRUE(refused(op, real("high", 5) + real("high", -5)));
  }
  EXPECT_THAT(refusal_of_node("RandomUniform", 0, real("low", 2)),
              HasSubstr("from 2 to 1, of which the first must not be the larger"));
  EXPECT_THAT(refusal_of_node("GatherND", 2, integer("batch_dims", -1)),
              HasSubstr("batch_dims -1, which must be from 0 to 1000"));
  EXPECT_FALSE(refused("GatherND", integer("batch_dims", 2)));
  EXPECT_TRUE(refused("GatherND", integer("batch_dims", -1)));
  EXPECT_TRUE(refused("GatherND", integer("batch_dims", INT64_MAX)));
  for (const char* op : {"Conv", "ConvInteger", "ConvTranspose", "DeformConv", "QLinearConv"}) {
    EXPECT_FALSE(refused(op, integer("group", 32)));
    EXPECT_TRUE(refused(op, integer("group", 0))) << op;
    EXPECT_TRUE(refused(op, integer("group", INT64_MIN))) << op;
    EXPECT_FALSE(refused(op, integer("group", 0) + field(7, "mine"))) << "another's operator";
  }
}

TEST(OnnxWalk, PadTakesItsPadsAsAnInputSinceOpset11) {
  const std::string graph = field(7, field(1, field(1, "x") + field(4, "Pad")));
  const auto with_opset = [&](std::uint64_t version) {
    const std::string model = graph + field(8, number_field(2, version));
    return refuse_external_data(bytes(model)).has_value();
  };
  EXPECT_TRUE(with_opset(10));
  EXPECT_FALSE(with_opset(11));
}

TEST(OnnxWalk, OverlongNumbersAreReadAsParsersRead) {
  // The tag of ModelProto.graph, 0x3a, in two to five bytes.
  const std::string graph = field(5, external_tensor());
  for (const std::string& overlong :
       {std::string("\xba\x00", 2), std::string("\xba\x80\x00", 3),
        std::string("\xba\x80\x80\x00", 4), std::string("\xba\x80\x80\x80\x00", 5)}) {
    EXPECT_EQ(code_of(model_of_graph("") + overlong + varint(graph.size()) + graph),
              ErrorCode::kSecurity);
  }
  // Five bytes that some parsers cut to the same tag in 32 bits, and six bytes.
  EXPECT_EQ(code_of(model_of_graph("") + "\xba\x80\x80\x80\x10" + varint(graph.size()) + graph),
            ErrorCode::kInvalidEncoding);
  EXPECT_EQ(code_of(model_of_graph("") + std::string("\xba\x80\x80\x80\x80\x00", 6) +
                    varint(graph.size()) + graph),
            ErrorCode::kInvalidEncoding);
  // An overlong length.
  EXPECT_EQ(code_of(model_of_graph("") + tag(7, 2) +
                    std::string{static_cast<char>(graph.size() | 0x80), '\0'} + graph),
            ErrorCode::kSecurity);
}

TEST(OnnxWalk, GroupsAndReservedWireTypesAreRefused) {
  for (const unsigned wire : {3U, 4U, 6U, 7U}) {
    EXPECT_EQ(code_of(model_of_graph("") + tag(7, wire)), ErrorCode::kInvalidEncoding) << wire;
  }
  // An external tensor hidden in an unknown group.
  EXPECT_EQ(
      code_of(model_of_graph("") + tag(99, 3) + field(7, field(5, external_tensor())) + tag(99, 4)),
      ErrorCode::kInvalidEncoding);
  EXPECT_EQ(code_of(model_of_graph("") + std::string(1, '\0')), ErrorCode::kInvalidEncoding);
}

TEST(OnnxWalk, UnknownFieldsArePassedOver) {
  EXPECT_EQ(code_of(model_of_graph(field(999, "anything") + number_field(1000, 5) + tag(7, 1) +
                                   std::string(8, 'x') + tag(7, 5) + std::string(4, 'x'))),
            kFine);
}

// Broken and foreign bytes.

TEST(OnnxWalk, BytesThatAreNoModel) {
  EXPECT_THAT(message_of(""), HasSubstr("there are none"));
  EXPECT_THAT(message_of("x"), HasSubstr("not an ONNX model"));
  EXPECT_THAT(message_of(number_field(1, 8)), HasSubstr("no graph"));
  for (const std::string& foreign :
       {std::string("GGUF\x03\0\0\0", 8), std::string("PK\x03\x04"), std::string("<?xml ?>"),
        std::string("\0asm\x01\0\0\0", 8), std::string(4096, '\0'), std::string(4096, '\xff')}) {
    EXPECT_EQ(code_of(foreign), ErrorCode::kInvalidEncoding);
  }
}

// ONNX Runtime tells its own format by bytes 4 to 7, which an ONNX model can be made to have.
TEST(OnnxWalk, OrtFormatInDisguiseIsRefused) {
  const std::string disguise = field(4, "xxORTMyy") + model_of_graph("");
  ASSERT_EQ(disguise.substr(4, 4), "ORTM");
  EXPECT_THAT(message_of(disguise), HasSubstr("ORT format"));
}

TEST(OnnxWalk, LengthsBeyondWhatIsThere) {
  for (const std::uint64_t length :
       {std::uint64_t{1}, std::uint64_t{0x7fffffff}, std::uint64_t{0x80000000},
        std::uint64_t{0xffffffff}, std::uint64_t{1} << 34, ~std::uint64_t{0}}) {
    EXPECT_EQ(code_of(tag(7, 2) + varint(length)), ErrorCode::kInvalidEncoding) << length;
  }
  EXPECT_EQ(code_of(tag(7, 0) + std::string(11, '\xff')), ErrorCode::kInvalidEncoding);
  EXPECT_EQ(code_of(tag(7, 0) + std::string(9, '\xff') + "\x02"), ErrorCode::kInvalidEncoding);
  EXPECT_EQ(code_of(tag(7, 1) + "1234567"), ErrorCode::kInvalidEncoding);
  EXPECT_EQ(code_of(tag(7, 5) + "123"), ErrorCode::kInvalidEncoding);
}

TEST(OnnxWalk, EveryTruncationAnswers) {
  const std::string whole =
      model_of_attribute(field(6, field(1, field(5, field(6, field(5, external_tensor()))))));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto result = refuse_external_data(bytes(whole.substr(0, n)));
    // A cut at a field's end of the top level leaves a well-formed model, but only behind the
    // graph.
    if (result) ADD_FAILURE() << "cut at " << n << " of " << whole.size() << " was accepted";
  }
}

TEST(OnnxWalk, EveryMutationAnswers) {
  const std::string whole = model_of_attribute(field(6, field(5, external_tensor())));
  std::mt19937 random(7);
  for (int i = 0; i < 100'000; ++i) {
    std::string mutated = whole;
    for (int k = 0; k < 1 + i % 4; ++k) {
      mutated[random() % mutated.size()] = static_cast<char>(random());
    }
    const auto refused = refuse_external_data(bytes(mutated));
    const auto inside = check_external_data_inside(bytes(mutated), "/nonexistent");
    EXPECT_TRUE(inside || !refused) << "the two walks disagree on mutation " << i;
    (void)onnx_versions(bytes(mutated));
  }
}

TEST(OnnxWalk, DepthIsBounded) {
  const auto nested = [](int graphs) {
    std::string graph;
    for (int i = 0; i < graphs; ++i)
      graph = field(1, field(5, field(6, graph)));
    return model_of_graph(graph);
  };
  EXPECT_EQ(code_of(nested(33)), kFine);  // 1 + 33 * 3 = 100 messages deep
  EXPECT_THAT(message_of(nested(34)), HasSubstr("deeper than 100"));
  EXPECT_THAT(message_of(nested(10'000)), HasSubstr("deeper than 100"));

  std::string type;
  for (int i = 0; i < 1000; ++i)
    type = field(4, field(1, type));
  EXPECT_THAT(message_of(model_of_graph(field(11, field(2, type)))), HasSubstr("deeper than 100"));
}

// Two bytes that a parser makes an object of, 17 million times.
TEST(OnnxWalk, FieldsAreCounted) {
  std::string graph;
  graph.reserve(2 * (kMaxOnnxFields + 1));
  for (std::uint64_t i = 0; i <= kMaxOnnxFields; ++i)
    graph += std::string_view("\x0a\0", 2);
  EXPECT_EQ(code_of(model_of_graph(graph)), ErrorCode::kTooLarge);
}

TEST(OnnxWalk, NamesInMessagesAreHarmless) {
  const std::string tensor =
      field(8, "\x1b[31m\n\xff" + std::string(1000, 'a')) + number_field(14, 1);
  const std::string message = message_of(model_of_graph(field(5, tensor)));
  EXPECT_THAT(message, HasSubstr("'?[31m??aaa"));
  EXPECT_LT(message.size(), 400U);
}

// Models that the operator gave by path.

class OnnxWalkFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ =
        std::filesystem::temp_directory_path() / ("nacre-onnx-walk-" + std::to_string(::getpid()));
    std::filesystem::create_directories(root_ / "model" / "sub");
    for (const char* name : {"outside.bin", "model/weights.bin", "model/sub/more.bin"}) {
      std::ofstream(root_ / name) << "0123456789abcdef";
    }
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  [[nodiscard]] ErrorCode check(std::string_view location) const {
    return check_model(model_of_graph(field(5, external_tensor(location))));
  }
  [[nodiscard]] ErrorCode check_model(const std::string& model) const {
    const auto result = check_external_data_inside(bytes(model), root_ / "model");
    return result ? kFine : result.error().code;
  }

  std::filesystem::path root_;
};

TEST_F(OnnxWalkFolder, FilesInsideAreFine) {
  EXPECT_EQ(check("weights.bin"), kFine);
  EXPECT_EQ(check("./weights.bin"), kFine);
  EXPECT_EQ(check("sub/more.bin"), kFine);
  EXPECT_EQ(check_model(model_of_graph(field(5, inner_tensor()))), kFine);
}

TEST_F(OnnxWalkFolder, LocationsThatLeadOutAreRefused) {
  using namespace std::string_view_literals;
  for (const std::string_view location :
       {"../outside.bin"sv, "sub/../../outside.bin"sv, "sub/../weights.bin"sv, ".."sv, ""sv,
        "/etc/passwd"sv, "//etc/passwd"sv, "weights.bin\0x"sv, "*/_ORT_MEM_ADDR_/*"sv}) {
    EXPECT_EQ(check(location), ErrorCode::kSecurity) << location;
  }
  EXPECT_EQ(check((root_ / "model" / "weights.bin").string()), ErrorCode::kSecurity);
}

TEST_F(OnnxWalkFolder, MissingFileIsNamed) {
  EXPECT_EQ(check("absent.bin"), ErrorCode::kModelNotFound);
  EXPECT_EQ(check("sub"), ErrorCode::kModelNotFound);  // a folder
}

TEST_F(OnnxWalkFolder, EveryValueThatCouldBeTheLocationCounts) {
  const auto with = [&](const std::string& fields) {
    return check_model(model_of_graph(field(5, inner_tensor() + fields)));
  };
  EXPECT_EQ(with(field(13, entry("location", "weights.bin"))), kFine);
  // The last value wins in parsers.
  EXPECT_EQ(with(field(13, entry("location", "weights.bin") + field(2, "/etc/passwd"))),
            ErrorCode::kSecurity);
  EXPECT_EQ(with(field(13, field(2, "/etc/passwd") + entry("location", "weights.bin"))),
            ErrorCode::kSecurity);
  EXPECT_EQ(with(field(13, entry("offset", "/etc/passwd") + field(1, "location"))),
            ErrorCode::kSecurity);
  EXPECT_EQ(with(field(13, entry("location", "weights.bin")) +
                 field(13, entry("location", "../outside.bin"))),
            ErrorCode::kSecurity);
  // Other keys are numbers or hashes.
  EXPECT_EQ(with(field(13, entry("location", "weights.bin")) + field(13, entry("offset", "4"))),
            kFine);
  EXPECT_EQ(with(number_field(14, 1)), ErrorCode::kInvalidEncoding);  // no location at all
}

// Versions.

TEST(OnnxVersions, AreRead) {
  const auto versions = onnx_versions(bytes(model_of_graph("")));
  ASSERT_TRUE(versions) << versions.error().message;
  EXPECT_EQ(versions->ir_version, 8);
  ASSERT_EQ(versions->opsets.size(), 2U);
  EXPECT_EQ(versions->opsets[0].domain, "");
  EXPECT_EQ(versions->opsets[0].version, 17);
  EXPECT_EQ(versions->opsets[1].domain, "ai.onnx.ml");
  EXPECT_EQ(versions->opsets[1].version, 3);
  EXPECT_EQ(versions->producer, "hand 1.0");
}

TEST(OnnxInputNames, AreThoseWithoutAnInitialValue) {
  const std::string graph = field(11, field(1, "x")) + field(11, field(1, "W")) +
                            field(5, inner_tensor()) + field(11, field(1, "y")) +
                            field(12, field(1, "z"));
  EXPECT_THAT(onnx_input_names(bytes(model_of_graph(graph))), ::testing::ElementsAre("x", "y"));
  EXPECT_THAT(onnx_input_names(bytes(model_of_graph(""))), ::testing::IsEmpty());
  EXPECT_THAT(onnx_input_names(bytes(model_of_graph(graph + "\xff"))), ::testing::IsEmpty());
  EXPECT_THAT(onnx_input_names({}), ::testing::IsEmpty());
}

TEST(OnnxVersions, OfBrokenBytes) {
  EXPECT_EQ(onnx_versions({}).error().code, ErrorCode::kInvalidEncoding);
  EXPECT_EQ(onnx_versions(bytes(field(8, "\xff"))).error().code, ErrorCode::kInvalidEncoding);
  std::string many;
  for (int i = 0; i < 1001; ++i)
    many += field(8, "");
  EXPECT_EQ(onnx_versions(bytes(many)).error().code, ErrorCode::kInvalidEncoding);
  const auto silent = onnx_versions(bytes(field(7, "")));
  ASSERT_TRUE(silent);
  EXPECT_FALSE(silent->ir_version);
  EXPECT_TRUE(silent->opsets.empty());
}

}  // namespace
}  // namespace nacre
