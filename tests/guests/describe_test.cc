// The guest `describe`, as a core module and as a component of each version: what it is told is
// what the C++ API says.
#include <nacre/host.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/process.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Ran {
  int exit_code = -1;
  std::string out;
  std::string err;
};

Ran run(Host& host, const std::string& file, std::vector<std::string> args,
        GuestOptions options = {}) {
  Ran ran;
  const auto into = [](std::string& text) {
    return [&text](std::span<const std::byte> bytes) {
      text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
  };
  options.path = guest(file);
  options.args = std::move(args);
  options.stdout_sink = into(ran.out);
  options.stderr_sink = into(ran.err);
  const auto outcome = host.run(options);
  EXPECT_TRUE(outcome) << outcome.error().message;
  if (outcome) ran.exit_code = outcome->exit_code;
  return ran;
}

std::string text_of(const std::optional<Shape>& shape) {
  return shape ? to_string(*shape) : "unknown";
}

/// The lines that the guest prints of a graph, made of what the C++ API says.
std::string lines_of(std::string_view name, const Graph& graph, GuestAbi abi) {
  const GraphDescription& description = graph.description();
  std::string text =
      "model " + std::string(name) + ": " + std::string(to_string(graph.encoding())) + " on " +
      std::string(graph.backend()) + ", " + std::string(to_string(graph.target())) + "\n";
  const auto put = [&](const std::string& kind, const std::vector<TensorDescription>& tensors,
                       bool known) {
    if (!known) text += "  " + kind + "s: unknown\n";
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const TensorDescription& t = tensors[i];
      text += "  " + kind + " " + std::to_string(i) + " \"" + t.name + "\" " +
              std::string(to_string(t.type)) + " " + text_of(t.shape);
      if (const auto carrier = carrier_of(t, abi); carrier && carrier->shape) {
        text += " as u8 " + text_of(carrier->shape);
      }
      if (!t.layout.empty()) text += " layout " + t.layout;
      if (!t.note.empty()) text += " (" + t.note + ")";
      text += "\n";
    }
  };
  put("input", description.inputs, description.inputs_known);
  put("output", description.outputs, description.outputs_known);
  for (const auto& [key, value] : description.properties)
    text += "  " + key + ": " + value + "\n";
  return text;
}

class Describe : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    write_text(dir_ / "all.echo",
               "nacre-echo v1\ninput image f32 ?,3,224,224\ninput ids u64 2,?\ninput flag bool "
               "scalar\ninput words string 3\ninput half bf16 4\ninput any i16 any\n"
               "input what unknown any\n");
    HostOptions options;
    options.backend_dirs = {NACRE_TEST_BINARY_DIR "/backends"};
    options.models = {*parse_model_spec("all=" + (dir_ / "all.echo")),
                      *parse_model_spec("plain=@echo"), *parse_model_spec("hidden=@echo")};
    for (const std::string& backend : vendors()) {
      for (const std::string model : {"many", "identity_u64", "identity_bool"}) {
        options.models.push_back(*parse_model_spec(model + "_" + backend +
                                                   "=" NACRE_TEST_SOURCE_DIR "/tests/data/onnx/" +
                                                   model + ".onnx,backend=" + backend));
      }
    }
    auto host = Host::create(std::move(options));
    ASSERT_TRUE(host) << host.error().message;
    host_ = *std::move(host);
  }

  /// Those of this build that read ONNX.
  static std::vector<std::string> vendors() {
    std::vector<std::string> names;
    for (const std::string name : {"onnxruntime", "openvino"}) {
      const std::string list = "," NACRE_TEST_BACKENDS ",";
      if (list.find("," + name + ",") != std::string::npos) names.push_back(name);
    }
    return names;
  }
  static std::string file() { return "describe" + GetParam(); }
  static GuestAbi abi() {
    return GetParam() == ".wasm" ? GuestAbi::kCoreModule : GuestAbi::kComponent;
  }

  ScratchDir dir_;
  std::unique_ptr<Host> host_;
};

TEST_P(Describe, EveryModelAsTheCppApiSaysIt) {
  for (const std::string& name : host_->models().names()) {
    const auto graph = host_->models().open(name);
    ASSERT_TRUE(graph) << graph.error().message;
    const Ran ran = run(*host_, file(), {name});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(ran.out, lines_of(name, **graph, abi()));
  }
}

TEST_P(Describe, ShowsCarriersAndWhatIsUnknown) {
  const std::string out = run(*host_, file(), {"all"}).out;
  EXPECT_THAT(out, HasSubstr("\"image\" f32 [?,3,224,224]\n"));
  EXPECT_THAT(out, HasSubstr("\"ids\" u64 [2,?] as u8 [2,?,8]\n"));
  EXPECT_THAT(out, HasSubstr("\"flag\" bool [] as u8 []\n"));
  EXPECT_THAT(out, HasSubstr("\"words\" string [3] as u8 [?]\n"));
  EXPECT_THAT(out, HasSubstr(abi() == GuestAbi::kCoreModule ? "\"half\" bf16 [4] as u8 [4,2]\n"
                                                            : "\"half\" bf16 [4]\n"));
  EXPECT_THAT(out, HasSubstr("\"any\" i16 unknown\n"));
  EXPECT_THAT(out, HasSubstr("\"what\" unknown unknown\n"));
}

TEST_P(Describe, EveryBackendAsTheCppApiSaysIt) {
  const Ran ran = run(*host_, file(), {});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  std::size_t seen = 0;
  for (const BackendInfo& info : host_->backends()) {
    const std::string head = "backend " + info.name + "\n";
    if (!info.available) {
      EXPECT_THAT(ran.out, Not(HasSubstr(head + "  vendor")));
      continue;
    }
    ++seen;
    std::string lines = head;
    for (const auto& [key, value] : info.properties)
      lines += "  " + key + ": " + value + "\n";
    EXPECT_THAT(ran.out, HasSubstr(lines + "  guest.loads: bytes,name\n"));
  }
  EXPECT_GE(seen, 1 + vendors().size());
}

TEST_P(Describe, ShowsTheGuestsOwnLimits) {
  const Ran ran = run(*host_, file(), {},
                      {.limits = {.max_graphs = 3, .max_tensor_bytes = 777}, .models_only = true});
  EXPECT_THAT(ran.out, HasSubstr("  guest.loads: name\n  guest.limits.graphs: 3\n"));
  EXPECT_THAT(ran.out, HasSubstr("  guest.limits.tensor_bytes: 777\n"));
}

TEST_P(Describe, AModelThatIsNotGrantedIsNotThere) {
  const GuestOptions granted{.models = std::vector<std::string>{"plain"}};
  EXPECT_EQ(run(*host_, file(), {"plain"}, granted).exit_code, 0);
  const Ran hidden = run(*host_, file(), {"hidden"}, granted);
  EXPECT_EQ(hidden.exit_code, 1);
  Ran absent = run(*host_, file(), {"absent"}, granted);
  EXPECT_EQ(absent.exit_code, 1);
  EXPECT_EQ(hidden.out, "");
  for (std::size_t at = 0; (at = absent.err.find("absent", at)) != std::string::npos;)
    absent.err.replace(at, 6, "hidden");
  EXPECT_EQ(hidden.err, absent.err);
  EXPECT_THAT(hidden.err, HasSubstr("hidden"));
}

// What it imports is offered, so that `nacre inspect` says that it runs.
TEST_P(Describe, ItsImportsAreOffered) {
  const auto description = host_->describe({.path = guest(file())});
  ASSERT_TRUE(description) << description.error().message;
  EXPECT_EQ(description->refusal, "");
  const auto ours = [](const GuestImport& import) { return import.interface.starts_with("nacre"); };
  EXPECT_GE(std::ranges::count_if(description->imports, ours), 4);
  for (const GuestImport& import : description->imports)
    EXPECT_TRUE(import.offered) << import.interface << " " << import.name;
}

INSTANTIATE_TEST_SUITE_P(Abis, Describe,
                         testing::Values(".wasm", ".component.wasm", ".2024-08-19.component.wasm",
                                         ".2024-06-25.component.wasm"),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::ranges::replace_if(
                               name, [](char c) { return c == '.' || c == '-'; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace nacre::test
