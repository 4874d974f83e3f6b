#include "host/check_guest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/checked_math.h"
#include "core/loader.h"
#include "host/describe_guest.h"

namespace nacre {
namespace {

std::string name_of(const GuestImport& import) {
  if (!import.name.empty() || !import.type.empty()) {
    return fmt::format("{}.{}", import.interface, import.name);
  }
  return import.version.empty() ? import.interface : fmt::format("{}@{}", import.interface, import.version);
}

void check_imports(const GuestDescription& guest, std::vector<CheckReason>& reasons) {
  const std::size_t before = reasons.size();
  const bool core_of_a_component =
      !guest.component && std::ranges::any_of(guest.imports, [](const GuestImport& import) {
        return import.interface.find(':') != std::string::npos;
      });
  for (const GuestImport& import : guest.imports) {
    if (import.offered || core_of_a_component) continue;  // the refusal says it in one sentence
    const std::string name = name_of(import);
    const bool proposed = import.interface == "wasi:nn/prompt";
    reasons.push_back(
        {.subject = CheckSubject::kImport,
         .name = name,
         .sentence = fmt::format(
             "the guest imports {}{}{}, which is {}", name, import.type.empty() ? "" : " ",
             import.type,
             proposed ? "a proposal and offered only with --wasi nn-prompt" : "not offered here")});
  }
  // Its sentence only lists those imports once more; anything else is a reason of its own.
  if (reasons.size() == before && !guest.refusal.empty()) {
    reasons.push_back({.subject = CheckSubject::kGuest, .name = {}, .sentence = guest.refusal});
  }
}

void check_memory(GuestCheck& out) {
  if (!out.guest->memories) return;
  std::uint64_t least = 0;
  for (const GuestMemoryLimits& memory : *out.guest->memories) {
    const auto bytes = checked_mul(memory.min_pages, memory.page_bytes);
    least = bytes ? checked_add(least, *bytes).value_or(UINT64_MAX) : UINT64_MAX;
  }
  out.least_memory = least;
  if (least <= out.memory_limit) return;
  out.reasons.push_back(
      {.subject = CheckSubject::kMemory,
       .name = {},
       .sentence = fmt::format("the guest's memory begins with {} bytes, and its limit is {}",
                               least, out.memory_limit)});
}

void check_folders(const engine::Module& module, const GuestDescription& guest,
                   const GuestOptions& options, std::vector<CheckReason>& reasons) {
  for (const DirMapping& dir : options.dirs) {
    // Folders come before anything else that an instance can be refused for.
    std::string refusal = refusal_of(module, {&dir, 1}, options.nn_prompt);
    if (refusal == guest.refusal) continue;
    reasons.push_back(
        {.subject = CheckSubject::kFolder, .name = dir.host, .sentence = std::move(refusal)});
  }
}

void check_model(const ModelsHere& here, const ModelSpec& spec, const CheckOptions& options,
                 ModelCheck& model, std::vector<CheckReason>& reasons) {
  const auto note = [&](std::string_view sentence) {
    reasons.push_back({.subject = CheckSubject::kModel,
                       .name = spec.name,
                       .sentence = fmt::format("the model \"{}\": {}", spec.name, sentence)});
  };
  ModelExamination examined = examine_model(here.catalog, spec);
  model.encoding = examined.encoding;
  model.backend = std::move(examined.backend);
  model.hash_checked = examined.hash_checked;
  for (const Error& problem : examined.problems)
    note(problem.message);
  if (!options.load_models || !examined.problems.empty()) return;
  const auto graph = here.registry.open(spec.name);
  model.loaded = graph.has_value();
  if (graph) {
    model.backend = (*graph)->backend();
  } else {
    reasons.push_back(
        {.subject = CheckSubject::kModel, .name = spec.name, .sentence = graph.error().message});
  }
}

/// A name that was granted and will not be found all the same.
void check_grants(const Registry& registry, const GuestOptions& guest,
                  const std::optional<std::vector<std::string>>& granted,
                  std::vector<CheckReason>& reasons) {
  if (!guest.models) return;
  for (const std::string& name : *guest.models) {
    const ModelSpec* const spec = registry.find(name);
    std::string sentence;
    if (spec == nullptr) {
      sentence = fmt::format(
          "the model \"{}\" is granted to the guest, and there is none of that "
          "name",
          name);
    } else if (granted && std::ranges::find(*granted, name) == granted->end()) {
      sentence =
          fmt::format("the model \"{}\" is granted to the guest, and it is for {} only{}", name,
                      spec->guests->empty() ? std::string("no guest")
                                            : fmt::format("{}", fmt::join(*spec->guests, ", ")),
                      spec->origin.empty() ? "" : fmt::format(" ({})", spec->origin));
    }
    if (sentence.empty()) continue;
    reasons.push_back(
        {.subject = CheckSubject::kModel, .name = name, .sentence = std::move(sentence)});
  }
}

}  // namespace

GuestCheck check_guest(const Result<LoadedGuest>& loaded, const GuestOptions& guest) {
  GuestCheck out;
  out.memory_limit = guest.limits.max_memory_bytes.value_or(engine::kDefaultMaxMemory);
  const auto is_none = [&out](const Error& error) {
    out.reasons.push_back({.subject = CheckSubject::kGuest, .name = {}, .sentence = error.message});
  };
  if (!loaded) {
    is_none(loaded.error());
    return out;
  }
  auto described = describe_guest(loaded->module, guest);
  if (!described) {
    is_none(described.error());
    return out;
  }
  out.guest = *std::move(described);
  check_imports(*out.guest, out.reasons);
  check_memory(out);
  check_folders(loaded->module, *out.guest, guest, out.reasons);
  return out;
}

void check_models(const ModelsHere& here, const GuestOptions& guest,
                  const std::optional<std::vector<std::string>>& granted,
                  const CheckOptions& options, GuestCheck& out) {
  for (const std::string& name : here.registry.names()) {
    const ModelSpec& spec = *here.registry.find(name);
    ModelCheck& model = out.models.emplace_back();
    model.name = name;
    model.description = spec.description;
    model.paths = spec.paths;
    model.encoding = spec.encoding;
    model.backend = spec.backend;
    model.target = spec.target;
    model.granted = !granted || std::ranges::find(*granted, name) != granted->end();
    if (model.granted) check_model(here, spec, options, model, out.reasons);
  }
  check_grants(here.registry, guest, granted, out.reasons);
}

}  // namespace nacre
