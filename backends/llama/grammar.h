// Grammars in GBNF, read and followed by our own code.
//
// A guest sends the grammar and, with every token, decides how hard it is to follow. llama.cpp's
// reader overflows its stack on nested parentheses, runs out of memory on {5,3}, needs time
// exponential in the number of rules to look for left recursion, and an ambiguous grammar doubles
// its work with every letter. Here every one of these has a bound, and passing it is an error.
//
// Read: rules `name ::= …`, literals, [classes], ., ( ), |, *, +, ?, {n}, {n,}, {n,m}, # comments.
// Token elements (<[7]>, <think>) are refused: they are llama.cpp's own.
#ifndef NACRE_BACKENDS_LLAMA_GRAMMAR_H_
#define NACRE_BACKENDS_LLAMA_GRAMMAR_H_

#include <nacre/error.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace nacre::llama {

inline constexpr std::size_t kMaxGrammarBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMaxGrammarDepth = 64;
inline constexpr std::uint32_t kMaxRepetitions = 2000;
inline constexpr std::size_t kMaxGrammarSymbols = 100'000;
/// Places in the grammar that a text may be at, at the same time.
inline constexpr std::size_t kMaxGrammarPlaces = 256;
/// Steps to find what may follow at one place of a text, over a whole vocabulary: a tenth of a
/// second or so. A grammar of JSON takes a few million.
inline constexpr std::uint64_t kMaxGrammarWork = 100'000'000;
inline constexpr std::uint32_t kLastCodePoint = 0x10ffff;

/// A grammar that was read. Immutable; any thread.
class Grammar {
 public:
  /// Errors: kTooLarge (bytes, depth, repetitions, symbols), kInvalidArgument with the line for
  /// anything else: syntax, a rule that is not defined, no rule "root", left recursion.
  [[nodiscard]] static Result<std::shared_ptr<const Grammar>> parse(std::string_view gbnf);

 private:
  friend class GrammarParser;
  friend class GrammarState;

  enum class Kind : std::uint8_t { kEnd, kClass, kRule };
  struct Symbol {
    Kind kind = Kind::kEnd;
    std::uint32_t index = 0;  // of the class or the rule
  };
  struct Class {
    bool negated = false;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges;  // inclusive code points
    [[nodiscard]] bool has(std::uint32_t point) const noexcept;
    /// Whether some code point from low to high is in the class.
    [[nodiscard]] bool has_any(std::uint32_t low, std::uint32_t high) const noexcept;
  };

  std::vector<Symbol> symbols_;  // alternatives one after the other, each closed by kEnd
  std::vector<Class> classes_;
  std::vector<std::vector<std::uint32_t>> rules_;  // where each alternative starts
  std::uint32_t root_ = 0;
};

/// How far a text has come in a grammar. One thread at a time.
class GrammarState {
 public:
  explicit GrammarState(std::shared_ptr<const Grammar> grammar);

  /// Whether the text may go on with these bytes, which may end within a UTF-8 character.
  [[nodiscard]] bool accepts(std::string_view bytes);
  /// Whether the text may end here.
  [[nodiscard]] bool may_end() const noexcept { return may_end_ && pending_.missing == 0; }
  /// Goes on. kInvalidArgument when the bytes are not accepted or the grammar has become too
  /// ambiguous: then the state is at its end.
  [[nodiscard]] Result<void> accept(std::string_view bytes);

  /// Whether following passed kMaxGrammarPlaces, or kMaxGrammarWork since the text last went on;
  /// then nothing is accepted any more.
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

 private:
  // A stack of returns as a linked list whose tails are shared. Node 0 is the empty stack.
  struct Node {
    std::uint32_t at = 0;  // a symbol
    std::uint32_t next = 0;
  };
  struct Pending {  // of a UTF-8 character that was cut
    std::uint32_t value = 0;
    int missing = 0;
    std::uint32_t least = 0;  // what takes fewer bytes must not be written with so many
  };
  using Places = std::vector<std::uint32_t>;  // nodes whose symbol is a class

  std::uint32_t node(std::uint32_t at, std::uint32_t next);
  void expand(std::uint32_t start, Places& out, bool& end);
  [[nodiscard]] bool step(const Places& from, std::uint32_t point, Places& to, bool& end);
  [[nodiscard]] bool walk(std::string_view bytes, Places& places, Pending& pending, bool& end);
  [[nodiscard]] bool has(std::uint32_t place, std::uint32_t point);
  void spend(std::size_t steps) noexcept {
    work_ += steps;
    if (work_ > kMaxGrammarWork) overflowed_ = true;
  }
  void compact();

  std::shared_ptr<const Grammar> grammar_;
  std::vector<Node> nodes_;
  std::unordered_map<std::uint64_t, std::uint32_t> known_;
  Places places_;
  Pending pending_;
  bool may_end_ = false;
  bool overflowed_ = false;
  std::uint64_t work_ = 0;  // since the last accept()
  std::vector<std::uint32_t> todo_;
  std::vector<std::uint32_t> seen_;
  Places walk_a_;
  Places walk_b_;
};

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_GRAMMAR_H_
