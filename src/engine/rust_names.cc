// The grammar, as far as a path can contain it. {x}: any number of x; [x]: perhaps; 62: {0-9a-zA-Z}
// "_"; letters in quotes stand for themselves.
//
//   name    "_R" path
//   path    "C" ident                                 a crate
//           "N" letter path ident
//           "M" ["s" 62] path type
//           "X" ["s" 62] path type path
//           "Y" type path
//           "I" path {"L" 62, type, or "K" const} "E"
//           "B" 62                                    the path, type or constant at that place
//   ident   ["s" 62] bytes
//   bytes   ["u"] decimal ["_"] and that many
//   type    a small letter (i32 and the like), a path, "B" 62
//           "A" type const, "S" type, "P" type, "O" type, "T" {type} "E"
//           "R" or "Q", then ["L" 62] type
//           "F" ["G" 62] ["U"] ["K" abi] {type} "E" type
//           "D" ["G" 62] {path {"p" bytes type}} "E" "L" 62
//   const   "p", "B" 62, or type ["n"] {0-9a-f} "_"

#include "engine/rust_names.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace nacre::engine {
namespace {

constexpr int kMostSteps = 2000;  // "the same again" may double at each step
constexpr int kDeepest = 50;
constexpr std::size_t kLongest = 1000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::string name() { return path() && out_.size() <= kLongest ? std::move(out_) : std::string(); }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c || c == '\0') return false;
    ++at_;
    return true;
  }
  void say(std::string_view text) {
    if (!silent_ && out_.size() <= kLongest) out_ += text;
  }

  /// For what nests: false when it is too much.
  class Step {
   public:
    explicit Step(Reader& reader) : depth_(reader.depth_) {
      ++depth_;
      good_ = depth_ <= kDeepest && ++reader.steps_ <= kMostSteps;
    }
    ~Step() { --depth_; }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    explicit operator bool() const { return good_; }

   private:
    int& depth_;
    bool good_;
  };

  /// "_" is 0, "0_" is 1, and so on.
  std::optional<std::uint64_t> base62() {
    if (take('_')) return 0;
    std::uint64_t value = 0;
    for (int digits = 0; digits < 12; ++digits) {  // of 64 bits, and it may wrap
      const char c = peek();
      unsigned digit = 0;
      if (is_digit(c)) {
        digit = static_cast<unsigned>(c - '0');
      } else if (is_lower(c)) {
        digit = static_cast<unsigned>(c - 'a') + 10;
      } else if (is_upper(c)) {
        digit = static_cast<unsigned>(c - 'A') + 36;
      } else {
        return std::nullopt;
      }
      ++at_;
      value = value * 62 + digit;
      if (take('_')) return value + 1;
    }
    return std::nullopt;
  }
  bool skip62(char tag) { return !take(tag) || base62().has_value(); }

  std::optional<std::string_view> bytes() {
    take('u');  // letters beyond ASCII, in Punycode
    std::size_t size = 0;
    const std::size_t start = at_;
    while (is_digit(peek()) && size <= kLongest) {
      size = size * 10 + static_cast<std::size_t>(peek() - '0');
      ++at_;
    }
    if (at_ == start) return std::nullopt;
    take('_');
    if (size > text_.size() - at_) return std::nullopt;
    const auto found = text_.substr(at_, size);
    at_ += size;
    return found;
  }
  std::optional<std::string_view> ident() {
    if (!skip62('s')) return std::nullopt;
    return bytes();
  }

  /// The rest of the line reads what stands at an earlier place, then goes on here.
  template <typename Read>
  bool again(Read&& read) {
    const std::size_t from = at_ - 1;
    const auto there = base62();
    if (!there || *there >= from) return false;
    if (silent_) return true;
    const std::size_t back = at_;
    at_ = static_cast<std::size_t>(*there);
    const bool good = read();
    at_ = back;
    return good;
  }

  template <typename Read>
  bool unsaid(Read&& read) {
    const bool before = silent_;
    silent_ = true;
    const bool good = read();
    silent_ = before;
    return good;
  }

  bool path() {
    const Step step(*this);
    if (!step) return false;
    const char tag = peek();
    ++at_;
    switch (tag) {
      case 'C': {
        const auto crate = ident();
        if (crate) say(*crate);
        return crate.has_value();
      }
      case 'N': {
        const char space = peek();
        if (!is_lower(space) && !is_upper(space)) return false;
        ++at_;
        if (!path()) return false;
        const auto inner = ident();
        if (!inner) return false;
        if (is_upper(space)) {
          say(space == 'C' ? "::{closure}" : "::{shim}");
        } else if (!inner->empty()) {
          say("::");
          say(*inner);
        }
        return true;
      }
      case 'M':
      case 'X':
        if (!unsaid([&] { return skip62('s') && path(); })) return false;
        say("<");
        if (!type()) return false;
        if (tag == 'X') {
          say(" as ");
          if (!path()) return false;
        }
        say(">");
        return true;
      case 'Y':
        say("<");
        if (!type()) return false;
        say(" as ");
        if (!path()) return false;
        say(">");
        return true;
      case 'I':
        return path() && unsaid([&] { return generic_arguments(); });
      case 'B':
        return again([&] { return path(); });
      default:
        return false;
    }
  }

  bool generic_arguments() {
    while (!take('E')) {
      const bool good = peek() == 'L' ? skip62('L') : take('K') ? constant() : type();
      if (!good) return false;
    }
    return true;
  }

  bool constant() {
    const Step step(*this);
    if (!step) return false;
    if (take('p')) return true;
    if (take('B')) return again([&] { return constant(); });
    if (!type()) return false;
    take('n');
    while (is_digit(peek()) || (peek() >= 'a' && peek() <= 'f'))
      ++at_;
    return take('_');
  }

  static std::string_view basic(char letter) {
    switch (letter) {
      case 'a':
        return "i8";
      case 'b':
        return "bool";
      case 'c':
        return "char";
      case 'd':
        return "f64";
      case 'e':
        return "str";
      case 'f':
        return "f32";
      case 'h':
        return "u8";
      case 'i':
        return "isize";
      case 'j':
        return "usize";
      case 'l':
        return "i32";
      case 'm':
        return "u32";
      case 'n':
        return "i128";
      case 'o':
        return "u128";
      case 's':
        return "i16";
      case 't':
        return "u16";
      case 'u':
        return "()";
      case 'v':
        return "...";
      case 'x':
        return "i64";
      case 'y':
        return "u64";
      case 'z':
        return "!";
      case 'p':
        return "_";
      default:
        return {};
    }
  }

  bool type() {
    const Step step(*this);
    if (!step) return false;
    const char tag = peek();
    if (is_lower(tag)) {
      ++at_;
      say(basic(tag));
      return !basic(tag).empty();
    }
    switch (tag) {
      case 'A':
      case 'S': {
        ++at_;
        say("[");
        const bool good = type() && (tag == 'S' || unsaid([&] { return constant(); }));
        say("]");
        return good;
      }
      case 'R':
      case 'Q':
        ++at_;
        say(tag == 'R' ? "&" : "&mut ");
        return skip62('L') && type();
      case 'P':
      case 'O':
        ++at_;
        say(tag == 'P' ? "*const " : "*mut ");
        return type();
      case 'T':
        ++at_;
        say("(");
        for (bool first = true; !take('E'); first = false) {
          if (!first) say(", ");
          if (!type()) return false;
        }
        say(")");
        return true;
      case 'F':
        ++at_;
        say("fn");
        return unsaid([&] { return function_type(); });
      case 'D':
        ++at_;
        say("dyn ");
        return dynamic_type();
      case 'B':
        ++at_;
        return again([&] { return type(); });
      default:
        return path();
    }
  }

  bool function_type() {
    if (!skip62('G')) return false;
    take('U');
    if (take('K') && !take('C') && !bytes()) return false;
    while (!take('E')) {
      if (!type()) return false;
    }
    return type();
  }

  bool dynamic_type() {
    if (!skip62('G')) return false;
    for (bool first = true; !take('E'); first = false) {
      if (!first) say(" + ");
      if (!path()) return false;
      while (take('p')) {
        if (!bytes() || !unsaid([&] { return type(); })) return false;
      }
    }
    return peek() != 'L' || skip62('L');
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int steps_ = 0;
  bool silent_ = false;
  std::string out_;
};

}  // namespace

std::string readable_rust_name(std::string_view mangled) {
  if (!mangled.starts_with("_R")) return {};
  return Reader(mangled.substr(2)).name();
}

}  // namespace nacre::engine
