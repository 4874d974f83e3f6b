// Grammar::parse: from text to symbols.
#include "grammar.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

namespace nacre::llama {
namespace {

bool is_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace

/// By descent; its depth is that of the parentheses, which is bounded.
class GrammarParser {
 public:
  explicit GrammarParser(std::string_view text) : text_(text) {}

  Result<std::shared_ptr<const Grammar>> parse() {
    skip_space(true);
    while (ok() && at_ < text_.size())
      parse_rule();
    if (ok()) check_names();
    if (error_) return std::unexpected(std::move(*error_));
    lay_out();
    if (error_) return std::unexpected(std::move(*error_));
    return grammar_;
  }

 private:
  using Symbol = Grammar::Symbol;
  using Kind = Grammar::Kind;
  using Sequence = std::vector<Symbol>;

  [[nodiscard]] bool ok() const noexcept { return !error_.has_value(); }

  void refuse(ErrorCode code, std::string what) {
    if (error_) return;
    // An escape at the very end leaves at_ behind it.
    const auto read = text_.substr(0, at_);
    const auto line = 1 + std::ranges::count(read, '\n');
    error_ = Error{code, "grammar, line " + std::to_string(line) + ": " + std::move(what)};
  }
  void refuse(std::string what) { refuse(ErrorCode::kInvalidArgument, std::move(what)); }

  [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space(bool over_lines) {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
        if (at_ == text_.size()) return;
        --at_;
        continue;
      }
      if (c == ' ' || c == '\t' || (over_lines && (c == '\r' || c == '\n'))) continue;
      return;
    }
  }

  std::string_view parse_name() {
    const std::size_t from = at_;
    while (is_word(peek()))
      ++at_;
    return text_.substr(from, at_ - from);
  }

  std::uint32_t rule_named(std::string_view name) {
    const auto [found, fresh] =
        names_.try_emplace(std::string(name), static_cast<std::uint32_t>(rules_.size()));
    if (fresh) {
      rules_.emplace_back();
      first_use_.push_back(at_);
    }
    return found->second;
  }

  std::uint32_t rule_without_name() {
    rules_.emplace_back();
    first_use_.push_back(at_);
    return static_cast<std::uint32_t>(rules_.size() - 1);
  }

  void parse_rule() {
    const std::string_view name = parse_name();
    if (name.empty()) return refuse("the name of a rule was expected");
    const std::uint32_t rule = rule_named(name);
    skip_space(false);
    if (text_.substr(at_, 3) != "::=") return refuse("::= was expected after a rule's name");
    at_ += 3;
    skip_space(true);
    rules_[rule].clear();  // the last definition of a name counts
    parse_alternatives(rule, 0);
    if (!ok()) return;
    if (at_ < text_.size() && peek() != '\n' && peek() != '\r') {
      return refuse(std::string("\"") + peek() + "\" was not expected here");
    }
    skip_space(true);
  }

  void parse_alternatives(std::uint32_t rule, std::size_t depth) {
    if (depth > kMaxGrammarDepth) {
      return refuse(ErrorCode::kTooLarge,
                    "parentheses are nested deeper than " + std::to_string(kMaxGrammarDepth));
    }
    for (;;) {
      Sequence sequence = parse_sequence(depth);
      if (!ok()) return;
      rules_[rule].push_back(std::move(sequence));
      if (peek() != '|') return;
      ++at_;
      skip_space(true);
    }
  }

  Sequence parse_sequence(std::size_t depth) {
    Sequence sequence;
    std::size_t last = 0;  // where the part that * + ? { apply to begins
    bool repeatable = false;
    while (ok()) {
      const char c = peek();
      if (c == '*' || c == '+' || c == '?' || c == '{') {
        if (!repeatable) {
          refuse(std::string("there is nothing that \"") + c + "\" could repeat");
          break;
        }
        parse_repetition(sequence, last, depth != 0);
        continue;
      }
      if (c != '"' && c != '[' && c != '(' && c != '.' && !is_word(c)) {
        if (c == '<' || c == '!') refuse("token elements are not supported here; write letters");
        break;
      }
      last = sequence.size();
      repeatable = true;
      if (c == '"') {
        parse_literal(sequence);
      } else if (c == '[') {
        parse_class(sequence);
      } else if (c == '.') {
        ++at_;
        add(sequence, Kind::kClass, new_class({.negated = true, .ranges = {}}));
      } else if (c == '(') {
        ++at_;
        skip_space(true);
        const std::uint32_t group = rule_without_name();
        parse_alternatives(group, depth + 1);
        if (ok() && peek() != ')') refuse("a \")\" is missing");
        ++at_;
        add(sequence, Kind::kRule, group);
      } else {
        add(sequence, Kind::kRule, rule_named(parse_name()));
      }
      skip_space(depth != 0);
    }
    return sequence;
  }

  void add(Sequence& sequence, Kind kind, std::uint32_t index) {
    sequence.push_back({kind, index});
    count(1);
  }

  void count(std::size_t symbols) {
    symbols_ += symbols;
    if (symbols_ > kMaxGrammarSymbols) {
      refuse(ErrorCode::kTooLarge, "with its repetitions the grammar has more than " +
                                       std::to_string(kMaxGrammarSymbols) + " symbols");
    }
  }

  std::uint32_t new_class(Grammar::Class made) {
    grammar_->classes_.push_back(std::move(made));
    return static_cast<std::uint32_t>(grammar_->classes_.size() - 1);
  }

  void parse_literal(Sequence& sequence) {
    ++at_;
    while (ok() && peek() != '"') {
      const std::uint32_t point = parse_point();
      if (ok()) {
        add(sequence, Kind::kClass, new_class({.negated = false, .ranges = {{point, point}}}));
      }
    }
    ++at_;
  }

  void parse_class(Sequence& sequence) {
    ++at_;
    Grammar::Class made;
    if (peek() == '^') {
      made.negated = true;
      ++at_;
    }
    while (ok() && peek() != ']') {
      const std::uint32_t low = parse_point();
      std::uint32_t high = low;
      if (ok() && peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        high = parse_point();
      }
      if (ok() && high < low) refuse("a range in [] ends before it begins");
      made.ranges.emplace_back(low, high);
      count(1);
    }
    ++at_;
    if (ok()) add(sequence, Kind::kClass, new_class(std::move(made)));
  }

  std::uint32_t parse_hex(std::size_t digits) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i, ++at_) {
      const char c = peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) {
        refuse(std::to_string(digits) + " hexadecimal digits were expected");
        return 0;
      }
      value = value * 16 + static_cast<std::uint32_t>(digit);
    }
    if (value > kLastCodePoint) refuse("there is no such character");
    return value;
  }

  std::uint32_t parse_point() {
    if (at_ >= text_.size()) {
      refuse("the grammar ends within a literal or []");
      return 0;
    }
    const auto first = static_cast<unsigned char>(text_[at_]);
    if (first == '\\') {
      ++at_;
      const char escaped = peek();
      ++at_;
      switch (escaped) {
        case 'x':
          return parse_hex(2);
        case 'u':
          return parse_hex(4);
        case 'U':
          return parse_hex(8);
        case 't':
          return '\t';
        case 'r':
          return '\r';
        case 'n':
          return '\n';
        case '\\':
        case '"':
        case '[':
        case ']':
        case '-':
          return static_cast<unsigned char>(escaped);
        default:
          refuse("an unknown escape after \\");
          return 0;
      }
    }
    const int length = first < 0x80             ? 1
                       : (first & 0xe0) == 0xc0 ? 2
                       : (first & 0xf0) == 0xe0 ? 3
                       : (first & 0xf8) == 0xf0 ? 4
                                                : 0;
    if (length == 0 || at_ + static_cast<std::size_t>(length) > text_.size()) {
      refuse("the grammar is not UTF-8");
      return 0;
    }
    std::uint32_t point = length == 1 ? first : first & (0x7fU >> length);
    for (int i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text_[at_ + static_cast<std::size_t>(i)]);
      if ((next & 0xc0) != 0x80) refuse("the grammar is not UTF-8");
      point = point << 6 | (next & 0x3f);
    }
    at_ += static_cast<std::size_t>(length);
    return point;
  }

  std::optional<std::uint32_t> parse_number() {
    if (peek() < '0' || peek() > '9') return std::nullopt;
    std::uint64_t value = 0;
    for (; peek() >= '0' && peek() <= '9'; ++at_) {
      value = std::min<std::uint64_t>(value * 10 + static_cast<std::uint64_t>(peek() - '0'),
                                      UINT32_MAX);
    }
    return static_cast<std::uint32_t>(value);
  }

  void parse_repetition(Sequence& sequence, std::size_t last, bool nested) {
    std::uint32_t least = 0;
    std::optional<std::uint32_t> most;
    const char c = text_[at_++];
    if (c == '+') least = 1;
    if (c == '?') most = 1;
    if (c == '{') {
      skip_space(nested);
      const auto first = parse_number();
      if (!first) return refuse("a number was expected in {}");
      least = *first;
      skip_space(nested);
      if (peek() == ',') {
        ++at_;
        skip_space(nested);
        most = parse_number();
        skip_space(nested);
      } else {
        most = least;
      }
      if (peek() != '}') return refuse("a \"}\" is missing");
      ++at_;
      if (most && *most < least) return refuse("{n,m} with m smaller than n");
    }
    skip_space(nested);
    if (least > kMaxRepetitions || (most && *most > kMaxRepetitions)) {
      return refuse(ErrorCode::kTooLarge,
                    "more than " + std::to_string(kMaxRepetitions) + " repetitions");
    }
    repeat(sequence, last, least, most);
  }

  // S{n,m} is S n times and then what may follow: R ::= S R | (for ever), or
  // R1 ::= S R2 |, R2 ::= S R3 | … (m - n of them).
  void repeat(Sequence& sequence, std::size_t last, std::uint32_t least,
              std::optional<std::uint32_t> most) {
    const Sequence part(sequence.begin() + static_cast<long>(last), sequence.end());
    sequence.resize(last);
    count(part.size() * least);
    for (std::uint32_t i = 0; i < least && ok(); ++i)
      sequence.insert(sequence.end(), part.begin(), part.end());
    if (!ok()) return;
    if (!most) {
      const std::uint32_t rule = rule_without_name();
      Sequence again = part;
      again.push_back({Kind::kRule, rule});
      rules_[rule] = {std::move(again), {}};
      add(sequence, Kind::kRule, rule);
      return count(part.size() + 1);
    }
    std::optional<std::uint32_t> inner;
    for (std::uint32_t i = least; i < *most && ok(); ++i) {
      const std::uint32_t rule = rule_without_name();
      Sequence once = part;
      if (inner) once.push_back({Kind::kRule, *inner});
      count(once.size());
      rules_[rule] = {std::move(once), {}};
      inner = rule;
    }
    if (inner) add(sequence, Kind::kRule, *inner);
  }

  void check_names() {
    for (const auto& [name, rule] : names_) {
      if (!rules_[rule].empty()) continue;
      at_ = first_use_[rule];
      return refuse("the rule \"" + name.substr(0, 80) + "\" is not defined");
    }
    const auto root = names_.find("root");
    if (root == names_.end()) return refuse("there is no rule \"root\"");
    grammar_->root_ = root->second;
  }

  void lay_out() {
    Grammar& grammar = *grammar_;
    for (const auto& alternatives : rules_) {
      auto& starts = grammar.rules_.emplace_back();
      for (const Sequence& sequence : alternatives) {
        starts.push_back(static_cast<std::uint32_t>(grammar.symbols_.size()));
        grammar.symbols_.insert(grammar.symbols_.end(), sequence.begin(), sequence.end());
        grammar.symbols_.push_back({});
      }
    }
    if (left_recursive()) refuse("a rule begins with itself (left recursion)");
    // Whatever is wrong from the first letter on is said now.
    if (ok() && GrammarState(grammar_).overflowed()) {
      refuse(ErrorCode::kTooLarge, "the grammar is too ambiguous: a text may begin in more than " +
                                       std::to_string(kMaxGrammarPlaces) + " ways");
    }
  }

  // Whether a rule can come back to itself before any letter: a cycle in the graph of what may
  // stand leftmost. First the rules that may be empty, to a fixed point, then a walk by hand.
  [[nodiscard]] bool left_recursive() const {
    const Grammar& grammar = *grammar_;
    const std::size_t count = grammar.rules_.size();
    std::vector<bool> empty(count);
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t rule = 0; rule < count; ++rule) {
        if (empty[rule]) continue;
        for (std::uint32_t at : grammar.rules_[rule]) {
          while (grammar.symbols_[at].kind == Kind::kRule && empty[grammar.symbols_[at].index])
            ++at;
          if (grammar.symbols_[at].kind == Kind::kEnd) {
            empty[rule] = changed = true;
            break;
          }
        }
      }
    }
    enum : std::uint8_t { kNew, kOpen, kDone };
    std::vector<std::uint8_t> state(count, kNew);
    std::vector<std::pair<std::uint32_t, std::vector<std::uint32_t>>> path;
    const auto leftmost = [&](std::uint32_t rule) {
      std::vector<std::uint32_t> found;
      for (std::uint32_t at : grammar.rules_[rule]) {
        for (; grammar.symbols_[at].kind == Kind::kRule; ++at) {
          found.push_back(grammar.symbols_[at].index);
          if (!empty[grammar.symbols_[at].index]) break;
        }
      }
      return found;
    };
    for (std::uint32_t start = 0; start < count; ++start) {
      if (state[start] != kNew) continue;
      state[start] = kOpen;
      path.emplace_back(start, leftmost(start));
      while (!path.empty()) {
        auto& [rule, left] = path.back();
        if (left.empty()) {
          state[rule] = kDone;
          path.pop_back();
          continue;
        }
        const std::uint32_t next = left.back();
        left.pop_back();
        if (state[next] == kOpen) return true;
        if (state[next] == kDone) continue;
        state[next] = kOpen;
        path.emplace_back(next, leftmost(next));
      }
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t symbols_ = 0;
  std::optional<Error> error_;
  std::map<std::string, std::uint32_t, std::less<>> names_;
  std::vector<std::vector<Sequence>> rules_;
  std::vector<std::size_t> first_use_;
  std::shared_ptr<Grammar> grammar_ = std::make_shared<Grammar>();
};

Result<std::shared_ptr<const Grammar>> Grammar::parse(std::string_view gbnf) {
  if (gbnf.size() > kMaxGrammarBytes) {
    return fail(ErrorCode::kTooLarge, "a grammar of " + std::to_string(gbnf.size()) +
                                          " bytes, and the limit is " +
                                          std::to_string(kMaxGrammarBytes));
  }
  return GrammarParser(gbnf).parse();
}

}  // namespace nacre::llama
