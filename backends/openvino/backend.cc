// OpenVINO as a backend of Nacre: reads OpenVINO IR, ONNX, TensorFlow, TFLite and Paddle.
#include "check_ifs.h"
#include "check_loops.h"
#include "frontends.h"
#include "graph.h"
#include "guard_indices.h"
#include "messages.h"
#include "model_reader.h"
#include "read_clip.h"

#include "base/divisions.h"

#include <nacre/backend.h>
#include <openvino/core/version.hpp>
#include <openvino/runtime/core.hpp>
#include <openvino/runtime/properties.hpp>
#if __has_include(<openvino/core/log.hpp>)
#include <openvino/core/log.hpp>
#define NACRE_OPENVINO_HAS_LOG_CALLBACK
#endif

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::openvino {
namespace {

// OpenVINO's name of a device, and what a guest calls it.
struct Device {
  std::string_view prefix;
  ExecutionTarget target;
};
constexpr Device kDevices[] = {
    {"CPU", ExecutionTarget::kCpu}, {"GPU", ExecutionTarget::kGpu}, {"NPU", ExecutionTarget::kTpu}};

// The newest opset whose operators the ONNX reader of 2026.4 has conversions for by its own schemas
// (those of ONNX 1.21); the library has no call that tells.
constexpr int kNewestOpset = 26;
constexpr int kNewestOnnxIr = 13;

class OpenvinoBackend final : public Backend {
 public:
  [[nodiscard]] static Result<std::unique_ptr<OpenvinoBackend>> create(HostServices services) {
    try {
      return std::unique_ptr<OpenvinoBackend>(new OpenvinoBackend(services));
    } catch (const std::exception& e) {
      return fail(ErrorCode::kRuntimeError, "OpenVINO does not start: " + explain(e));
    }
  }
  ~OpenvinoBackend() override {
#ifdef NACRE_OPENVINO_HAS_LOG_CALLBACK
    ov::util::reset_log_callback();
#endif
  }

  [[nodiscard]] Result<std::vector<Property>> properties() override;
  [[nodiscard]] Result<std::vector<Property>> probe() override;
  [[nodiscard]] Result<std::unique_ptr<BackendGraph>> load(const ModelSource& source,
                                                           const LoadOptions& options) override;

 private:
  explicit OpenvinoBackend(HostServices services) : services_(services) {
    answer_divisions_in("libopenvino");
    read_loops_unrun(core_);
    core_.add_extension(clip_reader());
#ifdef NACRE_OPENVINO_HAS_LOG_CALLBACK
    // OpenVINO keeps a reference to the function, so it must outlive this object.
    static std::function<void(std::string_view)> to_host;
    to_host = [services](std::string_view text) { services.log(LogLevel::kInfo, explain(text)); };
    ov::util::set_log_callback(to_host);
#endif
  }

  [[nodiscard]] std::vector<std::string> available_devices();
  [[nodiscard]] std::string devices();
  [[nodiscard]] Result<std::string> device_for(ExecutionTarget target);
  [[nodiscard]] ov::AnyMap compile_properties(const LoadOptions& options, bool on_cpu,
                                              bool with_subgraphs) const;

  HostServices services_;
  ov::Core core_;
};

// OpenVINO opens every device plug-in to answer, which takes longer than reading a small model.
// Without a node in /dev none but the CPU can be there.
std::vector<std::string> OpenvinoBackend::available_devices() {
  for (const char* node : {"/dev/dri", "/dev/dxg", "/dev/accel"}) {
    std::error_code error;
    if (std::filesystem::exists(node, error)) return core_.get_available_devices();
  }
  return {"CPU"};
}

std::string OpenvinoBackend::devices() {
  std::string names;
  for (const std::string& available : available_devices()) {
    for (const Device& device : kDevices) {
      const std::string name(to_string(device.target));
      if (!available.starts_with(device.prefix) || names.find(name) != names.npos) continue;
      if (!names.empty()) names += ',';
      names += name;
    }
  }
  return names;
}

Result<std::string> OpenvinoBackend::device_for(ExecutionTarget target) {
  if (target == ExecutionTarget::kCpu || target == ExecutionTarget::kAuto) return "CPU";
  const auto* device = std::ranges::find(kDevices, target, &Device::target);
  const auto available = available_devices();
  const bool there =
      device != std::end(kDevices) && std::ranges::any_of(available, [&](const std::string& name) {
        return name.starts_with(device->prefix);
      });
  if (there) return std::string(device->prefix);
  return fail(ErrorCode::kUnsupportedOperation,
              "The target was to be " + std::string(to_string(target)) +
                  ", and the devices that OpenVINO finds here are: " + devices() + ".");
}

Result<std::vector<Property>> OpenvinoBackend::properties() {
  const ov::Version version = ov::get_openvino_version();
  // "2026.4.1-22982-e213a147257-releases/2026/4": the first part is what people know.
  const std::string build = version.buildNumber;
  return std::vector<Property>{
      {"vendor", "OpenVINO"},
      {"vendor.version", build.substr(0, build.find('-'))},
      {"build", build},
      {"encodings", "openvino,onnx,tensorflow,tensorflowlite,paddle"},
      {"devices", devices()},
      {"element_types", "f16,f32,f64,bf16,u8,i8,i16,u16,i32,u32,i64,u64,bool"},
      {"loads", "bytes,path"},
      {"cancel", "yes"},
      {"threads.default", std::to_string(services_.thread_budget())},
      {"limits.rank", std::to_string(kMaxRank)},
      // Its ONNX reader takes newer ones without a word, as if they were the newest it knows.
      {"onnx.opset", "1-" + std::to_string(kNewestOpset)},
      {"onnx.ir_version", "1-" + std::to_string(kNewestOnnxIr)},
      // Without a bias, which is optional, its ONNX reader ends the process.
      {"onnx.needs", "com.microsoft.Attention=3"},
  };
}

Result<std::vector<Property>> OpenvinoBackend::probe() {
  std::vector<Property> all;
  if (const auto versions = ir_versions()) {
    all.push_back({"openvino.ir_version",
                   std::to_string(versions->first) + "-" + std::to_string(versions->second)});
  }
  return all;
}

ov::AnyMap OpenvinoBackend::compile_properties(const LoadOptions& options, bool on_cpu,
                                               bool with_subgraphs) const {
  const std::uint32_t streams = std::max(options.streams, 1u);
  ov::AnyMap properties{ov::num_streams(static_cast<std::int32_t>(streams))};
  if (options.precision == Precision::kModel) {
    // By default f32 models are computed in bf16 where the processor has it.
    properties.emplace(ov::hint::execution_mode(ov::hint::ExecutionMode::ACCURACY));
  }
  if (on_cpu) {
    // OpenVINO counts the threads of all streams together.
    const std::uint32_t threads = options.threads != 0
                                      ? options.threads * streams
                                      : std::max(services_.thread_budget(), streams);
    properties.emplace(ov::inference_num_threads(static_cast<std::int32_t>(threads)));
    // No stream is one thread, the caller's. The one thread of one stream is another, and infer()
    // has a short way to it that loses exceptions, so that the output is whatever the memory held,
    // and that no cancel reaches. A model with subgraphs must not keep its caller: see Where.
    if (threads == 1 && !with_subgraphs) properties[ov::num_streams.name()] = ov::streams::Num(0);
  }
  return properties;
}

Result<std::unique_ptr<BackendGraph>> OpenvinoBackend::load(const ModelSource& source,
                                                            const LoadOptions& options) {
  constexpr GraphEncoding kEncodings[] = {GraphEncoding::kOpenvino, GraphEncoding::kOnnx,
                                          GraphEncoding::kTensorflow,
                                          GraphEncoding::kTensorflowlite, GraphEncoding::kPaddle};
  if (std::ranges::find(kEncodings, options.encoding) == std::end(kEncodings)) {
    return fail(ErrorCode::kInvalidEncoding,
                "This backend reads openvino (IR), onnx, tensorflow, tensorflowlite and paddle; "
                "the encoding given is " +
                    std::string(to_string(options.encoding)) + ".");
  }
  if (!options.options.empty()) {
    return fail(ErrorCode::kInvalidArgument, "The openvino backend has no option '" +
                                                 options.options.front().key +
                                                 "'; it takes threads, streams and precision.");
  }
  const auto device = device_for(options.target);
  if (!device) return std::unexpected(device.error());
  const bool on_cpu = *device == "CPU";

  auto model = read_model(core_, source, options.encoding);
  if (!model) return std::unexpected(std::move(model.error()));
  try {
    if (auto checked = check_types(**model); !checked) {
      return std::unexpected(std::move(checked.error()));
    }
    if (auto checked = check_loops(**model); !checked) {
      return std::unexpected(std::move(checked.error()));
    }
    if (auto checked = check_ifs(**model); !checked) {
      return std::unexpected(std::move(checked.error()));
    }
    const bool with_subgraphs = has_subgraphs(**model);
    if (with_subgraphs) {  // its loops may run again from here: see read_loops_unrun()
      *model = (*model)->clone();
      (*model)->validate_nodes_and_infer_types();
    }
    if (on_cpu) {
      if (auto guarded = guard_indices(**model); !guarded) {
        return std::unexpected(std::move(guarded.error()));
      }
    }
    auto description = describe_model(**model, on_cpu);
    if (!description) return std::unexpected(std::move(description.error()));
    auto compiled =
        core_.compile_model(*model, *device, compile_properties(options, on_cpu, with_subgraphs));
    return std::make_unique<OpenvinoGraph>(std::move(compiled), std::move(*description), on_cpu,
                                           with_subgraphs);
  } catch (const std::exception& e) {
    return fail(ErrorCode::kRuntimeError,
                "OpenVINO cannot prepare the model for the device: " + explain(e));
  }
}

}  // namespace
}  // namespace nacre::openvino

NACRE_EXPORT_BACKEND(nacre::openvino::OpenvinoBackend);
