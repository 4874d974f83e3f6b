// TorchScript is code, and a file may be forged: nothing of either reaches files, the host's memory
// or its standard output, and nothing ends the process.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nacre/execution_context.h>

#include <filesystem>
#include <random>
#include <utility>

#include "base/stacks.h"
#include "core/zip_file.h"
#include "fixture.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;

const std::filesystem::path kTrace = "/tmp/torch-was-here";

class TorchHostile : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(kTrace); }
  void TearDown() override {
    EXPECT_FALSE(std::filesystem::exists(kTrace)) << "a model wrote a file";
    // And the backend is as good as before.
    const Plain x = noise(TensorType::kF32, {2}, 1);
    auto graph = load_torch(model("identity"));
    ASSERT_TRUE(graph) << graph.error().message;
    EXPECT_EQ(*compute(*graph, {x}), std::vector{x});
  }

  static std::string model(std::string_view name) { return read_file(torch_path(name)); }

  static void expect_refused(const std::string& bytes, const std::vector<std::string>& words,
                             ErrorCode code) {
    ASSERT_FALSE(bytes.empty()) << "the forgery missed its place";
    auto graph = load_torch(bytes);
    ASSERT_FALSE(graph) << "it was loaded; " << testing::PrintToString(words);
    EXPECT_EQ(graph.error().code, code) << graph.error().message;
    for (const std::string& word : words)
      EXPECT_THAT(graph.error().message, HasSubstr(word));
    EXPECT_EQ(graph.error().message.find('\n'), std::string::npos);
    EXPECT_LT(graph.error().message.size(), 700U);
  }
};

TEST_F(TorchHostile, OperatorsThatReachOutsideAreRefusedByName) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> rows = {
      {"reads_file", {"aten::from_file", "ReadsFile.forward", "files"}},
      {"writes_file", {"aten::from_file", "WritesFile.forward"}},
      {"saves", {"aten::save", "Saves.forward"}},
      {"hidden_in_method", {"aten::from_file", "HiddenInMethod.other"}},
      {"hidden_in_branch", {"aten::from_file"}},
      {"hidden_in_function", {"aten::from_file", "reads_in_function"}},
      {"hidden_in_hook", {"aten::from_file"}},
      {"prints", {"prim::Print", "Prints.forward", "standard output"}},
      {"empty", {"aten::empty", "use zeros"}},
      {"seeds", {"aten::manual_seed"}},
  };
  for (const auto& [name, words] : rows) {
    SCOPED_TRACE(name);
    expect_refused(model(name), words, ErrorCode::kSecurity);
    auto by_path = load_path(torch_path(name));
    ASSERT_FALSE(by_path) << "an operator's models are looked at as well";
    EXPECT_EQ(by_path.error().code, ErrorCode::kSecurity);
  }
  expect_refused(model("forks"), {"prim::fork"}, ErrorCode::kSecurity);
  expect_refused(model("through_interface"), {"interface"}, ErrorCode::kUnsupportedOperation);
  expect_refused(forged(model("identity"), ".py", "return x",
                        "return ops.aten.from_file(\"/etc/passwd\", False, 4)"),
                 {"aten::from_file"}, ErrorCode::kSecurity);
  expect_refused(forged(model("identity"), ".py", "return x",
                        "return ops.profiler._record_function_enter(\"a\", None)"),
                 {"profiler::_record_function_enter"}, ErrorCode::kSecurity);
  expect_refused(
      forged(model("identity"), ".py", "return x", "return ops.aten.no_such_operator(x)"),
      {"aten::no_such_operator"}, ErrorCode::kInvalidEncoding);
}

TEST_F(TorchHostile, NothingRunsWhileItIsLoaded) {
  const std::string run = "torch.from_file(\"/tmp/torch-was-here\", True, 16)";
  expect_refused(model("setstate"), {"__setstate__"}, ErrorCode::kInvalidEncoding);
  // The same, with a state that the walk of pickles takes.
  expect_refused(
      forged(model("identity"), ".py", "  def forward",
             "  def __setstate__(self, state: Dict[str, bool]) -> None:\n    _0 = " + run +
                 "\n    return None\n  def __getstate__(self) -> Dict[str, bool]:\n"
                 "    return {\"a\": True}\n  def forward"),
      {"__setstate__", "Identity"}, ErrorCode::kSecurity);
  expect_refused(
      forged(model("identity"), ".py", "x: Tensor) -> Tensor", "x: Tensor=" + run + ") -> Tensor"),
      {"default for 'x'", "Identity.forward"}, ErrorCode::kSecurity);
  expect_refused(forged(model("identity"), ".py", "x: Tensor) -> Tensor",
                        "x: Tensor=[" + run + "][0]) -> Tensor"),
                 {"default for 'x'"}, ErrorCode::kSecurity);
  expect_refused(forged(model("identity"), ".py", "  def forward",
                        "  c : Final[Tensor] = " + run + "\n  def forward"),
                 {"constant", "Identity"}, ErrorCode::kSecurity);
  expect_refused(forged(model("named"), ".py", "sum : Tensor", "sum : Tensor = " + run),
                 {"constant", "Pair"}, ErrorCode::kSecurity);
  // What exporters write there is taken.
  auto literals = load_torch(forged(model("identity"), ".py", "x: Tensor) -> Tensor",
                                    "x: Tensor, a: float=-inf, b: List[int]=[1, -2], c: "
                                    "Optional[str]=None, d: bool=True) -> Tensor"));
  EXPECT_TRUE(literals) << literals.error().message;
}

TEST_F(TorchHostile, ClassesOfCppAreRefused) {
  auto graph = load_torch(model("quantised"));
  ASSERT_FALSE(graph);
  EXPECT_NE(graph.error().code, ErrorCode::kRuntimeError) << graph.error().message;
  std::string bytes = forged(model("counter"), ".py", "calls : int",
                             "calls : __torch__.torch.classes.quantized.LinearPackedParamsBase");
  EXPECT_FALSE(load_torch(bytes));
}

TEST_F(TorchHostile, StoragesAndTensorsHoldWhatTheySay) {
  const std::string weight = model("gives_weight");  // three floats in storage "0"
  const auto pickle = [&](std::string_view from, std::string_view to) {
    return forged(weight, "data.pkl", from, to);
  };
  // A storage of 1536 floats of which the file has three: the rest would be the host's memory.
  expect_refused(pickle(std::string_view("K\3tQ", 4), std::string_view("M\0\6tQ", 5)),
                 {"storage \"0\"", "6144 bytes"}, ErrorCode::kInvalidEncoding);
  expect_refused(pickle("FloatStorage", "DoubleStorage"), {"24 bytes"},
                 ErrorCode::kInvalidEncoding);
  // The tensor's own numbers: its size, its offset, its stride.
  expect_refused(pickle(std::string_view("(K\3t(", 5), std::string_view("(M\0\6t(", 6)),
                 {"weight", "storage"}, ErrorCode::kInvalidEncoding);
  expect_refused(pickle(std::string_view("K\0(", 3), std::string_view("K\x7f(", 3)),
                 {"weight", "storage"}, ErrorCode::kInvalidEncoding);
  expect_refused(pickle(std::string_view("(K\1t", 4), std::string_view("(K\x7ft", 4)),
                 {"weight", "storage"}, ErrorCode::kInvalidEncoding);
  // A stride below zero libtorch takes for none given.
  auto negative =
      load_torch(pickle(std::string_view("(K\1t", 4), std::string_view("(J\xf0\xff\xff\xfft", 7)));
  ASSERT_TRUE(negative) << negative.error().message;
  EXPECT_EQ(compute(*negative, {noise(TensorType::kF32, {1}, 1)})->at(0),
            plain<float>(TensorType::kF32, {3}, {1, 2, 3}));
}

TEST_F(TorchHostile, ValuesAreWhatTheirClassDeclares) {
  // `calls`, an int, compiled as a tensor: a number taken for a pointer.
  expect_refused(forged(model("counter"), ".py", "calls : int", "calls : Tensor"), {},
                 ErrorCode::kInvalidEncoding);
  expect_refused(forged(model("gives_weight"), ".py", "weight : Tensor", "weight : int"), {},
                 ErrorCode::kInvalidEncoding);
  expect_refused(
      forged(model("gives_weight"), ".py", "training : bool", "training : bool\n  more : Tensor"),
      {}, ErrorCode::kInvalidEncoding);
  expect_refused(forged(model("counter"), ".py", "sum : Tensor", "sum : __torch__.Counter"), {},
                 ErrorCode::kInvalidEncoding);
}

TEST_F(TorchHostile, SourceThatNestsTooDeepIsNotParsed) {
  const auto source = [](std::string_view to) {
    return forged(model("identity"), ".py", "return x", to);
  };
  const auto times = [](int count, std::string_view what) {
    std::string out;
    for (int i = 0; i < count; ++i)
      out += what;
    return out;
  };
  const auto large = ErrorCode::kTooLarge;
  expect_refused(source("return " + times(100'000, "(")), {"nests"}, large);
  expect_refused(source("return " + times(100'000, "[")), {"nests"}, large);
  expect_refused(source("return " + times(100'000, "not ") + "x"), {"nests"}, large);
  expect_refused(source("return " + times(100'000, "-") + "x"), {"nests"}, large);
  expect_refused(source("return x" + times(100'000, " + x")), {"nests"}, large);
  expect_refused(source("return x" + times(100'000, ".t")), {"nests"}, large);
  expect_refused(source("return x" + times(100'000, "[0]")), {"nests"}, large);
  expect_refused(source("return x" + times(100'000, "**x")), {"nests"}, large);
  expect_refused(source("return x" + times(100'000, " if True else x")), {"nests"}, large);
  std::string blocks;
  for (int i = 0; i < 2000; ++i)
    blocks += std::string(static_cast<std::size_t>(4 + i), ' ') + "if True:\n";
  expect_refused(forged(model("identity"), ".py", "    return x",
                        blocks + std::string(2004, ' ') + "return x"),
                 {"nests"}, large);
  // Up to the limits it is taken and computed, on the stacks that there are.
  const Plain x = plain<float>(TensorType::kF32, {1}, {1});
  const auto computes = [&](const std::string& bytes, float wanted) {
    auto graph = load_torch(bytes);
    ASSERT_TRUE(graph) << graph.error().message;
    auto context = ExecutionContext::create(*graph);
    ASSERT_TRUE(context);
    for (int i = 0; i < 3; ++i) {  // libtorch rewrites what it has seen twice
      const auto given = compute(**context, {x});
      ASSERT_TRUE(given) << given.error().message;
      EXPECT_EQ(given->at(0), plain<float>(TensorType::kF32, {1}, {wanted}));
    }
  };
  computes(source("return x" + times(3'999, " + x")), 4000);
  computes(source("return " + times(150, "(") + "x" + times(150, ")")), 1);
  std::string some;
  for (int i = 0; i < 90; ++i)
    some += std::string(static_cast<std::size_t>(4 + i), ' ') + "if bool(x):\n";
  some += std::string(94, ' ') + "y = x\n";
  for (int i = 90; i-- > 0;) {
    const std::string indent(static_cast<std::size_t>(4 + i), ' ');
    some += indent + "else:\n" + indent + " y = x + 1\n";
  }
  computes(forged(model("identity"), ".py", "    return x", some + "    return y"), 1);
}

// libtorch compiles a graph when it computes it, and recurses from each value to those that it is
// made of: some thousands of steps overflow an ordinary stack.
TEST_F(TorchHostile, ALongProgramNeedsNoLargeStack) {
  const auto chain = [](int steps, std::string_view step) {
    std::string body;
    for (int i = 0; i < steps; ++i)
      body += fmt::format(fmt::runtime(step), fmt::arg("y", 'y' + std::to_string(i)),
                          fmt::arg("x", i == 0 ? "x" : 'y' + std::to_string(i - 1)));
    return forged(model("identity"), ".py", "return x",
                  body.substr(4) + "    return y" + std::to_string(steps - 1));
  };
  struct Row {
    int steps;
    std::string_view step;
    float wanted;
  };
  const Row rows[] = {
      {300, "    {y} = torch.add({x}, x)\n", 301},
      {9000, "    {y} = torch.add({x}, x)\n", 9001},
      {6000, "    {y} = torch.relu({x})\n", 1},
      {2000, "    {y} = torch.narrow(torch.cat([{x}, x], 0), 0, 0, 1)\n", 1},
      // Written out, the body of such a loop is there eight times.
      {40,
       "    {y} = {x}\n    for i_{y} in range(8):\n      {y} = torch.add({y}, x)\n      {y} = "
       "torch.add({y}, x)\n      {y} = torch.add({y}, x)\n      {y} = torch.add({y}, x)\n",
       1281},
  };
  for (const Row& row : rows) {
    const std::string bytes = chain(row.steps, row.step);
    for (const std::size_t stack : {std::size_t{256} << 10, std::size_t{8} << 20}) {
      EXPECT_TRUE(run_on_stack(stack, [&]() noexcept {
        auto graph = load_torch(bytes);
        ASSERT_TRUE(graph) << graph.error().message;
        auto context = ExecutionContext::create(*graph);
        ASSERT_TRUE(context);
        for (int i = 0; i < 3; ++i) {
          const auto given = compute(**context, {plain<float>(TensorType::kF32, {1}, {1})});
          ASSERT_TRUE(given) << given.error().message;
          EXPECT_EQ(given->at(0), plain<float>(TensorType::kF32, {1}, {row.wanted})) << row.step;
        }
      }));
    }
  }
}

TEST_F(TorchHostile, CallsThatDoubleOrRecurseAreNotWrittenOut) {
  std::string functions;
  for (int i = 0; i < 40; ++i) {
    const std::string next = "__torch__.f" + std::to_string(i + 1);
    functions += "def f" + std::to_string(i) + "(x: Tensor) -> Tensor:\n  return " + next + "(" +
                 next + "(x, ), )\n";
  }
  functions += "def f40(x: Tensor) -> Tensor:\n  return x\n";
  expect_refused(
      forged(model("identity"), ".py", "return x", "return __torch__.f0(x, )\n" + functions),
      {"steps"}, ErrorCode::kTooLarge);
  auto recursive =
      load_torch(forged(model("identity"), ".py", "return x", "return (self).forward(x, )"));
  EXPECT_FALSE(recursive);
  // Half a million modules deep, by call: bounded by the definitions that there may be.
  std::string chain;
  for (int i = 0; i < 25'000; ++i) {
    chain += "def f" + std::to_string(i) + "(x: Tensor) -> Tensor:\n  return __torch__.f" +
             std::to_string(i + 1) + "(x, )\n";
  }
  expect_refused(forged(model("identity"), ".py", "return x", "return __torch__.f0(x, )\n" + chain),
                 {"classes and functions"}, ErrorCode::kTooLarge);
}

// libtorch leaves this to the processor, which ends the process.
TEST_F(TorchHostile, TheSmallestIntegerDividedByMinusOneIsAnError) {
  auto graph = load_torch(model("divides"));
  ASSERT_TRUE(graph) << graph.error().message;
  auto context = ExecutionContext::create(*graph);
  ASSERT_TRUE(context);
  const auto divide = [&](std::int64_t kind, const Plain& a, const Plain& b) {
    return compute(**context, {plain<std::int64_t>(TensorType::kI64, {}, {kind}), a, b});
  };
  for (std::int64_t kind = 0; kind <= 8; ++kind) {
    const auto i64 = [](std::int64_t n) { return plain<std::int64_t>(TensorType::kI64, {1}, {n}); };
    const auto i32 = [](std::int32_t n) { return plain<std::int32_t>(TensorType::kI32, {1}, {n}); };
    for (int again = 0; again < 3; ++again) {  // libtorch rewrites what it has seen twice
      const auto small = divide(kind, i64(INT64_MIN), i64(-1));
      ASSERT_FALSE(small) << kind;
      EXPECT_EQ(small.error().code, ErrorCode::kRuntimeError);
      EXPECT_THAT(small.error().message, HasSubstr("divided by -1"));
      const auto good = divide(kind, i64(-7), i64(2));
      ASSERT_TRUE(good) << good.error().message;
      const bool remainder = kind == 2 || kind == 3 || kind == 7;
      const std::int64_t wanted = kind == 1 ? -3 : kind == 3 ? -1 : remainder ? 1 : -4;
      EXPECT_EQ(values<std::int64_t>(good->at(0)).at(0), wanted) << kind;
      EXPECT_FALSE(divide(kind, i64(1), i64(0))) << "by zero";
    }
    if (kind != 6 && kind != 7) {
      EXPECT_FALSE(divide(kind, i32(INT32_MIN), i32(-1))) << kind;
    }
    EXPECT_TRUE(divide(kind, plain<std::int8_t>(TensorType::kI8, {1}, {-128}),
                       plain<std::int8_t>(TensorType::kI8, {1}, {-1})));
  }
  const Plain x = plain<float>(TensorType::kF32, {2}, {7, -7});
  const Plain y = plain<float>(TensorType::kF32, {2}, {2, -1});
  EXPECT_EQ(divide(0, x, y)->at(0), plain<float>(TensorType::kF32, {2}, {3, 7}));
}

TEST_F(TorchHostile, PicklesOfWhatNoExporterWrites) {
  const auto constants = [](const std::string& pickle) {
    return with_entry(model("identity"), "constants.pkl", "\x80\x02" + pickle);
  };
  const auto bad = ErrorCode::kInvalidEncoding;
  expect_refused(constants("0000."), {"constants.pkl"}, bad);
  expect_refused(constants("tttt."), {"mark"}, bad);
  expect_refused(constants("R."), {"stack"}, bad);
  expect_refused(constants("NR."), {}, bad);
  expect_refused(constants("K\1)R."), {}, bad);
  expect_refused(constants(")r\xff\xff\xff\xff."), {"out of turn"}, bad);
  expect_refused(constants("h\x55."), {"recalled"}, bad);
  expect_refused(constants("a."), {}, bad);
  expect_refused(constants("(e."), {}, bad);
  expect_refused(constants("X\xff\xff\xff\xff."), {"ends inside"}, bad);
  expect_refused(constants(")"), {"ends inside"}, bad);
  expect_refused(constants("))."), {"one value"}, bad);
  expect_refused(constants("]q\0h\0a\x85."), {}, bad);
  expect_refused(constants("cos\nsystem\nX\4\0\0\0true\x85R\x85."), {}, ErrorCode::kSecurity);
  expect_refused(constants("cposix\nsystem\n\x85."), {"posix.system"}, ErrorCode::kSecurity);
  expect_refused(constants("ctorch._utils\n_rebuild_tensor_v2\n)R\x85."), {"tensor"}, bad);
  expect_refused(constants("c__torch__.torch.classes.theirs\nThing\n\x85."), {"class of C++"},
                 ErrorCode::kSecurity);
  expect_refused(constants("c__torch__.torch.classes.quantized\nConv2dPackedParamsBase\n\x85."),
                 {"quantised"}, ErrorCode::kUnsupportedOperation);
  expect_refused(constants(std::string(100'000, ']') + std::string(99'999, 'a') + "\x85."),
                 {"nest"}, ErrorCode::kTooLarge);
  // Thirty pairs of pairs of pairs…
  std::string pairs = "N";
  for (int i = 0; i < 40; ++i)
    pairs += std::string("q") + static_cast<char>(i) + "h" + static_cast<char>(i) + "\x86";
  expect_refused(constants(pairs + "."), {"values"}, ErrorCode::kTooLarge);
  std::string type;
  for (int i = 0; i < 700; ++i)
    type += "List[";
  const auto size = static_cast<std::uint32_t>(type.size());
  const std::string length(reinterpret_cast<const char*>(&size), 4);
  expect_refused(
      constants("ctorch.jit._pickle\nrestore_type_tag\n]X" + length + type + "\x86R\x85."),
      {"type"}, ErrorCode::kTooLarge);
}

TEST_F(TorchHostile, ZipsOfWhatNoExporterWrites) {
  const auto bad = ErrorCode::kInvalidEncoding;
  const std::vector<ZipEntry> entries = unzip(model("layer"));
  ASSERT_TRUE(load_torch(zip(entries))) << "taken apart and put together";
  EXPECT_TRUE(load_torch(zip(entries, "/code/"))) << "as newer exporters write it";
  expect_refused(zip(entries, "/data/"), {"compressed"}, bad);
  expect_refused(zip(entries, "constants.pkl"), {"compressed"}, bad);
  const auto with = [&](const std::string& name, const std::string& data) {
    auto more = entries;
    more.push_back({name, data});
    return zip(more);
  };
  const std::string folder = entries[0].name.substr(0, entries[0].name.find('/') + 1);
  expect_refused(with(folder + "data.pkl", "x"), {"twice"}, bad);
  expect_refused(with(folder + "DATA.pkl", "x"), {"twice"}, bad);
  expect_refused(with("other/data.pkl", "x"), {"one folder"}, bad);
  expect_refused(with(folder + "model.json", "{}"), {"1.4"}, bad);
  // Two entries over each other, and one that claims more than there is.
  std::string over = zip(entries);
  const std::size_t directory = over.rfind("PK\1\2");
  std::memset(over.data() + directory + 42, 0, 4);
  expect_refused(over, {}, bad);
  over = zip(entries);
  std::memset(over.data() + directory + 20, 0x7f, 8);
  expect_refused(over, {}, bad);
  over = zip(entries);
  over[over.rfind("PK\5\6") + 20] = 1;
  expect_refused(over + "x", {}, bad);
  EXPECT_TRUE(load_torch(with(folder + "extra/notes", "x"))) << "files of the exporter's own";
}

TEST_F(TorchHostile, CutOffEmptyOtherAndMutated) {
  const std::string whole = model("layer");
  for (std::size_t size = 0; size < whole.size(); size += size < 64 ? 1 : 509)
    EXPECT_FALSE(load_torch(whole.substr(0, size))) << size;
  EXPECT_FALSE(load_torch(std::string(100'000, '\0')));
  EXPECT_FALSE(load_torch(read_file(onnx_path("layer"))));
  std::mt19937 random(1);
  int loaded = 0;
  for (const char* name : {"layer", "counter", "nested"}) {
    const std::string good = model(name);
    for (int i = 0; i < 300; ++i) {
      std::string bad = good;
      for (int k = 0; k < 3; ++k)
        bad[random() % bad.size()] = static_cast<char>(random());
      const auto graph = load_torch(bad);
      loaded += graph ? 1 : 0;
      if (!graph) {
        EXPECT_LT(graph.error().message.size(), 900U);
      }
    }
    // The same behind right checksums, in the parts that are programs.
    for (int i = 0; i < 300; ++i) {
      std::vector<ZipEntry> entries = unzip(good);
      for (ZipEntry& entry : entries) {
        const bool program = entry.name.ends_with(".pkl") || entry.name.ends_with(".py");
        if (program) entry.data[random() % entry.data.size()] = static_cast<char>(random());
      }
      loaded += load_torch(zip(entries)) ? 1 : 0;
    }
  }
  RecordProperty("loaded", loaded);
}

}  // namespace
}  // namespace nacre::test
