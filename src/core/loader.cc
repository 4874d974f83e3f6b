#include "core/loader.h"

#include "base/checked_math.h"
#include "base/lower_case.h"
#include "base/stacks.h"
#include "core/gguf_walk.h"
#include "core/ir_walk.h"
#include "core/model_files.h"
#include "core/model_format.h"
#include "core/model_hashes.h"
#include "core/onnx_walk.h"
#include "core/sniff.h"
#include "core/tflite_walk.h"
#include "core/torchscript_walk.h"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre {
namespace {

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

/// The operators of a property "com.microsoft.Attention=3,…", each with the inputs it needs.
std::vector<OnnxNeed> onnx_needs(std::string_view property) {
  std::vector<OnnxNeed> needs;
  while (!property.empty()) {
    const auto comma = std::min(property.find(','), property.size());
    const std::string_view entry = property.substr(0, comma);
    property.remove_prefix(std::min(comma + 1, property.size()));
    const auto equals = entry.find('=');
    const auto dot = entry.rfind('.', equals);
    if (equals == entry.npos || dot == entry.npos) continue;
    OnnxNeed need{.domain = entry.substr(0, dot), .op = entry.substr(dot + 1, equals - dot - 1)};
    std::from_chars(entry.data() + equals + 1, entry.data() + entry.size(), need.inputs);
    needs.push_back(need);
  }
  return needs;
}

/// Refuses a model of a newer ONNX than the backend says it reads. Some runtimes read such a model
/// without a word, as if it were of the newest that they know.
/// Refuses also what the backend says its reader does not bear.
Result<void> check_onnx(const OpenBackend& backend, Bytes model) {
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
  for (const OnnxNeed& need : onnx_needs(backend.property("onnx.needs"))) {
    if (auto ok = check_onnx_needs(model, need); !ok) return ok;
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

constexpr std::size_t kLoadStack = std::size_t{64} << 20;  // of addresses; touched as used

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
  // Vendors' readers recurse into models, and the caller's stack may be small, or a guest's. A
  // thread has an allocator's arena of its own, too, where a model lies closer together than in a
  // heap that has long been in use (docs/performance.md).
  Result<std::unique_ptr<BackendGraph>> graph;
  const auto load = [&]() noexcept { graph = backend->backend->load(source, options); };
  if (!run_on_stack(kLoadStack, load)) load();
  if (!graph) return std::unexpected(std::move(graph.error()));
  if (!input_names.empty()) {
    graph = std::make_unique<RenamedGraph>(std::move(*graph), std::move(input_names));
  }
  std::string name = backend->name;
  auto keep = std::const_pointer_cast<OpenBackend>(std::move(backend));
  return Graph::create(std::move(*graph), std::move(name), options.encoding, options.target,
                       std::move(keep), std::move(facts));
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
  auto decided = decide_format(encoding, found);
  if (!decided) return std::unexpected(std::move(decided.error()));
  std::vector<std::string> input_names;
  if (*decided == GraphEncoding::kOnnx) {
    if (parts.size() != 1) {
      return fail(ErrorCode::kInvalidEncoding,
                  fmt::format("an ONNX model is one part, and {} were given", parts.size()));
    }
    if (auto ok = refuse_external_data(parts[0]); !ok) {
      return std::unexpected(std::move(ok.error()));
    }
    input_names = onnx_input_names(parts[0]);
  }
  if (*decided == GraphEncoding::kTensorflowlite) {
    if (auto ok = check_tflite(parts[0]); !ok) return std::unexpected(std::move(ok.error()));
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
  auto facts = model_facts(*decided, ordered[0]);
  auto backend = choose(catalog, {}, *decided, target);
  if (!backend) return std::unexpected(without_tflite(std::move(backend.error()), *decided));
  if (*decided == GraphEncoding::kOnnx) {
    if (auto ok = check_onnx(**backend, parts[0]); !ok) {
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
  reader.facts = model_facts(encoding, model);
  if (encoding == GraphEncoding::kOnnx) {
    reader.input_names = onnx_input_names(model);
  }
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
    if (auto ok = check_onnx(*reader.backend, model); !ok) {
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
  const auto opened = open_model_files(spec, out.encoding);
  if (note(opened)) {
    note(check_model_files(spec, *opened, out.encoding));
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
  const auto opened = open_model_files(spec, encoding);
  if (!opened) return std::unexpected(opened.error());
  if (auto ok = check_model_files(spec, *opened, encoding); !ok) {
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
