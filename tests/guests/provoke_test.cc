// Every small guest through the whole program: what it provokes must be answered, not endured.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <set>

#include "cli/process.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;

struct Case {
  std::string guest;
  std::vector<std::string> options = {};  ///< of nacre run
  std::vector<std::string> args = {};
  int exit_code = 0;
  std::string out = {};  ///< part of standard output
  std::string err = {};  ///< part of standard error
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.guest;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      // The host answers as wanted: the guest checks that itself and exits with 0.
      {.guest = "bad_handles.wasm"},
      {.guest = "bad_indices.wasm"},
      {.guest = "compute_before_inputs.wasm"},
      {.guest = "contexts_apart.wasm"},
      {.guest = "echo_by_name.wasm"},
      {.guest = "older_types.wasm"},
      {.guest = "get_output_before_compute.wasm"},
      {.guest = "get_output_buffers.wasm"},
      {.guest = "grow_between.wasm"},
      {.guest = "init_bad_pointers.wasm"},
      {.guest = "load_bad_encoding.wasm"},
      {.guest = "load_bad_pointers.wasm"},
      {.guest = "load_by_name_bad_names.wasm"},
      {.guest = "load_by_name_bad_pointers.wasm"},
      {.guest = "load_garbage.wasm"},
      {.guest = "many_contexts.wasm", .out = "refused after 256 contexts"},
      {.guest = "many_graphs.wasm", .out = "refused after 64 graphs"},
      {.guest = "set_input_bad_pointers.wasm"},
      {.guest = "set_input_bad_shapes.wasm"},
      {.guest = "set_input_bad_types.wasm"},
      {.guest = "target_absent.wasm"},
      {.guest = "start_calls_nn.wat"},
      {.guest = "start_is_all.wat", .out = "echo"},

      // The guest is no guest: refused with the reason before it runs.
      {.guest = "memory64.wat", .exit_code = 125, .err = "memory"},
      {.guest = "memory_is_a_function.wat", .exit_code = 125, .err = "memory"},
      {.guest = "memory_is_a_global.wat", .exit_code = 125, .err = "memory"},
      {.guest = "memory_not_exported.wat", .exit_code = 125, .err = "memory"},
      {.guest = "memory_other_name.wat", .exit_code = 125, .err = "memory"},
      {.guest = "no_memory.wat", .exit_code = 125, .err = "memory"},
      {.guest = "shared_memory.wat", .exit_code = 125, .err = "shared"},
      {.guest = "no_start.wat", .exit_code = 125, .err = "_start"},
      {.guest = "unknown_import.wat", .exit_code = 125, .err = "load_by_telepathy"},
      {.guest = "wrong_signature.wat", .exit_code = 125, .err = "load_by_name"},

      // The guest ends badly, alone.
      {.guest = "allocate_for_ever.wasm",
       .options = {"--max-memory", "32M"},
       .exit_code = 134,
       .err = "limit"},
      {.guest = "allocate_for_ever.wasm",
       .options = {"--max-memory", "32M"},
       .args = {"stop"},
       .out = "refused after"},
      {.guest = "compute_for_ever.wasm",
       .options = {"--timeout", "300ms"},
       .exit_code = 124,
       .out = "computing"},
      {.guest = "infinite_loop.wasm", .options = {"--timeout", "300ms"}, .exit_code = 124},
      {.guest = "infinite_loop.wasm",
       .options = {"--fuel", "100000"},
       .exit_code = 134,
       .err = "fuel"},
      {.guest = "print_for_ever.wasm",
       .options = {"--timeout", "300ms"},
       .exit_code = 124,
       .out = "still here"},
      {.guest = "read_stdin_for_ever.wasm", .out = "0 bytes"},
      {.guest = "recurse_for_ever.wasm", .exit_code = 134, .err = "stack"},
      {.guest = "sleep_for_ever.wasm", .options = {"--timeout", "200ms"}, .exit_code = 124},
      {.guest = "start_loops.wat", .options = {"--timeout", "200ms"}, .exit_code = 124},
      {.guest = "start_traps.wat", .exit_code = 134, .err = "unreachable"},
      {.guest = "trap.wasm", .exit_code = 134, .out = "about to trap", .err = "inner_call"},
      {.guest = "trap_after_nn.wasm", .exit_code = 134, .err = "unreachable"},
      {.guest = "exit_code.wasm", .args = {"42"}, .exit_code = 42, .out = "exiting with 42"},

      {.guest = "stdio.wasm", .args = {"args", "a b"}, .out = "a b\n"},
      {.guest = "files.wasm", .args = {"read", "x"}, .exit_code = 1, .err = "files: read x"},
      {.guest = "sdk_answers.wasm"},
      {.guest = "echo_hop.wasm", .args = {"16", "1000"}},
      {.guest = "bench_infer.wasm", .args = {"echo", "5", "1", "1,4"}},
      {.guest = "bench_infer.wasm",
       .args = {"onnx:none", "5"},
       .exit_code = 1,
       .err = "cannot read 'none'"},
      {.guest = "bench_hold.wasm", .args = {"absent", "none"}, .exit_code = 1, .err = "absent"},
      {.guest = "bench_by_name.wasm", .args = {"echo", "60"}, .out = "ns "},
      // Whole model files are for models_test.cc; here is what a missing one gives.
      {.guest = "load_file.wasm", .args = {"1", "0", "none", "2"}, .exit_code = 2},
      {.guest = "load_truncated.wasm", .args = {"1", "none"}, .exit_code = 2},
      {.guest = "bench_load.wasm", .args = {"onnx", "1", "none"}, .exit_code = 1, .err = "none"},
      {.guest = "wasmtime_classic.wasm",
       .exit_code = 1,
       .err = "could not open fixture/model.onnx"},
      {.guest = "wamr_classic.wasm", .exit_code = 1, .err = "could not open fixture/model.onnx"},
      {.guest = "wamr_classic.wasm", .args = {"absent"}, .exit_code = 1, .err = "failed: 8"},
      {.guest = "classify.wasm", .args = {"--help"}, .out = "Usage: classify"},
      {.guest = "classify.wasm", .args = {"echo", "none.png"}, .exit_code = 1, .err = "none.png"},
  };
  return all;
}

// What only components can do; and modules' cases hold for their components too.
const std::vector<Case>& component_cases() {
  static const std::vector<Case> all = {
      {.guest = "tensor_bad_shapes"},
      {.guest = "tensor_types"},
      {.guest = "input_names"},
      {.guest = "output_names"},
      {.guest = "stays_set"},
      {.guest = "inputs_consumed"},
      {.guest = "output_never_changes"},
      {.guest = "outputs_fed_back"},
      {.guest = "drops"},
      {.guest = "large_tensor", .args = {"50000000", "2"}},
      {.guest = "many_tensors", .args = {"20000"}},
      {.guest = "tensors_in_turn"},
      {.guest = "many_errors"},
      {.guest = "error_constructor"},
      {.guest = "only_tensor"},
      {.guest = "utf16_names"},
      {.guest = "bad_handle", .args = {"twice"}, .exit_code = 134, .out = "about to trap"},
      {.guest = "bad_pointer", .args = {"dims"}, .exit_code = 134, .out = "about to trap"},
      {.guest = "bad_realloc", .args = {"outside"}, .exit_code = 134, .out = "about to trap"},
      {.guest = "bad_realloc", .args = {"late"}},
      {.guest = "wit_bindgen_classic", .exit_code = 1},
      {.guest = "component_runs.wat"},
      {.guest = "component_fails.wat", .exit_code = 1},
      {.guest = "component_no_run.wat", .exit_code = 125, .err = "wasi:cli/run"},
      {.guest = "unknown_interfaces.wat", .exit_code = 125, .err = "wasi:nn"},
      {.guest = "unknown_version.wat", .exit_code = 125, .err = "2030-01-01"},
      {.guest = "wrong_type.wat", .exit_code = 125, .err = "load-by-name"},
  };
  return all;
}

/// The components that were built of a module or of a source for components alone.
std::vector<Case> components() {
  std::vector<Case> all;
  const auto add = [&all](Case c) {
    if (std::filesystem::exists(guest(c.guest))) all.push_back(std::move(c));
  };
  for (const auto* list : {&cases(), &component_cases()}) {
    for (const Case& c : *list) {
      if (c.guest.ends_with(".wat")) {
        if (list == &component_cases()) add(c);
        continue;
      }
      const std::string name = c.guest.substr(0, c.guest.find('.'));
      for (const char* version : {"", ".2024-08-19", ".2024-06-25"}) {
        Case component = c;
        component.guest = name + version + ".component.wasm";
        // WASI preview 2 has two exit codes of a guest's own.
        if (c.exit_code != 0 && c.exit_code < 124) component.exit_code = 1;
        add(component);
      }
    }
  }
  return all;
}

void run_as_it_should(const Case& c, const std::vector<std::string>& engines) {
  const ScratchDir dir;
  for (const std::string& engine : engines) {
    std::vector<std::string> words = {"run", "--engine", engine, "--model", echo_model(dir)};
    words.insert(words.end(), c.options.begin(), c.options.end());
    words.push_back(guest(c.guest));
    words.insert(words.end(), c.args.begin(), c.args.end());
    const Ended ended = nacre(words);
    EXPECT_EQ(ended.exit_code, c.exit_code) << engine << "\n" << ended.out << ended.err;
    EXPECT_EQ(ended.signal, 0) << engine;
    EXPECT_THAT(ended.out, HasSubstr(c.out)) << engine;
    EXPECT_THAT(ended.err, HasSubstr(c.err)) << engine;
  }
}

class EveryGuest : public testing::TestWithParam<Case> {};
TEST_P(EveryGuest, EndsAsItShould) {
  run_as_it_should(GetParam(), {"cranelift", "winch", "pulley"});
}

class EveryComponent : public testing::TestWithParam<Case> {};
TEST_P(EveryComponent, EndsAsItShould) {
  run_as_it_should(GetParam(), {"cranelift"});
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  std::string name = info.param.guest;
  for (const char* ending : {".wasm", ".wat", ".component"}) {
    if (name.ends_with(ending)) name.resize(name.size() - std::string(ending).size());
  }
  for (const std::string& arg : info.param.args)
    name += "_" + arg;
  for (const std::string& option : info.param.options)
    name += "_" + option;
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Guests, EveryGuest, testing::ValuesIn(cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Guests, EveryComponent, testing::ValuesIn(components()), name_of);

TEST(Guests, NoneIsForgotten) {
  // These have tests of their own: language_test.cc, describe_test.cc, matrix_test.cc,
  // tasks_test.cc, models_test.cc, and tests/onnx_operators.
  const std::set<std::string> elsewhere = {"ask",
                                           "bench_text",
                                           "carry",
                                           "chat",
                                           "describe",
                                           "embed",
                                           "load_external_data",
                                           "magika",
                                           "notes",
                                           "onnx_operators",
                                           "respond",
                                           "vad",
                                           "wasmedge_bare",
                                           "wasmedge_classic"};
  std::set<std::string> known;
  for (const auto& list : {cases(), components()}) {
    for (const Case& c : list)
      known.insert(c.guest);
  }
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(NACRE_TEST_GUESTS)) {
    const auto extension = entry.path().extension();
    if (extension != ".wasm" && extension != ".wat") continue;
    const std::string file = entry.path().filename();
    if (elsewhere.contains(file.substr(0, file.find('.')))) continue;
    EXPECT_EQ(known.count(entry.path().filename()), 1u) << entry.path();
    ++found;
  }
  EXPECT_EQ(found, known.size());
}

}  // namespace
}  // namespace nacre::test
