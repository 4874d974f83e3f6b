// Every row of hostile or broken input that concerns core modules, on a graph that is fully
// described and on one of which nothing is known. A refused call must leave the guest's memory and
// its context as they were.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "abi/witx/functions.h"
#include "busy_guest.h"
#include "core/no_such_model.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;

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

// What several rows lay out: a tensor and its data, a tensor's record alone, a model of one part.
using Arguments = std::function<A(G&)>;
Arguments tensor(std::vector<std::uint32_t> dims, std::uint8_t type, std::string data) {
  return [dims = std::move(dims), type, data = std::move(data)](G& g) {
    g.put_tensor(dims, type, data);
    return A{g.context, 0, kRecord};
  };
}
Arguments record(std::uint32_t dims, std::uint32_t rank, std::uint8_t type, std::uint32_t data,
                 std::uint32_t size) {
  return [=](G& g) {
    g.put_tensor_at(kRecord, dims, rank, type, data, size);
    return A{g.context, 0, kRecord};
  };
}
Arguments part(std::uint32_t at, std::uint32_t encoding, std::uint32_t target, std::uint32_t out) {
  return [=](G& g) {
    g.put_builder(0, at, 4);
    return A{kBuilders, 1, encoding, target, out};
  };
}

std::vector<Row> rows() {
  std::vector<Row> all;
  const auto add = [&](std::string name, std::string function, Arguments arguments,
                       std::uint32_t errno_, std::string sentence, bool only_described = false) {
    all.push_back({std::move(name), std::move(function), std::move(arguments), errno_,
                   std::move(sentence), only_described});
  };

  for (const std::uint32_t p : kBadPointers) {
    const auto at = "_at_" + std::to_string(p);
    add("load_builders" + at, "load", [p](G&) { return A{p, 1, 1, 0, kOut}; }, 1, "builder array");
    add("load_part" + at, "load", part(p, 1, 0, kOut), 1, "part of the model");
    add("load_out" + at, "load", part(kData, 1, 0, p), 1, "new graph's handle");
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
    add("tensor_dims" + at, "set_input", record(p, 1, kWitxF32, kData, 16), 1,
        "list of dimensions");
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
  add("dims_wrap", "set_input", record(kDims, 0x40000000, kWitxF32, kData, 16), 1,
      "list of dimensions would be 4294967296 bytes");
  add("data_wraps", "set_input", record(kDims, 2, kWitxF32, kData, 0xffffffff - kData + 1), 1,
      "tensor's data");
  add(
      "output_buffer_wraps", "get_output",
      [](G& g) { return A{g.context, 0, kBuffer, 0xffffffff - kBuffer + 1, kWritten}; }, 1,
      "output buffer");

  // Tensors that do not hold together.
  add("dims_product_overflows", "set_input",
      tensor({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, kWitxF32, kOther), 1, "");
  add("dims_product_wraps_to_the_right_size", "set_input",  // 2^64
      tensor({0x80000000, 0x80000000, 4, 1}, kWitxU8, ""), 1, "");
  add("rank_33", "set_input", record(kFree, 33, kWitxF32, kData, 16), 1, "rank 33");
  add("rank_10000", "set_input", record(kFree, 10000, kWitxF32, kData, 16), 1, "rank 10000");
  add("rank_a_million", "set_input", record(kFree, 1000000, kWitxF32, kData, 16), 1,
      "4000000 bytes");
  add("more_bytes_than_dims", "set_input", tensor({2, 2}, kWitxF32, kOther + "x"), 1, "17");
  add("fewer_bytes_than_dims", "set_input", tensor({2, 2}, kWitxF32, kOther.substr(1)), 1, "15");
  for (const std::uint8_t type : {6, 7, 9, 128, 255}) {
    add("type_" + std::to_string(type), "set_input", tensor({2, 2}, type, kOther), 1,
        "type " + std::to_string(type));
  }
  add("type_the_model_does_not_take", "set_input", tensor({2, 2}, 4, kOther), 1, "i32", true);
  add("shape_the_model_does_not_take", "set_input", tensor({4, 1}, kWitxF32, kOther), 1, "[4,1]",
      true);
  add("rank_the_model_does_not_take", "set_input", tensor({4}, kWitxF32, kOther), 1, "", true);

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
    add("encoding_" + std::to_string(encoding), "load", part(kData, encoding, 0, kOut), 2,
        "ncoding " + std::to_string(encoding));
  }
  for (const std::uint32_t target : {4u, 0xffffffffu}) {
    add("target_" + std::to_string(target), "load", part(kData, 1, target, kOut), 1,
        "Target " + std::to_string(target));
  }
  for (const std::uint32_t target : {1u, 2u}) {
    add("target_not_there_" + std::to_string(target), "load", part(kData, 1, target, kOut), 6,
        "there is: cpu");
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

INSTANTIATE_TEST_SUITE_P(, Refused, testing::ValuesIn(on_both_graph_types()), [](const auto& test) {
  return std::get<Row>(test.param).name + "_" + name_of(std::get<GraphType>(test.param));
});

}  // namespace
}  // namespace nacre::test
