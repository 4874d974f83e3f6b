#include <nacre/registry.h>

#include "base/sha256.h"
#include "core/backend_catalog.h"
#include "core/loader.h"
#include "core/no_such_model.h"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace nacre {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::string_view kHashRule = "sha256:";

struct Model {
  explicit Model(ModelSpec its_spec) : spec(std::move(its_spec)) {}

  const ModelSpec spec;
  const std::shared_ptr<ModelCounters> counters = std::make_shared<ModelCounters>();
  mutable std::mutex mutex;
  std::condition_variable changed;
  bool loading = false;
  std::uint64_t attempt = 0;
  std::shared_ptr<Graph> graph;
  std::optional<Error> failure;  // of the last attempt, for those who waited for it
};

std::string in_words(const ModelSpec& spec) {
  return spec.origin.empty() ? fmt::format("the model \"{}\"", spec.name)
                             : fmt::format("the model \"{}\" ({})", spec.name, spec.origin);
}

/// One attempt to load, under way. It ends for those who wait, however it ends.
class LoadAttempt {
 public:
  LoadAttempt(Model& model, const ActivityListener& listener) noexcept
      : model_(model), listener_(listener) {}
  ~LoadAttempt() {
    {
      const std::lock_guard lock(model_.mutex);
      if (!succeeded_ && !failed_) {
        model_.failure =
            Error{ErrorCode::kUnknown, in_words(model_.spec) + ": its load ended early"};
      }
      model_.loading = false;
      ++model_.attempt;
      model_.counters->loaded(succeeded_, Clock::now() - begun_);
      model_.changed.notify_all();
    }
    if (listener_) listener_({});
  }
  LoadAttempt(const LoadAttempt&) = delete;
  LoadAttempt& operator=(const LoadAttempt&) = delete;

  void announce() const {
    if (listener_) listener_(fmt::format("loading the model {}", model_.spec.name));
  }
  void succeed(std::shared_ptr<Graph> graph) {
    const std::lock_guard lock(model_.mutex);
    model_.graph = std::move(graph);
    model_.failure.reset();
    succeeded_ = true;
  }
  void fail(const Error& error) {
    const std::lock_guard lock(model_.mutex);
    model_.failure = error;
    failed_ = true;
  }

 private:
  Model& model_;
  const ActivityListener& listener_;
  bool succeeded_ = false;
  bool failed_ = false;
  const Clock::time_point begun_ = Clock::now();
};

/// In lower case, as hashes are compared; or what is wrong with it.
Result<std::vector<std::string>> rules_of(const ModelSpec& spec) {
  std::vector<std::string> rules;
  for (const std::string& rule : *spec.guests) {
    if (!rule.starts_with(kHashRule)) {
      rules.push_back(rule);
      continue;
    }
    const auto digest = parse_sha256(std::string_view(rule).substr(kHashRule.size()));
    if (!digest) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("the model \"{}\" is for the guest \"{}\", and after sha256: 64 "
                              "hexadecimal digits are wanted",
                              spec.name, rule));
    }
    rules.push_back(fmt::format("{}{}", kHashRule, to_hex(*digest)));
  }
  return rules;
}

bool admits(const ModelSpec& spec, const GuestIdentity& guest) {
  if (!spec.guests) return true;
  return std::ranges::any_of(*spec.guests, [&guest](std::string_view rule) {
    if (!rule.starts_with(kHashRule)) return !guest.file_name.empty() && rule == guest.file_name;
    return !guest.sha256.empty() && rule.substr(kHashRule.size()) == guest.sha256;
  });
}

}  // namespace

struct Registry::Impl {
  std::shared_ptr<BackendCatalog> catalog;
  ActivityListener on_activity;
  std::deque<Model> models;                                 // in the operator's order
  std::map<std::string_view, Model*, std::less<>> by_name;  // never changes after create()

  [[nodiscard]] Model* find(std::string_view name) const noexcept {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second;
  }
  [[nodiscard]] Result<std::shared_ptr<Graph>> load(Model& model) const;
};

Registry::Registry(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Registry::~Registry() = default;

Result<std::unique_ptr<Registry>> Registry::create(std::vector<ModelSpec> specs,
                                                   std::shared_ptr<BackendCatalog> catalog,
                                                   ActivityListener on_activity) {
  auto impl = std::make_unique<Impl>();
  impl->catalog = std::move(catalog);
  impl->on_activity = std::move(on_activity);
  for (ModelSpec& spec : specs) {
    if (spec.name.empty()) {
      return fail(ErrorCode::kInvalidArgument, "a model has no name; NAME=FILE is wanted");
    }
    if (const Model* other = impl->find(spec.name)) {
      const auto place = [](const ModelSpec& one, std::string_view word) {
        return one.origin.empty() ? std::string() : fmt::format(" {} {}", word, one.origin);
      };
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("two models are named \"{}\"{}{}; give each a name of its own",
                              spec.name, place(other->spec, "in"), place(spec, "and in")));
    }
    if (spec.guests) {
      auto rules = rules_of(spec);
      if (!rules) return std::unexpected(std::move(rules.error()));
      spec.guests = *std::move(rules);
    }
    Model& model = impl->models.emplace_back(std::move(spec));
    impl->by_name.emplace(model.spec.name, &model);
  }
  std::unique_ptr<Registry> registry(new Registry(std::move(impl)));
  for (const Model& model : registry->impl_->models) {
    if (!model.spec.preload) continue;
    if (auto graph = registry->open(model.spec.name); !graph) {
      return std::unexpected(std::move(graph.error()));
    }
  }
  return registry;
}

Result<std::shared_ptr<Graph>> Registry::open(std::string_view name) {
  Model* const found = impl_->find(name);
  if (found == nullptr) return no_such_model(name);
  Model& model = *found;
  {
    std::unique_lock lock(model.mutex);
    while (model.graph == nullptr && model.loading) {
      const Clock::time_point begun = Clock::now();
      const std::uint64_t attempt = model.attempt;
      model.changed.wait(lock, [&] { return model.attempt != attempt; });
      model.counters->queued(Clock::now() - begun);
      // The load we waited for failed; the next use makes the next attempt. Should that be under
      // way by now, the failure is still the one we waited for.
      if (model.failure) return std::unexpected(*model.failure);
    }
    if (model.graph != nullptr) return model.graph;
    model.loading = true;
  }
  return impl_->load(model);
}

Result<std::shared_ptr<Graph>> Registry::Impl::load(Model& model) const {
  LoadAttempt attempt(model, on_activity);
  attempt.announce();
  auto graph = load_model(*catalog, model.spec);
  if (!graph) {
    graph.error().message = fmt::format("{}: {}", in_words(model.spec), graph.error().message);
    attempt.fail(graph.error());
    return graph;
  }
  (*graph)->count_in(model.counters);
  attempt.succeed(*graph);
  return graph;
}

Result<bool> Registry::unload(std::string_view name) {
  Model* const model = impl_->find(name);
  if (model == nullptr) return no_such_model(name);
  std::shared_ptr<Graph> graph;  // destroyed without the lock
  {
    const std::lock_guard lock(model->mutex);
    graph = std::exchange(model->graph, nullptr);
  }
  if (graph == nullptr) return false;
  graph->trim_at_end();
  return true;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const Model& model : impl_->models)
    names.push_back(model.spec.name);
  return names;
}

std::vector<ModelStatus> Registry::status() const {
  std::vector<ModelStatus> list;
  for (const Model& model : impl_->models) {
    const std::lock_guard lock(model.mutex);
    list.push_back({.name = model.spec.name,
                    .description = model.spec.description,
                    .loaded = model.graph != nullptr,
                    .stats = model.counters->read()});
  }
  return list;
}

const ModelSpec* Registry::find(std::string_view name) const noexcept {
  const Model* const model = impl_->find(name);
  return model == nullptr ? nullptr : &model->spec;
}

std::optional<std::vector<std::string>> Registry::names_for(const GuestIdentity& guest) const {
  const auto open_to_all = [](const Model& model) { return !model.spec.guests; };
  if (std::ranges::all_of(impl_->models, open_to_all)) return std::nullopt;
  std::vector<std::string> names;
  for (const Model& model : impl_->models) {
    if (admits(model.spec, guest)) names.push_back(model.spec.name);
  }
  return names;
}

bool Registry::asks_for_hashes() const noexcept {
  return std::ranges::any_of(impl_->models, [](const Model& model) {
    return model.spec.guests &&
           std::ranges::any_of(*model.spec.guests,
                               [](const std::string& rule) { return rule.starts_with(kHashRule); });
  });
}

}  // namespace nacre
