// What the openvino backend computes, compared with OpenVINO's own API called directly.
#include "../../keep_cancelling.h"
#include "fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openvino/op/util/variable.hpp>
#include <openvino/opsets/opset13.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <ctime>
#include <limits>
#include <numeric>
#include <thread>

namespace nacre::test {
namespace {

namespace op = ov::opset13;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

const std::vector<std::pair<TensorType, ov::element::Type>>& element_types() {
  static const std::vector<std::pair<TensorType, ov::element::Type>> types = {
      {TensorType::kF16, ov::element::f16},     {TensorType::kF32, ov::element::f32},
      {TensorType::kF64, ov::element::f64},     {TensorType::kBf16, ov::element::bf16},
      {TensorType::kU8, ov::element::u8},       {TensorType::kI8, ov::element::i8},
      {TensorType::kU16, ov::element::u16},     {TensorType::kI16, ov::element::i16},
      {TensorType::kI32, ov::element::i32},     {TensorType::kU32, ov::element::u32},
      {TensorType::kI64, ov::element::i64},     {TensorType::kU64, ov::element::u64},
      {TensorType::kBool, ov::element::boolean}};
  return types;
}

// Values that survive OpenVINO's narrowing: small and whole.
Plain gentle(TensorType type, std::vector<std::int64_t> dims) {
  const auto count = static_cast<std::size_t>(element_count(dims).value());
  switch (type) {
    case TensorType::kF64: {
      std::vector<double> v(count);
      for (std::size_t i = 0; i < count; ++i)
        v[i] = static_cast<double>(i) - 3.5;
      return plain(type, std::move(dims), v);
    }
    case TensorType::kI64:
    case TensorType::kU64: {
      std::vector<std::int64_t> v(count);
      for (std::size_t i = 0; i < count; ++i)
        v[i] = static_cast<std::int64_t>(i * 1000);
      if (type == TensorType::kI64) v[0] = -7;
      return plain(type, std::move(dims), v);
    }
    case TensorType::kU32: {
      std::vector<std::uint32_t> v(count, 2'147'483'647u);
      return plain(type, std::move(dims), v);
    }
    default:
      return noise(type, std::move(dims), 5);
  }
}

TEST(OpenvinoCompute, EveryElementTypeGoesThroughUnchanged) {
  for (const auto& [ours, theirs] : element_types()) {
    for (const ov::PartialShape& shape : {ov::PartialShape{3, 2}, ov::PartialShape{-1, 2}}) {
      auto graph = load_ir(to_ir(identity(theirs, shape)));
      ASSERT_TRUE(graph) << to_string(ours) << ": " << graph.error().message;
      EXPECT_EQ((*graph)->description().inputs[0].type, ours);
      EXPECT_EQ((*graph)->description().outputs[0].type, ours);
      const Plain x = gentle(ours, {3, 2});
      auto y = compute(*graph, {x});
      ASSERT_TRUE(y) << to_string(ours) << ": " << y.error().message;
      EXPECT_EQ(*y, std::vector{x});
    }
  }
}

TEST(OpenvinoCompute, EveryElementTypeOfOnnxToo) {
  for (const auto& [ours, theirs] : element_types()) {
    const std::string name = "identity_" + std::string(to_string(ours));
    auto graph = load_path(onnx_path(name), "backend=openvino");
    ASSERT_TRUE(graph) << name << ": " << graph.error().message;
    EXPECT_EQ((*graph)->description().inputs[0].type, ours);
    const Plain x = gentle(ours, {4, 2});
    auto y = compute(*graph, {x});
    ASSERT_TRUE(y) << name << ": " << y.error().message;
    EXPECT_EQ(*y, std::vector{x});
  }
}

// What the CPU plug-in would change without a word is refused with the input's name and the value.
TEST(OpenvinoCompute, ValuesOutsideI32AndF32AreRefused) {
  const auto refusal = [](ov::element::Type type, const Plain& x) -> std::string {
    auto y = compute(load_ir(to_ir(identity(type, {-1}))).value(), {x});
    if (y) return "";
    EXPECT_EQ(y.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(y.error().message, HasSubstr("'x'"));
    return y.error().message;
  };
  using I64 = std::vector<std::int64_t>;
  using U64 = std::vector<std::uint64_t>;
  using U32 = std::vector<std::uint32_t>;
  using F64 = std::vector<double>;
  const std::int64_t big = (std::int64_t{1} << 40) + 5;
  EXPECT_THAT(refusal(ov::element::i64, plain(TensorType::kI64, {3}, I64{1, 2, big})),
              HasSubstr("element 2 is 1099511627781"));
  EXPECT_THAT(refusal(ov::element::i64, plain(TensorType::kI64, {1}, I64{-2'147'483'649})),
              HasSubstr("-2147483649"));
  EXPECT_EQ(
      refusal(ov::element::i64, plain(TensorType::kI64, {2}, I64{2'147'483'647, -2'147'483'648})),
      "");
  EXPECT_THAT(refusal(ov::element::u64, plain(TensorType::kU64, {1}, U64{~std::uint64_t{0}})),
              HasSubstr("18446744073709551615"));
  EXPECT_THAT(refusal(ov::element::u32, plain(TensorType::kU32, {1}, U32{2'147'483'648u})),
              HasSubstr("2147483648"));
  EXPECT_THAT(refusal(ov::element::f64, plain(TensorType::kF64, {2}, F64{0, 1e300})),
              HasSubstr("element 1"));
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(refusal(ov::element::f64, plain(TensorType::kF64, {3}, F64{inf, -inf, std::nan("")})),
            "");
  // One bad value among many, in every place a block of the search could lose it.
  for (const std::size_t at : {0u, 4095u, 4096u, 9999u}) {
    I64 values(10'000, 1);
    values[at] = big;
    EXPECT_THAT(refusal(ov::element::i64, plain(TensorType::kI64, {10'000}, values)),
                HasSubstr("element " + std::to_string(at) + " is"));
  }
}

TEST(OpenvinoCompute, ManyInputsAndOutputs) {
  auto graph = load_path(onnx_path("many"), "backend=openvino").value();
  const Plain a = plain<float>(TensorType::kF32, {2, 2}, {1, 2, 3, 4});
  const Plain b = plain<std::int64_t>(TensorType::kI64, {3}, {10, -20, 30});
  const Plain c{TensorType::kBool, {3}, std::string("\1\0\1", 3)};
  auto y = compute(graph, {a, b, c});
  ASSERT_TRUE(y) << y.error().message;
  EXPECT_EQ((*y)[0], (Plain{TensorType::kBool, {3}, std::string("\0\1\0", 3)}));
  EXPECT_EQ((*y)[1], plain<float>(TensorType::kF32, {2, 2}, {2, 3, 4, 5}));
  EXPECT_EQ((*y)[2], plain<std::int64_t>(TensorType::kI64, {1}, {3}));
  EXPECT_EQ((*y)[3], plain<std::int64_t>(TensorType::kI64, {3}, {20, -40, 60}));
}

TEST(OpenvinoCompute, ShapesThatDependOnTheData) {
  auto graph = load_path(onnx_path("nonzero"), "backend=openvino").value();
  auto context = ExecutionContext::create(graph).value();
  for (const std::vector<float>& x : {std::vector<float>{0, 1, 0, 2}, std::vector<float>{0, 0},
                                      std::vector<float>{5, 5, 5, 5, 5}, std::vector<float>{}}) {
    std::vector<std::int64_t> where;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i] != 0) where.push_back(static_cast<std::int64_t>(i));
    }
    auto y = compute(*context, {plain(TensorType::kF32, {static_cast<std::int64_t>(x.size())}, x)});
    ASSERT_TRUE(y) << y.error().message;
    EXPECT_EQ(y->at(0),
              plain(TensorType::kI64, {1, static_cast<std::int64_t>(where.size())}, where));
  }
}

TEST(OpenvinoCompute, OneValueAsTwoOutputs) {
  auto x = std::make_shared<op::Parameter>(ov::element::f32, ov::PartialShape{4});
  auto relu = std::make_shared<op::Relu>(x);
  auto model = std::make_shared<ov::Model>(
      ov::ResultVector{std::make_shared<op::Result>(relu), std::make_shared<op::Result>(relu),
                       std::make_shared<op::Result>(x)},
      ov::ParameterVector{x});
  auto graph = load_ir(to_ir(model)).value();
  auto context = ExecutionContext::create(graph).value();
  for (const float sign : {1.0f, -1.0f, 1.0f}) {
    const Plain in = plain<float>(TensorType::kF32, {4}, {sign, 2 * sign, 3 * sign, -4 * sign});
    auto y = compute(*context, {in});
    ASSERT_TRUE(y) << y.error().message;
    ASSERT_EQ(y->size(), 3u);
    std::vector<float> expected = values<float>(in);
    for (float& v : expected)
      v = std::max(v, 0.0f);
    EXPECT_EQ((*y)[0], plain(TensorType::kF32, {4}, expected));
    EXPECT_EQ((*y)[1], (*y)[0]);
    EXPECT_EQ((*y)[2], in);
  }
}

// Static outputs go into the host's buffers, dynamic ones are lent: neither may change when held.
TEST(OpenvinoCompute, ATensorThatIsHeldNeverChanges) {
  for (const ov::PartialShape& shape : {ov::PartialShape{100}, ov::PartialShape{-1}}) {
    auto graph = load_ir(to_ir(identity(ov::element::f32, shape))).value();
    auto context = ExecutionContext::create(graph).value();
    std::vector<Tensor> held;
    for (int i = 0; i < 20; ++i) {
      const std::vector<float> x(100, static_cast<float>(i));
      ASSERT_TRUE(compute(*context, {plain(TensorType::kF32, {100}, x)}));
      held.push_back(**context->output(0));
    }
    context.reset();
    graph.reset();
    for (int i = 0; i < 20; ++i) {
      const auto* data = reinterpret_cast<const float*>(held[i].data.data());
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % 64, 0u);
      for (int k = 0; k < 100; ++k)
        ASSERT_EQ(data[k], static_cast<float>(i));
    }
  }
}

TEST(OpenvinoCompute, DynamicOutputsReuseTheirMemory) {
  auto graph = load_ir(to_ir(identity(ov::element::f32, {-1}))).value();
  auto context = ExecutionContext::create(graph).value();
  const Plain x = noise(TensorType::kF32, {1000}, 3);
  ASSERT_TRUE(compute(*context, {x}));
  const void* first = (*context->output(0))->data.data();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(compute(*context, {x}));
    EXPECT_EQ((*context->output(0))->data.data(), first);
  }
}

TEST(OpenvinoCompute, BitForBitAsOpenvinoItself) {
  const std::vector<Plain> x = {noise(TensorType::kF32, {1, 3, 8, 8}, 11)};
  auto net = small_net();
  auto compiled = direct_model(net);
  EXPECT_EQ(compute(load_ir(to_ir(net)).value(), x).value(), direct(compiled, x));

  const std::vector<Plain> photo = {noise(TensorType::kF32, {1, 3, 224, 224}, 12)};
  for (const char* extension : {"onnx", "xml"}) {
    const std::string path = efficientnet_path(extension);
    for (const bool fast : {false, true}) {
      for (const int threads : {1, 2}) {
        auto reference = direct_model(direct_core().read_model(path), threads, fast);
        auto graph = load_path(path, "backend=openvino,threads=" + std::to_string(threads) +
                                         (fast ? ",precision=fast" : ""));
        ASSERT_TRUE(graph) << graph.error().message;
        EXPECT_EQ(compute(*graph, photo).value(), direct(reference, photo))
            << path << " fast: " << fast << " threads: " << threads;
      }
    }
  }
}

std::chrono::nanoseconds processor_time(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

// A tensor that is handed to another core is copied once more, from cache to cache.
TEST(OpenvinoCompute, OneThreadIsTheCallersOwn) {
  auto graph = load_path(efficientnet_path("xml"), "threads=1").value();
  auto context = ExecutionContext::create(graph).value();
  const Plain photo = noise(TensorType::kF32, {1, 3, 224, 224}, 15);
  ASSERT_TRUE(compute(*context, {photo}));
  const auto all = processor_time(CLOCK_PROCESS_CPUTIME_ID);
  const auto ours = processor_time(CLOCK_THREAD_CPUTIME_ID);
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(compute(*context, {photo}));
  EXPECT_GT((processor_time(CLOCK_THREAD_CPUTIME_ID) - ours) * 2,
            processor_time(CLOCK_PROCESS_CPUTIME_ID) - all);
}

TEST(OpenvinoCompute, PrecisionIsTheModelsUnlessAskedForFast) {
  const std::vector<Plain> x = {noise(TensorType::kF32, {1, 3, 224, 224}, 13)};
  auto f32 =
      direct_core().compile_model(efficientnet_path("onnx"), "CPU",
                                  ov::AnyMap{ov::num_streams(1), ov::inference_num_threads(2),
                                             ov::hint::inference_precision(ov::element::f32)});
  auto graph = load_path(efficientnet_path("onnx"), "backend=openvino").value();
  const auto ours = values<float>(compute(graph, x).value()[0]);
  const auto reference = values<float>(direct(f32, x)[0]);
  ASSERT_EQ(ours.size(), 1000u);
  for (std::size_t i = 0; i < ours.size(); ++i)
    ASSERT_NEAR(ours[i], reference[i], 1e-6);
}

TEST(OpenvinoCompute, ThreadsAndStreamsDoNotChangeTheAnswer) {
  const std::vector<Plain> x = {noise(TensorType::kF32, {1, 3, 224, 224}, 14)};
  const auto reference =
      values<float>(compute(load_path(efficientnet_path("xml")).value(), x).value()[0]);
  for (const char* more : {"threads=1", "threads=2", "streams=2", "threads=1,streams=2"}) {
    auto graph = load_path(efficientnet_path("xml"), more);
    ASSERT_TRUE(graph) << graph.error().message;
    const auto y = values<float>(compute(*graph, x).value()[0]);
    for (std::size_t i = 0; i < y.size(); ++i)
      ASSERT_NEAR(y[i], reference[i], 1e-5) << more;
  }
}

TEST(OpenvinoCompute, TwoContextsOnTwoThreads) {
  for (const char* more : {"streams=1", "threads=1,streams=2"}) {
    const ScratchFolder folder;
    const Ir ir = to_ir(small_net());
    const std::string path = folder.write("net.xml", ir.xml);
    folder.write("net.bin", ir.bin);
    auto graph = load_path(path, more).value();
    std::atomic<int> wrong{0};
    const auto work = [&](std::uint32_t seed) {
      const Plain x = noise(TensorType::kF32, {1, 3, 8, 8}, seed);
      auto context = ExecutionContext::create(graph).value();
      const auto expected = compute(graph, {x}).value();
      for (int i = 0; i < 2000; ++i) {
        auto y = compute(*context, {x});
        if (!y || *y != expected) ++wrong;
      }
    };
    std::thread other(work, 1);
    work(2);
    other.join();
    EXPECT_EQ(wrong, 0) << more;
  }
}

// On one thread OpenVINO's infer() loses exceptions and leaves the output as the memory was.
TEST(OpenvinoCompute, ErrorsOfAnOperatorAreTold) {
  const auto x = std::make_shared<op::Parameter>(ov::element::i32, ov::PartialShape{2, 4});
  const auto table = op::Constant::create(ov::element::f32, {16, 4}, std::vector<float>(64, 1.5f));
  const auto y = std::make_shared<op::GatherElements>(table, x, 0);
  const Ir ir = to_ir(std::make_shared<ov::Model>(ov::ResultVector{std::make_shared<op::Result>(y)},
                                                  ov::ParameterVector{x}));
  const ScratchFolder folder;
  const std::string path = folder.write("net.xml", ir.xml);
  folder.write("net.bin", ir.bin);
  for (const char* more : {"threads=1", "threads=2", "streams=2", "threads=1,streams=2"}) {
    auto context = ExecutionContext::create(load_path(path, more).value()).value();
    for (const std::int32_t index : {15, 16, -16, 1'000'000, 0}) {
      auto result =
          compute(*context, {plain(TensorType::kI32, {2, 4}, std::vector<std::int32_t>(8, index))});
      if (index >= -16 && index < 16) {
        ASSERT_TRUE(result) << more << ": " << result.error().message;
        EXPECT_EQ(values<float>(result->at(0)), std::vector<float>(8, 1.5f));
      } else {
        ASSERT_FALSE(result) << more << ", " << index;
        EXPECT_EQ(result.error().code, ErrorCode::kRuntimeError);
        EXPECT_THAT(result.error().message, HasSubstr("indices"));
        EXPECT_EQ(context->output_count(), 0u);
      }
    }
  }
}

// Kernels of the CPU plug-in that use an index unchecked: a guest could read the host's memory.
TEST(OpenvinoCompute, IndicesStayInsideTheirTensors) {
  std::vector<float> numbers(64);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<float>(i);
  const auto table = op::Constant::create(ov::element::f32, {16, 4}, numbers);
  const auto run = [](const std::shared_ptr<op::Parameter>& x, const ov::Output<ov::Node>& y,
                      std::int64_t index) {
    const auto model = std::make_shared<ov::Model>(
        ov::ResultVector{std::make_shared<op::Result>(y)}, ov::ParameterVector{x});
    auto graph = load_ir(to_ir(model));
    EXPECT_TRUE(graph) << graph.error().message;
    std::vector<std::int64_t> dims(x->get_shape().begin(), x->get_shape().end());
    const auto count = static_cast<std::size_t>(element_count(dims).value());
    return compute(*graph, {plain(TensorType::kI64, dims, std::vector(count, index))});
  };
  const auto parameter = [](const ov::PartialShape& shape) {
    return std::make_shared<op::Parameter>(ov::element::i64, shape);
  };
  const std::int64_t far = 1 << 28;
  for (const std::int64_t index :
       {std::int64_t{0}, std::int64_t{15}, std::int64_t{-1}, std::int64_t{-16}, std::int64_t{16},
        std::int64_t{-17}, far, -far}) {
    // GatherND takes the nearest row.
    const auto x = parameter({2, 1});
    auto rows = run(x, std::make_shared<op::GatherND>(table, x), index);
    ASSERT_TRUE(rows) << rows.error().message;
    const std::int64_t in = std::clamp<std::int64_t>(index, -16, 15);
    const auto row = static_cast<std::size_t>(in < 0 ? in + 16 : in);
    EXPECT_EQ(values<float>(rows->at(0))[0], static_cast<float>(row * 4)) << index;

    const auto y = parameter({1, 4});
    const auto nines = op::Constant::create(ov::element::f32, {1, 4}, std::vector<float>(4, -9));
    auto scattered = run(y,
                         std::make_shared<op::ScatterElementsUpdate>(
                             table, y, nines, op::Constant::create(ov::element::i64, {}, {0})),
                         index);
    ASSERT_EQ(scattered.has_value(), index < 16) << index;
    if (scattered) {
      EXPECT_EQ(values<float>(scattered->at(0))[row * 4], -9) << index;
    }
    if (index > 16) continue;  // as many repetitions fit in no memory
    const auto z = parameter({2});
    auto tiled = run(z, std::make_shared<op::Tile>(table, z), index);
    ASSERT_TRUE(tiled) << tiled.error().message;
    const std::int64_t times = std::max<std::int64_t>(index, 0);
    EXPECT_EQ(tiled->at(0).dims, (std::vector<std::int64_t>{16 * times, 4 * times})) << index;
  }
}

// Called directly, OpenVINO 2026.4 gives here what happened to lie in memory.
TEST(OpenvinoCompute, TilesByNumbersThatOnlyTheInputSays) {
  const auto x = std::make_shared<op::Parameter>(ov::element::f32, ov::PartialShape{2, 3, 4, 5});
  const auto times = std::make_shared<op::Parameter>(ov::element::i64, ov::PartialShape{4});
  const auto tile = std::make_shared<op::Tile>(x, times);
  const auto result = std::make_shared<op::Result>(tile);
  const auto model =
      std::make_shared<ov::Model>(ov::ResultVector{result}, ov::ParameterVector{x, times});
  auto graph = load_ir(to_ir(model));
  ASSERT_TRUE(graph) << graph.error().message;
  std::vector<float> values(120);
  std::iota(values.begin(), values.end(), 1.0f);
  const std::vector<std::int64_t> dims = {2, 3, 4, 5};
  for (const std::vector<std::int64_t>& by :
       {std::vector<std::int64_t>{7, 6, 4, 2}, {1, 6, 4, 2}, {2, 2, 2, 2}, {1, 1, 1, 1}}) {
    auto tiled =
        compute(*graph, {plain(TensorType::kF32, dims, values), plain(TensorType::kI64, {4}, by)});
    ASSERT_TRUE(tiled) << tiled.error().message;
    const auto got = test::values<float>(tiled->at(0));
    std::size_t i = 0;
    for (std::int64_t a = 0; a < 2 * by[0]; ++a) {
      for (std::int64_t b = 0; b < 3 * by[1]; ++b) {
        for (std::int64_t c = 0; c < 4 * by[2]; ++c) {
          for (std::int64_t d = 0; d < 5 * by[3]; ++d, ++i) {
            const auto from = ((a % 2 * 3 + b % 3) * 4 + c % 4) * 5 + d % 5;
            ASSERT_EQ(got.at(i), values[static_cast<std::size_t>(from)]) << i;
          }
        }
      }
    }
    EXPECT_EQ(i, got.size());
  }
}

TEST(OpenvinoCompute, MemoryThatNoMachineHas) {
  const auto x = std::make_shared<op::Parameter>(ov::element::i64, ov::PartialShape{2});
  const auto one = op::Constant::create(ov::element::f32, {}, {1});
  const auto many = std::make_shared<op::Broadcast>(one, x);
  const auto sum = std::make_shared<op::ReduceSum>(
      many, op::Constant::create(ov::element::i64, {2}, {0, 1}), false);
  auto graph = load_ir(to_ir(std::make_shared<ov::Model>(
      ov::ResultVector{std::make_shared<op::Result>(sum)}, ov::ParameterVector{x})));
  ASSERT_TRUE(graph) << graph.error().message;
  const auto of = [](std::int64_t n) { return plain<std::int64_t>(TensorType::kI64, {2}, {n, n}); };
  for (const std::int64_t n : {std::int64_t{1} << 22, std::int64_t{1} << 30, std::int64_t{-1}}) {
    const auto out = compute(*graph, {of(n)});
    ASSERT_FALSE(out) << n;
    EXPECT_GT(out.error().message.size(), 10u);
  }
  const auto out = compute(*graph, {of(3)});
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(values<float>(out->at(0)), std::vector<float>{9});
}

TEST(OpenvinoCompute, StateIsTheContextsOwn) {
  const auto x = std::make_shared<op::Parameter>(ov::element::f32, ov::Shape{2});
  const auto variable = std::make_shared<ov::op::util::Variable>(
      ov::op::util::VariableInfo{ov::Shape{2}, ov::element::f32, "kept"});
  const auto zero = op::Constant::create(ov::element::f32, {2}, {0, 0});
  const auto kept = std::make_shared<op::ReadValue>(zero, variable);
  const auto sum = std::make_shared<op::Add>(kept, x);
  const auto keep = std::make_shared<op::Assign>(sum, variable);
  auto graph =
      load_ir(to_ir(std::make_shared<ov::Model>(ov::ResultVector{std::make_shared<op::Result>(sum)},
                                                ov::SinkVector{keep}, ov::ParameterVector{x})));
  ASSERT_TRUE(graph) << graph.error().message;
  auto one = ExecutionContext::create(*graph).value();
  auto two = ExecutionContext::create(*graph).value();
  const Plain ones = plain<float>(TensorType::kF32, {2}, {1, 1});
  for (float count = 1; count < 4; ++count) {
    EXPECT_EQ(values<float>(compute(*one, {ones}).value()[0])[0], count);
  }
  EXPECT_EQ(values<float>(compute(*two, {ones}).value()[0])[0], 1);
}

TEST(OpenvinoCompute, StopsAtItsDeadlineAndGoesOnAfterwards) {
  const Ir ir = to_ir(slow_net());
  const ScratchFolder folder;
  const std::string path = folder.write("net.xml", ir.xml);
  folder.write("net.bin", ir.bin);
  for (const char* more : {"threads=1", "threads=2"}) {
    auto graph = load_path(path, more).value();
    auto context = ExecutionContext::create(graph).value();
    const Plain x = noise(TensorType::kF32, {512, 512}, 1);
    auto begin = steady_clock::now();
    const auto expected = compute(*context, {x});
    ASSERT_TRUE(expected) << expected.error().message;
    const auto whole = steady_clock::now() - begin;
    for (int i = 0; i < 3; ++i) {
      begin = steady_clock::now();
      auto late = context->compute(begin + whole / 10);
      const auto took = steady_clock::now() - begin;
      ASSERT_FALSE(late) << more;
      EXPECT_EQ(late.error().code, ErrorCode::kTimeout);
      EXPECT_LT(took, whole / 2 + milliseconds(50)) << more;
      auto again = compute(*context, {x});
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_EQ(*again, *expected);
    }
  }
}

// The number of turns is an input: whoever sets it could keep the processor for ever.
// OpenVINO does not stop it, but the host goes on; the context is busy, others compute.
TEST(OpenvinoCompute, ALoopWithoutEndKeepsNobodyWaiting) {
  for (const char* more : {"backend=openvino,threads=1", "backend=openvino,threads=2"}) {
    auto graph = load_path(onnx_path("slow"), more);
    ASSERT_TRUE(graph) << graph.error().message;
    auto context = ExecutionContext::create(*graph).value();
    const Plain x = noise(TensorType::kF32, {4, 64}, 1);
    const auto turns = [](std::int64_t n) {
      return plain<std::int64_t>(TensorType::kI64, {}, {n});
    };
    ASSERT_TRUE(compute(*context, {turns(3), x}));
    ASSERT_TRUE(context->set_input(0, turns(200'000).view()));
    const auto begin = steady_clock::now();
    const auto late = context->compute(begin + milliseconds(200));
    ASSERT_FALSE(late) << more;
    EXPECT_EQ(late.error().code, ErrorCode::kTimeout);
    EXPECT_LT(steady_clock::now() - begin, milliseconds(1500)) << more;
    auto other = ExecutionContext::create(*graph).value();
    EXPECT_TRUE(compute(*other, {turns(3), x})) << more;
  }
}

TEST(OpenvinoCompute, CancelFromAnotherThread) {
  auto graph = load_ir(to_ir(slow_net())).value();
  auto context = ExecutionContext::create(graph).value();
  const Plain x = noise(TensorType::kF32, {512, 512}, 1);
  const auto expected = compute(*context, {x}).value();
  int stopped = 0;
  for (int i = 0; i < 40; ++i) {
    const auto result = [&] {
      const KeepCancelling other([&] { context->cancel(); }, std::chrono::microseconds(i * 50));
      return context->compute();
    }();
    if (!result) {
      EXPECT_EQ(result.error().code, ErrorCode::kTimeout);
      ++stopped;
    }
  }
  EXPECT_GE(stopped, 30);
  EXPECT_EQ(compute(*context, {x}).value(), expected);
}

}  // namespace
}  // namespace nacre::test
