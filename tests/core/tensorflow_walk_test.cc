// Each thing that a hostile TensorFlow graph can do, and graphs that do none of it.
#include "core/tensorflow_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "support.h"
#include "tf_graph.h"

namespace nacre {
namespace {

using test::TfFunction;
using test::TfNode;
using testing::HasSubstr;

const std::vector<std::pair<std::string, std::string>> kInputs = {{"in", "x:0"}};
const std::vector<std::pair<std::string, std::string>> kOutputs = {{"out", "y:0"}};

/// Of a frozen graph and of a SavedModel the same is said.
Error check(const std::string& graph) {
  const auto frozen = check_tensorflow_graph(test::bytes_of(graph));
  const std::string folder = test::tf_saved_model(graph, kInputs, kOutputs, {1, 3});
  const auto saved = check_saved_model(test::bytes_of(folder));
  EXPECT_EQ(frozen.has_value(), saved.has_value());
  if (frozen) return {ErrorCode{}, "fine"};
  if (!saved) {
    EXPECT_EQ(saved.error().message, frozen.error().message);
  }
  return frozen.error();
}
Error check(const std::vector<TfNode>& nodes, const std::vector<TfFunction>& functions = {}) {
  return check(test::tf_graph(nodes, functions));
}

void expect_refused(const Error& error, const std::string& part,
                    ErrorCode code = ErrorCode::kInvalidEncoding) {
  EXPECT_EQ(error.code, code) << error.message;
  EXPECT_THAT(error.message, HasSubstr(part));
}

TfNode x() {
  return test::tf_placeholder("x", {1, 3});
}
TfNode relu(std::string name, std::string input) {
  return test::tf_unary(std::move(name), "Relu", std::move(input));
}
TfNode add(std::string name, std::string a, std::string b) {
  return test::tf_binary(std::move(name), "AddV2", std::move(a), std::move(b));
}
/// r = callee(a).
TfFunction calling(std::string name, const std::string& callee,
                   const std::string& op = "PartitionedCall") {
  return {std::move(name), {"a"}, {{"r", "c:output:0"}}, {test::tf_call("c", callee, {"a"}, op)}};
}
TfFunction leaf(std::string name, std::size_t nodes = 1) {
  TfFunction function{std::move(name), {"a"}, {}, {}};
  for (std::size_t i = 0; i < nodes; ++i)
    function.nodes.push_back(
        relu("n" + std::to_string(i), i == 0 ? "a" : "n" + std::to_string(i - 1) + ":y:0"));
  function.results = {{"r", function.nodes.back().name + ":activations:0"}};
  return function;
}
/// f0 calls f1, that calls f2, and so on; the last is a leaf.
std::vector<TfFunction> nested(std::size_t depth) {
  std::vector<TfFunction> functions = {leaf("f" + std::to_string(depth))};
  for (std::size_t i = 0; i < depth; ++i)
    functions.push_back(calling("f" + std::to_string(i), "f" + std::to_string(i + 1)));
  return functions;
}

TEST(TensorflowWalk, TakesWhatTensorflowWrites) {
  EXPECT_EQ(check(test::tf_sum_graph()).message, "fine");
  EXPECT_EQ(check(test::tf_calls_graph()).message, "fine");
  EXPECT_EQ(check(test::tf_loop_graph(3)).message, "fine");
  EXPECT_EQ(check(test::tf_old_loop(3)).message, "fine");
  EXPECT_EQ(check({x(), test::tf_scalar("c", test::kTfBool, true),
                   test::tf_if("y", "c", "f", "g", {"x"})},
                  {leaf("f"), leaf("g")})
                .message,
            "fine");
  // What the reader names by itself.
  EXPECT_EQ(check({x(), add("y", "x", "nobody"), test::tf_call("z", "nobody", {"x"})}).message,
            "fine");
  EXPECT_EQ(check(std::vector<TfNode>{}).message, "fine");
  // Nobody calls these, and nobody looks at them.
  EXPECT_EQ(check({x(), relu("y", "x")}, {calling("f", "f"), leaf("y")}).message, "fine");
  TfNode gradient = relu("y", "x");
  gradient.attributes.emplace_back("_gradient_op_type", test::pb_bytes(2, "f"));
  EXPECT_EQ(check({x(), gradient}, {calling("f", "f")}).message, "fine");
}

TEST(TensorflowWalk, NodesNeedEachOtherInNoCircle) {
  const std::string circle = "in a circle that no NextIteration closes";
  expect_refused(check({x(), add("p", "x", "q"), add("q", "p", "x"), relu("y", "p")}),
                 "the nodes 'q' and 'p' of the graph need each other, " + circle);
  expect_refused(check({x(), add("p", "x", "p:0"), relu("y", "p")}), "'p' and 'p'");
  expect_refused(check({x(), test::tf_after("q", relu("p", "x")),
                        test::tf_after("p:0", relu("q", "x")), relu("y", "p")}),
                 circle);
  expect_refused(check({x(), add("p", "x", "q"), add("q", "p", "x"), relu("y", "x")}), circle);
  // A loop that another circle goes through.
  auto loop = test::tf_old_loop(3);
  loop.push_back(add("p", "v_now", "q"));
  loop.push_back(add("q", "add", "p"));
  expect_refused(check(loop), circle);
  auto open = test::tf_old_loop(3);
  for (TfNode& node : open)
    if (node.op == "NextIteration") node.op = "Identity";
  expect_refused(check(open), circle);
  // In functions they are written with the output's name.
  const TfFunction inside{
      "f", {"a"}, {{"r", "p:z:0"}}, {add("p", "a", "q:z:0"), add("q", "p:z:0", "a")}};
  expect_refused(check({x(), test::tf_call("y", "f", {"x"})}, {inside}),
                 "of the function 'f' need each other");
  std::vector<TfNode> many = {x()};
  constexpr int kMany = 5000;
  for (int i = 0; i < kMany; ++i)
    many.push_back(relu("n" + std::to_string(i), "n" + std::to_string((i + 1) % kMany)));
  expect_refused(check(many), circle);
}

TEST(TensorflowWalk, FunctionsCallEachOtherInNoCircle) {
  const auto refused = [](const TfNode& node, const std::vector<TfFunction>& functions) {
    expect_refused(check({x(), node}, functions), "calls itself, or one that calls it in turn");
  };
  for (const char* op : {"PartitionedCall", "StatefulPartitionedCall", "RemoteCall"}) {
    refused(test::tf_call("y", "f", {"x"}, op), {calling("f", "f", op)});
    refused(test::tf_call("y", "f", {"x"}, op), {calling("f", "g", op), calling("g", "f", op)});
  }
  expect_refused(check({x(), test::tf_call("y", "f", {"x"})}, {calling("f", "f")}),
                 "the function 'f' calls itself");
  // Operators called like the function.
  refused({"y", "f", {"x"}}, {{"f", {"a"}, {{"r", "c:r:0"}}, {{"c", "f", {"a"}}}}});
  // Loops and choices.
  const TfFunction loop{
      "f", {"a"}, {{"r", "c:output:0"}}, {test::tf_while("c", "more", "f", {"a"})}};
  const TfFunction more{
      "more", {"a"}, {{"r", "t:output:0"}}, {test::tf_scalar("t", test::kTfBool, true)}};
  refused(test::tf_while("y", "more", "f", {"x"}), {loop, more});
  const TfFunction condition{
      "g", {"a"}, {{"r", "c:output:0"}}, {test::tf_while("c", "g", "h", {"a"})}};
  refused(test::tf_while("y", "g", "h", {"x"}), {condition, leaf("h")});
  for (const bool then : {false, true}) {
    const TfFunction choice{"f",
                            {"a"},
                            {{"r", "i:output:0"}},
                            {test::tf_scalar("t", test::kTfBool, true),
                             test::tf_if("i", "t", then ? "f" : "g", then ? "g" : "f", {"a"})}};
    refused(test::tf_call("y", "f", {"x"}), {choice, leaf("g")});
  }
  // A text, or one of a list, is a name to the reader too.
  const auto named = [](const std::string& key, const std::string& value) {
    return TfNode{"c", "PartitionedCall", {"a"}, {{key, value}}};
  };
  for (const TfNode& call :
       {named("f", test::pb_bytes(2, "f")),
        named("branches", test::pb_bytes(1, test::pb_bytes(9, test::pb_bytes(1, "g")) +
                                                test::pb_bytes(9, test::pb_bytes(1, "f")))),
        named("branches", test::pb_bytes(1, test::pb_bytes(2, "f")))}) {
    refused(test::tf_call("y", "f", {"x"}), {{"f", {"a"}, {{"r", "c:o:0"}}, {call}}, leaf("g")});
  }
}

TEST(TensorflowWalk, DepthIsBounded) {
  const TfNode call = test::tf_call("y", "f0", {"x"});
  EXPECT_EQ(check({x(), call}, nested(kMaxTensorflowNesting - 1)).message, "fine");
  expect_refused(check({x(), call}, nested(kMaxTensorflowNesting)), "more than 64 deep",
                 ErrorCode::kTooLarge);
  // The inner ones are known by then.
  auto functions = nested(kMaxTensorflowNesting);
  expect_refused(check({x(), test::tf_call("z", "f20", {"x"}), call}, functions),
                 "more than 64 deep", ErrorCode::kTooLarge);
  expect_refused(check({x(), call}, nested(5000)), "more than 64 deep", ErrorCode::kTooLarge);
  const auto chain = [](std::uint64_t nodes) {
    std::vector<TfNode> out = {x()};
    for (std::uint64_t i = 1; i < nodes; ++i)
      out.push_back(relu("n" + std::to_string(i), i == 1 ? "x" : "n" + std::to_string(i - 1)));
    return out;
  };
  EXPECT_EQ(check(chain(kMaxTensorflowChain)).message, "fine");
  auto long_one = chain(kMaxTensorflowChain + 1);
  expect_refused(check(long_one), "one after the other in the graph", ErrorCode::kTooLarge);
  std::ranges::reverse(long_one);
  expect_refused(check(long_one), "one after the other", ErrorCode::kTooLarge);
  // Calls of functions are as long as these.
  std::vector<TfNode> calls = {x()};
  for (std::size_t i = 0; i < 100; ++i)
    calls.push_back(
        test::tf_call("n" + std::to_string(i), "f", {i == 0 ? "x" : "n" + std::to_string(i - 1)}));
  EXPECT_EQ(check(calls, {leaf("f", 10)}).message, "fine");
  expect_refused(check(calls, {leaf("f", kMaxTensorflowChain / 100)}), "one after the other",
                 ErrorCode::kTooLarge);
}

TEST(TensorflowWalk, WhatDoublesItselfIsCounted) {
  const std::string sentence = "once the functions that are called there are written out";
  const auto doubling = [](std::size_t depth, const std::function<TfFunction(std::size_t)>& one) {
    std::vector<TfFunction> functions = {leaf("f" + std::to_string(depth))};
    for (std::size_t i = 0; i < depth; ++i)
      functions.push_back(one(i));
    return functions;
  };
  const auto twice = [](std::size_t i) {
    const std::string inner = "f" + std::to_string(i + 1);
    return TfFunction{"f" + std::to_string(i),
                      {"a"},
                      {{"r", "d:o:0"}},
                      {test::tf_call("c", inner, {"a"}), test::tf_call("d", inner, {"a"})}};
  };
  const TfNode call = test::tf_call("y", "f0", {"x"});
  EXPECT_EQ(check({x(), call}, doubling(10, twice)).message, "fine");
  for (const std::size_t depth : {18, 40, 60})
    expect_refused(check({x(), call}, doubling(depth, twice)), sentence, ErrorCode::kTooLarge);
  // A loop's condition is there twice without being named twice.
  const auto condition = [](std::size_t i) {
    return TfFunction{"f" + std::to_string(i),
                      {"a"},
                      {{"r", "c:o:0"}},
                      {test::tf_while("c", "f" + std::to_string(i + 1), "body", {"a"})}};
  };
  auto conditions = doubling(40, condition);
  conditions.push_back(leaf("body"));
  expect_refused(check({x(), call}, conditions), sentence, ErrorCode::kTooLarge);
  // So is each branch of a choice.
  const auto choice = [](std::size_t i) {
    return TfFunction{"f" + std::to_string(i),
                      {"a"},
                      {{"r", "c:o:0"}},
                      {test::tf_scalar("t", test::kTfBool, true),
                       test::tf_if("c", "t", "body", "f" + std::to_string(i + 1), {"a"})}};
  };
  for (const std::size_t depth : {5, 20}) {
    auto choices = doubling(depth, choice);
    choices.push_back(leaf("body"));
    const Error error = check({x(), call}, choices);
    if (depth == 5) {
      EXPECT_EQ(error.message, "fine");
    } else {
      expect_refused(error, sentence, ErrorCode::kTooLarge);
    }
  }
  // A long name before each of many.
  std::vector<TfNode> calls = {x(), test::tf_call(std::string(1 << 24, 'n'), "f", {"x"})};
  EXPECT_EQ(check(calls, {leaf("f", 10)}).message, "fine");
  expect_refused(check(calls, {leaf("f", 1000)}), sentence, ErrorCode::kTooLarge);
  // A large function, or one of a large library, many times.
  TfFunction large = leaf("f");
  large.nodes.push_back(test::tf_constant("c", test::kTfFloat, {1 << 22}, std::string(1 << 24, 0)));
  std::vector<TfNode> many = {x()};
  for (int i = 0; i < 100; ++i)
    many.push_back(test::tf_call("n" + std::to_string(i), "f", {"x"}));
  EXPECT_EQ(check(many, {leaf("f")}).message, "fine");
  expect_refused(check(many, {large}), sentence, ErrorCode::kTooLarge);
}

TEST(TensorflowWalk, NodesHaveNamesOfTheirOwn) {
  expect_refused(check({x(), relu("p", "x"), add("p", "x", "x"), relu("y", "p")}),
                 "two nodes of the graph are called 'p'");
  TfFunction function = leaf("f");
  function.arguments = {"a", "b", "a"};
  expect_refused(check({x(), test::tf_call("y", "f", {"x", "x", "x"})}, {function}),
                 "two nodes of the function 'f' are called 'a'");
  function.arguments = {"a", "n0"};
  expect_refused(check({x(), test::tf_call("y", "f", {"x", "x"})}, {function}), "called 'n0'");
  // A result may be called like a node; the reader takes the result for both.
  function = leaf("f");
  function.nodes.push_back(relu("other", "a"));
  function.results = {{"other", "n0:activations:0"}};
  EXPECT_EQ(check({x(), test::tf_call("y", "f", {"x"})}, {function}).message, "fine");
  function.results = {{"n0", "n0:activations:0"}};
  expect_refused(check({x(), test::tf_call("y", "f", {"x"})}, {function}),
                 "the nodes 'n0' and 'n0' of the function 'f'");
}

TEST(TensorflowWalk, CallsSayWhatTheyCall) {
  const std::string op = "StatefulPartitionedCall";
  expect_refused(check({x(), {"y", op, {"x"}}}),
                 "the node 'y' of the graph calls a function and does not say which");
  TfFunction two = leaf("f");
  two.arguments = {"a", "b"};
  expect_refused(check({x(), test::tf_call("y", "f", {"x"}, op)}, {two}),
                 "the node 'y' of the graph calls 'f' with 1 arguments, and that wants 2");
  EXPECT_EQ(check({x(), test::tf_call("y", "f", {"x", "x"}, op)}, {two}).message, "fine");
  TfFunction unsaid = leaf("f");
  std::string graph = test::tf_graph({x(), test::tf_call("y", "f", {"x"})}, {unsaid});
  const auto at = graph.find(test::pb_entry(4, "r", "n0:activations:0"));
  ASSERT_NE(at, graph.npos);
  graph[at + 4] = 'q';
  expect_refused(check(graph), "the function 'f' does not say from where its result 'r' comes");
  expect_refused(check({x(), {"n", "NextIteration", {}}, add("y", "x", "n")}),
                 "the node 'n' of the graph is the next iteration of nothing");
  expect_refused(check({x(), {"c", "Const", {}, {{"dtype", test::tf_type(1)}}}, relu("y", "x")}),
                 "the constant 'c' of the graph has no value");
}

TEST(TensorflowWalk, LoopsDependOnAnInput) {
  const auto refused = [](const Error& error, const std::string& who) {
    expect_refused(error, who + " is a loop that depends on none of the model's inputs",
                   ErrorCode::kUnsupportedOperation);
  };
  const TfFunction more{
      "more", {"a"}, {{"r", "t:output:0"}}, {test::tf_scalar("t", test::kTfBool, true)}};
  const std::vector<TfFunction> functions = {more, leaf("step")};
  const auto loop = [](const std::string& from) {
    return test::tf_while("y", "more", "step", {from});
  };
  const TfNode constant = test::tf_scalar("c", test::kTfFloat, 1.0F);
  EXPECT_EQ(check({x(), loop("x")}, functions).message, "fine");
  EXPECT_EQ(check({x(), add("z", "x", "c"), constant, loop("z")}, functions).message, "fine");
  EXPECT_EQ(check({x(), constant, test::tf_unary("r", "RandomUniform", "c"), loop("r")}, functions)
                .message,
            "fine");
  refused(check({x(), constant, loop("c")}, functions), "'y' of the graph");
  refused(check({x(), test::tf_after("x", relu("z", "c")), constant, loop("z:0")}, functions),
          "'y' of the graph");
  // A shape is as good as a constant where the model says it.
  const TfNode shape = test::tf_unary("s", "Shape", "z");
  refused(check({x(), relu("z", "x"), shape, loop("s")}, functions), "'y' of the graph");
  for (const std::vector<std::int64_t>& dims : {std::vector<std::int64_t>{-1, 3}, {1, -1}}) {
    EXPECT_EQ(check({test::tf_placeholder("x", dims), relu("z", "x"), shape, loop("s")}, functions)
                  .message,
              "fine");
  }
  // In functions, and in those that are called with constants alone.
  const TfFunction inside{
      "f", {"a"}, {{"r", "w:o:0"}}, {constant, test::tf_while("w", "more", "step", {"c"})}};
  refused(check({x(), test::tf_call("y", "f", {"x"})}, {more, leaf("step"), inside}),
          "'w' of the function 'f'");
  const TfFunction of_argument{
      "f", {"a"}, {{"r", "w:o:0"}}, {test::tf_while("w", "more", "step", {"a"})}};
  EXPECT_EQ(check({x(), test::tf_call("y", "f", {"x"})}, {more, leaf("step"), of_argument}).message,
            "fine");
  refused(check({x(), constant, test::tf_call("y", "f", {"c"})}, {more, leaf("step"), of_argument}),
          "'y' of the graph");
  // As TensorFlow 1 wrote them.
  auto old = test::tf_old_loop(3);
  old[0] = test::tf_scalar("x", test::kTfFloat, 1.0F);
  refused(check(old), "of the graph");
}

TEST(TensorflowWalk, TablesAreFilledFromWhatIsThere) {
  const TfNode table{"table", "HashTableV2", {}};
  const TfNode keys = test::tf_scalar("keys", test::kTfInt32, 1);
  const TfNode fill{"fill", "LookupTableImportV2", {"table", "keys:0", "keys"}};
  EXPECT_EQ(check({table, keys, fill, x()}).message, "fine");
  EXPECT_EQ(check({keys, fill, table, x()}).message, "fine") << "no table is known by then";
  const std::string sentence =
      "the node 'fill' of the graph fills a table from nodes that do not come before it";
  expect_refused(check({table, fill, keys, x()}), sentence);
  expect_refused(check({table, {"fill", fill.op, {"table", "nobody", "nobody"}}, x()}), sentence);
  const TfFunction function{"f", {"t", "k"}, {}, {{"fill", fill.op, {"t", "k", "k"}}}};
  const TfNode call = test::tf_call("call", "f", {"table", "keys"}, "StatefulPartitionedCall");
  EXPECT_EQ(check({table, keys, call, x()}, {function}).message, "fine");
}

TEST(TensorflowWalk, FieldsAreNotThereTwiceOrOfAnotherKind) {
  const std::string graph = test::tf_calls_graph();
  expect_refused(check(graph + test::pb_number(1, 3)), "another kind");
  expect_refused(check(graph + test::pb_bytes(2, "")), "field 2 of its graph is there twice");
  expect_refused(check(graph + "\x0b"), "wire type");
  expect_refused(check(test::pb_bytes(1, test::pb_bytes(1, "a") + test::pb_bytes(1, "b"))),
                 "field 1 of its node is there twice");
  expect_refused(check(test::pb_bytes(1, test::pb_bytes(1, "\x1b[2J") + "\x0b")), "its node has");
  for (std::size_t size = 1; size < graph.size(); ++size)
    static_cast<void>(check(graph.substr(0, size)));
  const std::string saved = test::tf_saved_model(graph, kInputs, kOutputs);
  EXPECT_TRUE(check_saved_model(test::bytes_of(saved)));
  // Each graph of a SavedModel is looked at.
  const std::string bad =
      test::tf_saved_model(test::tf_graph({x(), relu("y", "y")}), kInputs, kOutputs);
  for (const std::string& both : {saved + bad.substr(2), bad + saved.substr(2)}) {
    const auto checked = check_saved_model(test::bytes_of(both));
    ASSERT_FALSE(checked);
    EXPECT_THAT(checked.error().message, HasSubstr("circle"));
  }
}

TEST(TensorflowWalk, ManyThingsAreTooMany) {
  std::string nodes;
  for (std::uint64_t i = 0; i <= kMaxTensorflowWork; ++i)
    nodes += test::pb_bytes(1, "");
  expect_refused(check(nodes), "more than", ErrorCode::kTooLarge);
  std::string inputs;
  for (std::uint64_t i = 0; i <= kMaxTensorflowWork; ++i)
    inputs += test::pb_bytes(3, "");
  expect_refused(check(test::pb_bytes(1, inputs)), "more than", ErrorCode::kTooLarge);
  std::string functions;
  for (std::uint64_t i = 0; i <= kMaxTensorflowWork; ++i)
    functions += test::pb_bytes(1, "");
  expect_refused(check(test::pb_bytes(2, functions)), "more than", ErrorCode::kTooLarge);
}

TEST(TensorflowWalk, SurvivesAnything) {
  std::mt19937 random(1);
  for (const std::string& whole :
       {test::tf_loop_graph(3), test::tf_graph(test::tf_old_loop(3)), test::tf_calls_graph()}) {
    for (int i = 0; i < 2'000; ++i) {
      std::string graph = whole;
      for (int k = 0; k < 3; ++k)
        graph[random() % graph.size()] = static_cast<char>(random());
      EXPECT_FALSE(check(graph).message.empty());
    }
  }
}

}  // namespace
}  // namespace nacre
