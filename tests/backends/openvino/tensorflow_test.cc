// TensorFlow models through OpenVINO: SavedModel folders and frozen graphs, what they may reach,
// and versions that are too new.
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "fixture.h"
#include "tf_graph.h"
#include "tflite_models.h"

namespace nacre::test {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;

const std::vector<std::pair<std::string, std::string>> kInputs = {{"left", "x:0"},
                                                                  {"right", "y:0"}};

std::string saved_model(const ScratchFolder& folder, const std::string& bytes) {
  const std::string file = folder.write("saved_model.pb", bytes);
  return fs::path(file).parent_path().string();
}

TEST(OpenvinoTensorflow, ASavedModelByItsFolderOrItsFile) {
  const ScratchFolder folder;
  const std::string path =
      saved_model(folder, tf_saved_model(tf_sum_graph(), kInputs, {{"total", "sum:0"}}));
  for (const std::string& named : {path, path + "/saved_model.pb"}) {
    for (const char* more : {"", "encoding=tensorflow", "backend=openvino"}) {
      auto graph = load_path(named, more);
      ASSERT_TRUE(graph) << named << ": " << graph.error().message;
      EXPECT_EQ((*graph)->backend(), "openvino");
      EXPECT_EQ((*graph)->encoding(), GraphEncoding::kTensorflow);
      const GraphDescription& d = (*graph)->description();
      ASSERT_EQ(d.inputs.size(), 2u);
      EXPECT_EQ(d.inputs[0].name, "left");
      EXPECT_EQ(d.inputs[1].name, "right");
      EXPECT_EQ(*d.inputs[0].shape, (Shape{-1, 3}));
      EXPECT_EQ(d.outputs[0].name, "total");
      for (const std::int64_t rows : {1, 4}) {
        const Plain x = noise(TensorType::kF32, {rows, 3}, 1);
        const Plain zero{TensorType::kF32, {rows, 3}, std::string(x.bytes.size(), '\0')};
        auto y = compute(*graph, {x, zero});
        ASSERT_TRUE(y) << y.error().message;
        EXPECT_EQ(y->at(0), x);
      }
    }
  }
}

TEST(OpenvinoTensorflow, AFrozenGraphUnderAnyName) {
  const ScratchFolder folder;
  for (const char* name : {"sum.pb", "sum", "sum.model"}) {
    auto graph = load_path(folder.write(name, tf_sum_graph()));
    ASSERT_TRUE(graph) << name << ": " << graph.error().message;
    const Plain x = plain<float>(TensorType::kF32, {1, 3}, {1, 2, 3});
    EXPECT_EQ(compute(*graph, {x, x}).value()[0],
              plain<float>(TensorType::kF32, {1, 3}, {2, 4, 6}));
  }
}

TEST(OpenvinoTensorflow, BytesOfAGuestAreRefusedInWords) {
  for (const std::string& bytes :
       {tf_sum_graph(), tf_saved_model(tf_sum_graph(), kInputs, {{"total", "sum:0"}})}) {
    for (const auto encoding : {GraphEncoding::kTensorflow, GraphEncoding::kAutodetect}) {
      const auto graph = load_bytes({bytes}, encoding);
      ASSERT_FALSE(graph);
      EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation) << graph.error().message;
      EXPECT_THAT(graph.error().message, HasSubstr("from files only"));
    }
  }
}

TEST(OpenvinoTensorflow, BitForBitAsOpenvinoItself) {
  const std::string path = std::string(NACRE_TEST_BASIC_PITCH_DIR);
  for (const char* name : {"/nmp", "/nmp.tflite"}) {
    auto reference = direct_model(direct_core().read_model(path + name));
    auto graph = load_path(path + name, "backend=openvino");
    ASSERT_TRUE(graph) << graph.error().message;
    auto context = ExecutionContext::create(*graph).value();
    for (const std::int64_t batch : {1, 2}) {
      const std::vector<Plain> x = {noise(TensorType::kF32, {batch, 43844, 1}, 6)};
      auto ours = compute(*context, x);
      ASSERT_TRUE(ours) << ours.error().message;
      EXPECT_EQ(*ours, direct(reference, x)) << name << ", batch " << batch;
    }
  }
}

TEST(OpenvinoTensorflow, WhatIsMissingOrWrongIsNamed) {
  const ScratchFolder folder;
  EXPECT_EQ(load_path("/nowhere/model", "encoding=tensorflow").error().code,
            ErrorCode::kModelNotFound);
  auto unknown = load_path(folder.write(
      "unknown.pb",
      tf_graph({tf_placeholder("x", {1, 3}), tf_binary("y", "Frobnicate", "x", "x")})));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(unknown.error().message, HasSubstr("Frobnicate"));
  auto nameless = load_path(folder.write("net.bin", tflite_twice().bytes()), "backend=openvino");
  ASSERT_FALSE(nameless);
  EXPECT_THAT(nameless.error().message, HasSubstr("ending .tflite"));
  auto cut = load_path(folder.write("cut.pb", tf_sum_graph().substr(0, 40)));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::kInvalidEncoding);
}

TEST(OpenvinoTensorflow, NoRowsAndNoDimensions) {
  const ScratchFolder folder;
  auto rows = load_path(folder.write("rows.pb", tf_sum_graph()));
  ASSERT_TRUE(rows) << rows.error().message;
  const Plain none{TensorType::kF32, {0, 3}, {}};
  auto sum = compute(*rows, {none, none});
  ASSERT_TRUE(sum) << sum.error().message;
  EXPECT_EQ(sum->at(0), none);
  auto scalars = load_path(
      folder.write("scalars.pb", tf_graph({tf_placeholder("x", {}), tf_placeholder("y", {}),
                                           tf_binary("sum", "AddV2", "x", "y")})));
  ASSERT_TRUE(scalars) << scalars.error().message;
  const Plain two = plain<float>(TensorType::kF32, {}, {2});
  EXPECT_EQ(compute(*scalars, {two, two}).value().at(0), plain<float>(TensorType::kF32, {}, {4}));
}

TEST(OpenvinoTensorflow, StringsAreRefused) {
  const ScratchFolder folder;
  const auto graph = load_path(
      folder.write("text.pb", tf_graph({tf_placeholder("x", {2}, kTfString),
                                        {"y", "Identity", {"x"}, {{"T", tf_type(kTfString)}}}})));
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation) << graph.error().message;
  EXPECT_THAT(graph.error().message, HasSubstr("string"));
}

/// Whatever it is, it is no model, and the process goes on.
void expect_no_model(const std::string& bytes, const std::string& what) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(100);
    const ScratchFolder folder;
    bool loaded = false;
    for (const std::string& path :
         {folder.write("model.pb", bytes),
          saved_model(folder, tf_saved_model(bytes, kInputs, {{"total", "sum:0"}}))}) {
      auto graph = load_path(path, "encoding=tensorflow");
      loaded = loaded || graph.has_value();
    }
    _exit(loaded ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_FALSE(WIFSIGNALED(status)) << what << ": signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0) << what << " was loaded";
}

TEST(OpenvinoTensorflow, ClaimsOfMoreThanThereIs) {
  const auto with = [](std::vector<std::int64_t> dims, const std::string& values) {
    return tf_graph({tf_placeholder("x", {1, 3}), tf_placeholder("y", {1, 3}),
                     tf_constant("more", kTfFloat, std::move(dims), values),
                     tf_binary("both", "AddV2", "x", "y"),
                     tf_binary("sum", "AddV2", "both", "more")});
  };
  const std::string few(12, '\1');
  const std::int64_t far = std::int64_t{1} << 31;
  expect_no_model(with({far, far, 3}, few), "a product beyond 64 bits");
  expect_no_model(with({far, far}, few), "exabytes");
  expect_no_model(with({-2, 3}, few), "a negative dimension");
  expect_no_model(with({5}, few), "five numbers in twelve bytes");
  expect_no_model(tf_sum_graph() + std::string("\x0a\xff\xff\xff\x0f", 5), "a node of gigabytes");
  expect_no_model(tf_graph({tf_placeholder("x", {1, 3}), tf_binary("sum", "AddV2", "x", "nobody")}),
                  "a node of nothing");
}

/// y = f(x), frozen and as a SavedModel.
std::vector<std::string> in_both_forms(const ScratchFolder& folder, const std::string& graph) {
  return {folder.write("model.pb", graph),
          saved_model(folder, tf_saved_model(graph, {{"x", "x:0"}}, {{"y", "y:0"}}, {1, 3}))};
}

TEST(OpenvinoTensorflow, FunctionsAndLoops) {
  const ScratchFolder folder;
  const auto f32 = [](const std::vector<float>& values) {
    return plain<float>(TensorType::kF32, {1, 3}, values);
  };
  for (const std::string& path : in_both_forms(folder, tf_calls_graph())) {
    auto graph = load_path(path, "encoding=tensorflow");
    ASSERT_TRUE(graph) << graph.error().message;
    EXPECT_EQ(compute(*graph, {f32({1, -2, 3})}).value()[0], f32({1, 0, 3}));
  }
  for (const float n : {1.0F, 5.0F}) {  // OpenVINO does not convert a loop of no rounds
    for (const std::string& bytes : {tf_loop_graph(n), tf_graph(tf_old_loop(n))}) {
      for (const std::string& path : in_both_forms(folder, bytes)) {
        auto graph = load_path(path, "encoding=tensorflow");
        ASSERT_TRUE(graph) << graph.error().message;
        EXPECT_EQ(compute(*graph, {f32({1, -2, 3})}).value()[0], f32({1 + n, n - 2, 3 + n}));
      }
    }
  }
}

// Each of these kept OpenVINO's reader for ever, or ended its process, before it was looked for.
TEST(OpenvinoTensorflow, CirclesAndWhatDoublesAreRefused) {
  const TfNode x = tf_placeholder("x", {1, 3});
  const auto relu = [](std::string name, std::string input) {
    return tf_unary(std::move(name), "Relu", std::move(input));
  };
  const auto calling = [](const std::string& name, const std::string& inner, bool twice) {
    TfFunction function{name,
                        {"a"},
                        {{"r", "c:output:0"}},
                        {tf_call("c", inner, {"a"}, "StatefulPartitionedCall")}};
    if (twice) {
      function.nodes.push_back(tf_call("d", inner, {"a"}, "StatefulPartitionedCall"));
      function.nodes.push_back(tf_binary("sum", "AddV2", "c:output:0", "d:output:0"));
      function.results = {{"r", "sum:z:0"}};
    }
    return function;
  };
  const TfNode call = tf_call("y", "f0", {"x"}, "StatefulPartitionedCall");
  const TfFunction leaf{"leaf", {"a"}, {{"r", "c:activations:0"}}, {relu("c", "a")}};
  std::vector<TfFunction> doubling = {leaf};
  std::vector<TfFunction> deep = {leaf};
  for (int i = 0; i < 3000; ++i) {
    const std::string name = "f" + std::to_string(i);
    const std::string next = "f" + std::to_string(i + 1);
    if (i < 30) doubling.push_back(calling(name, i == 29 ? "leaf" : next, true));
    deep.push_back(calling(name, i == 2999 ? "leaf" : next, false));
  }
  std::vector<TfNode> chain = {x, relu("n0", "x")};
  for (int i = 1; i < 90'000; ++i)
    chain.push_back(relu("n" + std::to_string(i), "n" + std::to_string(i - 1)));
  chain.push_back(relu("y", "n89999"));
  TfFunction wants_two = leaf;
  wants_two.name = "f0";
  wants_two.arguments = {"a", "b"};
  const TfNode table{
      "t", "HashTableV2", {}, {{"key_dtype", tf_type(3)}, {"value_dtype", tf_type(3)}}};
  const TfNode keys = tf_scalar("k", kTfInt32, 1);
  const TfNode fill{"fill", "LookupTableImportV2", {"t", "k", "k"}, {}};
  const TfFunction more{"more",   {"a"},  {{"r", "t:output:0"}}, {tf_scalar("t", kTfBool, true)},
                        kTfFloat, kTfBool};
  struct Bad {
    std::string graph;
    std::string sentence;
  };
  for (const Bad& bad : std::vector<Bad>{
           {tf_graph({x, tf_binary("p", "AddV2", "x", "q"), relu("q", "p"), relu("y", "p")}),
            "the nodes 'q' and 'p' of the graph need each other"},
           {tf_graph(
                {x, tf_after("q", relu("p", "x")), tf_after("p", relu("q", "x")), relu("y", "p")}),
            "in a circle"},
           {tf_graph({x, call}, {calling("f0", "f0", false)}), "the function 'f0' calls itself"},
           {tf_graph({x, call}, {calling("f0", "f1", false), calling("f1", "f0", false)}),
            "calls itself, or one that calls it in turn"},
           {tf_graph({x, call}, doubling), "are written out"},
           {tf_graph({x, call}, deep), "call each other more than 64 deep"},
           {tf_graph(chain), "nodes one after the other"},
           {tf_graph({x, call}, {wants_two}), "calls 'f0' with 1 arguments, and that wants 2"},
           {tf_graph({x, {"y", "StatefulPartitionedCall", {"x"}}}), "does not say which"},
           {tf_graph({x, {"n", "NextIteration", {}}, tf_binary("y", "AddV2", "x", "n")}),
            "is the next iteration of nothing"},
           {tf_graph({x, relu("y", "x"), table, fill, keys}), "do not come before it"},
           {tf_graph(
                {x, tf_scalar("one", kTfFloat, 1.0F), tf_while("loop", "more", "leaf", {"one"}),
                 tf_binary("y", "AddV2", "x", "loop")},
                {more, leaf}),
            "is a loop that depends on none of the model's inputs"}}) {
    expect_no_model(bad.graph, bad.sentence);
    const ScratchFolder folder;
    for (const std::string& path : in_both_forms(folder, bad.graph)) {
      const auto graph = load_path(path, "encoding=tensorflow");
      ASSERT_FALSE(graph) << bad.sentence;
      EXPECT_THAT(graph.error().message, HasSubstr(bad.sentence));
    }
  }
}

TEST(OpenvinoTensorflow, AModelReachesNothingOutsideItsFolder) {
  const ScratchFolder outside;
  const std::string secret = outside.write("secret", "not for models\n1\n2\n");
  const std::string target = fs::path(secret).parent_path().string() + "/written";
  {
    Watch proof(fs::path(secret).parent_path().string());
    std::ifstream(secret).get();
    ASSERT_TRUE(proof.touched()) << "the watch sees a read";
  }
  const ScratchFolder inside;
  const auto text = [](std::string name, std::string value) {
    return tf_constant(std::move(name), kTfString, {}, std::move(value));
  };
  const TfNode x = tf_placeholder("x", {1, 3});
  const TfNode y = tf_placeholder("y", {1, 3});
  const TfNode sum = tf_binary("sum", "AddV2", "x", "y");
  const auto after = [](std::string node) {
    return TfNode{"end", "Identity", {"sum", "^" + std::move(node)}, {{"T", tf_type(kTfFloat)}}};
  };
  const std::string relative =
      fs::relative(secret, fs::path(inside.write("x", "")).parent_path()).string();
  for (const std::string& path : {secret, relative, "file://" + secret}) {
    const std::vector<std::pair<std::string, std::vector<TfNode>>> graphs = {
        {"ReadFile",
         {text("path", path), {"data", "ReadFile", {"path"}}, x, y, sum, after("data")}},
        {"WriteFile",
         {text("path", target),
          text("text", "hello"),
          {"write", "WriteFile", {"path", "text"}},
          x,
          y,
          sum,
          after("write")}},
        {"SaveV2",
         {text("path", target),
          tf_constant("names", kTfString, {1}, "v"),
          tf_constant("slices", kTfString, {1}, ""),
          {"save", "SaveV2", {"path", "names", "slices", "x"}},
          x,
          y,
          sum,
          after("save")}},
        {"table",
         {text("path", path),
          {"table", "HashTableV2", {}, {{"key_dtype", tf_type(9)}, {"value_dtype", tf_type(9)}}},
          {"init",
           "InitializeTableFromTextFileV2",
           {"table", "path"},
           {{"vocab_size", pb_number(3, -1)},
            {"key_index", pb_number(3, -1)},
            {"value_index", pb_number(3, -1)},
            {"delimiter", pb_bytes(2, "\n")}}},
          x,
          y,
          sum,
          after("init")}},
        {"restore",
         {text("path", path),
          tf_constant("names", kTfString, {1}, "v"),
          tf_constant("slices", kTfString, {1}, ""),
          {"restored",
           "RestoreV2",
           {"path", "names", "slices"},
           {{"dtypes", pb_bytes(1, pb_number(6, kTfFloat))}}},
          x,
          tf_binary("sum", "AddV2", "x", "restored")}},
        {"library",
         {text("path", path), {"op", "LoadOpLibrary", {"path"}}, x, y, sum, after("op")}}};
    for (const auto& [name, nodes] : graphs) {
      Watch watch(fs::path(secret).parent_path().string());
      const std::string graph_bytes = tf_graph(nodes);
      const std::string frozen = inside.write("model.pb", graph_bytes);
      // As an asset too: a SavedModel names its files relative to assets/.
      const std::string asset =
          pb_bytes(6, pb_bytes(1, pb_bytes(1, "path:0")) + pb_bytes(2, "../" + relative));
      const ScratchFolder saved;
      const std::string folder = saved_model(
          saved, tf_saved_model(graph_bytes, kInputs, {{"total", "sum:0"}}, {1, 3}, asset));
      for (const std::string& model : {frozen, folder}) {
        auto graph = load_path(model, "encoding=tensorflow");
        if (graph) {
          const Plain ones = plain<float>(TensorType::kF32, {1, 3}, {1, 1, 1});
          std::vector<Plain> inputs((*graph)->description().inputs.size(), ones);
          static_cast<void>(compute(*graph, inputs));
        }
        EXPECT_FALSE(watch.touched()) << name << " with " << path << " in " << model;
        EXPECT_FALSE(fs::exists(target)) << name;
      }
    }
  }
}

// Where the variables lie is not the model's to say.
TEST(OpenvinoTensorflow, VariablesLieInTheFolder) {
  const ScratchFolder folder;
  const TfNode handle{"v",
                      "VarHandleOp",
                      {},
                      {{"dtype", tf_type(kTfFloat)},
                       {"shape", pb_bytes(7, tf_shape({1, 3}))},
                       {"shared_name", pb_bytes(2, "../../../etc/hostname")}}};
  const TfNode read{"read", "ReadVariableOp", {"v"}, {{"dtype", tf_type(kTfFloat)}}};
  const std::string path =
      saved_model(folder, tf_saved_model(tf_graph({handle, read, tf_placeholder("x", {1, 3}),
                                                   tf_binary("sum", "AddV2", "x", "read")}),
                                         {{"left", "x:0"}}, {{"total", "sum:0"}}, {1, 3}));
  const auto graph = load_path(path);
  ASSERT_FALSE(graph) << "there is no such variable";
  fs::create_directories(path + "/variables");
  std::ofstream(path + "/variables/variables.index") << std::string(100, 'x');
  std::ofstream(path + "/variables/variables.data-00000-of-00001") << "x";
  const auto broken = load_path(path);
  ASSERT_FALSE(broken) << "an index of nonsense";
  EXPECT_NE(broken.error().message, "");
}

TEST(OpenvinoVersions, NewerOnnxSaysWantedAndSupported) {
  for (const auto& [name, sentence] : std::vector<std::pair<std::string, std::string>>{
           {"opset_future", "wants ONNX opset \\(ai.onnx\\) 99; OpenVINO .* supports up to 2[0-9]"},
           {"ir_future", "wants ONNX IR version 99; OpenVINO .* supports up to 1[0-9]"}}) {
    const auto graph = load_path(onnx_path(name), "backend=openvino");
    ASSERT_FALSE(graph) << name;
    EXPECT_EQ(graph.error().code, ErrorCode::kInvalidEncoding);
    EXPECT_THAT(graph.error().message, ContainsRegex(sentence));
  }
}

TEST(OpenvinoVersions, NewerIrSaysWantedAndSupported) {
  const ScratchFolder folder;
  Ir ir = to_ir(small_net());
  const auto at = ir.xml.find(" version=\"1", ir.xml.find("<net"));
  ASSERT_NE(at, ir.xml.npos);
  for (const int version : {99, 12, 9}) {
    Ir other = ir;
    other.xml.replace(at, std::string(" version=\"11\"").size(),
                      " version=\"" + std::to_string(version) + "\"");
    const std::string path = folder.write("net.xml", other.xml);
    folder.write("net.bin", other.bin);
    for (const auto& graph : {load_ir(other), load_path(path)}) {
      ASSERT_FALSE(graph) << version;
      EXPECT_EQ(graph.error().code, ErrorCode::kInvalidEncoding);
      EXPECT_THAT(graph.error().message,
                  ContainsRegex("wants IR version " + std::to_string(version) +
                                "; OpenVINO 20.* supports 10 up to 11"));
    }
  }
  Ir opset = ir;
  const auto relu = opset.xml.find("type=\"ReLU\" version=\"opset");
  ASSERT_NE(relu, opset.xml.npos);
  const auto digits = relu + std::string("type=\"ReLU\" version=\"opset").size();
  opset.xml.replace(digits, opset.xml.find('"', digits) - digits, "99");
  const auto graph = load_ir(opset);
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::kInvalidEncoding);
  EXPECT_THAT(graph.error().message, HasSubstr("opset99"));
}

TEST(OpenvinoVersions, ArePropertiesToo) {
  const auto opened = catalog().open("openvino");
  ASSERT_TRUE(opened) << opened.error().message;
  std::string ir;
  for (const Property& p : (*opened)->all_properties())
    if (p.key == "openvino.ir_version") ir = p.value;
  EXPECT_EQ(ir, "10-11");
  EXPECT_THAT(std::string((*opened)->property("onnx.opset")), ContainsRegex("^1-2[0-9]$"));
  EXPECT_THAT(std::string((*opened)->property("encodings")), HasSubstr("tensorflow,"));
}

}  // namespace
}  // namespace nacre::test
