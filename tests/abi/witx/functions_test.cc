// Every row of hostile or broken input that concerns core modules, on a graph that is fully
// described and on one of which nothing is known. A refused call must leave the guest's memory and
// its context as they were.
#include "abi/witx/functions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "../fake_guest.h"
#include "core/no_such_model.h"

namespace nacre::test {
namespace {

using testing::Contains;
using testing::HasSubstr;

const std::string kSixteen = "0123456789abcdef";
const std::string kOther = "ABCDEFGHIJKLMNOP";

enum class GraphType { kDescribed, kUndescribed };

GraphDescription describe(GraphType type) {
  return type == GraphType::kDescribed ? described() : undescribed();
}

// A guest in the middle of its work: graph and context made, input set, computed once.
struct BusyGuest : FakeGuest {
  explicit BusyGuest(GraphType type) : FakeGuest(describe(type)) {
    graph = open("net");
    context = init(graph);
    put_tensor({2, 2}, kWitxF32, kSixteen);
    EXPECT_EQ(call("set_input", {context, 0, kRecord}), 0u);
    EXPECT_EQ(call("compute", {context}), 0u);
  }

  // Whether the input set above still comes back.
  void expect_works() {
    EXPECT_EQ(call("compute", {context}), 0u);
    EXPECT_EQ(call("get_output", {context, 0, kBuffer, 64, kWritten}), 0u);
    EXPECT_EQ(get(kWritten), 16u);
    EXPECT_EQ(get_bytes(kBuffer, 16), kSixteen);
  }

  std::uint32_t graph = 0;
  std::uint32_t context = 0;
};

struct Row {
  std::string name;
  std::string function;
  // Lays out memory and gives the arguments.
  std::function<std::vector<std::uint32_t>(BusyGuest&)> arguments;
  std::uint32_t errno_;
  std::string sentence;  ///< part of it
  bool only_described = false;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

using G = BusyGuest;
using A = std::vector<std::uint32_t>;

// Addresses where 4 bytes do not fit.
const std::vector<std::uint32_t> kBadPointers = {kMemory - 3, kMemory,    kMemory + 1,
                                                 0x80000000,  0xfffffffc, 0xffffffff};

std::vector<Row> rows() {
  std::vector<Row> all;
  const auto add = [&](std::string name, std::string function, std::function<A(G&)> arguments,
                       std::uint32_t errno_, std::string sentence, bool only_described = false) {
    all.push_back({std::move(name), std::move(function), std::move(arguments), errno_,
                   std::move(sentence), only_described});
  };

  for (const std::uint32_t p : kBadPointers) {
    const auto at = "_at_" + std::to_string(p);
    add("load_builders" + at, "load", [p](G&) { return A{p, 1, 1, 0, kOut}; }, 1, "builder array");
    add(
        "load_part" + at, "load",
        [p](G& g) {
          g.put_builder(0, p, 4);
          return A{kBuilders, 1, 1, 0, kOut};
        },
        1, "part of the model");
    add(
        "load_out" + at, "load",
        [p](G& g) {
          g.put_builder(0, kData, 4);
          return A{kBuilders, 1, 1, 0, p};
        },
        1, "new graph's handle");
    add("name" + at, "load_by_name", [p](G&) { return A{p, 4, kOut}; }, 1, "model's name");
    add(
        "name_out" + at, "load_by_name",
        [p](G& g) {
          g.put_bytes(kName, "net");
          return A{kName, 3, p};
        },
        1, "graph's handle");
    add(
        "init_out" + at, "init_execution_context", [p](G& g) { return A{g.graph, p}; }, 1,
        "new context's handle");
    add(
        "tensor_record" + at, "set_input", [p](G& g) { return A{g.context, 0, p}; }, 1,
        "tensor record");
    add(
        "tensor_dims" + at, "set_input",
        [p](G& g) {
          g.put_tensor_at(kRecord, p, 1, kWitxF32, kData, 16);
          return A{g.context, 0, kRecord};
        },
        1, "list of dimensions");
    add(
        "tensor_data" + at, "set_input",
        [p](G& g) {
          g.put_tensor({2, 2}, kWitxF32, kOther);
          g.put_tensor_at(kRecord, kDims, 2, kWitxF32, p, 16);
          return A{g.context, 0, kRecord};
        },
        1, "tensor's data");
    add(
        "output_buffer" + at, "get_output", [p](G& g) { return A{g.context, 0, p, 16, kWritten}; },
        1, "output buffer");
    add(
        "output_written" + at, "get_output", [p](G& g) { return A{g.context, 0, kBuffer, 64, p}; },
        1, "count of bytes written");
  }

  // Sums and products that wrap in 32 bits.
  add(
      "builders_wrap", "load", [](G&) { return A{kBuilders, 0x20000000, 1, 0, kOut}; }, 1,
      "builder array would be 4294967296 bytes");
  add(
      "builders_wrap_to_one", "load", [](G&) { return A{kBuilders, 0x20000001, 1, 0, kOut}; }, 1,
      "builder array");
  add(
      "part_wraps", "load",
      [](G& g) {
        g.put_builder(0, kData, 0xffffffff);
        return A{kBuilders, 1, 1, 0, kOut};
      },
      1, "4294967295 bytes at 0x400");
  add(
      "second_part_outside", "load",
      [](G& g) {
        g.put_builder(0, kData, 4);
        g.put_builder(1, kMemory - 4, 5);
        return A{kBuilders, 2, 1, 0, kOut};
      },
      1, "part of the model");
  add(
      "name_wraps", "load_by_name", [](G&) { return A{kName, 0xffffffff - kName + 1, kOut}; }, 1,
      "model's name");
  add(
      "dims_wrap", "set_input",
      [](G& g) {
        g.put_tensor_at(kRecord, kDims, 0x40000000, kWitxF32, kData, 16);
        return A{g.context, 0, kRecord};
      },
      1, "list of dimensions would be 4294967296 bytes");
  add(
      "data_wraps", "set_input",
      [](G& g) {
        g.put_tensor_at(kRecord, kDims, 2, kWitxF32, kData, 0xffffffff - kData + 1);
        return A{g.context, 0, kRecord};
      },
      1, "tensor's data");
  add(
      "output_buffer_wraps", "get_output",
      [](G& g) { return A{g.context, 0, kBuffer, 0xffffffff - kBuffer + 1, kWritten}; }, 1,
      "output buffer");

  // Tensors that do not hold together.
  add(
      "dims_product_overflows", "set_input",
      [](G& g) {
        g.put_tensor({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, kWitxF32, kOther);
        return A{g.context, 0, kRecord};
      },
      1, "");
  add(
      "dims_product_wraps_to_the_right_size", "set_input",
      [](G& g) {
        g.put_tensor({0x80000000, 0x80000000, 4, 1}, kWitxU8, "");  // 2^64
        return A{g.context, 0, kRecord};
      },
      1, "");
  add(
      "rank_33", "set_input",
      [](G& g) {
        g.put_tensor_at(kRecord, kFree, 33, kWitxF32, kData, 16);
        return A{g.context, 0, kRecord};
      },
      1, "rank 33");
  add(
      "rank_10000", "set_input",
      [](G& g) {
        g.put_tensor_at(kRecord, kFree, 10000, kWitxF32, kData, 16);
        return A{g.context, 0, kRecord};
      },
      1, "rank 10000");
  add(
      "rank_a_million", "set_input",
      [](G& g) {
        g.put_tensor_at(kRecord, kFree, 1000000, kWitxF32, kData, 16);
        return A{g.context, 0, kRecord};
      },
      1, "4000000 bytes");
  add(
      "more_bytes_than_dims", "set_input",
      [](G& g) {
        g.put_tensor({2, 2}, kWitxF32, kOther + "x");
        return A{g.context, 0, kRecord};
      },
      1, "17");
  add(
      "fewer_bytes_than_dims", "set_input",
      [](G& g) {
        g.put_tensor({2, 2}, kWitxF32, kOther.substr(1));
        return A{g.context, 0, kRecord};
      },
      1, "15");
  for (const std::uint8_t type : {6, 7, 9, 128, 255}) {
    add(
        "type_" + std::to_string(type), "set_input",
        [type](G& g) {
          g.put_tensor({2, 2}, type, kOther);
          return A{g.context, 0, kRecord};
        },
        1, "type " + std::to_string(type));
  }
  add(
      "type_the_model_does_not_take", "set_input",
      [](G& g) {
        g.put_tensor({2, 2}, 4, kOther);
        return A{g.context, 0, kRecord};
      },
      1, "i32", true);
  add(
      "shape_the_model_does_not_take", "set_input",
      [](G& g) {
        g.put_tensor({4, 1}, kWitxF32, kOther);
        return A{g.context, 0, kRecord};
      },
      1, "[4,1]", true);
  add(
      "rank_the_model_does_not_take", "set_input",
      [](G& g) {
        g.put_tensor({4}, kWitxF32, kOther);
        return A{g.context, 0, kRecord};
      },
      1, "", true);

  // Indices.
  add("input_1_of_1", "set_input", [](G& g) { return A{g.context, 1, kRecord}; }, 1, "in", true);
  add(
      "input_0xffffffff", "set_input", [](G& g) { return A{g.context, 0xffffffff, kRecord}; }, 1,
      "");
  add(
      "output_1_of_1", "get_output", [](G& g) { return A{g.context, 1, kBuffer, 64, kWritten}; }, 1,
      "");
  add(
      "output_0xffffffff", "get_output",
      [](G& g) { return A{g.context, 0xffffffff, kBuffer, 64, kWritten}; }, 1, "");

  // Handles: never given, and of the other kind.
  for (const std::uint32_t h :
       {0u, 1u, 12345u, 0x10000001u, 0x20000001u, 0x7fffffffu, 0xffffffffu}) {
    const auto of = "_of_" + std::to_string(h);
    add("init" + of, "init_execution_context", [h](G&) { return A{h, kOut}; }, 1, "is no graph");
    add("unload" + of, "unload", [h](G&) { return A{h}; }, 1, "is no graph");
    add(
        "set_input" + of, "set_input", [h](G&) { return A{h, 0, kRecord}; }, 1,
        "is no execution context");
    add("compute" + of, "compute", [h](G&) { return A{h}; }, 1, "is no execution context");
    add(
        "get_output" + of, "get_output", [h](G&) { return A{h, 0, kBuffer, 64, kWritten}; }, 1,
        "is no execution context");
    add(
        "finalize" + of, "finalize_execution_context", [h](G&) { return A{h}; }, 1,
        "is no execution context");
  }
  add(
      "init_of_a_context", "init_execution_context", [](G& g) { return A{g.context, kOut}; }, 1,
      "is no graph");
  add("unload_of_a_context", "unload", [](G& g) { return A{g.context}; }, 1, "is no graph");
  add(
      "set_input_of_a_graph", "set_input", [](G& g) { return A{g.graph, 0, kRecord}; }, 1,
      "is no execution context");
  add(
      "compute_of_a_graph", "compute", [](G& g) { return A{g.graph}; }, 1,
      "is no execution context");
  add(
      "get_output_of_a_graph", "get_output",
      [](G& g) { return A{g.graph, 0, kBuffer, 64, kWritten}; }, 1, "is no execution context");
  add(
      "finalize_of_a_graph", "finalize_execution_context", [](G& g) { return A{g.graph}; }, 1,
      "is no execution context");

  // Loading.
  for (const std::uint32_t encoding : {6u, 7u, 14u, 99u, 0xffffffffu}) {
    add(
        "encoding_" + std::to_string(encoding), "load",
        [encoding](G& g) {
          g.put_builder(0, kData, 4);
          return A{kBuilders, 1, encoding, 0, kOut};
        },
        2, "ncoding " + std::to_string(encoding));
  }
  for (const std::uint32_t target : {4u, 0xffffffffu}) {
    add(
        "target_" + std::to_string(target), "load",
        [target](G& g) {
          g.put_builder(0, kData, 4);
          return A{kBuilders, 1, 1, target, kOut};
        },
        1, "Target " + std::to_string(target));
  }
  for (const std::uint32_t target : {1u, 2u}) {
    add(
        "target_not_there_" + std::to_string(target), "load",
        [target](G& g) {
          g.put_builder(0, kData, 4);
          return A{kBuilders, 1, 1, target, kOut};
        },
        6, "there is: cpu");
  }
  add("no_parts", "load", [](G&) { return A{kBuilders, 0, 1, 0, kOut}; }, 1, "at least one part");
  add("17_parts", "load", [](G&) { return A{kFree, 17, 1, 0, kOut}; }, 7, "17 parts");
  add(
      "bad_model", "load",
      [](G& g) {
        g.put_bytes(kFree, "bad");
        g.put_builder(0, kFree, 3);
        return A{kBuilders, 1, 1, 0, kOut};
      },
      2, "no model");

  // Names are keys, never paths.
  for (const auto& [title, name] :
       std::vector<std::pair<std::string, std::string>>{{"up", "../x"},
                                                        {"path", "/etc/passwd"},
                                                        {"empty", ""},
                                                        {"dots", "./net"},
                                                        {"not_utf8", "\xff\xfe\xc3("},
                                                        {"nul_inside", std::string("net\0x", 5)},
                                                        {"nul_at_the_end", std::string("net\0", 4)},
                                                        {"preload", "preload:/any/host/path"},
                                                        {"long", std::string(5000, 'x')},
                                                        {"longest", std::string(0xC000, 'x')}}) {
    add(
        "name_" + title, "load_by_name",
        [name = name](G& g) {
          g.put_bytes(kFree, name);
          return A{kFree, static_cast<std::uint32_t>(name.size()), kOut};
        },
        8, "");
  }
  return all;
}

class Refused : public testing::TestWithParam<std::tuple<Row, GraphType>> {};

TEST_P(Refused, WithThePreciseErrnoAndNothingChanged) {
  const auto& [row, type] = GetParam();
  BusyGuest guest(type);
  const auto args = row.arguments(guest);
  const auto bytes = guest.memory.bytes();
  const std::vector<std::byte> before(bytes.begin(), bytes.end());
  const HostFunction& f = function(row.function);
  ASSERT_EQ(args.size(), f.params);

  EXPECT_EQ(f.fn(&guest.state, guest.memory, args.data()), row.errno_);

  EXPECT_TRUE(std::ranges::equal(before, guest.memory.bytes())) << "guest memory was written";
  ASSERT_EQ(guest.log.size(), 1u);
  EXPECT_THAT(guest.log[0], HasSubstr("wasi-nn " + row.function + ": "));
  EXPECT_THAT(guest.log[0], HasSubstr(row.sentence));
  EXPECT_THAT(guest.log[0], testing::EndsWith(guest.state.last_error().message));
  EXPECT_FALSE(guest.state.last_error().message.empty());
  guest.expect_works();
}

std::vector<std::tuple<Row, GraphType>> on_both_graph_types() {
  std::vector<std::tuple<Row, GraphType>> out;
  for (const Row& row : rows()) {
    out.emplace_back(row, GraphType::kDescribed);
    if (!row.only_described) out.emplace_back(row, GraphType::kUndescribed);
  }
  return out;
}

std::string name_of(GraphType type) {
  return type == GraphType::kDescribed ? "described" : "undescribed";
}

INSTANTIATE_TEST_SUITE_P(, Refused, testing::ValuesIn(on_both_graph_types()), [](const auto& test) {
  return std::get<Row>(test.param).name + "_" + name_of(std::get<GraphType>(test.param));
});

class Witx : public testing::TestWithParam<GraphType> {
 protected:
  BusyGuest guest_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(, Witx, testing::Values(GraphType::kDescribed, GraphType::kUndescribed),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(Witx, EchoesThroughEveryFunction) {
  guest_.expect_works();
}

TEST_P(Witx, LoadsPartsStraightFromMemory) {
  guest_.put_bytes(kFree, "first second");
  guest_.put_builder(0, kFree, 5);
  guest_.put_builder(1, kFree + 6, 6);
  guest_.put_builder(2, kMemory, 0);  // empty, at the very end
  ASSERT_EQ(guest_.call("load", {kBuilders, 3, 0, 3, kOut}), 0u);
  EXPECT_THAT(guest_.provider.last_parts, testing::ElementsAre("first", "second", ""));
  EXPECT_EQ(guest_.provider.last_encoding, GraphEncoding::kOpenvino);
  EXPECT_EQ(guest_.provider.last_target, ExecutionTarget::kAuto);
  EXPECT_NE(guest_.init(guest_.get(kOut)), 0u);
}

TEST_P(Witx, LoadLooksAtItsOutPointerFirst) {
  guest_.put_builder(0, kData, 4);
  EXPECT_EQ(guest_.call("load", {kBuilders, 1, 1, 0, kMemory - 3}), 1u);
  EXPECT_EQ(guest_.provider.loads, 0);
  const int opens = guest_.provider.opens;
  guest_.put_bytes(kName, "net");
  EXPECT_EQ(guest_.call("load_by_name", {kName, 3, kMemory - 3}), 1u);
  EXPECT_EQ(guest_.provider.opens, opens);
}

TEST_P(Witx, PointersNeedNoAlignment) {
  guest_.put_bytes(kFree + 1, kOther);
  guest_.put<std::uint32_t>(kFree + 33, 2);
  guest_.put<std::uint32_t>(kFree + 37, 2);
  guest_.put_tensor_at(kFree + 51, kFree + 33, 2, kWitxF32, kFree + 1, 16);
  EXPECT_EQ(guest_.call("set_input", {guest_.context, 0, kFree + 51}), 0u);
  EXPECT_EQ(guest_.call("compute", {guest_.context}), 0u);
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kFree + 103, 16, kFree + 201}), 0u);
  EXPECT_EQ(guest_.get(kFree + 201), 16u);
  EXPECT_EQ(guest_.get_bytes(kFree + 103, 16), kOther);
}

TEST_P(Witx, EverythingAtTheVeryEndOfMemory) {
  guest_.put_bytes(kMemory - 16, kOther);
  guest_.put_tensor_at(kRecord, kDims, 2, kWitxF32, kMemory - 16, 16);
  EXPECT_EQ(guest_.call("set_input", {guest_.context, 0, kRecord}), 0u);
  guest_.put_tensor_at(kMemory - 20, kDims, 2, kWitxF32, kData, 16);
  EXPECT_EQ(guest_.call("set_input", {guest_.context, 0, kMemory - 20}), 0u);
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kMemory - 16, 16, kMemory - 20}), 0u);
  EXPECT_EQ(guest_.get_bytes(kMemory - 16, 16), kSixteen);
  EXPECT_EQ(guest_.get(kMemory - 20), 16u);
}

TEST_P(Witx, ComputeBeforeAnyInput) {
  const auto fresh = guest_.init(guest_.graph);
  ASSERT_NE(fresh, 0u);
  if (GetParam() == GraphType::kDescribed) {
    EXPECT_EQ(guest_.call("compute", {fresh}), 1u);
    EXPECT_THAT(guest_.state.last_error().message, HasSubstr("in"));
  }
  EXPECT_EQ(guest_.call("get_output", {fresh, 0, kBuffer, 64, kWritten}), 1u);
  EXPECT_EQ(guest_.call("set_input", {fresh, 0, kRecord}), 0u);
  EXPECT_EQ(guest_.call("get_output", {fresh, 0, kBuffer, 64, kWritten}), 1u);
  EXPECT_EQ(guest_.call("compute", {fresh}), 0u);
  EXPECT_EQ(guest_.call("get_output", {fresh, 0, kBuffer, 64, kWritten}), 0u);
}

TEST_P(Witx, AnOutputCanBeReadTwice) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kBuffer + 64u * i, 16, kWritten}), 0u);
    EXPECT_EQ(guest_.get_bytes(kBuffer + 64u * i, 16), kSixteen);
  }
}

TEST_P(Witx, ATooSmallBufferIsUntouchedAndTheSizeIsTold) {
  for (const std::uint32_t capacity : {0u, 1u, 15u}) {
    guest_.put_bytes(kBuffer, std::string(64, '.'));
    guest_.put<std::uint32_t>(kWritten, 0);
    EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kBuffer, capacity, kWritten}), 7u);
    EXPECT_EQ(guest_.get(kWritten), 16u);
    EXPECT_EQ(guest_.get_bytes(kBuffer, 64), std::string(64, '.'));
  }
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, 0, 0, kWritten}), 7u);
  EXPECT_EQ(guest_.get(kWritten), 16u);
}

TEST_P(Witx, ALargerBufferIsWrittenOnlyAsFarAsTheOutputGoes) {
  guest_.put_bytes(kBuffer, std::string(64, '.'));
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kBuffer, 64, kWritten}), 0u);
  EXPECT_EQ(guest_.get_bytes(kBuffer, 64), kSixteen + std::string(48, '.'));
}

TEST_P(Witx, TheCountWinsWhenItLiesInsideTheBuffer) {
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kBuffer, 16, kBuffer + 4}), 0u);
  EXPECT_EQ(guest_.get_bytes(kBuffer, 4), kSixteen.substr(0, 4));
  EXPECT_EQ(guest_.get(kBuffer + 4), 16u);
  EXPECT_EQ(guest_.get_bytes(kBuffer + 8, 8), kSixteen.substr(8));
}

TEST_P(Witx, ABufferOverTheTensorRecordAndItsData) {
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kRecord, 16, kRecord + 16}), 0u);
  EXPECT_EQ(guest_.get_bytes(kRecord, 16), kSixteen);
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kData + 3, 16, kWritten}), 0u);
  EXPECT_EQ(guest_.get_bytes(kData + 3, 16), kSixteen);
  guest_.expect_works();
}

TEST_P(Witx, ATensorWhoseDataIsItsOwnRecord) {
  guest_.put<std::uint32_t>(kDims, 2);
  guest_.put<std::uint32_t>(kDims + 4, 2);
  guest_.put_tensor_at(kRecord, kDims, 2, kWitxF32, kRecord, 16);
  const auto record = guest_.get_bytes(kRecord, 16);
  EXPECT_EQ(guest_.call("set_input", {guest_.context, 0, kRecord}), 0u);
  EXPECT_EQ(guest_.call("compute", {guest_.context}), 0u);
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kBuffer, 16, kWritten}), 0u);
  EXPECT_EQ(guest_.get_bytes(kBuffer, 16), record);
}

TEST_P(Witx, HandlesThatWereGivenBack) {
  const auto graph = guest_.open("net");
  const auto context = guest_.init(graph);
  EXPECT_EQ(guest_.call("finalize_execution_context", {context}), 0u);
  EXPECT_EQ(guest_.call("unload", {graph}), 0u);
  EXPECT_EQ(guest_.call("finalize_execution_context", {context}), 1u);
  EXPECT_EQ(guest_.call("unload", {graph}), 1u);
  EXPECT_EQ(guest_.call("init_execution_context", {graph, kOut}), 1u);
  EXPECT_EQ(guest_.call("set_input", {context, 0, kRecord}), 1u);
  EXPECT_EQ(guest_.call("compute", {context}), 1u);
  EXPECT_EQ(guest_.call("get_output", {context, 0, kBuffer, 64, kWritten}), 1u);
  // Their slots are used again; the old numbers stay dead.
  EXPECT_NE(guest_.open("net"), graph);
  EXPECT_NE(guest_.init(guest_.graph), context);
  EXPECT_EQ(guest_.call("compute", {context}), 1u);
  guest_.expect_works();
}

TEST_P(Witx, AContextKeepsItsGraphAlive) {
  const auto graph = guest_.provider.forget("net");
  EXPECT_EQ(guest_.call("unload", {guest_.graph}), 0u);
  EXPECT_FALSE(graph.expired());
  guest_.expect_works();
  EXPECT_EQ(guest_.call("finalize_execution_context", {guest_.context}), 0u);
  EXPECT_TRUE(graph.expired());
}

TEST_P(Witx, MemoryMayGrowBetweenTheCalls) {
  EXPECT_EQ(guest_.call("set_input", {guest_.context, 0, kRecord}), 0u);
  guest_.memory.grow(0x10000);
  EXPECT_EQ(guest_.call("compute", {guest_.context}), 0u);
  guest_.memory.grow(0x10000);
  guest_.expect_works();
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kMemory + 8, 16, kMemory}), 0u);
}

TEST_P(Witx, AnInputStaysSetAndCanBeReplaced) {
  guest_.expect_works();
  guest_.put_tensor({2, 2}, kWitxF32, kOther);
  EXPECT_EQ(guest_.call("set_input", {guest_.context, 0, kRecord}), 0u);
  EXPECT_EQ(guest_.call("compute", {guest_.context}), 0u);
  EXPECT_EQ(guest_.call("get_output", {guest_.context, 0, kBuffer, 16, kWritten}), 0u);
  EXPECT_EQ(guest_.get_bytes(kBuffer, 16), kOther);
}

TEST_P(Witx, RunningOutOfMemoryIsARuntimeError) {
  guest_.put_builder(0, kData, 4);
  guest_.provider.on_load = [] { throw std::bad_alloc(); };
  EXPECT_EQ(guest_.call("load", {kBuilders, 1, 1, 0, kOut}), 5u);
  EXPECT_THAT(guest_.state.last_error().message, HasSubstr("not enough memory"));
  guest_.provider.on_load = [] { throw std::length_error("a length"); };
  EXPECT_EQ(guest_.call("load", {kBuilders, 1, 1, 0, kOut}), 5u);
  EXPECT_THAT(guest_.state.last_error().message, HasSubstr("a length"));
  guest_.provider.on_load = [] { throw 42; };
  EXPECT_EQ(guest_.call("load", {kBuilders, 1, 1, 0, kOut}), 5u);
  guest_.expect_works();
}

TEST(WitxUndescribed, ScalarsAndEmptyTensorsAreTensors) {
  BusyGuest guest(GraphType::kUndescribed);
  for (const auto& [dims, data] : std::vector<std::pair<A, std::string>>{
           {{}, "abcd"}, {{1}, "abcd"}, {{0}, ""}, {{3, 0, 0xffffffff}, ""}}) {
    guest.put_tensor(dims, kWitxF32, data);
    ASSERT_EQ(guest.call("set_input", {guest.context, 0, kRecord}), 0u)
        << guest.state.last_error().message;
    EXPECT_EQ(guest.call("compute", {guest.context}), 0u);
    EXPECT_EQ(guest.call("get_output", {guest.context, 0, kBuffer, 64, kWritten}), 0u);
    EXPECT_EQ(guest.get(kWritten), data.size());
    EXPECT_EQ(guest.get_bytes(kBuffer, data.size()), data);
  }
  // Nothing to write, and no room: that fits.
  EXPECT_EQ(guest.call("get_output", {guest.context, 0, kMemory, 0, kWritten}), 0u);
}

TEST(WitxUndescribed, AFailingBackendIsARuntimeError) {
  BusyGuest guest(GraphType::kUndescribed);
  const auto context = guest.init(guest.open("fails"));
  guest.put_tensor({2, 2}, kWitxF32, kSixteen);
  EXPECT_EQ(guest.call("set_input", {context, 0, kRecord}), 0u);
  EXPECT_EQ(guest.call("compute", {context}), 5u);
  EXPECT_THAT(guest.state.last_error().message, HasSubstr("It broke."));
  EXPECT_EQ(guest.call("get_output", {context, 0, kBuffer, 64, kWritten}), 1u);
  guest.expect_works();
}

TEST(WitxTable, NamesAndParameterCounts) {
  const std::vector<std::pair<std::string_view, unsigned>> want = {
      {"load", 5},
      {"load_by_name", 3},
      {"init_execution_context", 2},
      {"set_input", 3},
      {"compute", 1},
      {"get_output", 5},
      {"unload", 1},
      {"finalize_execution_context", 1}};
  ASSERT_EQ(witx::functions().size(), want.size());
  for (const auto& [name, params] : want) {
    EXPECT_EQ(function(name).params, params) << name;
    EXPECT_EQ(function(name).module, "wasi_ephemeral_nn");
  }
}

TEST(Dialects, ALengthOfZeroIsABufferForWasmedgeAlone) {
  for (const Dialect dialect : {Dialect::kWamr, Dialect::kLegacy, Dialect::kWasmedge}) {
    FakeGuest guest(undescribed(), {.dialect = dialect});
    guest.memory.grow(0x100000);
    const auto context = guest.init(guest.open("net"));
    guest.put_tensor({2, 2}, kWitxF32, kSixteen);
    ASSERT_EQ(guest.call("set_input", {context, 0, kRecord}), 0u);
    ASSERT_EQ(guest.call("compute", {context}), 0u);
    const bool wasmedge = dialect == Dialect::kWasmedge;
    EXPECT_EQ(guest.call("get_output", {context, 0, kBuffer, 0, kWritten}), wasmedge ? 0u : 7u);
    EXPECT_EQ(guest.get(kWritten), 16u);
    EXPECT_EQ(guest.get_bytes(kBuffer, 16), wasmedge ? kSixteen : std::string(16, '\0'));
  }
}

TEST(Dialects, WasmedgesImpliedBufferMustLieInMemory) {
  FakeGuest guest(undescribed(), {.dialect = Dialect::kWasmedge});
  guest.memory.grow(0x100000);
  const auto context = guest.init(guest.open("net"));
  guest.put_tensor({2, 2}, kWitxF32, kSixteen);
  ASSERT_EQ(guest.call("set_input", {context, 0, kRecord}), 0u);
  ASSERT_EQ(guest.call("compute", {context}), 0u);
  const std::uint32_t last = 0x110000 - 245'888;
  EXPECT_EQ(guest.call("get_output", {context, 0, last, 0, kWritten}), 0u);
  EXPECT_EQ(guest.call("get_output", {context, 0, last + 1, 0, kWritten}), 1u);
}

TEST(Dialects, NumbersReachTheProviderTranslated) {
  struct Case {
    Dialect dialect;
    std::uint32_t wire;
    GraphEncoding encoding;
  };
  for (const auto& [dialect, wire, encoding] : {Case{Dialect::kWitx, 5, GraphEncoding::kAutodetect},
                                                Case{Dialect::kWasmedge, 6, GraphEncoding::kGgml},
                                                Case{Dialect::kWamr, 5, GraphEncoding::kGgml},
                                                Case{Dialect::kLegacy, 1, GraphEncoding::kOnnx}}) {
    FakeGuest guest(described(), {.dialect = dialect});
    guest.put_builder(0, kData, 4);
    EXPECT_EQ(guest.call("load", {kBuilders, 1, wire, 0, kOut}), 0u);
    EXPECT_EQ(guest.provider.last_encoding, encoding);
  }
}

TEST(Limits, GraphsAndContexts) {
  FakeGuest guest(described(), {.limits = {.max_graphs = 2, .max_contexts = 3}});
  const auto graph = guest.open("net");
  ASSERT_NE(graph, 0u);
  ASSERT_NE(guest.open("net"), 0u);
  guest.put_bytes(kName, "net");
  EXPECT_EQ(guest.call("load_by_name", {kName, 3, kOut}), 4u);
  EXPECT_THAT(guest.state.last_error().message, HasSubstr("2 graphs"));
  guest.put_builder(0, kData, 4);
  EXPECT_EQ(guest.call("load", {kBuilders, 1, 1, 0, kOut}), 4u);
  EXPECT_EQ(guest.provider.loads, 0) << "a model was loaded for nothing";

  std::uint32_t context = 0;
  for (int i = 0; i < 3; ++i)
    ASSERT_NE(context = guest.init(graph), 0u);
  EXPECT_EQ(guest.call("init_execution_context", {graph, kOut}), 4u);
  EXPECT_THAT(guest.state.last_error().message, HasSubstr("3 execution contexts"));
  EXPECT_EQ(guest.call("finalize_execution_context", {context}), 0u);
  EXPECT_NE(guest.init(graph), 0u);
  EXPECT_EQ(guest.call("unload", {graph}), 0u);
  EXPECT_NE(guest.open("net"), 0u);
}

TEST(Limits, AMillionGraphsAndContexts) {
  FakeGuest guest;
  const auto graph = guest.open("net");
  for (int i = 0; i < 1'000'000; ++i) {
    const auto context = guest.init(graph);
    if (context == 0) {
      EXPECT_EQ(i, 256);
      break;
    }
  }
  EXPECT_EQ(guest.state.last_error().code, ErrorCode::kBusy);
}

TEST(Limits, ModelAndTensorBytes) {
  FakeGuest guest(undescribed(), {.limits = {.max_model_bytes = 100, .max_tensor_bytes = 15}});
  guest.put_builder(0, kData, 60);
  guest.put_builder(1, kData, 40);  // the same bytes count again
  guest.put_builder(2, kData, 1);
  EXPECT_EQ(guest.call("load", {kBuilders, 2, 1, 0, kOut}), 0u);
  EXPECT_EQ(guest.call("load", {kBuilders, 3, 1, 0, kOut}), 7u);
  EXPECT_THAT(guest.state.last_error().message, HasSubstr("101 bytes; the limit is 100"));
  EXPECT_EQ(guest.provider.loads, 1);

  const auto context = guest.init(guest.open("net"));
  guest.put_tensor({2, 2}, kWitxF32, kSixteen);
  EXPECT_EQ(guest.call("set_input", {context, 0, kRecord}), 7u);
}

TEST(Limits, NamesFromThemselves) {
  FakeGuest guest(described(), {.limits = {.max_name_bytes = 2}});
  guest.put_bytes(kName, "net");
  EXPECT_EQ(guest.call("load_by_name", {kName, 3, kOut}), 8u);
  EXPECT_EQ(guest.provider.opens, 0);
}

TEST(Permissions, ModelsOnlyRefusesBytes) {
  FakeGuest guest(described(), {.models_only = true});
  guest.put_builder(0, kData, 4);
  EXPECT_EQ(guest.call("load", {kBuilders, 1, 1, 0, kOut}), 6u);
  EXPECT_EQ(guest.state.last_error().code, ErrorCode::kSecurity);
  EXPECT_EQ(guest.provider.loads, 0);
  EXPECT_NE(guest.open("net"), 0u);
}

TEST(Permissions, ANameThatIsNotAllowedIsNotFound) {
  FakeGuest guest(described(), {.models = {{"described", "other"}}});
  EXPECT_NE(guest.open("described"), 0u);
  const int opens = guest.provider.opens;
  guest.put_bytes(kName, "net");
  EXPECT_EQ(guest.call("load_by_name", {kName, 3, kOut}), 8u);
  EXPECT_EQ(guest.provider.opens, opens);
  // Not a word of the names that there are, and the very sentence for one that does not exist.
  EXPECT_EQ(guest.state.last_error().message, no_such_model("net").error().message);
  guest.put_bytes(kName, "nix");
  EXPECT_EQ(guest.call("load_by_name", {kName, 3, kOut}), 8u);
  EXPECT_EQ(guest.state.last_error().message, no_such_model("nix").error().message);
}

TEST(Refusals, ALineForTheLogCannotBeForged) {
  FakeGuest guest;
  const std::string name = "x\n[error] all is lost \x1b[2J";
  guest.put_bytes(kName, name);
  EXPECT_EQ(guest.call("load_by_name", {kName, static_cast<std::uint32_t>(name.size()), kOut}), 8u);
  EXPECT_THAT(guest.log.back(), HasSubstr("not-found (errno 8)"));
  EXPECT_THAT(guest.log.back(), HasSubstr("x\\x0a[error]"));
  EXPECT_EQ(guest.log.back().find('\n'), std::string::npos);
  EXPECT_EQ(guest.log.back().find('\x1b'), std::string::npos);
}

TEST(Stopping, TheDeadline) {
  FakeGuest guest;
  const auto context = guest.init(guest.open("hangs"));
  guest.put_tensor({2, 2}, kWitxF32, kSixteen);
  ASSERT_EQ(guest.call("set_input", {context, 0, kRecord}), 0u);
  guest.state.set_deadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
  EXPECT_EQ(guest.call("compute", {context}), 5u);
  EXPECT_EQ(guest.state.last_error().code, ErrorCode::kTimeout);
}

TEST(Stopping, FromAnotherThread) {
  FakeGuest guest;
  const auto context = guest.init(guest.open("hangs"));
  const auto other = guest.init(guest.open("described"));
  guest.put_tensor({2, 2}, kWitxF32, kSixteen);
  ASSERT_EQ(guest.call("set_input", {context, 0, kRecord}), 0u);
  ASSERT_EQ(guest.call("set_input", {other, 0, kRecord}), 0u);
  std::thread watchdog([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    while (guest.state.cancel())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  EXPECT_EQ(guest.call("compute", {context}), 5u);
  watchdog.join();
  EXPECT_EQ(guest.state.last_error().code, ErrorCode::kTimeout);
  EXPECT_EQ(guest.call("compute", {other}), 5u) << "a stopped guest computed again";
}

TEST(Stopping, WhileContextsComeAndGo) {
  FakeGuest guest;
  const auto graph = guest.open("net");
  guest.put_tensor({2, 2}, kWitxF32, kSixteen);
  std::atomic<bool> done = false;
  std::thread watchdog([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    while (!done)
      guest.state.cancel();
  });
  for (int i = 0; i < 2000; ++i) {
    const auto context = guest.init(graph);
    ASSERT_EQ(guest.call("set_input", {context, 0, kRecord}), 0u);
    const auto answer = guest.call("compute", {context});
    ASSERT_TRUE(answer == 0 || answer == 5) << answer;
    ASSERT_EQ(guest.call("finalize_execution_context", {context}), 0u);
  }
  done = true;
  watchdog.join();
}

TEST(TwoGuests, OnOneGraphAtTheSameTime) {
  FakeProvider shared(described());
  const auto work = [&](const std::string& mine) {
    FakeGuest guest;
    GuestState state(shared, {});
    const auto run = [&](std::string_view name, std::initializer_list<std::uint32_t> args) {
      return function(name).fn(&state, guest.memory, args.begin());
    };
    guest.put_bytes(kName, "net");
    guest.put_tensor({2, 2}, kWitxF32, mine);
    EXPECT_EQ(run("load_by_name", {kName, 3, kOut}), 0u);
    EXPECT_EQ(run("init_execution_context", {guest.get(kOut), kOut}), 0u);
    const auto context = guest.get(kOut);
    for (int i = 0; i < 10'000; ++i) {
      EXPECT_EQ(run("set_input", {context, 0, kRecord}), 0u);
      EXPECT_EQ(run("compute", {context}), 0u);
      EXPECT_EQ(run("get_output", {context, 0, kBuffer, 16, kWritten}), 0u);
      if (guest.get_bytes(kBuffer, 16) != mine) {
        ADD_FAILURE() << "another guest's bytes";
        return;
      }
    }
  };
  std::thread other(work, kOther);
  work(kSixteen);
  other.join();
}

}  // namespace
}  // namespace nacre::test
