// Looks into an ONNX model before any vendor's parser does, and refuses what would reach files.
//
// An ONNX tensor may say "my bytes are in that file" (TensorProto.external_data). Vendor runtimes
// open such a file relative to the current directory even for a model that was given as bytes, so a
// guest could read what the host may read. The walk here finds every TensorProto of a ModelProto:
// initialisers, sparse initialisers, attributes of nodes, their subgraphs, functions and training
// graphs.
//
// It is stricter than a protobuf parser where the two could disagree. Parsers merge messages that
// come twice, let the last of two scalars win, cut an enumeration to 32 bits and put what has an
// unexpected wire type aside; here each occurrence counts by itself, any external_data entry and
// any data_location other than a plain 0 makes a tensor external, and what ONNX writers never emit
// (groups, field number 0, numbers longer than they may be) is an error.
//
// A node with fewer inputs than its operator needs is refused as well: see onnx_inputs.h.
//
// Cost: a few passes over field headers; tensor data is skipped, and the only memory is a fixed
// stack of kMaxOnnxDepth frames and the locations of external data. All functions are pure: any
// thread.
#ifndef NACRE_SRC_CORE_ONNX_WALK_H_
#define NACRE_SRC_CORE_ONNX_WALK_H_

#include <nacre/error.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nacre {

/// Messages inside messages; protobuf parsers stop at the same depth.
inline constexpr std::size_t kMaxOnnxDepth = 100;

/// Messages and strings in a model. A parser makes an object of hundreds of bytes out of a field of
/// two, so a small file could otherwise fill the memory; a graph of 200,000 nodes has some 6
/// million.
inline constexpr std::uint64_t kMaxOnnxFields = 16'000'000;

/// For bytes that come from a guest: no tensor may be external.
/// Errors: kInvalidEncoding when the bytes are not an ONNX model; kSecurity, naming the tensor, for
/// an external one (the WIT's `security`; witx has no such number and gives 6): the model is well
/// formed, what it asks for is not allowed; kTooLarge beyond kMaxOnnxFields.
[[nodiscard]] Result<void> refuse_external_data(std::span<const std::byte> model);

/// For a model that the operator gave by path: external files may only lie in `folder`, the one
/// that holds the model, or below. A location must be relative and free of ".."; what it names must
/// be a file. Symbolic links are followed: a model cannot make them, an operator may. The answer is
/// those locations, each once.
/// Errors: kInvalidEncoding as above, kSecurity for a location that leads out, kModelNotFound when
/// the file is not there.
[[nodiscard]] Result<std::set<std::string>> check_external_data_inside(
    std::span<const std::byte> model, const std::filesystem::path& folder);

/// Inputs that a runtime's reader takes for granted, where the operator's schema leaves them open.
struct OnnxNeed {
  std::string_view domain;
  std::string_view op;
  std::size_t inputs = 0;
};

/// kUnsupportedOperation for a node of that operator with fewer; kInvalidEncoding as above.
[[nodiscard]] Result<void> check_onnx_needs(std::span<const std::byte> model, const OnnxNeed& need);

struct OnnxOpset {
  std::string domain;  ///< empty: the operators of ONNX itself ("ai.onnx" is written so too)
  std::int64_t version = 0;
};

/// What a model says of its own making.
struct OnnxVersions {
  std::optional<std::int64_t> ir_version;
  std::vector<OnnxOpset> opsets;
  std::string producer;  ///< name and version; often empty
};

/// Reads the top level only, so it says nothing about the rest. kInvalidEncoding as above.
[[nodiscard]] Result<OnnxVersions> onnx_versions(std::span<const std::byte> model);

/// The names of the graph's inputs, in its order, without those that have an initial value. A
/// runtime may call an input otherwise once it has optimised (OpenVINO an input that is an output
/// too). Empty where the bytes are not an ONNX model.
[[nodiscard]] std::vector<std::string> onnx_input_names(std::span<const std::byte> model);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_ONNX_WALK_H_
