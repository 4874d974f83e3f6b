// Reading what the example guests are given: whole files, labels, and models by name or by path.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

#include "../sdk/wasi_nn.hpp"

namespace common {

// The whole file, from a directory the host lets us see. The error is a sentence.
std::expected<std::vector<std::byte>, std::string> read_file(const std::string& path);

// Class names by index: either a JSON array of strings, or one name per line.
std::expected<std::vector<std::string>, std::string> read_labels(const std::string& path);

// `model` is tried as the name of a registered model; where there is none, it is a file, or the
// files of one model joined by commas ("net.xml,net.bin"; "net.xml" alone finds "net.bin").
// `encoding` is a word like "onnx", or empty to go by the file's extension.
std::expected<nn::Graph, std::string> open_model(const std::string& model,
                                                 const std::string& encoding);

}  // namespace common
