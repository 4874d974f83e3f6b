#include <nacre/registry.h>

#include "core/backend_catalog.h"
#include "core/loader.h"
#include "core/no_such_model.h"

#include <fmt/format.h>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace nacre {
namespace {

struct Model {
  explicit Model(ModelSpec its_spec) : spec(std::move(its_spec)) {}

  const ModelSpec spec;
  std::mutex mutex;
  std::condition_variable changed;
  bool loading = false;
  std::uint64_t attempt = 0;
  std::shared_ptr<Graph> graph;
  std::optional<Error> failure;  // of the last attempt that failed, for those who waited for it
};

/// For a name that a load ends with, however it ends.
class LoadEnd {
 public:
  explicit LoadEnd(Model& model) noexcept : model_(model) {}
  ~LoadEnd() {
    const std::lock_guard lock(model_.mutex);
    model_.loading = false;
    ++model_.attempt;
    model_.changed.notify_all();
  }
  LoadEnd(const LoadEnd&) = delete;
  LoadEnd& operator=(const LoadEnd&) = delete;

 private:
  Model& model_;
};

}  // namespace

struct Registry::Impl {
  std::shared_ptr<BackendCatalog> catalog;
  std::deque<Model> models;                                 // in the operator's order
  std::map<std::string_view, Model*, std::less<>> by_name;  // never changes after create()
};

Registry::Registry(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Registry::~Registry() = default;

Result<std::unique_ptr<Registry>> Registry::create(std::vector<ModelSpec> specs,
                                                   std::shared_ptr<BackendCatalog> catalog) {
  auto impl = std::make_unique<Impl>();
  impl->catalog = std::move(catalog);
  for (ModelSpec& spec : specs) {
    if (spec.name.empty()) {
      return fail(ErrorCode::kInvalidArgument, "a model has no name; NAME=FILE is wanted");
    }
    Model& model = impl->models.emplace_back(std::move(spec));
    if (!impl->by_name.emplace(model.spec.name, &model).second) {
      return fail(
          ErrorCode::kInvalidArgument,
          fmt::format("two models are named \"{}\"; give each a name of its own", model.spec.name));
    }
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
  const auto found = impl_->by_name.find(name);
  if (found == impl_->by_name.end()) return no_such_model(name);
  Model& model = *found->second;
  {
    std::unique_lock lock(model.mutex);
    if (model.graph != nullptr) return model.graph;
    if (model.loading) {
      const std::uint64_t attempt = model.attempt;
      model.changed.wait(lock, [&] { return model.attempt != attempt; });
      if (model.graph != nullptr) return model.graph;
      // The load we waited for failed; the next use makes the next attempt.
      if (model.failure) return std::unexpected(*model.failure);
      return fail(ErrorCode::kUnknown,
                  fmt::format("loading the model \"{}\" ended early", model.spec.name));
    }
    model.loading = true;
  }
  const LoadEnd end(model);
  auto graph = load_model(*impl_->catalog, model.spec);
  const std::lock_guard lock(model.mutex);
  if (!graph) {
    graph.error().message =
        fmt::format("the model \"{}\": {}", model.spec.name, graph.error().message);
    model.failure = graph.error();
    return graph;
  }
  model.graph = *graph;
  return graph;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const Model& model : impl_->models)
    names.push_back(model.spec.name);
  return names;
}

}  // namespace nacre
