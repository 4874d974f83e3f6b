#include "core/model_hashes.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

namespace nacre {
namespace {

namespace fs = std::filesystem;

/// The files of a folder, as "./name/of/it" and sorted.
Result<std::vector<std::string>> files_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::end(entry); entry.increment(error)) {
    const std::string path = entry->path().string();
    const fs::file_status status = entry->symlink_status(error);
    if (error) break;
    if (fs::is_directory(status)) continue;
    // A link may lead to another file at any time; sha256sum writes the other names in another way.
    if (!fs::is_regular_file(status) || path.find_first_of("\\\n\r") != path.npos) {
      return fail(
          ErrorCode::kSecurity,
          fmt::format("{} is no plain file, or has a line break or a backslash in its name; "
                      "a folder with a sha256 holds plain files and folders",
                      path));
    }
    names.push_back("./" + entry->path().lexically_relative(folder).string());
    if (names.size() > kMaxHashedFiles) {
      return fail(ErrorCode::kTooLarge,
                  fmt::format("{} holds more than {} files", folder, kMaxHashedFiles));
    }
  }
  if (error) return cannot_read(folder, error);
  std::ranges::sort(names);
  return names;
}

Result<Sha256Digest> hash_file(const std::string& path, HashedFiles& hashed) {
  const auto file = sha256_of_file(path);
  if (!file) return cannot_read(path, file.error());
  hashed.files.emplace(path, file->identity);
  return file->digest;
}

Result<Sha256Digest> hash_folder(const std::string& folder, HashedFiles& hashed) {
  const auto names = files_in(folder);
  if (!names) return std::unexpected(names.error());
  hashed.folders.push_back(folder);
  Sha256 list;
  for (const std::string& name : *names) {
    const auto digest = hash_file((fs::path(folder) / name.substr(2)).string(), hashed);
    if (!digest) return digest;
    const std::string line = fmt::format("{}  {}\n", to_hex(*digest), name);
    list.update(std::as_bytes(std::span(line)));
  }
  const auto digest = list.finish();
  if (!digest) return cannot_read(folder, std::make_error_code(std::errc::not_supported));
  return *digest;
}

}  // namespace

std::unexpected<Error> cannot_read(const std::string& path, const std::error_code& why) {
  const bool missing =
      why == std::errc::no_such_file_or_directory || why == std::errc::not_a_directory;
  const bool special = why == std::errc::invalid_argument;  // as MappedFile has it
  return fail(missing ? ErrorCode::kModelNotFound : ErrorCode::kRuntimeError,
              fmt::format("the model's file {} cannot be read: {}", path,
                          special ? "it is a pipe or a device, and a model is a regular file"
                                  : why.message()));
}

Result<void> check_hashes(const ModelSpec& spec, HashedFiles* hashed) {
  if (spec.sha256.empty()) return {};
  if (spec.sha256.size() != spec.paths.size()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("there are {} SHA-256 hashes for {} paths; each path wants its own",
                            spec.sha256.size(), spec.paths.size()));
  }
  HashedFiles own;
  HashedFiles& all = hashed != nullptr ? *hashed : own;
  for (std::size_t i = 0; i < spec.paths.size(); ++i) {
    const std::string& path = spec.paths[i];
    const auto wanted = parse_sha256(spec.sha256[i]);
    if (!wanted) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("\"{}\" is no SHA-256; 64 hexadecimal digits are wanted",
                              spec.sha256[i].substr(0, 80)));
    }
    std::error_code error;
    const bool folder = fs::is_directory(path, error);
    const auto digest = folder ? hash_folder(path, all) : hash_file(path, all);
    if (!digest) return std::unexpected(digest.error());
    if (*digest == *wanted) continue;
    return fail(ErrorCode::kSecurity,
                fmt::format("{} has the SHA-256 {}, and {} was wanted{}; it is not loaded", path,
                            to_hex(*digest), to_hex(*wanted),
                            spec.sha256_origin.empty()
                                ? std::string()
                                : fmt::format(" ({}, key \"sha256\")", spec.sha256_origin)));
  }
  return {};
}

Result<void> check_that_hashes_cover(const ModelSpec& spec, std::span<const std::string> read) {
  if (spec.sha256.empty()) return {};
  for (const std::string& path : read) {
    std::error_code error;
    const bool covered = std::ranges::any_of(spec.paths, [&](const std::string& named) {
      return named == path || fs::equivalent(named, path, error);
    });
    if (covered) continue;
    return fail(ErrorCode::kSecurity,
                fmt::format("the sha256 of {} says nothing of {}, which would be read with it; "
                            "name both, each with its hash",
                            spec.paths[0], path));
  }
  return {};
}

Result<void> check_unchanged(const HashedFiles& hashed) {
  const auto changed = [](const std::string& path) {
    return fail(ErrorCode::kSecurity,
                fmt::format("{} was changed while it was loaded, so its SHA-256 was checked for "
                            "nothing; load it again",
                            path));
  };
  for (const auto& [path, identity] : hashed.files) {
    const auto now = identity_of(path);
    if (!now || *now != identity) return changed(path);
  }
  for (const std::string& folder : hashed.folders) {
    const auto names = files_in(folder);
    if (!names) return changed(folder);
    for (const std::string& name : *names) {
      if (!hashed.files.contains((fs::path(folder) / name.substr(2)).string())) {
        return changed(folder);
      }
    }
  }
  return {};
}

}  // namespace nacre
