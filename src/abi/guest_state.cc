#include "abi/guest_state.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

#include "abi/printable.h"
#include "base/checked_math.h"
#include "core/no_such_model.h"
#include "nacre/text_context.h"

namespace nacre {

namespace {

/// What a configuration that its backend has taken says of "stream-stdout"; most say nothing.
std::optional<bool> wants_output(std::string_view config) {
  // Few guests have the word at all: the rest is not read a second time.
  if (config.find("stream") == config.npos) return std::nullopt;
  const auto json = nlohmann::json::parse(config, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  for (const char* key : {"stream-stdout", "stream_stdout"}) {
    if (const auto found = json.find(key); found != json.end() && found->is_boolean()) {
      return found->get<bool>();
    }
  }
  return std::nullopt;
}

std::uint64_t next_owner() noexcept {
  static std::atomic<std::uint64_t> last = 0;  // 0 shares nothing
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

Result<std::vector<Property>> ModelProvider::backend_properties(std::string_view name) {
  return fail(ErrorCode::kNotFound, fmt::format("There is no backend \"{}\" here.", name));
}

GuestState::GuestState(ModelProvider& provider, GuestStateOptions options)
    : provider_(provider),
      dialect_(dialect_table(options.dialect)),
      options_(std::move(options)),
      graphs_(HandleKind::kGraph, options_.limits.max_graphs),
      contexts_(HandleKind::kContext, options_.limits.max_contexts),
      context_memory_(std::make_shared<MemoryBudget>(options_.limits.max_context_bytes)),
      owner_(next_owner()) {}

GuestState::~GuestState() = default;

Result<void> GuestState::room_for_graph() const {
  if (graphs_.full()) {
    return fail(ErrorCode::kBusy,
                fmt::format("The guest holds {} graphs, which is its limit.", graphs_.size()));
  }
  return {};
}

Result<std::uint32_t> GuestState::load(std::span<const std::span<const std::byte>> parts,
                                       GraphEncoding encoding, ExecutionTarget target,
                                       std::string_view config) {
  if (options_.models_only) {
    return fail(ErrorCode::kSecurity,
                "This guest may not load models by bytes (--models-only); it can open those that "
                "the operator named.");
  }
  if (auto room = room_for_graph(); !room) return std::unexpected(std::move(room.error()));
  if (parts.empty()) {
    return fail(ErrorCode::kInvalidArgument, "A model needs at least one part; none came.");
  }
  std::uint64_t total = 0;
  for (const auto& part : parts)
    total += part.size();  // a few parts of at most 4 GiB each
  if (total > options_.limits.max_model_bytes) {
    return fail(ErrorCode::kTooLarge, fmt::format("The model has {} bytes; the limit is {}.", total,
                                                  options_.limits.max_model_bytes));
  }
  if (auto room = room_for_model(total); !room) return std::unexpected(std::move(room.error()));
  auto graph = provider_.load(parts, encoding, target);
  if (graph) loaded_.push_back({*graph, total});
  return keep(std::move(graph), config);
}

Result<void> GuestState::room_for_model(std::uint64_t bytes) {
  std::erase_if(loaded_, [](const LoadedModel& model) { return model.graph.expired(); });
  std::uint64_t live = 0;
  for (const LoadedModel& model : loaded_)
    live += model.bytes;
  const std::uint64_t limit = options_.limits.max_live_model_bytes;
  if (bytes <= limit && live <= limit - bytes) return {};
  return fail(ErrorCode::kTooLarge,
              fmt::format("the guest's models have {} bytes and this one {} more; the limit of all "
                          "is {}",
                          live, bytes, limit));
}

Result<std::uint32_t> GuestState::open(std::string_view name, std::string_view config) {
  if (auto room = room_for_graph(); !room) return std::unexpected(std::move(room.error()));
  return keep(open_graph(name), config);
}

Result<std::shared_ptr<Graph>> GuestState::open_graph(std::string_view name) {
  if (name.size() > options_.limits.max_name_bytes) {
    return fail(ErrorCode::kNotFound,
                fmt::format("No model has a name of {} bytes; the longest may have {}.",
                            name.size(), options_.limits.max_name_bytes));
  }
  if (!may_open(name)) return no_such_model(name);
  return provider_.open(name);
}

Result<std::shared_ptr<const Graph>> GuestState::model(std::string_view name) {
  return open_graph(name);
}

Result<std::shared_ptr<const Graph>> GuestState::graph(std::uint32_t handle) {
  if (const GraphEntry* found = graphs_.find(handle)) return found->graph;
  return no_such(HandleKind::kGraph, handle);
}

Result<std::vector<Property>> GuestState::backend_properties(std::string_view name) const {
  constexpr std::size_t kLongest = 64;
  if (name.size() > kLongest) {
    return fail(ErrorCode::kNotFound,
                fmt::format("No backend has a name of {} bytes.", name.size()));
  }
  auto properties = provider_.backend_properties(name);
  if (!properties) return properties;
  const GuestLimits& limits = options_.limits;
  const auto add = [&properties](std::string_view key, std::uint64_t value) {
    properties->push_back({std::string(key), std::to_string(value)});
  };
  properties->push_back({"guest.loads", options_.models_only ? "name" : "bytes,name"});
  add("guest.limits.graphs", limits.max_graphs);
  add("guest.limits.contexts", limits.max_contexts);
  add("guest.limits.model_bytes", limits.max_model_bytes);
  add("guest.limits.tensor_bytes", limits.max_tensor_bytes);
  add("guest.limits.context_bytes", limits.max_context_bytes);
  add("guest.limits.strings", limits.max_strings);
  add("guest.limits.string_bytes", limits.max_string_bytes);
  return properties;
}

bool GuestState::may_open(std::string_view name) const noexcept {
  return !options_.models || std::ranges::find(*options_.models, name) != options_.models->end();
}

Result<std::uint32_t> GuestState::keep(Result<std::shared_ptr<Graph>> graph,
                                       std::string_view config) {
  if (!graph) return std::unexpected(std::move(graph.error()));
  std::string kept;
  if (!config.empty()) {
    // A context that is thrown away: what is wrong with a configuration is said when it comes.
    auto tried = make_context(*graph, config);
    if (!tried) return std::unexpected(std::move(tried.error()));
    // Only a language model has looked at its size; for others it means nothing.
    if ((*tried)->text() != nullptr) kept = config;
  }
  const auto to_output = wants_output(kept);
  return *graphs_.insert({std::move(*graph), std::move(kept), to_output});  // there was room before
}

Result<std::unique_ptr<ExecutionContext>> GuestState::make_context(
    const std::shared_ptr<Graph>& graph, std::string_view config) const {
  auto context = ExecutionContext::create(
      graph, ContextLimits{.max_tensor_bytes = options_.limits.max_tensor_bytes,
                           .max_strings = options_.limits.max_strings,
                           .max_string_bytes = options_.limits.max_string_bytes,
                           .budget = context_memory_,
                           .owner = owner_});
  if (context && !config.empty()) {
    if (TextContext* text = (*context)->text()) {
      if (auto ok = text->configure(config); !ok) return std::unexpected(std::move(ok.error()));
    }
  }
  return context;
}

Result<std::uint32_t> GuestState::create_context(std::uint32_t graph) {
  const GraphEntry* found = graphs_.find(graph);
  if (found == nullptr) return no_such(HandleKind::kGraph, graph);
  if (contexts_.full()) {
    return fail(ErrorCode::kBusy, fmt::format("The guest holds {} execution contexts, which is its "
                                              "limit.",
                                              contexts_.size()));
  }
  auto context = make_context(found->graph, found->config);
  if (!context) return std::unexpected(std::move(context.error()));
  note_stream(**context, found->to_output);
  return *contexts_.insert(std::move(*context));
}

template <typename Work>
Result<void> GuestState::while_computing(ExecutionContext& context, Work&& work) {
  // Stored before the flag is read, and cancel() does it the other way round: one of the two sees
  // the other.
  computing_.store(&context, std::memory_order_seq_cst);
  if (cancelled_.load(std::memory_order_seq_cst)) [[unlikely]] {
    computing_.store(nullptr, std::memory_order_release);
    return fail(ErrorCode::kTimeout, "The guest is being stopped; nothing more is computed.");
  }
  Result<void> result = std::forward<Work>(work)();
  computing_.store(nullptr, std::memory_order_release);
  return result;
}

Result<void> GuestState::compute(ExecutionContext& context) {
  return while_computing(context, [&] { return context.compute(); });
}

Result<void> GuestState::configure(ExecutionContext& context, std::string_view config) {
  auto done = context.text()->configure(config);
  if (done) note_stream(context, wants_output(config));
  return done;
}

void GuestState::note_stream(const ExecutionContext& context, std::optional<bool> to_output) {
  if (!to_output || !options_.standard_output) return;
  if (*to_output) {
    to_output_.insert(&context);
  } else {
    to_output_.erase(&context);
  }
}

Result<void> GuestState::generate(ExecutionContext& context) {
  if (!to_output_.empty() && to_output_.contains(&context)) return generate_to_output(context);
  return while_computing(context, [&] { return context.text()->generate(); });
}

Result<void> GuestState::generate_to_output(ExecutionContext& context) {
  TextContext& text = *context.text();
  text.finish();
  Result<void> ended;
  for (bool first = true; ended; first = false) {
    ended = next(context);
    if (first && !ended && ended.error().code == ErrorCode::kUnsupportedOperation) {
      // What does not come in pieces (an embedding) is no text to be shown either.
      return while_computing(context, [&] { return text.generate(); });
    }
    // The end comes with a piece too, the model's end token, as in the text that is kept.
    if (const std::string_view piece = text.piece();
        !piece.empty() && !options_.standard_output(piece)) {
      ended = fail(ErrorCode::kRuntimeError,
                   "The guest's standard output takes no more of the text that \"stream-stdout\" "
                   "sends there.");
    }
  }
  text.finish();
  if (ended.error().code == ErrorCode::kEndOfSequence) return {};
  return ended;
}

Result<void> GuestState::next(ExecutionContext& context) {
  return while_computing(context, [&] { return context.text()->next(); });
}

Result<void> GuestState::drop_graph(std::uint32_t handle) {
  if (!graphs_.take(handle)) return no_such(HandleKind::kGraph, handle);
  return {};
}

Result<void> GuestState::drop_context(std::uint32_t handle) {
  // A vendor's destructor may take its time; a cancel must not wait for that.
  const auto taken = [&] {
    const std::lock_guard lock(contexts_mutex_);
    return contexts_.take(handle);
  }();
  if (!taken) return no_such(HandleKind::kContext, handle);
  to_output_.erase(taken->get());
  return {};
}

bool GuestState::cancel() noexcept {
  cancelled_.store(true, std::memory_order_seq_cst);
  const std::lock_guard lock(contexts_mutex_);
  ExecutionContext* context = computing_.load(std::memory_order_seq_cst);
  if (context != nullptr) context->cancel();
  return context != nullptr;
}

std::uint32_t GuestState::refuse(std::string_view function, const Error& error) noexcept {
  const std::uint32_t number = dialect_.errno_of(error.code);
  last_error_.code = error.code;
  try {
    last_error_.message = printable(error.message);
    if (options_.on_refusal) {
      options_.on_refusal(fmt::format("wasi-nn {}: {} (errno {}): {}", function,
                                      to_string(error.code), number, last_error_.message));
    }
  } catch (...) {
    last_error_.message.clear();  // no memory for the sentence; the number still goes out
  }
  return number;
}

std::unexpected<Error> GuestState::no_such(HandleKind kind, std::uint32_t handle) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{} is no {}: it was never given to this guest as one, or was given "
                          "back.",
                          handle, kind == HandleKind::kGraph ? "graph" : "execution context"));
}

}  // namespace nacre
