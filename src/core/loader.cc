#include "core/loader.h"

#include "base/checked_math.h"
#include "base/lower_case.h"
#include "base/mapped_file.h"
#include "core/gguf_walk.h"
#include "core/ir_walk.h"
#include "core/model_hashes.h"
#include "core/onnx_walk.h"
#include "core/paddle_walk.h"
#include "core/sniff.h"
#include "core/tflite_walk.h"
#include "core/torchscript_walk.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre {
namespace {

namespace fs = std::filesystem;
using Bytes = std::span<const std::byte>;

constexpr std::string_view kDefaultEcho = "nacre-echo v1\n";

// Whether `word` is one of the comma-separated words of a backend's property; "gpu.1" is a "gpu".
bool lists(std::string_view property, std::string_view word) {
  while (!property.empty()) {
    const auto comma = std::min(property.find(','), property.size());
    std::string entry = to_lower(property.substr(0, comma));
    property.remove_prefix(std::min(comma + 1, property.size()));
    std::erase(entry, ' ');
    if (entry.substr(0, entry.find('.')) == word) return true;
  }
  return false;
}

std::string_view what_is_wanted(GraphEncoding encoding) {
  switch (encoding) {
    case GraphEncoding::kOpenvino:
      return "an OpenVINO model is its XML and its weights";
    case GraphEncoding::kOnnx:
      return "an ONNX model is a protobuf with an IR version and a graph";
    case GraphEncoding::kTensorflow:
      return "a TensorFlow model is a frozen graph or a SavedModel";
    case GraphEncoding::kPytorch:
      return "a TorchScript model is a zip file with data.pkl, constants.pkl and code";
    case GraphEncoding::kTensorflowlite:
      return "a TFLite model is a flatbuffer marked TFL3";
    case GraphEncoding::kGgml:
      return "a GGUF model starts with GGUF";
    case GraphEncoding::kEcho:
      return "an echo model is text that starts with the line nacre-echo v1";
    case GraphEncoding::kPaddle:
      return "a Paddle model is a program (.pdmodel) and its parameters (.pdiparams)";
    case GraphEncoding::kAutodetect:
      break;
  }
  return "known: ONNX, OpenVINO (XML and weights), TensorFlow, TorchScript, TFLite, GGUF, Paddle";
}

std::unexpected<Error> not_a_model(GraphEncoding stated, std::optional<GraphEncoding> found) {
  if (found && stated != GraphEncoding::kAutodetect) {
    return fail(ErrorCode::kInvalidEncoding,
                fmt::format("the encoding {0} was stated, and the bytes are {1}; state {1}",
                            to_string(stated), to_string(*found)));
  }
  return fail(
      ErrorCode::kInvalidEncoding,
      fmt::format("the bytes are no {} that Nacre knows, or not all of one; {}",
                  stated == GraphEncoding::kAutodetect ? "model format"
                                                       : fmt::format("{} model", to_string(stated)),
                  what_is_wanted(stated)));
}

/// The format, decided from the bytes. ONNX bytes that the sniffer does not know are left to the
/// walk, which says better what is wrong with them.
Result<GraphEncoding> decide(GraphEncoding stated, std::optional<GraphEncoding> found) {
  if (stated == GraphEncoding::kAutodetect) {
    if (!found) return not_a_model(stated, found);
    return *found;
  }
  if (found == stated || (!found && stated == GraphEncoding::kOnnx)) return stated;
  return not_a_model(stated, found);
}

Result<void> check_target(const OpenBackend& backend, ExecutionTarget target) {
  if (target == ExecutionTarget::kAuto) return {};
  const std::string_view devices = backend.property("devices");
  if (lists(devices, to_string(target))) return {};
  return fail(ErrorCode::kUnsupportedOperation,
              fmt::format("the backend \"{}\" has no device {} here; it has: {}", backend.name,
                          to_string(target), devices.empty() ? "none" : devices));
}

Result<std::shared_ptr<const OpenBackend>> choose(BackendCatalog& catalog, std::string_view named,
                                                  GraphEncoding encoding, ExecutionTarget target) {
  auto backend = catalog.open(named.empty() ? catalog.default_backend(encoding) : named);
  if (!backend) {
    // "Not found" would be said of the model, and that is there.
    if (backend.error().code == ErrorCode::kNotFound) {
      backend.error().code = ErrorCode::kUnsupportedOperation;
    }
    return backend;
  }
  const std::string_view encodings = (*backend)->property("encodings");
  if (!lists(encodings, to_string(encoding))) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("the backend \"{}\" does not read {}; it reads: {}", (*backend)->name,
                            to_string(encoding), encodings));
  }
  if (auto ok = check_target(**backend, target); !ok) return std::unexpected(std::move(ok.error()));
  return backend;
}

/// What reads TFLite files where TensorFlow Lite's own library is missing.
constexpr std::string_view kTfliteInstead = "openvino";

/// Says of a TFLite model that came as bytes what would help.
Error without_tflite(Error error, GraphEncoding encoding) {
  if (encoding == GraphEncoding::kTensorflowlite &&
      error.code == ErrorCode::kUnsupportedOperation) {
    error.message += fmt::format(
        "; {} reads TFLite models too, but only files that the operator names", kTfliteInstead);
  }
  return error;
}

/// What an ONNX file says of its making, under the keys that backends use.
std::vector<Property> onnx_facts(Bytes model) {
  std::vector<Property> facts;
  const auto versions = onnx_versions(model);
  if (!versions) return facts;  // whoever loads it says what is wrong
  std::string opsets;
  for (const OnnxOpset& opset : versions->opsets) {
    if (!opsets.empty()) opsets += ',';
    const bool own = opset.domain.empty() || opset.domain == "ai.onnx";
    opsets +=
        own ? fmt::format("{}", opset.version) : fmt::format("{}:{}", opset.domain, opset.version);
  }
  if (!opsets.empty()) facts.push_back({"opset", std::move(opsets)});
  if (versions->ir_version) {
    facts.push_back({"ir_version", fmt::format("{}", *versions->ir_version)});
  }
  if (!versions->producer.empty()) facts.push_back({"producer", versions->producer});
  return facts;
}

/// The same of a TFLite file.
std::vector<Property> tflite_model_facts(Bytes model) {
  std::vector<Property> facts;
  const auto read = tflite_facts(model);
  if (!read) return facts;
  facts.push_back({"format_version", fmt::format("TFLite schema {}", read->schema_version)});
  if (!read->min_runtime_version.empty()) {
    facts.push_back({"min_runtime_version", read->min_runtime_version});
  }
  if (!read->custom_operators.empty()) {
    facts.push_back(
        {"custom_operators", fmt::format("{}", fmt::join(read->custom_operators, ","))});
  }
  return facts;
}

/// The same of a Paddle program.
std::vector<Property> paddle_facts(Bytes model) {
  const auto program = check_paddle(model);
  if (!program) return {};
  return {{"format_version", "Paddle " + paddle_version(*program)}};
}

/// The N of a property "1-N"; nullopt when there is none.
std::optional<std::int64_t> newest(std::string_view range) {
  const auto dash = range.find('-');
  if (dash == range.npos) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] =
      std::from_chars(range.data() + dash + 1, range.data() + range.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

/// Refuses a model of a newer ONNX than the backend says it reads. Some runtimes read such a model
/// without a word, as if it were of the newest that they know.
Result<void> check_onnx_versions(const OpenBackend& backend, Bytes model) {
  const auto versions = onnx_versions(model);
  if (!versions) return {};  // whoever loads it says what is wrong
  const auto check = [&](std::string_view what, std::int64_t wanted,
                         std::string_view key) -> Result<void> {
    const auto known = newest(backend.property(key));
    if (!known || wanted <= *known) return {};
    return fail(
        ErrorCode::kInvalidEncoding,
        fmt::format("the model wants ONNX {} {}; {} {} supports up to {}", what, wanted,
                    backend.property("vendor"), backend.property("vendor.version"), *known));
  };
  if (versions->ir_version) {
    auto ok = check("IR version", *versions->ir_version, "onnx.ir_version");
    if (!ok) return ok;
  }
  for (const OnnxOpset& opset : versions->opsets) {
    if (!opset.domain.empty() && opset.domain != "ai.onnx") continue;
    if (auto ok = check("opset (ai.onnx)", opset.version, "onnx.opset"); !ok) return ok;
  }
  return {};
}

/// A backend's graph whose inputs are called as in the model's file.
class RenamedGraph final : public BackendGraph {
 public:
  RenamedGraph(std::unique_ptr<BackendGraph> graph, std::vector<std::string> input_names)
      : graph_(std::move(graph)), input_names_(std::move(input_names)) {}

  GraphDescription describe() const override {
    GraphDescription description = graph_->describe();
    if (description.inputs.size() != input_names_.size()) return description;
    for (std::size_t i = 0; i < input_names_.size(); ++i) {
      description.inputs[i].name = input_names_[i];
    }
    return description;
  }
  Result<std::unique_ptr<BackendContext>> create_context() override {
    return graph_->create_context();
  }
  const void* ability(std::string_view name) noexcept override { return graph_->ability(name); }

 private:
  std::unique_ptr<BackendGraph> graph_;
  std::vector<std::string> input_names_;
};

Result<std::shared_ptr<Graph>> load_with(std::shared_ptr<const OpenBackend> backend,
                                         const ModelSource& source, const LoadOptions& options,
                                         std::vector<Property> facts = {},
                                         std::vector<std::string> input_names = {}) {
  const std::string_view loads = backend->property("loads");
  const bool by_bytes = !source.parts.empty();
  if (!lists(loads, by_bytes ? "bytes" : "path")) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("the backend \"{}\" reads models by {}, not by {}", backend->name,
                            loads, by_bytes ? "bytes" : "path"));
  }
  auto graph = backend->backend->load(source, options);
  if (!graph) return std::unexpected(std::move(graph.error()));
  if (!input_names.empty()) {
    graph = std::make_unique<RenamedGraph>(std::move(*graph), std::move(input_names));
  }
  std::string name = backend->name;
  auto keep = std::const_pointer_cast<OpenBackend>(std::move(backend));
  return Graph::create(std::move(*graph), std::move(name), options.encoding, options.target,
                       std::move(keep), std::move(facts));
}

Result<MappedFile> map_file(const std::string& path) {
  auto file = MappedFile::open(path);
  if (file) return std::move(*file);
  return cannot_read(path, file.error());
}

/// A model's files, opened: what they are, and in a backend's order.
struct OpenedFiles {
  std::vector<std::string> paths;
  std::vector<MappedFile> files;  // none for a folder
  std::optional<GraphEncoding> found;
  std::vector<std::string> beside;  // named with an ONNX model, as files that it keeps data in
};

/// Of two formats a model is two files, whose first has the format's mark. It comes to stand first,
/// and the second, where it is not named, is looked for beside it under the same name.
Result<void> open_second(OpenedFiles& opened, const char* extension) {
  if (opened.files.size() == 2 && sniff(opened.files[0].bytes()) != opened.found) {
    std::swap(opened.files[0], opened.files[1]);
    std::swap(opened.paths[0], opened.paths[1]);
  }
  if (opened.files.size() != 1) return {};
  const std::string second = fs::path(opened.paths[0]).replace_extension(extension).string();
  std::error_code error;
  if (second == opened.paths[0] || !fs::is_regular_file(second, error)) return {};
  auto file = map_file(second);
  if (!file) return std::unexpected(std::move(file.error()));
  opened.paths.push_back(second);
  opened.files.push_back(std::move(*file));
  return {};
}

Result<OpenedFiles> open_files(const ModelSpec& spec) {
  OpenedFiles opened{.paths = spec.paths, .files = {}, .found = std::nullopt, .beside = {}};
  std::error_code error;
  if (spec.paths.size() == 1 && fs::is_directory(spec.paths[0], error)) {
    const fs::path inside = fs::path(spec.paths[0]) / "saved_model.pb";
    auto file = map_file(inside.string());
    if (!file) {
      return fail(file.error().code, fmt::format("{} is a folder, and of folders only TensorFlow's "
                                                 "SavedModels are models: {}",
                                                 spec.paths[0], file.error().message));
    }
    opened.found = sniff(file->bytes());
    return opened;
  }
  for (const std::string& path : opened.paths) {
    auto file = map_file(path);
    if (!file) return std::unexpected(std::move(file.error()));
    opened.files.push_back(std::move(*file));
  }
  std::vector<Bytes> parts;
  parts.reserve(opened.files.size());
  for (const MappedFile& file : opened.files)
    parts.push_back(file.bytes());
  opened.found = sniff(parts);
  if (parts.size() > 1 && sniff(parts[0]) == GraphEncoding::kOnnx) {
    opened.found = GraphEncoding::kOnnx;
    opened.beside.assign(opened.paths.begin() + 1, opened.paths.end());
    opened.paths.resize(1);
    opened.files.resize(1);
  }
  // Models without weights have no second file.
  const bool is_ir = opened.found == GraphEncoding::kOpenvino;
  if (is_ir || opened.found == GraphEncoding::kPaddle) {
    if (auto ok = open_second(opened, is_ir ? ".bin" : ".pdiparams"); !ok) {
      return std::unexpected(std::move(ok.error()));
    }
  }
  return opened;
}

LoadOptions options_of(const ModelSpec& spec, GraphEncoding encoding) {
  return {.encoding = encoding,
          .target = spec.target,
          .threads = spec.threads,
          .streams = spec.streams,
          .precision = spec.precision,
          .config = spec.config,
          .options = spec.options};
}

}  // namespace

Result<std::shared_ptr<Graph>> load_guest_model(BackendCatalog& catalog,
                                                std::span<const Bytes> parts,
                                                GraphEncoding encoding, ExecutionTarget target,
                                                const GuestLimits& limits) {
  if (parts.empty()) {
    return fail(ErrorCode::kInvalidArgument, "a model has at least one part, and none was given");
  }
  if (parts.size() > kMaxModelParts) {
    return fail(ErrorCode::kTooLarge, fmt::format("a model of {} parts, and the limit is {}",
                                                  parts.size(), kMaxModelParts));
  }
  std::uint64_t total = 0;
  for (const Bytes part : parts)
    total = checked_add(total, part.size()).value_or(UINT64_MAX);
  if (total > limits.max_model_bytes) {
    return fail(ErrorCode::kTooLarge, fmt::format("a model of {} bytes, and the limit is {}", total,
                                                  limits.max_model_bytes));
  }
  if (total == 0) return fail(ErrorCode::kInvalidEncoding, "the model is empty");

  const auto found = sniff(parts);
  if (found == GraphEncoding::kPaddle) {
    return fail(ErrorCode::kUnsupportedOperation,
                "Paddle models are read from files only, and this one came as bytes; an operator "
                "can name the model's files, and the guest load it by that name");
  }
  auto decided = decide(encoding, found);
  if (!decided) return std::unexpected(std::move(decided.error()));
  std::vector<Property> facts;
  std::vector<std::string> input_names;
  if (*decided == GraphEncoding::kOnnx) {
    if (parts.size() != 1) {
      return fail(ErrorCode::kInvalidEncoding,
                  fmt::format("an ONNX model is one part, and {} were given", parts.size()));
    }
    if (auto ok = refuse_external_data(parts[0]); !ok) {
      return std::unexpected(std::move(ok.error()));
    }
    facts = onnx_facts(parts[0]);
    input_names = onnx_input_names(parts[0]);
  }
  if (*decided == GraphEncoding::kTensorflowlite) {
    if (auto ok = check_tflite(parts[0]); !ok) return std::unexpected(std::move(ok.error()));
    facts = tflite_model_facts(parts[0]);
  }
  std::vector<Bytes> ordered(parts.begin(), parts.end());
  if (*decided == GraphEncoding::kOpenvino && ordered.size() == 2 &&
      sniff(ordered[0]) != GraphEncoding::kOpenvino) {
    std::swap(ordered[0], ordered[1]);
  }
  if (*decided == GraphEncoding::kOpenvino) {
    if (auto ok = check_ir_depth(ordered[0]); !ok) return std::unexpected(std::move(ok.error()));
  }
  if (*decided == GraphEncoding::kGgml) {
    if (parts.size() != 1) {
      return fail(ErrorCode::kInvalidEncoding,
                  fmt::format("a GGUF model is one part, and {} were given", parts.size()));
    }
    if (auto ok = check_gguf(parts[0]); !ok) return std::unexpected(std::move(ok.error()));
  }
  if (*decided == GraphEncoding::kPytorch && ordered.size() == 1) {
    if (auto ok = check_torchscript(ordered[0]); !ok) return std::unexpected(std::move(ok.error()));
  }
  auto backend = choose(catalog, {}, *decided, target);
  if (!backend) return std::unexpected(without_tflite(std::move(backend.error()), *decided));
  if (*decided == GraphEncoding::kOnnx) {
    if (auto ok = check_onnx_versions(**backend, parts[0]); !ok) {
      return std::unexpected(std::move(ok.error()));
    }
  }
  LoadOptions options;
  options.encoding = *decided;
  options.target = target;
  return load_with(std::move(*backend), {.parts = ordered, .paths = {}}, options, std::move(facts),
                   std::move(input_names));
}

namespace {

/// Of several files, none may be another model of its own.
Result<void> check_parts(const OpenedFiles& opened) {
  if (opened.files.size() < 2) return {};
  for (std::size_t i = 0; i < opened.files.size(); ++i) {
    const auto found = sniff(opened.files[i].bytes());
    if (!found || found == opened.found) continue;
    return fail(ErrorCode::kInvalidEncoding,
                fmt::format("{} is a whole model ({}), and together with {} it is none; name them "
                            "one at a time",
                            opened.paths[i], to_string(*found), opened.paths[i == 0 ? 1 : 0]));
  }
  return {};
}

Result<OpenedFiles> open_and_decide(const ModelSpec& spec, GraphEncoding& encoding) {
  if (spec.paths.empty()) {
    encoding = GraphEncoding::kEcho;
    if (spec.encoding == encoding) return OpenedFiles{};
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the model \"{}\" names no file", spec.name));
  }
  auto opened = open_files(spec);
  if (!opened) return opened;
  if (auto ok = check_parts(*opened); !ok) return std::unexpected(std::move(ok.error()));
  auto decided = decide(spec.encoding, opened->found);
  if (!decided) {
    decided.error().message = fmt::format("{}: {}", spec.paths[0], decided.error().message);
    return std::unexpected(std::move(decided.error()));
  }
  encoding = *decided;
  return opened;
}

/// What an ONNX model keeps in other files is in its folder, and what is named beside it is that.
Result<std::vector<std::string>> check_external_data(const OpenedFiles& opened) {
  std::error_code error;  // the current directory may be gone
  const fs::path folder = fs::absolute(opened.paths[0], error).parent_path();
  if (error) {
    return fail(ErrorCode::kModelNotFound,
                fmt::format("where {} lies cannot be told: {}", opened.paths[0], error.message()));
  }
  auto found = check_external_data_inside(opened.files[0].bytes(), folder);
  if (!found) return std::unexpected(std::move(found.error()));
  std::vector<std::string> external;
  for (const std::string& location : *found)
    external.push_back((folder / location).string());
  for (const std::string& path : opened.beside) {
    const bool used = std::ranges::any_of(
        external, [&](const std::string& one) { return fs::equivalent(one, path, error); });
    if (used) continue;
    return fail(ErrorCode::kInvalidEncoding,
                fmt::format("the ONNX model {} keeps no data in {}; beside the model itself only "
                            "files that it keeps data in can be named",
                            opened.paths[0], path));
  }
  return external;
}

Result<void> check_paddle_files(const OpenedFiles& opened) {
  if (opened.files.empty()) {
    return fail(ErrorCode::kInvalidEncoding,
                fmt::format("{} is a folder, and a Paddle model is named by its .pdmodel",
                            opened.paths[0]));
  }
  const auto program = check_paddle(opened.files[0].bytes());
  if (!program) return std::unexpected(program.error());
  if (opened.files.size() == 2) {
    return check_paddle_parameters(*program, opened.files[1].bytes());
  }
  if (program->parameters.empty()) return {};
  return fail(ErrorCode::kModelNotFound,
              fmt::format("the Paddle model {} has {} parameters, and there is no {}; name the "
                          "file after the model",
                          opened.paths[0], program->parameters.size(),
                          fs::path(opened.paths[0]).replace_extension(".pdiparams").string()));
}

/// Of a SavedModel that is named by its file the variables beside it would be read too.
Result<void> check_no_variables(const ModelSpec& spec, const OpenedFiles& opened,
                                GraphEncoding encoding) {
  if (encoding != GraphEncoding::kTensorflow || opened.files.empty() || spec.sha256.empty()) {
    return {};
  }
  const fs::path file = opened.paths[0];
  const fs::path variables = file.parent_path() / "variables";
  std::error_code error;
  if (file.filename() != "saved_model.pb" ||
      fs::symlink_status(variables, error).type() == fs::file_type::not_found) {
    return {};
  }
  return fail(ErrorCode::kSecurity,
              fmt::format("the sha256 of {} says nothing of {}, which would be read with it; name "
                          "the folder, with the folder's hash",
                          opened.paths[0], variables.string()));
}

/// The parts of a split GGUF are found by the first one's name, so that no hash covers them.
Result<void> check_no_parts(const ModelSpec& spec, const OpenedFiles& opened) {
  if (spec.sha256.empty() || opened.files.empty()) return {};
  const Bytes model = opened.files[0].bytes();
  const auto facts = read_gguf_facts(model, model.size());
  if (!facts || !*facts) return {};  // whoever loads it says what is wrong
  const auto parts = (*facts)->numbers.find("split.count");
  if (parts == (*facts)->numbers.end() || parts->second <= 1) return {};
  return fail(ErrorCode::kSecurity,
              fmt::format("the sha256 of {} says nothing of the {} files that its model is split "
                          "into; join them to one, with its hash",
                          opened.paths[0], parts->second));
}

Result<void> check_files(const ModelSpec& spec, const OpenedFiles& opened, GraphEncoding encoding) {
  std::vector<std::string> read = opened.paths;
  if (encoding == GraphEncoding::kOnnx) {
    if (opened.files.size() != 1) {
      return fail(
          ErrorCode::kInvalidEncoding,
          fmt::format("an ONNX model is one file, and after it those that it keeps data in; "
                      "{} were given and the first is no ONNX",
                      opened.paths.size()));
    }
    const auto external = check_external_data(opened);
    if (!external) return std::unexpected(external.error());
    read.insert(read.end(), external->begin(), external->end());
  }
  if (encoding == GraphEncoding::kPytorch && opened.files.size() == 1) {
    if (auto ok = check_torchscript(opened.files[0].bytes()); !ok) return ok;
  }
  if (encoding == GraphEncoding::kPaddle) {
    if (auto ok = check_paddle_files(opened); !ok) return ok;
  }
  if (auto ok = check_no_variables(spec, opened, encoding); !ok) return ok;
  if (encoding == GraphEncoding::kGgml) {
    if (auto ok = check_no_parts(spec, opened); !ok) return ok;
  }
  return check_that_hashes_cover(spec, read);
}

/// Who reads the model, and what is known of it beside what that backend says.
struct Reader {
  std::shared_ptr<const OpenBackend> backend;
  std::vector<Property> facts;
  std::vector<std::string> input_names;
};

Result<Reader> choose_reader(BackendCatalog& catalog, const ModelSpec& spec,
                             const OpenedFiles& opened, GraphEncoding encoding) {
  Reader reader;
  const Bytes model = opened.files.empty() ? Bytes{} : opened.files[0].bytes();
  if (encoding == GraphEncoding::kOnnx) {
    reader.facts = onnx_facts(model);
    reader.input_names = onnx_input_names(model);
  }
  if (encoding == GraphEncoding::kTensorflowlite) reader.facts = tflite_model_facts(model);
  if (encoding == GraphEncoding::kPaddle) reader.facts = paddle_facts(model);
  auto backend = choose(catalog, spec.backend, encoding, spec.target);
  if (!backend && encoding == GraphEncoding::kTensorflowlite && spec.backend.empty() &&
      backend.error().code == ErrorCode::kUnsupportedOperation) {
    // OpenVINO reads files of that format too, and only files.
    auto instead = choose(catalog, kTfliteInstead, encoding, spec.target);
    if (instead) {
      reader.facts.push_back(
          {"served_by", fmt::format("{}, because: {}", kTfliteInstead, backend.error().message)});
      backend = std::move(instead);
    }
  }
  if (!backend) return std::unexpected(std::move(backend.error()));
  reader.backend = *std::move(backend);
  if (encoding == GraphEncoding::kOnnx && !model.empty()) {
    if (auto ok = check_onnx_versions(*reader.backend, model); !ok) {
      return std::unexpected(std::move(ok.error()));
    }
  }
  return reader;
}

}  // namespace

ModelExamination examine_model(BackendCatalog& catalog, const ModelSpec& spec) {
  ModelExamination out;
  const auto note = [&out](const auto& result) {
    if (!result) out.problems.push_back(result.error());
    return result.has_value();
  };
  out.encoding = spec.encoding;
  out.backend = spec.backend;
  const auto opened = open_and_decide(spec, out.encoding);
  if (note(opened)) {
    note(check_files(spec, *opened, out.encoding));
    out.hash_checked = note(check_hashes(spec, nullptr)) && !spec.sha256.empty();
  }
  // The backend of a stated encoding can be looked for whatever the file is.
  if (out.encoding != GraphEncoding::kAutodetect || !out.backend.empty()) {
    if (out.backend.empty()) out.backend = catalog.default_backend(out.encoding);
    if (out.encoding == GraphEncoding::kAutodetect) {
      note(catalog.open(out.backend));
    } else {
      const OpenedFiles none;
      const auto reader = choose_reader(catalog, spec, opened ? *opened : none, out.encoding);
      if (note(reader)) out.backend = reader->backend->name;
    }
  }
  return out;
}

Result<std::shared_ptr<Graph>> load_model(BackendCatalog& catalog, const ModelSpec& spec) {
  HashedFiles hashed;
  if (auto ok = check_hashes(spec, &hashed); !ok) return std::unexpected(std::move(ok.error()));
  GraphEncoding encoding = GraphEncoding::kAutodetect;
  const auto opened = open_and_decide(spec, encoding);
  if (!opened) return std::unexpected(opened.error());
  if (auto ok = check_files(spec, *opened, encoding); !ok) {
    return std::unexpected(std::move(ok.error()));
  }
  auto reader = choose_reader(catalog, spec, *opened, encoding);
  if (!reader) return std::unexpected(std::move(reader.error()));

  std::vector<Bytes> parts;
  ModelSource source;
  if (spec.paths.empty()) {
    parts.push_back(std::as_bytes(std::span(kDefaultEcho)));
  } else if (lists(reader->backend->property("loads"), "path") || opened->files.empty()) {
    source.paths = opened->paths;
  } else {
    for (const MappedFile& file : opened->files)
      parts.push_back(file.bytes());
  }
  source.parts = parts;
  auto graph = load_with(std::move(reader->backend), source, options_of(spec, encoding),
                         std::move(reader->facts), std::move(reader->input_names));
  if (!graph) return graph;
  if (auto ok = check_unchanged(hashed); !ok) return std::unexpected(std::move(ok.error()));
  if (auto ok = check_no_variables(spec, *opened, encoding); !ok) {
    return std::unexpected(std::move(ok.error()));  // they came meanwhile
  }
  if (auto ok = (*graph)->supply(spec.inputs, spec.outputs); !ok) {
    return std::unexpected(std::move(ok.error()));
  }
  return graph;
}

}  // namespace nacre
