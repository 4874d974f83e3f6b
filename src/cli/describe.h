// How `backends`, `inspect`, `check` and `run --stats` put things: as JSON for programs and as
// lines for people.
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
/// the model does not say how many it has. A tensor may have a "layout", a "note", and a "carrier"
/// ({"type", "shape", "guests"}): what guests of those kinds pass for an element type they have no
/// name for.
[[nodiscard]] nlohmann::ordered_json to_json(const Graph& graph);

/// {"kind": "module"|"component", "precompiled", "wasi": {"preview": 1|2|"other"|null, "versions"},
/// "entry", "memories": [{"min_pages", "max_pages", "page_bytes", "address_bits", "shared"}],
/// "dialect": {"name", "reason"}, "imports": [{"interface", "version", "name", "type", "offered"}],
/// "runs", "refusal"}. What there is none of, or is not known, is null: max_pages, entry, dialect,
/// memories, refusal, an import's version, name and type.
[[nodiscard]] nlohmann::ordered_json to_json(const GuestDescription& guest);

/// {"runs", "reasons": [{"about": "guest"|"import"|"memory"|"folder"|"model", "name", "reason"}],
/// "description": as inspect gives it, "memory": {"least", "limit"}, "models": [{"name",
/// "description", "paths", "encoding", "backend", "target", "granted", "hash_checked", "loaded"}]}.
/// Null: a reason's name where it has none, the description of what is no guest, the least memory,
/// an encoding or a backend where it is not known, a model's description where it has none.
[[nodiscard]] nlohmann::ordered_json to_json(const GuestCheck& check);

/// {"models": [{"name", "loaded", "requests", "errors", "compute_ns", "queue_ns", "loads",
/// "load_errors", "load_ns"}]}.
[[nodiscard]] nlohmann::ordered_json to_json(const std::vector<ModelStatus>& models);

/// JSON for a person to look at; what is not UTF-8 in it is replaced.
[[nodiscard]] std::string to_text(const nlohmann::ordered_json& json);

/// A few lines, each ended by a newline.
[[nodiscard]] std::string to_text(const BackendInfo& info);
[[nodiscard]] std::string to_text(const Graph& graph);
[[nodiscard]] std::string to_text(const GuestDescription& guest);
[[nodiscard]] std::string to_text(const GuestCheck& check);
/// A table.
[[nodiscard]] std::string to_text(const std::vector<ModelStatus>& models);

}  // namespace nacre::cli

#endif  // NACRE_SRC_CLI_DESCRIBE_H_
