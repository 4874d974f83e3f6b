#include "graph.h"

#include <onnxruntime_session_options_config_keys.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "context.h"
#include "element_types.h"

namespace nacre::onnxruntime {
namespace {

constexpr std::string_view kDescribing = "ONNX Runtime does not describe the model";

/// `threads` 0: those that all sessions share.
Result<SessionOptions> session_options(const LoadOptions& load, std::uint32_t threads) {
  const OrtApi& api = ort();
  constexpr auto kCode = ErrorCode::kRuntimeError;
  constexpr std::string_view kDoing = "ONNX Runtime does not take its options";
  OrtSessionOptions* made = nullptr;
  auto done = check(api.CreateSessionOptions(&made), kCode, kDoing);
  SessionOptions options(made);
  const auto set = [&](const char* key, const char* value) {
    if (done) done = check(api.AddSessionConfigEntry(made, key, value), kCode, kDoing);
  };
  if (done) {
    done = check(api.SetSessionGraphOptimizationLevel(made, ORT_ENABLE_ALL), kCode, kDoing);
  }
  // Its own format would otherwise be recognised among any bytes, past the checks made for ONNX.
  set(kOrtSessionOptionsConfigLoadModelFormat, "ONNX");
  if (load.precision == Precision::kFast) {
    set(kOrtSessionOptionsEnableGeluApproximation, "1");
  }
  if (done && threads == 0) {
    done = check(api.DisablePerSessionThreads(made), kCode, kDoing);
  } else if (done) {
    done = check(api.SetIntraOpNumThreads(made, static_cast<int>(threads)), kCode, kDoing);
    if (done) done = check(api.SetInterOpNumThreads(made, 1), kCode, kDoing);
  }
  if (!done) return std::unexpected(std::move(done.error()));
  return options;
}

// What the library says of models from its future, said again with both numbers and a way out.
std::string sentence_for(std::string_view text) {
  const std::string library = "ONNX Runtime " + std::string(library_version());
  const auto sentence = [&](std::string_view what, int wanted, int supported) {
    return "The model wants ONNX " + std::string(what) + " " + std::to_string(wanted) + "; " +
           library + " supports up to " + std::to_string(supported) +
           ". Convert the model to that version, or use a newer ONNX Runtime.";
  };
  const auto ir = number_after(text, "Unsupported model IR version: ");
  const auto max_ir = number_after(text, "max supported IR version: ");
  if (ir && max_ir) return sentence("IR version", *ir, *max_ir);
  const auto opset = number_after(text, "Opset ");
  constexpr std::string_view kTill = "Current official support for domain ";
  if (const std::size_t at = text.find(kTill); opset && at != text.npos) {
    std::string_view domain = text.substr(at + kTill.size());
    const auto max_opset = number_after(domain, " is till opset ");
    domain = domain.substr(0, domain.find(' '));
    if (max_opset) return sentence("opset (" + std::string(domain) + ")", *opset, *max_opset);
  }
  // By path it says which file; the caller knows.
  constexpr std::string_view kFailed = " failed:";
  if (const std::size_t at = text.find(kFailed);
      text.starts_with("Load model from ") && at != text.npos) {
    text.remove_prefix(at + kFailed.size());
  }
  return library + " does not load the model: " + explain(text);
}

std::unexpected<Error> load_error(OrtStatus* status) {
  const Status owned(status);
  const std::string_view text = ort().GetErrorMessage(status);
  ErrorCode code = ErrorCode::kRuntimeError;
  switch (ort().GetErrorCode(status)) {
    case ORT_INVALID_PROTOBUF:
    case ORT_INVALID_GRAPH:
    case ORT_NO_MODEL:
    case ORT_INVALID_ARGUMENT:
      code = ErrorCode::kInvalidEncoding;
      break;
    case ORT_NO_SUCHFILE:
      code = ErrorCode::kModelNotFound;
      break;
    case ORT_NOT_IMPLEMENTED:
      code = ErrorCode::kUnsupportedOperation;
      break;
    case ORT_FAIL:  // among others, a version or an operator that it does not know
      code = ErrorCode::kInvalidEncoding;
      break;
    default:
      break;
  }
  return fail(code, sentence_for(text));
}

std::string_view kind_name(ONNXType kind) noexcept {
  switch (kind) {
    case ONNX_TYPE_SEQUENCE:
      return "a sequence";
    case ONNX_TYPE_MAP:
      return "a map";
    case ONNX_TYPE_OPTIONAL:
      return "an optional value";
    case ONNX_TYPE_SPARSETENSOR:
      return "a sparse tensor";
    case ONNX_TYPE_OPAQUE:
      return "an opaque value";
    default:
      return "of an unknown kind";
  }
}

Result<TensorDescription> describe_tensor(OrtTypeInfo* type_info, std::string_view direction,
                                          std::string name) {
  const OrtApi& api = ort();
  constexpr auto kCode = ErrorCode::kRuntimeError;
  const auto refuse = [&](std::string_view what) {
    return fail(ErrorCode::kUnsupportedOperation,
                "The model's " + std::string(direction) + " '" + name + "' is " +
                    std::string(what) + "; guests can only pass tensors of " + all_element_types() +
                    " with at most " + std::to_string(kMaxRank) + " dimensions.");
  };
  ONNXType kind = ONNX_TYPE_UNKNOWN;
  auto done = check(api.GetOnnxTypeFromTypeInfo(type_info, &kind), kCode, kDescribing);
  if (!done) return std::unexpected(std::move(done.error()));
  if (kind != ONNX_TYPE_TENSOR) {
    const bool maps = kind == ONNX_TYPE_SEQUENCE && direction == "output";
    return refuse(std::string(kind_name(kind)) +
                  (maps ? " (scikit-learn's exporter gives a tensor with zipmap=False)" : ""));
  }

  const OrtTensorTypeAndShapeInfo* info = nullptr;
  ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  std::size_t rank = 0;
  std::array<std::int64_t, kMaxRank> dims{};
  done = check(api.CastTypeInfoToTensorInfo(type_info, &info), kCode, kDescribing);
  if (done) done = check(api.GetTensorElementType(info, &element), kCode, kDescribing);
  if (done) done = check(api.GetDimensionsCount(info, &rank), kCode, kDescribing);
  if (!done) return std::unexpected(std::move(done.error()));
  const TensorType type = to_tensor_type(element);
  if (type == TensorType::kUnknown) {
    return refuse("a tensor of ONNX's type " + std::string(onnx_name(element)));
  }
  if (rank > kMaxRank) return refuse("a tensor of " + std::to_string(rank) + " dimensions");

  TensorDescription description{
      .name = std::move(name), .type = type, .shape = std::nullopt, .note = {}};
  if (api.TensorTypeAndShape_HasShape(info)) {
    done = check(api.GetDimensions(info, dims.data(), rank), kCode, kDescribing);
    if (!done) return std::unexpected(std::move(done.error()));
    for (std::int64_t& dim : dims)
      dim = dim < 0 ? -1 : dim;
    description.shape = Shape(std::span<const std::int64_t>(dims.data(), rank));
  }
  return description;
}

Result<std::vector<TensorDescription>> describe_all(
    const OrtSession* session, std::string_view direction,
    OrtStatus*(ORT_API_CALL* count_of)(const OrtSession*, std::size_t*) noexcept,
    OrtStatus*(ORT_API_CALL* name_of)(const OrtSession*, std::size_t, OrtAllocator*,
                                      char**) noexcept,
    OrtStatus*(ORT_API_CALL* type_of)(const OrtSession*, std::size_t, OrtTypeInfo**) noexcept) {
  constexpr auto kCode = ErrorCode::kRuntimeError;
  std::vector<TensorDescription> all;
  OrtAllocator* allocator = nullptr;
  std::size_t count = 0;
  auto done = check(ort().GetAllocatorWithDefaultOptions(&allocator), kCode, kDescribing);
  if (done) done = check(count_of(session, &count), kCode, kDescribing);
  for (std::size_t i = 0; done && i < count; ++i) {
    char* name = nullptr;
    OrtTypeInfo* type = nullptr;
    done = check(name_of(session, i, allocator, &name), kCode, kDescribing);
    const auto give_back = [allocator](char* p) noexcept { allocator->Free(allocator, p); };
    const std::unique_ptr<char, decltype(give_back)> owned_name(name, give_back);
    if (done) done = check(type_of(session, i, &type), kCode, kDescribing);
    const TypeInfo owned_type(type);
    if (!done) break;
    auto description = describe_tensor(type, direction, name);
    if (!description) return std::unexpected(std::move(description.error()));
    all.push_back(std::move(*description));
  }
  if (!done) return std::unexpected(std::move(done.error()));
  return all;
}

/// What ONNX Runtime tells of a model beside its tensors; a call that fails leaves its key out.
std::vector<Property> describe_model(const OrtSession* session) {
  const OrtApi& api = ort();
  std::vector<Property> properties;
  std::string opsets;
  for (const auto& [domain, prefix] : {std::pair{"", ""}, {"ai.onnx.ml", "ai.onnx.ml:"}}) {
    int version = 0;
    const OrtModelEditorApi* editor = api.GetModelEditorApi();  // null in reduced builds
    if (editor == nullptr) break;
    const Status failed(editor->SessionGetOpsetForDomain(session, domain, &version));
    if (failed) continue;
    if (!opsets.empty()) opsets += ',';
    opsets += prefix + std::to_string(version);
  }
  if (!opsets.empty()) properties.push_back({"opset", opsets});

  OrtModelMetadata* metadata = nullptr;
  OrtAllocator* allocator = nullptr;
  if (Status(api.SessionGetModelMetadata(session, &metadata))) return properties;
  const Metadata owned(metadata);
  if (Status(api.GetAllocatorWithDefaultOptions(&allocator))) return properties;
  char* producer = nullptr;
  if (Status(api.ModelMetadataGetProducerName(metadata, allocator, &producer))) return properties;
  if (*producer != '\0') properties.push_back({"producer", explain(std::string_view(producer))});
  allocator->Free(allocator, producer);
  return properties;
}

Result<void> check_options(const LoadOptions& options) {
  if (options.target == ExecutionTarget::kGpu || options.target == ExecutionTarget::kTpu) {
    return fail(ErrorCode::kUnsupportedOperation,
                "There is no " + std::string(to_string(options.target)) +
                    " for the onnxruntime backend; the devices here are: cpu.");
  }
  if (options.encoding != GraphEncoding::kOnnx) {
    return fail(ErrorCode::kInvalidEncoding, "The onnxruntime backend reads onnx; it was given " +
                                                 std::string(to_string(options.encoding)) + ".");
  }
  if (!options.options.empty()) {
    return fail(ErrorCode::kInvalidArgument, "The onnxruntime backend has no option '" +
                                                 options.options.front().key +
                                                 "'; it takes threads, streams and precision.");
  }
  if (!options.config.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "The onnxruntime backend takes no configuration text; it was given " +
                    std::to_string(options.config.size()) + " bytes.");
  }
  constexpr std::uint32_t kMostThreads = 1024;
  if (options.threads > kMostThreads) {
    return fail(ErrorCode::kInvalidArgument, "threads=" + std::to_string(options.threads) +
                                                 " is more than the " +
                                                 std::to_string(kMostThreads) + " there may be.");
  }
  return {};
}

/// What the library says where the environment has no threads for sessions to share.
constexpr std::string_view kNoPool = "per session threadpools";

Result<Session> make_session(Runtime& runtime, const ModelSource& source, const LoadOptions& load) {
  for (;;) {
    const bool shared = load.threads == 0 && !runtime.without_pool;
    const std::uint32_t threads = load.threads == 0 ? runtime.host.thread_budget() : load.threads;
    const auto options = session_options(load, shared ? 0 : threads);
    if (!options) return std::unexpected(options.error());
    OrtSession* session = nullptr;
    OrtStatus* const status =
        source.parts.empty()
            ? ort().CreateSession(runtime.env.get(), source.paths[0].c_str(), options->get(),
                                  &session)
            : ort().CreateSessionFromArray(runtime.env.get(), source.parts[0].data(),
                                           source.parts[0].size(), options->get(), &session);
    if (status == nullptr) return Session(session);
    if (!shared ||
        std::string_view(ort().GetErrorMessage(status)).find(kNoPool) == std::string_view::npos) {
      return load_error(status);
    }
    const Status owned(status);
    if (runtime.without_pool.exchange(true)) continue;
    runtime.host.log(LogLevel::kInfo,
                     "The process had an ONNX Runtime environment of its own before Nacre's, "
                     "without threads for all sessions; each model has threads of its own, " +
                         std::to_string(threads) + " unless threads= says another number.");
  }
}

}  // namespace

Result<std::unique_ptr<BackendGraph>> OnnxruntimeGraph::load(std::shared_ptr<Runtime> runtime,
                                                             const ModelSource& source,
                                                             const LoadOptions& load) {
  if (auto fine = check_options(load); !fine) return std::unexpected(std::move(fine.error()));
  const std::size_t parts = source.parts.size() + source.paths.size();
  if (parts != 1) {
    return fail(ErrorCode::kInvalidEncoding,
                "An ONNX model is one part; " + std::to_string(parts) + " were given.");
  }
  if (!source.parts.empty() &&
      (source.parts[0].empty() || source.parts[0].size() > kMaxModelBytes)) {
    return fail(ErrorCode::kInvalidEncoding,
                "An ONNX model has between 1 byte and 2 GiB; this one has " +
                    std::to_string(source.parts[0].size()) + " bytes.");
  }
  auto made = make_session(*runtime, source, load);
  if (!made) return std::unexpected(std::move(made.error()));
  OrtSession* const session = made->get();

  auto model = std::make_shared<Model>();
  model->runtime = std::move(runtime);
  model->session = std::move(*made);
  const OrtApi& api = ort();
  auto inputs = describe_all(session, "input", api.SessionGetInputCount, api.SessionGetInputName,
                             api.SessionGetInputTypeInfo);
  if (!inputs) return std::unexpected(std::move(inputs.error()));
  auto outputs = describe_all(session, "output", api.SessionGetOutputCount,
                              api.SessionGetOutputName, api.SessionGetOutputTypeInfo);
  if (!outputs) return std::unexpected(std::move(outputs.error()));
  model->description.inputs = std::move(*inputs);
  model->description.outputs = std::move(*outputs);
  model->description.properties = describe_model(session);
  for (const auto& d : model->description.inputs)
    model->input_names.push_back(d.name.c_str());
  for (const auto& d : model->description.outputs)
    model->output_names.push_back(d.name.c_str());
  return std::make_unique<OnnxruntimeGraph>(std::move(model));
}

Result<std::unique_ptr<BackendContext>> OnnxruntimeGraph::create_context() {
  return OnnxruntimeContext::create(model_);
}

}  // namespace nacre::onnxruntime
