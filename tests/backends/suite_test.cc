// The behaviour that every backend shares, checked for each of them with its own models.

#include <nacre/execution_context.h>

#include <gtest/gtest.h>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../in_ci.h"
#include "suite.h"

namespace nacre::test {

std::vector<SuiteCase>& suite_cases() {
  static std::vector<SuiteCase> cases;
  return cases;
}

namespace {

// NACRE_BUILT_BACKENDS: "echo,onnxruntime,…", as the build was told.
std::vector<std::string> built_backends() {
  std::vector<std::string> names;
  std::istringstream list(NACRE_BUILT_BACKENDS);
  for (std::string name; std::getline(list, name, ',');)
    names.push_back(name);
  return names;
}

TEST(BackendSuite, EveryBuiltBackendHasACase) {
  const auto backends = built_backends();
  ASSERT_FALSE(backends.empty());
  for (const std::string& backend : backends) {
    bool found = false;
    for (const SuiteCase& c : suite_cases())
      found = found || c.backend == backend;
    EXPECT_TRUE(found) << backend << " has no suite_" << backend << ".cc with a case";
  }
}

std::string mapped() {
  std::ifstream maps("/proc/self/maps");
  std::stringstream text;
  text << maps.rdbuf();
  return text.str();
}

// Before any test that opens one; ctest runs it alone.
TEST(BackendSuite, ARuntimeIsMappedWhenItIsAskedForAndNotBefore) {
  constexpr std::array<std::pair<const char*, const char*>, 3> kLibraries = {
      {{"onnxruntime", "libonnxruntime.so"},
       {"openvino", "libopenvino.so"},
       {"torch", "libtorch_cpu.so"}}};
  ASSERT_TRUE(catalog().open("echo"));
  for (const auto& [name, library] : kLibraries) {
    EXPECT_EQ(mapped().find(library), std::string::npos) << "before " << name << " is opened";
    if (catalog().open(name)) {
      EXPECT_NE(mapped().find(library), std::string::npos) << name;
    }
  }
}

class BackendSuite : public testing::TestWithParam<SuiteCase> {
 protected:
  void SetUp() override {
    auto opened = catalog().open(GetParam().backend);
    if (!opened) {
      // Missing on a laptop is a choice; in CI it would be a hole nobody sees.
      if (in_ci()) FAIL() << opened.error().message;
      GTEST_SKIP() << opened.error().message;
    }
    auto graph = GetParam().load();
    ASSERT_TRUE(graph) << graph.error().message;
    graph_ = *graph;
    ASSERT_EQ(graph_->backend(), GetParam().backend);
  }

  [[nodiscard]] std::unique_ptr<ExecutionContext> context() const {
    auto made = ExecutionContext::create(graph_);
    if (!made) {
      ADD_FAILURE() << made.error().message;
      return nullptr;
    }
    return std::move(*made);
  }

  static void expect_outputs(const std::vector<Plain>& given) {
    const SuiteCase& c = GetParam();
    ASSERT_EQ(given.size(), c.outputs.size());
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (c.tolerance == 0 || c.outputs[i].type != TensorType::kF32) {
        EXPECT_EQ(given[i], c.outputs[i]) << "output " << i;
        continue;
      }
      EXPECT_EQ(given[i].type, c.outputs[i].type);
      EXPECT_EQ(given[i].dims, c.outputs[i].dims);
      const auto wanted = values<float>(c.outputs[i]);
      const auto got = values<float>(given[i]);
      ASSERT_EQ(got.size(), wanted.size());
      for (std::size_t k = 0; k < got.size(); ++k) {
        ASSERT_NEAR(got[k], wanted[k], c.tolerance) << "output " << i << ", element " << k;
      }
    }
  }

  static void set_inputs(ExecutionContext& context) {
    for (std::size_t i = 0; i < GetParam().inputs.size(); ++i) {
      auto set = context.set_input(i, GetParam().inputs[i].view());
      ASSERT_TRUE(set) << set.error().message;
    }
  }

  static Plain read(const Tensor& tensor) {
    const auto dims = tensor.shape.dims();
    return {tensor.type,
            {dims.begin(), dims.end()},
            {reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size()}};
  }

  std::shared_ptr<Graph> graph_;
};

TEST_P(BackendSuite, DescribesItself) {
  const GraphDescription& d = graph_->description();
  EXPECT_EQ(d.inputs.size(), d.inputs_known ? GetParam().inputs.size() : 0);
  EXPECT_EQ(d.outputs.size(), d.outputs_known ? GetParam().outputs.size() : 0);
  for (std::size_t i = 0; i < d.inputs.size(); ++i) {
    if (d.inputs[i].type != TensorType::kUnknown) {
      EXPECT_EQ(d.inputs[i].type, GetParam().inputs[i].type);
    }
    if (d.inputs[i].shape) {
      EXPECT_EQ(d.inputs[i].shape->rank(), GetParam().inputs[i].dims.size());
    }
  }
}

TEST_P(BackendSuite, HasTheProperties) {
  const auto opened = catalog().open(GetParam().backend);
  for (const char* key : {"vendor", "vendor.version", "encodings", "devices", "element_types",
                          "loads", "cancel", "threads.default"}) {
    EXPECT_NE((*opened)->property(key), "") << key;
  }
}

TEST_P(BackendSuite, ComputesAgainAndAgain) {
  auto one = context();
  ASSERT_NE(one, nullptr);
  for (int i = 0; i < 3; ++i) {
    const auto given = compute(*one, GetParam().inputs);
    ASSERT_TRUE(given) << given.error().message;
    expect_outputs(*given);
  }
  ASSERT_TRUE(one->compute()) << "inputs stay set";
}

TEST_P(BackendSuite, KeptOutputsNeverChange) {
  auto one = context();
  ASSERT_NE(one, nullptr);
  set_inputs(*one);
  std::vector<Tensor> kept;
  std::vector<Plain> copies;
  for (int i = 0; i < 4; ++i) {
    const auto computed = one->compute();
    ASSERT_TRUE(computed) << computed.error().message;
    for (std::size_t k = 0; k < one->output_count(); ++k) {
      kept.push_back(**one->output(k));
      copies.push_back(read(kept.back()));
    }
    // Other bytes of the same kind, so that an output that is written again would show.
    for (std::size_t k = 0; k < GetParam().inputs.size(); ++k) {
      Plain other = GetParam().inputs[k];
      if (other.type == TensorType::kString || other.type == TensorType::kBool) continue;
      other.bytes.assign(other.bytes.size(), static_cast<char>(i));
      // OpenVINO's processor takes no 64-bit integer beyond 32 bits.
      if (other.type == TensorType::kI64 || other.type == TensorType::kU64) {
        for (std::size_t byte = 0; byte < other.bytes.size(); ++byte)
          if (byte % 8 >= 2) other.bytes[byte] = 0;
      }
      ASSERT_TRUE(one->set_input(k, other.view()));
    }
  }
  one.reset();
  for (std::size_t i = 0; i < kept.size(); ++i)
    EXPECT_EQ(read(kept[i]), copies[i]);
}

TEST_P(BackendSuite, ContextsComputeSideBySide) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([this] {
      auto one = context();
      ASSERT_NE(one, nullptr);
      for (int i = 0; i < 50; ++i) {
        const auto given = compute(*one, GetParam().inputs);
        ASSERT_TRUE(given) << given.error().message;
        expect_outputs(*given);
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
}

TEST_P(BackendSuite, AContextOutlivesTheOthersAndTheHandleOfItsGraph) {
  auto one = context();
  auto two = context();
  graph_.reset();
  two.reset();
  const auto given = compute(*one, GetParam().inputs);
  ASSERT_TRUE(given) << given.error().message;
  expect_outputs(*given);
}

TEST_P(BackendSuite, ACancelGivesTheRightAnswerOrTimeout) {
  auto one = context();
  ASSERT_NE(one, nullptr);
  set_inputs(*one);
  std::atomic<bool> over = false;
  std::thread canceller([&] {
    while (!over) {
      one->cancel();
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  for (int i = 0; i < 100; ++i) {
    const auto result = one->compute();
    if (result) continue;
    EXPECT_EQ(result.error().code, ErrorCode::kTimeout) << result.error().message;
  }
  over = true;
  canceller.join();
  const auto given = compute(*one, GetParam().inputs);
  ASSERT_TRUE(given) << "after a cancel: " << given.error().message;
  expect_outputs(*given);
}

TEST_P(BackendSuite, RefusesWhatDoesNotFitAndGoesOn) {
  auto one = context();
  ASSERT_NE(one, nullptr);
  EXPECT_EQ(one->compute().error().code, ErrorCode::kInvalidArgument) << "no input is set";
  EXPECT_FALSE(one->output(0));
  set_inputs(*one);
  const Plain& good = GetParam().inputs[0];
  Plain bad = good;
  if (!GetParam().text) {
    bad.bytes += 'x';
    EXPECT_EQ(one->set_input(0, bad.view()).error().code, ErrorCode::kInvalidArgument);
    bad = good;
    bad.dims.insert(bad.dims.begin(), 1 << 30);
    EXPECT_EQ(one->set_input(0, bad.view()).error().code, ErrorCode::kInvalidArgument);
    // A product beyond 64 bits, one that wraps to the bytes there are, a negative one, a rank that
    // no tensor has.
    const std::int64_t huge = std::int64_t{1} << 62;
    for (const std::vector<std::int64_t>& dims : {std::vector<std::int64_t>{huge, huge},
                                                  {huge, 4},
                                                  {-1, 2},
                                                  {-6},
                                                  std::vector<std::int64_t>(33, 1),
                                                  std::vector<std::int64_t>(1'000'000, 1)}) {
      bad = good;
      bad.dims = dims;
      const auto set = one->set_input(0, bad.view());
      ASSERT_FALSE(set) << dims.size() << " dimensions";
      EXPECT_EQ(set.error().code, ErrorCode::kInvalidArgument) << set.error().message;
    }
    bad = good;
    bad.bytes.clear();
    EXPECT_EQ(one->set_input(0, bad.view()).error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_FALSE(one->set_input(0xffffffff, good.view()));
  const auto nobody = one->input_index("nobody calls an input so");
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, ErrorCode::kInvalidArgument) << nobody.error().message;
  const GraphDescription& d = graph_->description();
  if (d.inputs_known) {
    EXPECT_EQ(one->set_input(d.inputs.size(), good.view()).error().code,
              ErrorCode::kInvalidArgument);
    if (d.inputs[0].type != TensorType::kUnknown) {
      bad = good;
      bad.type = good.type == TensorType::kI32 ? TensorType::kF32 : TensorType::kI32;
      EXPECT_EQ(one->set_input(0, bad.view()).error().code, ErrorCode::kInvalidArgument);
    }
  }
  const auto given = one->compute();
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(one->output(one->output_count()).error().code, ErrorCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Backends, BackendSuite, testing::ValuesIn(suite_cases()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace nacre::test
