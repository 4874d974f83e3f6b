// The text of an echo model.
//
//   nacre-echo v1                       first line, exactly
//   input NAME TYPE SHAPE               zero or more; outputs mirror them, in order
//   sleep_ms N  hang  fail MESSAGE  throw  wrong_shape  async  deaf
//                                       what a test wants the backend to do in a computation
//   text N                              be a language model with a context of N words (text.h)
//   chatless                            a language model without a chat template
//   # …                                 a comment; empty lines are skipped
//
// TYPE is a name of TensorType or "unknown". SHAPE is "1,3,?" with ? for a dynamic dimension,
// "scalar" (or nothing) for rank 0, "any" for an unknown rank. Without input lines there is one
// input and one output of which nothing is known.
#ifndef NACRE_BACKENDS_ECHO_MODEL_TEXT_H_
#define NACRE_BACKENDS_ECHO_MODEL_TEXT_H_

#include <nacre/error.h>
#include <nacre/graph.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::echo {

inline constexpr std::string_view kFirstLine = "nacre-echo v1";
inline constexpr std::size_t kMaxInputs = 1024;
inline constexpr std::uint64_t kMaxSleepMs = 60'000;
inline constexpr std::uint64_t kMaxTextWords = 1'000'000;

struct Model {
  std::vector<TensorDescription> inputs;
  std::vector<TensorDescription> outputs;

  std::uint64_t sleep_ms = 0;    ///< wait that long, or until a cancel
  bool hang = false;             ///< wait until a cancel
  bool fail = false;             ///< end with kRuntimeError and `message`
  bool throws = false;           ///< let an exception out of start()
  bool wrong_shape = false;      ///< give outputs whose dimensions do not match their bytes
  bool async = false;            ///< complete on another thread
  bool deaf = false;             ///< do not listen to cancel
  std::uint64_t text_words = 0;  ///< not 0: a language model with that much context
  bool chatless = false;         ///< a language model that cannot write chats down
  std::string message;

  /// Nothing but giving the inputs back.
  [[nodiscard]] bool plain() const noexcept {
    return sleep_ms == 0 && !hang && !fail && !throws && !wrong_shape && !async;
  }
};

/// kInvalidEncoding with the line's number and what is wanted there.
[[nodiscard]] Result<Model> parse_model(std::string_view text);

}  // namespace nacre::echo

#endif  // NACRE_BACKENDS_ECHO_MODEL_TEXT_H_
