// The options that `run` and `check` share: a guest, what it is lent, its models and its limits.
#ifndef NACRE_SRC_CLI_GUEST_FLAGS_H_
#define NACRE_SRC_CLI_GUEST_FLAGS_H_

#include <nacre/error.h>
#include <nacre/host.h>

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "cli/command.h"

namespace nacre::cli {

/// What a command line asks for, parsed.
struct Plan {
  HostOptions host;
  GuestOptions guest;
};

class GuestFlags {
 public:
  /// Declares GUEST and the options. Once; `app` refers to this.
  void add(CLI::App& app, const std::string& guest_help);

  /// Every value, parsed; the first that cannot be is the error, and a usage error.
  [[nodiscard]] Result<Plan> plan(const std::vector<std::string>& guest_args);

  [[nodiscard]] const std::string& guest() const noexcept { return guest_; }

 private:
  [[nodiscard]] Result<void> plan_models(Plan& plan) const;
  [[nodiscard]] Result<void> plan_wasi(Plan& plan, bool& inherit_env) const;
  [[nodiscard]] Result<void> plan_backends(HostOptions& host) const;
  [[nodiscard]] Result<void> plan_grants(Plan& plan) const;
  [[nodiscard]] Result<void> plan_guest(GuestOptions& guest, bool inherit_env) const;
  [[nodiscard]] Result<void> plan_limits(Plan& plan) const;

  HostFlags host_;
  std::string guest_;
  std::vector<std::string> dirs_;
  std::vector<std::string> env_;
  std::vector<std::string> models_;
  std::vector<std::string> models_files_;
  std::vector<std::string> nn_preload_;
  std::vector<std::string> wamr_graphs_;
  std::vector<std::string> wasi_;
  std::vector<std::string> grants_;
  std::vector<std::string> backends_;
  std::string dialect_ = "auto";
  std::string timeout_;
  std::string max_memory_;
  std::string fuel_;
  bool models_only_ = false;
  bool allow_precompiled_ = false;
};

/// The sentence of a guest that could not be loaded, with the flag that would help.
[[nodiscard]] std::string load_failure(const Error& error, bool allow_precompiled);

}  // namespace nacre::cli

#endif  // NACRE_SRC_CLI_GUEST_FLAGS_H_
