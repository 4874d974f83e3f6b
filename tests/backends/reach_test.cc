// Models of every format that try to reach a file, a network address or a library of operators, by
// every place in the format where a text may stand. Each is loaded and computed in a child process
// that ends when it opens a connection, beside a folder that tells when anybody looks into it.
// What libtorch's and TensorFlow's operators can do with files is in torch/hostile_test.cc and
// openvino/tensorflow_test.cc.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/model_bytes.h"
#include "core/zip_file.h"
#include "onnx_model.h"
#include "tensors.h"
#include "tf_graph.h"
#include "tflite_models.h"

namespace nacre::test {
namespace {

namespace fs = std::filesystem;
using Parts = std::vector<std::string>;

/// From here on the process ends by SIGSYS when it makes a socket of the Internet's.
void end_at_the_network() {
  constexpr auto at = [](std::size_t field) { return static_cast<std::uint32_t>(field); };
  std::array<sock_filter, 7> filter = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at(offsetof(seccomp_data, nr))),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at(offsetof(seccomp_data, args))),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  }};
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    _exit(4);
  }
}

/// How a child ended that did this; 0 when it came to its end.
int in_child(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    end_at_the_network();
    alarm(120);
    work();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

class Secret {
 public:
  Secret() {
    fs::create_directories(folder_);
    std::ofstream(file()) << "not for models\n";
    inotify_add_watch(descriptor_, folder_.c_str(), IN_OPEN | IN_ACCESS | IN_CREATE | IN_MODIFY);
  }
  ~Secret() {
    close(descriptor_);
    fs::remove_all(folder_);
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  [[nodiscard]] std::string file() const { return (folder_ / "libsecret.so").string(); }
  [[nodiscard]] bool touched() const {
    std::array<char, 4096> events;
    return read(descriptor_, events.data(), events.size()) > 0;
  }

 private:
  const fs::path folder_ =
      fs::temp_directory_path() / ("nacre-reach-" + std::to_string(::getpid()));
  const int descriptor_ = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
};

/// y = the operator of x, with `where` in every text that there is.
std::string onnx_with(const std::string& domain, const std::string& op, const std::string& where) {
  OnnxNode node{.op = op, .inputs = {"x"}, .outputs = {"y"}, .domain = domain, .note = where};
  if (!domain.empty()) {
    for (const char* name : {"ep_cache_context", "ep_sdk_version", "partition_name", "library",
                             "path", "filename", "model", "notes"}) {
      node.attributes.push_back(onnx_text(name, where));
    }
    node.attributes.push_back(onnx_text("source", "OpenVINOExecutionProvider"));
    node.attributes.push_back(onnx_number("embed_mode", 0));
    node.attributes.push_back(onnx_number("main_context", 1));
  }
  std::string more = pb_bytes(2, where) + pb_bytes(4, where) + pb_bytes(6, where) +
                     pb_bytes(8, pb_bytes(1, domain.empty() ? "custom" : domain) + pb_number(2, 1));
  for (const char* key : {"session.register_custom_ops_library", "custom_ops_library",
                          "external_data", "location", "ep.context_file_path"}) {
    more += pb_bytes(14, pb_bytes(1, key) + pb_bytes(2, where));
  }
  // What a runtime takes for its own settings where an environment variable says so.
  more += pb_bytes(
      14, pb_bytes(1, "ort_config") + pb_bytes(2, R"({"session_options": {"enable_profiling": 1,)"
                                                  R"( "profile_file_prefix": ")" +
                                                      where + "\"}}"));
  return onnx_model({node.bytes()}, {onnx_value("x", kOnnxFloat, {1})},
                    {onnx_value("y", kOnnxFloat, {1})}, where, more);
}

std::string ir_with(const std::string& type, const std::string& where) {
  return R"(<?xml version="1.0"?><net name=")" + where + R"(" version="11" weights=")" + where +
         R"(" library=")" + where + R"("><layers><layer id="0" name="x" type="Parameter" )" +
         R"(version="opset1"><data shape="4" element_type="f32" path=")" + where +
         R"("/><output><port id="0" precision="FP32" names="x"><dim>4</dim></port></output>)" +
         R"(</layer><layer id="1" name=")" + where + R"(" type=")" + type +
         R"(" version="opset1" library=")" + where + R"("><data path=")" + where +
         R"(" filename=")" + where + R"(" variable_id=")" + where + R"("/><input><port id="0" )" +
         R"(precision="FP32"><dim>4</dim></port></input><output><port id="1" precision="FP32">)" +
         R"(<dim>4</dim></port></output></layer><layer id="2" name="y" type="Result" )" +
         R"(version="opset1"><input><port id="0" precision="FP32"><dim>4</dim></port></input>)" +
         R"(</layer></layers><edges><edge from-layer="0" from-port="0" to-layer="1" to-port="0"/>)" +
         R"(<edge from-layer="1" from-port="1" to-layer="2" to-port="0"/></edges><rt_info>)" +
         R"(<weights_path value=")" + where + R"("/><model_path value=")" + where +
         R"("/><extension value=")" + where + R"("/></rt_info></net>)";
}

/// A variable of that name is made, or an operator of that name is called.
std::string tflite_with(bool variable, const std::string& where) {
  TfliteModel model = tflite_twice();
  TfliteSubgraph& graph = model.subgraphs[0];
  for (TfliteTensor& tensor : graph.tensors)
    tensor.name = where;
  model.min_runtime_version = where;
  if (variable) {
    model.codes.push_back({142});  // VAR_HANDLE
    graph.tensors.push_back({.name = where, .type = 13, .shape = {1}});
    graph.operators.push_back({.code = 1,
                               .inputs = {},
                               .outputs = {2},
                               .options_kind = 111,
                               .options = {{0, flat_bytes(where)}, {1, flat_bytes(where)}}});
  } else {
    model.codes.push_back({.code = kTfliteCustom, .custom = where});
    graph.tensors.push_back({.name = where, .shape = {2, 3}});
    graph.operators.push_back({.code = 1, .inputs = {0}, .outputs = {2}});
  }
  return model.bytes();
}

std::string gguf_with(const std::string& where) {
  std::string out = "GGUF";
  put32(out, 3);
  put64(out, 0);
  const std::vector<std::string> keys = {"general.name",         "general.url",
                                         "general.source.url",   "general.repo_url",
                                         "general.quantized_by", "tokenizer.chat_template",
                                         "tokenizer.ggml.model", "general.base_model.0.url",
                                         "general.lora.adapter", "general.file",
                                         "adapter.type"};
  put64(out, keys.size() + 3);
  const auto text = [&out](const std::string& words) {
    put64(out, words.size());
    out += words;
  };
  text("general.architecture");
  put32(out, 8);
  text("llama");
  // Of a model in several files it is the first.
  for (const auto& [key, number] : {std::pair("split.no", 0), std::pair("split.count", 2)}) {
    text(key);
    put32(out, 2);
    put16(out, static_cast<std::uint32_t>(number));
  }
  for (const std::string& key : keys) {
    text(key);
    put32(out, 8);
    text(where);
  }
  return out + std::string(64, '\0');
}

void try_it(const Parts& parts, GraphEncoding encoding) {
  auto graph = load_bytes(parts, encoding);
  if (!graph) return;
  std::vector<Plain> inputs;
  for (const TensorDescription& d : (*graph)->description().inputs) {
    std::vector<std::int64_t> dims;
    if (d.shape) dims.assign(d.shape->dims().begin(), d.shape->dims().end());
    for (std::int64_t& dim : dims)
      dim = std::max<std::int64_t>(dim, 1);
    inputs.push_back(noise(d.type == TensorType::kUnknown ? TensorType::kF32 : d.type, dims, 1));
  }
  static_cast<void>(compute(*graph, inputs));
}

struct Attempt {
  const char* name;
  GraphEncoding encoding;
  std::function<Parts(const std::string& where)> parts;
};
std::ostream& operator<<(std::ostream& out, const Attempt& attempt) {
  return out << attempt.name;
}

class Reach : public testing::TestWithParam<Attempt> {};

TEST(ReachItself, TheNetAndTheWatchAreThere) {
  const int status = in_child([] { static_cast<void>(socket(AF_INET, SOCK_STREAM, 0)); });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGSYS);
  EXPECT_EQ(in_child([] { static_cast<void>(socket(AF_UNIX, SOCK_STREAM, 0)); }), 0);
  const Secret secret;
  EXPECT_FALSE(secret.touched());
  EXPECT_EQ(in_child([&] { std::ifstream(secret.file()).get(); }), 0);
  EXPECT_TRUE(secret.touched());
}

TEST_P(Reach, NoFileNoNetworkAndNoLibrary) {
  const Secret secret;
  const std::string relative = fs::relative(secret.file()).string();
  for (const std::string& where :
       {secret.file(), relative, "file://" + secret.file(), std::string("http://127.0.0.1:9/model"),
        std::string("https://localhost/model"), std::string("//127.0.0.1/model"),
        std::string("s3://127.0.0.1/model")}) {
    const Parts parts = GetParam().parts(where);
    const int status = in_child([&] { try_it(parts, GetParam().encoding); });
    EXPECT_EQ(status, 0) << where
                         << (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS
                                 ? ": it opened a connection"
                                 : ": the process ended");
    EXPECT_FALSE(secret.touched()) << where;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, Reach,
    testing::Values(
        Attempt{"OnnxTexts", GraphEncoding::kOnnx,
                [](const std::string& where) { return Parts{onnx_with("", "Identity", where)}; }},
        Attempt{"OnnxContextOfAnotherRuntime", GraphEncoding::kOnnx,
                [](const std::string& where) {
                  return Parts{onnx_with("com.microsoft", "EPContext", where)};
                }},
        Attempt{"OnnxOwnOperator", GraphEncoding::kOnnx,
                [](const std::string& where) { return Parts{onnx_with(where, "Own", where)}; }},
        Attempt{"OnnxPython", GraphEncoding::kOnnx,
                [](const std::string& where) {
                  return Parts{onnx_with("ai.onnx.contrib", "PyOp", where)};
                }},
        Attempt{"IrTexts", GraphEncoding::kOpenvino,
                [](const std::string& where) { return Parts{ir_with("ReLU", where)}; }},
        Attempt{"IrOwnOperator", GraphEncoding::kOpenvino,
                [](const std::string& where) { return Parts{ir_with(where, where)}; }},
        Attempt{"IrVariable", GraphEncoding::kOpenvino,
                [](const std::string& where) { return Parts{ir_with("ReadValue", where)}; }},
        Attempt{"TfliteVariable", GraphEncoding::kTensorflowlite,
                [](const std::string& where) { return Parts{tflite_with(true, where)}; }},
        Attempt{"TfliteOwnOperator", GraphEncoding::kTensorflowlite,
                [](const std::string& where) { return Parts{tflite_with(false, where)}; }},
        Attempt{"TorchReadsAFile", GraphEncoding::kPytorch,
                [](const std::string& where) {
                  return Parts{forged(read_file(torch_path("identity")), ".py", "return x",
                                      "return ops.aten.from_file(\"" + where + "\", False, 4)")};
                }},
        Attempt{"TorchLibrary", GraphEncoding::kPytorch,
                [](const std::string& where) {
                  return Parts{forged(read_file(torch_path("identity")), ".py", "return x",
                                      "torch.ops.load_library(\"" + where + "\")\n    return x")};
                }},
        Attempt{"TorchPickle", GraphEncoding::kPytorch,
                [](const std::string& where) {
                  return Parts{with_entry(read_file(torch_path("identity")), "data.pkl",
                                          "cposix\nsystem\n(S'cat " + where + "'\ntR.")};
                }},
        Attempt{"TensorflowBytes", GraphEncoding::kTensorflow,
                [](const std::string& where) {
                  return Parts{tf_graph({tf_placeholder("x", {1, 3}),
                                         tf_constant("path", kTfString, {}, where),
                                         {"data", "ReadFile", {"path"}},
                                         tf_binary("sum", "AddV2", "x", "x")})};
                }},
        Attempt{"GgufTexts", GraphEncoding::kGgml,
                [](const std::string& where) { return Parts{gguf_with(where)}; }},
        Attempt{"EchoTexts", GraphEncoding::kEcho,
                [](const std::string& where) {
                  return Parts{"nacre-echo v1\ninput " + where + " f32 1\n"};
                }}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace nacre::test
