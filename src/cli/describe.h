// How `backends` and `inspect` put things: as JSON for programs and as lines for people.
#ifndef NACRE_SRC_CLI_DESCRIBE_H_
#define NACRE_SRC_CLI_DESCRIBE_H_

#include <nacre/graph.h>
#include <nacre/host.h>

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace nacre::cli {

/// The value of `key`, or "" where there is none.
[[nodiscard]] std::string_view property(const std::vector<Property>& properties,
                                        std::string_view key);

/// {"name", "available", "version", "encodings", "devices", "why_not", "properties"}.
[[nodiscard]] nlohmann::ordered_json to_json(const BackendInfo& info);

/// {"backend", "encoding", "target", "inputs", "outputs", "properties"}. A tensor's shape is null
/// when its rank is unknown, and a dimension -1 when it is dynamic; inputs or outputs are null when
/// the model does not say how many it has.
[[nodiscard]] nlohmann::ordered_json to_json(const Graph& graph);

/// A few lines, each ended by a newline.
[[nodiscard]] std::string to_text(const BackendInfo& info);
[[nodiscard]] std::string to_text(const Graph& graph);

}  // namespace nacre::cli

#endif  // NACRE_SRC_CLI_DESCRIBE_H_
