#include "core/backend_module.h"

#include "core/error_slot.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <algorithm>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace nacre {
namespace {

// --- what the module gets from us; kept for ever, since a vendor's threads may log at the very end

struct Services {
  nacre_host_services table{};
  SharedLogSink sink;
  std::string name;

  static void log(void* self, std::uint32_t level, nacre_string message) {
    const auto& services = *static_cast<const Services*>(self);
    const auto severity = static_cast<LogSeverity>(std::min<std::uint32_t>(level, 3));
    nacre::log(services.sink, severity, fmt::format("{}: {}", services.name, to_view(message)));
  }
};

const nacre_host_services* make_services(std::string_view name, const ModuleServices& services) {
  static std::mutex mutex;
  static auto* all = new std::deque<Services>;
  const std::lock_guard lock(mutex);
  Services& made = all->emplace_back();
  made.sink = services.log;
  made.name = name;
  made.table = {.struct_size = sizeof(nacre_host_services),
                .abi_version = NACRE_BACKEND_ABI_VERSION,
                .self = &made,
                .log = &Services::log,
                .thread_budget = services.thread_budget != 0
                                     ? services.thread_budget
                                     : std::max(1U, std::thread::hardware_concurrency())};
  return &made.table;
}

// --- the three classes

class ModuleContext final : public BackendContext {
 public:
  ModuleContext(const nacre_backend_table* table, nacre_backend_context* context) noexcept
      : table_(table), context_(context) {}
  ~ModuleContext() override { table_->context_destroy(context_); }

  void start(std::span<const nacre_tensor> inputs, Deadline deadline, OutputSink sink,
             Completion completion) override {
    const std::uint64_t when =
        deadline == kNoDeadline
            ? NACRE_NO_DEADLINE
            : static_cast<std::uint64_t>(
                  std::chrono::nanoseconds(deadline.time_since_epoch()).count());
    table_->context_start(context_, inputs.data(), inputs.size(), when, sink.raw(),
                          completion.raw());
  }
  void cancel() noexcept override { table_->context_cancel(context_); }
  void rearm() noexcept override { table_->context_rearm(context_); }
  [[nodiscard]] nacre_backend_context* raw() noexcept override { return context_; }

 private:
  const nacre_backend_table* table_;
  nacre_backend_context* context_;
};

class ModuleGraph final : public BackendGraph {
 public:
  ModuleGraph(const nacre_backend_table* table, nacre_backend_graph* graph) noexcept
      : table_(table), graph_(graph) {}
  ~ModuleGraph() override { table_->graph_destroy(graph_); }

  // Asked once and then remembered: describe() cannot fail, the module's can.
  Result<void> read_description() {
    const nacre_description_sink sink{&description_, &put_tensor, &put_counts, &put_property};
    ErrorSlot error;
    const nacre_error_sink error_sink = error.sink();
    if (table_->graph_describe(graph_, &sink, &error_sink) != 0) return error.take();
    return {};
  }

  [[nodiscard]] GraphDescription describe() const override { return description_; }

  [[nodiscard]] Result<std::unique_ptr<BackendContext>> create_context() override {
    nacre_backend_context* context = nullptr;
    ErrorSlot error;
    const nacre_error_sink sink = error.sink();
    if (table_->graph_create_context(graph_, &context, &sink) != 0) return error.take();
    return std::make_unique<ModuleContext>(table_, context);
  }

  [[nodiscard]] const void* ability(std::string_view name) noexcept override {
    return table_->graph_ability(graph_, to_abi(name));
  }

 private:
  static void put_tensor(void* self, int is_output, const nacre_tensor_description* given) {
    auto& description = *static_cast<GraphDescription*>(self);
    TensorDescription tensor{.name = std::string(to_view(given->name)),
                             .type = static_cast<TensorType>(given->type),
                             .shape = std::nullopt,
                             .note = std::string(to_view(given->note)),
                             .layout = std::string(to_view(given->layout))};
    if (given->rank >= 0) {
      tensor.shape.emplace(std::span(given->dims, static_cast<std::size_t>(given->rank)));
    }
    (is_output != 0 ? description.outputs : description.inputs).push_back(std::move(tensor));
  }
  static void put_counts(void* self, int inputs_known, int outputs_known) {
    auto& description = *static_cast<GraphDescription*>(self);
    description.inputs_known = inputs_known != 0;
    description.outputs_known = outputs_known != 0;
  }
  static void put_property(void* self, nacre_string key, nacre_string value) {
    static_cast<GraphDescription*>(self)->properties.push_back(
        {std::string(to_view(key)), std::string(to_view(value))});
  }

  const nacre_backend_table* table_;
  nacre_backend_graph* graph_;
  GraphDescription description_;
};

class ModuleBackend final : public Backend {
 public:
  ModuleBackend(const nacre_backend_table* table, nacre_backend* backend) noexcept
      : table_(table), backend_(backend) {}
  ~ModuleBackend() override { table_->backend_destroy(backend_); }

  [[nodiscard]] Result<std::vector<Property>> properties() override {
    return ask(table_->backend_properties);
  }
  [[nodiscard]] Result<std::vector<Property>> probe() override {
    return ask(table_->backend_probe);
  }

  [[nodiscard]] Result<std::unique_ptr<BackendGraph>> load(const ModelSource& source,
                                                           const LoadOptions& options) override {
    std::vector<nacre_bytes> parts;
    for (const auto& part : source.parts)
      parts.push_back({part.data(), part.size()});
    std::vector<nacre_string> paths;
    for (const auto& path : source.paths)
      paths.push_back(to_abi(path));
    std::vector<nacre_property> further;
    further.reserve(options.options.size());
    for (const auto& [key, value] : options.options) {
      further.push_back({to_abi(key), to_abi(value)});
    }
    const nacre_model_source abi_source{parts.data(), parts.size(), paths.data(), paths.size()};
    const nacre_load_options abi_options{.struct_size = sizeof(nacre_load_options),
                                         .encoding = static_cast<std::uint32_t>(options.encoding),
                                         .target = static_cast<std::uint32_t>(options.target),
                                         .threads = options.threads,
                                         .streams = options.streams,
                                         .precision = static_cast<std::uint32_t>(options.precision),
                                         .config = to_abi(options.config),
                                         .options = further.data(),
                                         .options_count = further.size()};
    nacre_backend_graph* graph = nullptr;
    ErrorSlot error;
    const nacre_error_sink sink = error.sink();
    if (table_->backend_load(backend_, &abi_source, &abi_options, &graph, &sink) != 0) {
      return error.take();
    }
    auto made = std::make_unique<ModuleGraph>(table_, graph);
    if (auto ok = made->read_description(); !ok) return std::unexpected(std::move(ok.error()));
    return made;
  }

 private:
  [[nodiscard]] Result<std::vector<Property>> ask(
      decltype(nacre_backend_table::backend_properties) question) {
    std::vector<Property> properties;
    const nacre_property_sink sink{&properties, [](void* self, nacre_string k, nacre_string v) {
                                     static_cast<std::vector<Property>*>(self)->push_back(
                                         {std::string(to_view(k)), std::string(to_view(v))});
                                   }};
    ErrorSlot error;
    const nacre_error_sink error_sink = error.sink();
    if (question(backend_, &sink, &error_sink) != 0) return error.take();
    return properties;
  }

  const nacre_backend_table* table_;
  nacre_backend* backend_;
};

std::unexpected<Error> wrong_version(std::string_view name, std::uint32_t theirs) {
  return fail(
      ErrorCode::kUnsupportedOperation,
      fmt::format("the backend module \"{}\" was built for version {} of the backend "
                  "interface, and this Nacre speaks version {}; build or install the module "
                  "of the same release",
                  name, theirs, NACRE_BACKEND_ABI_VERSION));
}

}  // namespace

Result<std::shared_ptr<Backend>> make_module_backend(std::string_view name,
                                                     const nacre_backend_table* table,
                                                     const ModuleServices& services) {
  if (table == nullptr) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("the backend module \"{}\" gave no function table", name));
  }
  if (table->abi_version != NACRE_BACKEND_ABI_VERSION) {
    return wrong_version(name, table->abi_version);
  }
  if (table->struct_size < sizeof(nacre_backend_table)) {
    return fail(
        ErrorCode::kUnsupportedOperation,
        fmt::format("the function table of the backend module \"{}\" has {} bytes, and this "
                    "Nacre needs {}; build or install the module of the same release",
                    name, table->struct_size, sizeof(nacre_backend_table)));
  }
  nacre_backend* backend = nullptr;
  ErrorSlot error;
  const nacre_error_sink sink = error.sink();
  if (table->backend_create(make_services(name, services), &backend, &sink) != 0) {
    return error.take();
  }
  return std::make_shared<ModuleBackend>(table, backend);
}

Result<std::shared_ptr<Backend>> open_module(std::string_view name, const std::string& path,
                                             const ModuleServices& services) {
  // Never closed: vendor libraries keep threads and exit handlers of their own.
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* text = ::dlerror();
    const std::string reason = text == nullptr ? "unknown reason" : text;
    // "libX.so.1: cannot open shared object file: …" names what is missing.
    const auto end = reason.find(": cannot open shared object file");
    if (end != std::string::npos && !path.ends_with(reason.substr(0, end))) {
      return fail(ErrorCode::kUnsupportedOperation,
                  fmt::format("the backend \"{}\" needs the library {}, which is not on this "
                              "machine; install it, or name its folder in LD_LIBRARY_PATH (module: "
                              "{})",
                              name, reason.substr(0, end), path));
    }
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("the backend module \"{}\" cannot be opened: {}", name, reason));
  }
  const auto entry =
      reinterpret_cast<nacre_backend_entry_fn>(::dlsym(library, NACRE_BACKEND_ENTRY_SYMBOL));
  if (entry == nullptr) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("{} is no backend module: it does not export {}", path,
                            NACRE_BACKEND_ENTRY_SYMBOL));
  }
  return make_module_backend(name, entry(), services);
}

}  // namespace nacre
