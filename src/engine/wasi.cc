#include "engine/wasi.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "abi/printable.h"

namespace nacre::engine {
namespace {

std::unexpected<Error> not_text(std::string_view what, std::string_view text) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{}, \"{}\", must be UTF-8 text without a NUL character inside", what,
                          printable(text, 200)));
}

bool is_text(const std::string& text) {
  return text.find('\0') == std::string::npos && is_utf8(text);
}

std::string name_of_argument(std::size_t index) {
  if (index == 0) return "the guest's name";
  return fmt::format("argument {} of the guest", index);
}

Result<void> set_arguments(wasi_config_t* config, const InstanceOptions& options) {
  std::vector<const char*> args;
  for (std::size_t i = 0; i < options.args.size(); ++i) {
    const std::string& arg = options.args[i];
    if (!is_text(arg)) return not_text(name_of_argument(i), arg);
    args.push_back(arg.c_str());
  }
  if (!wasi_config_set_argv(config, args.size(), args.data())) {
    return fail(ErrorCode::kInvalidArgument, "the guest's arguments are not accepted by WASI");
  }

  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : options.env) {
    if (!is_text(name)) return not_text("the name of an environment variable", name);
    if (!is_text(value)) {
      return not_text(fmt::format("the value of the environment variable {}", name), value);
    }
    if (name.empty() || name.find('=') != std::string::npos) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("an environment variable needs a name without '=', not '{}'", name));
    }
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  if (!wasi_config_set_env(config, names.size(), names.data(), values.data())) {
    return fail(ErrorCode::kInvalidArgument, "the guest's environment is not accepted by WASI");
  }
  return {};
}

Result<void> open_directories(wasi_config_t* config, const InstanceOptions& options) {
  for (const PreopenedDirectory& directory : options.directories) {
    const std::string& host = directory.host.native();
    if (!is_text(host)) return not_text("a directory's name", host);
    if (!is_text(directory.guest)) {
      return not_text(fmt::format("the name that the guest is to know {} by", host),
                      directory.guest);
    }
    if (directory.guest.empty()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("the directory {} needs a name for the guest", host));
    }
    // Opened once here only for the reason: the C API keeps it to itself.
    const int fd = ::open(host.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
      const int reason = errno;
      const auto code = reason == ENOENT ? ErrorCode::kNotFound : ErrorCode::kInvalidArgument;
      return fail(code, fmt::format("the directory {} cannot be lent to the guest: {}", host,
                                    std::strerror(reason)));
    }
    ::close(fd);
    if (!wasi_config_preopen_dir(config, host.c_str(), directory.guest.c_str(),
                                 !directory.read_only)) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("the directory {} cannot be lent to the guest as '{}'", host,
                              directory.guest));
    }
  }
  return {};
}

/// A sink's exception, a lack of memory say, must not pass the VM's frames.
bool write_to_sink(void* data, const unsigned char* bytes, std::size_t size) noexcept {
  try {
    (*static_cast<OutputSink*>(data))({reinterpret_cast<const char*>(bytes), size});
    return true;
  } catch (...) {
    return false;
  }
}

void delete_sink(void* data) noexcept {
  delete static_cast<OutputSink*>(data);
}

void set_output(wasi_config_t* config, const OutputStream& stream, void (*inherit)(wasi_config_t*),
                bool is_error) {
  if (std::holds_alternative<Inherit>(stream)) {
    inherit(config);
  } else if (const auto* sink = std::get_if<OutputSink>(&stream); sink != nullptr && *sink) {
    nacre_wasi_config_set_sink(config, is_error, write_to_sink, new OutputSink(*sink), delete_sink);
  }
}

}  // namespace

Result<WasiConfigHandle> make_wasi(const InstanceOptions& options) {
  WasiConfigHandle config(wasi_config_new());
  nacre_wasi_config_stay_on_thread(config.get());
  if (auto done = set_arguments(config.get(), options); !done) {
    return std::unexpected(std::move(done.error()));
  }
  if (auto done = open_directories(config.get(), options); !done) {
    return std::unexpected(std::move(done.error()));
  }
  if (std::holds_alternative<Inherit>(options.standard_input)) {
    wasi_config_inherit_stdin(config.get());
  } else if (const auto* bytes = std::get_if<InputBytes>(&options.standard_input)) {
    wasm_byte_vec_t copy;
    wasm_byte_vec_new(&copy, bytes->size(), bytes->data());
    wasi_config_set_stdin_bytes(config.get(), &copy);
  }
  set_output(config.get(), options.standard_output, wasi_config_inherit_stdout, false);
  set_output(config.get(), options.standard_error, wasi_config_inherit_stderr, true);
  return config;
}

}  // namespace nacre::engine
