#include "core/pickle_walk.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace nacre {
namespace {

constexpr std::size_t kMostNodes = 4'000'000;  // distinct values
constexpr std::size_t kLongestName = 4096;

enum class Kind : std::uint8_t {
  kNone,
  kBool,
  kInt,
  kFloat,
  kString,
  kGlobal,   // a name; no value
  kNew,      // a class that waits for its state; no value
  kStorage,  // no value either
  kTensor,
  kTuple,
  kList,
  kDict,
  kObject,
  kOther,  // a device, an enumeration's member
};

struct Node {
  Kind kind = Kind::kNone;
  bool sealed = false;  // something holds it, so that it may not grow any more
  bool pure = true;     // it holds values only, no names
  std::uint32_t depth = 0;
  std::uint64_t values = 1;              // it and all in it, as often as they are referred to
  std::int64_t number = 0;               // of an int
  std::string_view text;                 // of a string; a global's module
  std::string_view more;                 // a global's name
  std::vector<std::uint32_t> members{};  // of a tuple
};

struct Storage {
  std::string_view name;
  std::uint64_t element;
};
constexpr std::array<Storage, 12> kStorages = {{{"FloatStorage", 4},
                                                {"DoubleStorage", 8},
                                                {"HalfStorage", 2},
                                                {"BFloat16Storage", 2},
                                                {"LongStorage", 8},
                                                {"IntStorage", 4},
                                                {"ShortStorage", 2},
                                                {"CharStorage", 1},
                                                {"ByteStorage", 1},
                                                {"BoolStorage", 1},
                                                {"ComplexFloatStorage", 8},
                                                {"ComplexDoubleStorage", 16}}};

bool is_value(Kind kind) noexcept {
  return kind != Kind::kGlobal && kind != Kind::kNew && kind != Kind::kStorage;
}

class Machine {
 public:
  Machine(std::string_view name, std::span<const std::byte> pickle,
          const std::function<std::optional<std::uint64_t>(std::string_view)>& record_size)
      : name_(name),
        text_(reinterpret_cast<const char*>(pickle.data()), pickle.size()),
        record_size_(record_size) {}

  Result<PickleFacts> run(PickleResult wanted) {
    if (text_.size() < 2 || text_[0] != '\x80' || text_[1] != 2) {
      return std::unexpected(wrong("it does not begin as pickles of protocol 2 do"));
    }
    at_ = 2;
    while (!error_ && !stopped_)
      step();
    if (error_) return std::unexpected(std::move(*error_));
    if (stack_.size() != 1 || !marks_.empty() || at_ != text_.size()) {
      return std::unexpected(wrong("it does not end with one value"));
    }
    const Kind kind = nodes_[stack_[0]].kind;
    const bool right =
        wanted == PickleResult::kObject ? kind == Kind::kObject : kind == Kind::kTuple;
    if (!right) {
      return std::unexpected(
          wrong(wanted == PickleResult::kObject ? "it holds no module" : "it holds no tuple"));
    }
    return facts_;
  }

 private:
  Error wrong(std::string_view what, ErrorCode code = ErrorCode::kInvalidEncoding) const {
    return {code, fmt::format("the model's {} is no pickle of a TorchScript archive: {} (byte {})",
                              name_, what, at_)};
  }
  void refuse(std::string_view what, ErrorCode code = ErrorCode::kInvalidEncoding) {
    if (!error_) error_ = wrong(what, code);
  }

  // --- reading

  std::string_view take(std::uint64_t count) {
    if (count > text_.size() - at_) {
      refuse("it ends inside an instruction");
      return {};
    }
    const std::string_view taken = text_.substr(at_, static_cast<std::size_t>(count));
    at_ += static_cast<std::size_t>(count);
    return taken;
  }
  template <typename T>
  T number() {
    T value{};
    const std::string_view bytes = take(sizeof value);
    if (bytes.size() == sizeof value) {
      std::ranges::copy(bytes, reinterpret_cast<char*>(&value));
    }
    return value;
  }
  std::string_view line() {
    const auto end = text_.find('\n', at_);
    if (end == text_.npos || end - at_ > kLongestName) {
      refuse("a name has no end");
      return {};
    }
    const std::string_view taken = take(end - at_);
    at_ += 1;
    return taken;
  }

  // --- the stack

  std::uint32_t push(Node node) {
    if (nodes_.size() >= kMostNodes || node.values > kMaxPickleValues) {
      refuse(fmt::format("it stands for more than {} values", kMaxPickleValues),
             ErrorCode::kTooLarge);
    }
    if (node.depth > kMaxPickleDepth) {
      refuse(fmt::format("its values nest deeper than {}", kMaxPickleDepth), ErrorCode::kTooLarge);
    }
    if (error_) return 0;
    nodes_.push_back(std::move(node));
    stack_.push_back(static_cast<std::uint32_t>(nodes_.size() - 1));
    return stack_.back();
  }
  void push_kind(Kind kind) {
    Node node;
    node.kind = kind;
    push(std::move(node));
  }

  // The lowest place that may be popped: a mark is a floor.
  [[nodiscard]] std::size_t floor() const noexcept { return marks_.empty() ? 0 : marks_.back(); }

  std::optional<std::uint32_t> pop() {
    if (error_ || stack_.size() <= floor()) {
      refuse("an instruction finds nothing on the stack");
      return {};
    }
    const std::uint32_t top = stack_.back();
    stack_.pop_back();
    return top;
  }
  std::vector<std::uint32_t> pop_to_mark() {
    if (marks_.empty()) {
      refuse("an instruction finds no mark");
      return {};
    }
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<std::uint32_t> popped(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return popped;
  }

  // `holder` gets `member`, which from now on stays as it is.
  void hold(Node& holder, std::uint32_t member, bool values_only) {
    Node& node = nodes_[member];
    const bool value = is_value(node.kind) && node.pure;
    if (values_only && !value) refuse("a name stands where a value should");
    holder.pure = holder.pure && value;
    node.sealed = true;
    holder.depth = std::max(holder.depth, node.depth + 1);
    holder.values = std::min(holder.values + node.values, kMaxPickleValues + 1);
  }
  void add_to(std::uint32_t container, std::span<const std::uint32_t> members) {
    Node& node = nodes_[container];
    if (node.sealed) refuse("a container grows after something holds it");
    for (const std::uint32_t member : members) {
      if (member == container) return refuse("a container holds itself");
      hold(node, member, true);
    }
    if (node.depth > kMaxPickleDepth) {
      refuse(fmt::format("its values nest deeper than {}", kMaxPickleDepth), ErrorCode::kTooLarge);
    }
    if (node.values > kMaxPickleValues) {
      refuse(fmt::format("it stands for more than {} values", kMaxPickleValues),
             ErrorCode::kTooLarge);
    }
  }
  void push_tuple(std::vector<std::uint32_t> members) {
    if (error_) return;
    Node tuple;
    tuple.kind = Kind::kTuple;
    // A storage is described by a tuple with a name in it, a tensor by one with a storage.
    for (const std::uint32_t member : members)
      hold(tuple, member, false);
    tuple.members = std::move(members);
    push(std::move(tuple));
  }
  void put(std::uint64_t id) {
    if (stack_.size() <= floor()) return refuse("there is nothing to remember");
    // Exporters count from 0 and forget none.
    if (id > memo_.size()) return refuse("a value is remembered out of turn");
    if (id == memo_.size()) {
      memo_.push_back(stack_.back());
    } else {
      memo_[static_cast<std::size_t>(id)] = stack_.back();
    }
  }
  void get(std::uint64_t id) {
    if (id >= memo_.size()) return refuse("a value is recalled that was not remembered");
    stack_.push_back(memo_[static_cast<std::size_t>(id)]);
    if (stack_.size() > kMostNodes) {
      refuse("its stack grows without end", ErrorCode::kTooLarge);
    }
  }

  // --- instructions

  void step() {
    const auto code = number<std::uint8_t>();
    if (error_) return;
    switch (code) {
      case '(':
        marks_.push_back(stack_.size());
        return;
      case '.':
        stopped_ = true;
        return;
      case 'N':
        return push_kind(Kind::kNone);
      case 0x88:
      case 0x89:
        return push_kind(Kind::kBool);
      case 'K':
        return push_int(number<std::uint8_t>());
      case 'M':
        return push_int(number<std::uint16_t>());
      case 'J':
        return push_int(number<std::int32_t>());
      case 0x8a:
        if (number<std::uint8_t>() != 8) return refuse("a long number has not 8 bytes");
        return push_int(number<std::int64_t>());
      case 'G':
        take(8);
        return push_kind(Kind::kFloat);
      case 'X':
        return push_string(number<std::uint32_t>());
      case ']':
        return push_kind(Kind::kList);
      case '}':
        return push_kind(Kind::kDict);
      case ')':
        return push_tuple({});
      case 't':
        return push_tuple(pop_to_mark());
      case 0x85:
      case 0x86:
      case 0x87: {
        std::vector<std::uint32_t> members(code - 0x84U);
        for (auto it = members.rbegin(); it != members.rend(); ++it)
          *it = pop().value_or(0);
        return push_tuple(std::move(members));
      }
      case 'a': {
        const auto member = pop();
        if (member) add_to_top(Kind::kList, std::span(&*member, 1));
        return;
      }
      case 'e':
        return add_to_top(Kind::kList, pop_to_mark());
      case 's': {
        const std::array<std::uint32_t, 2> pair = {pop().value_or(0), pop().value_or(0)};
        return add_to_top(Kind::kDict, pair);
      }
      case 'u': {
        const auto pairs = pop_to_mark();
        if (pairs.size() % 2 != 0) return refuse("a dictionary gets a key without a value");
        return add_to_top(Kind::kDict, pairs);
      }
      case 'q':
        return put(number<std::uint8_t>());
      case 'r':
        return put(number<std::uint32_t>());
      case 'h':
        return get(number<std::uint8_t>());
      case 'j':
        return get(number<std::uint32_t>());
      case 'c':
        return global();
      case 'Q':
        return storage();
      case 0x81:
        return new_object();
      case 'b':
        return build();
      case 'R':
        return reduce();
      default:
        return refuse(fmt::format("there is no instruction {:#04x} in them", code));
    }
  }

  void push_int(std::int64_t value) {
    Node node;
    node.kind = Kind::kInt;
    node.number = value;
    push(std::move(node));
  }
  void push_string(std::uint64_t size) {
    Node node;
    node.kind = Kind::kString;
    node.text = take(size);
    push(std::move(node));
  }
  void add_to_top(Kind kind, std::span<const std::uint32_t> members) {
    if (error_) return;
    if (stack_.size() <= floor() || nodes_[stack_.back()].kind != kind) {
      return refuse("an instruction finds no container to fill");
    }
    add_to(stack_.back(), members);
  }

  void global() {
    Node node;
    node.kind = Kind::kGlobal;
    node.text = line();
    node.more = line();
    if (error_) return;
    const std::string_view module = node.text;
    const std::string_view name = node.more;
    const auto is_storage = [&] {
      return std::ranges::any_of(kStorages, [&](const Storage& s) { return s.name == name; });
    };
    const bool known =
        (module == "torch._utils" && name == "_rebuild_tensor_v2") ||
        (module == "collections" && name == "OrderedDict") ||
        (module == "torch" && (name == "device" || is_storage())) ||
        (module == "torch.jit._pickle" &&
         (name == "build_intlist" || name == "build_doublelist" || name == "build_boollist" ||
          name == "build_tensorlist" || name == "restore_type_tag")) ||
        ((module == "__torch__" || module.starts_with("__torch__.")) &&
         !module.starts_with("__torch__.torch.classes"));
    if (!known) {
      const bool cpp = module.starts_with("__torch__.torch.classes");
      const bool quantised = module.starts_with("__torch__.torch.classes.quantized") ||
                             (module == "torch._utils" && name.ends_with("qtensor"));
      if (quantised) {
        if (!error_) {
          error_ =
              Error{ErrorCode::kUnsupportedOperation,
                    fmt::format("the model's {} holds quantised weights ({}.{}), and quantised "
                                "TorchScript is refused; save the model before it is "
                                "quantised, or export it as ONNX",
                                name_, module.substr(0, 100), name.substr(0, 100))};
        }
        return;
      }
      return refuse(
          fmt::format("it names {}.{}, which {}", module.substr(0, 100), name.substr(0, 100),
                      cpp ? "is a class of C++ that Nacre does not open" : "no model needs"),
          ErrorCode::kSecurity);
    }
    push(std::move(node));
  }

  void storage() {
    const auto popped = pop();
    if (!popped) return;
    const Node& id = nodes_[*popped];
    const auto part = [&](std::size_t i) -> const Node& { return nodes_[id.members[i]]; };
    if (id.kind != Kind::kTuple || id.members.size() != 5 || part(0).text != "storage" ||
        part(1).kind != Kind::kGlobal || part(1).text != "torch" || part(2).kind != Kind::kString ||
        part(3).kind != Kind::kString || part(4).kind != Kind::kInt || part(4).number < 0) {
      return refuse("a storage is not described as exporters do");
    }
    const auto type = std::ranges::find(kStorages, part(1).more, &Storage::name);
    std::uint64_t size = 0;
    if (type == kStorages.end() ||
        __builtin_mul_overflow(static_cast<std::uint64_t>(part(4).number), type->element, &size)) {
      return refuse("a storage is not described as exporters do");
    }
    const auto held = record_size_(part(2).text);
    if (size != 0 && held != size) {
      return refuse(fmt::format("the storage \"{}\" is to hold {} bytes, and the archive has {}",
                                part(2).text.substr(0, 40), size,
                                held ? fmt::format("{}", *held) : "none of that name"));
    }
    facts_.storage_bytes += size;  // each term is below the archive's size
    push_kind(Kind::kStorage);
  }

  void new_object() {
    const auto arguments = pop();
    const auto made = pop();
    if (!arguments || !made) return;
    if (nodes_[*arguments].kind != Kind::kTuple || !nodes_[*arguments].members.empty() ||
        !is_model_class(nodes_[*made])) {
      return refuse("an object is not made as exporters do");
    }
    push_kind(Kind::kNew);
  }

  void build() {
    const auto state = pop();
    const auto made = pop();
    if (!state || !made) return;
    if (nodes_[*made].kind != Kind::kNew || nodes_[*state].kind != Kind::kDict) {
      return refuse(
          "an object's state is no dictionary of its attributes (a class with __setstate__ would "
          "run while it is loaded)");
    }
    Node object;
    object.kind = Kind::kObject;
    hold(object, *state, true);
    push(std::move(object));
  }

  static bool is_model_class(const Node& node) {
    return node.kind == Kind::kGlobal && node.text.starts_with("__torch__");
  }

  void reduce() {
    const auto given = pop();
    const auto called = pop();
    if (!given || !called) return;
    const Node& function = nodes_[*called];
    const Node& arguments = nodes_[*given];
    if (function.kind != Kind::kGlobal) return refuse("what is called is no name");
    const std::string_view name = function.more;
    if (is_model_class(function)) {  // a member of an enumeration, by its value
      if (!is_value(arguments.kind) || !arguments.pure) {
        return refuse("an enumeration's member is made of what is no value");
      }
      return push_kind(Kind::kOther);
    }
    if (arguments.kind != Kind::kTuple) return refuse("a call has no arguments");
    const auto kind_of = [&](std::size_t i) { return nodes_[arguments.members[i]].kind; };
    const std::size_t count = arguments.members.size();
    if (name == "_rebuild_tensor_v2") {
      if ((count != 6 && count != 7) || kind_of(0) != Kind::kStorage || kind_of(1) != Kind::kInt ||
          !are_ints(arguments.members[2]) || !are_ints(arguments.members[3]) ||
          nodes_[arguments.members[2]].members.size() !=
              nodes_[arguments.members[3]].members.size() ||
          kind_of(4) != Kind::kBool) {
        return refuse("a tensor is not described as exporters do");
      }
      return push_kind(Kind::kTensor);
    }
    if (name == "OrderedDict") {
      if (count != 0) return refuse("a dictionary of hooks is not empty");
      return push_kind(Kind::kNone);
    }
    if (name == "device") {
      if (count < 1 || kind_of(0) != Kind::kString) return refuse("a device is not a name");
      return push_kind(Kind::kOther);
    }
    if (name == "restore_type_tag") {
      if (count != 2 || kind_of(1) != Kind::kString) return refuse("a type is not a name");
      if (kind_of(0) != Kind::kList && kind_of(0) != Kind::kDict) {
        return refuse("a type is given to what is no container");
      }
      if (!is_plain_type(nodes_[arguments.members[1]].text)) {
        return refuse("a type's name is too long or nests too deep", ErrorCode::kTooLarge);
      }
      return recall(arguments.members[0]);
    }
    if (name.starts_with("build_")) {
      if (count != 1 || kind_of(0) != Kind::kList) return refuse("a list is made of no list");
      return recall(arguments.members[0]);
    }
    refuse("what is called is no function");
  }

  // A container that a function gives back, as a value of its own that does not grow.
  void recall(std::uint32_t member) {
    Node copy = nodes_[member];
    copy.sealed = true;
    push(std::move(copy));
  }

  bool are_ints(std::uint32_t member) const {
    const Node& node = nodes_[member];
    return node.kind == Kind::kTuple && node.members.size() <= 64 &&
           std::ranges::all_of(node.members,
                               [&](std::uint32_t m) { return nodes_[m].kind == Kind::kInt; });
  }

  // libtorch's parser of types calls itself for each bracket.
  static bool is_plain_type(std::string_view type) {
    constexpr int kDeepest = 50;
    if (type.size() > kLongestName) return false;
    int depth = 0;
    for (const char c : type) {
      if (c == '[' || c == '(') ++depth;
      if (c == ']' || c == ')') --depth;
      const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') ||
                        std::string_view("_.,[]() ").find(c) != std::string_view::npos;
      if (!fits || depth > kDeepest || depth < 0) return false;
    }
    return true;
  }

  std::string_view name_;
  std::string_view text_;
  const std::function<std::optional<std::uint64_t>(std::string_view)>& record_size_;
  std::size_t at_ = 0;
  bool stopped_ = false;
  std::optional<Error> error_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> stack_;
  std::vector<std::size_t> marks_;
  std::vector<std::uint32_t> memo_;
  PickleFacts facts_;
};

}  // namespace

Result<PickleFacts> walk_pickle(
    std::string_view name, std::span<const std::byte> pickle, PickleResult wanted,
    const std::function<std::optional<std::uint64_t>(std::string_view key)>& record_size) {
  return Machine(name, pickle, record_size).run(wanted);
}

}  // namespace nacre
