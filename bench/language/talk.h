// What the benches of language models share: the guest bench_text, run in this process.
#ifndef NACRE_BENCH_LANGUAGE_TALK_H_
#define NACRE_BENCH_LANGUAGE_TALK_H_

#include <nacre/host.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::bench {

/// The small language model's file.
[[nodiscard]] std::string language_model();
/// "NAME=…" with all threads and `more`: "slots=2,prefix-cache=off".
[[nodiscard]] std::string language_spec(std::string_view name, std::string_view more);
[[nodiscard]] int threads();

/// A host whose models are loaded.
[[nodiscard]] std::unique_ptr<Host> language_host(const std::vector<std::string>& specs,
                                                  const std::vector<std::string>& names);

/// One answer as bench_text told it.
struct Told {
  double first_ms = 0;
  double rest_ms = 0;
  int rest = 0;
  std::string text;  ///< its hash
};
struct Talk {
  std::vector<Told> answers;
  bool good = false;  ///< the guest ended well, and every prompt has its answer
};

/// Runs bench_text. `ready` is called before each prompt, `piece` (if given) after each piece.
[[nodiscard]] Talk run_talk(Host& host, std::string_view model, std::string_view config,
                            const std::vector<std::string>& prompts,
                            const std::function<void()>& ready = {},
                            const std::function<void()>& piece = {});

/// What bench_text prints of a text.
[[nodiscard]] std::string hash_of(std::string_view text);

/// ggml's threads spin for a while after a computation: they are to sleep before somebody else is
/// measured.
void let_threads_sleep();

/// English of about so many tokens; texts of different `number` differ from the first word on.
[[nodiscard]] std::string long_text(int tokens, int number = 0);

/// A question as the model's template has it.
[[nodiscard]] std::string question(std::string_view text);

}  // namespace nacre::bench

#endif  // NACRE_BENCH_LANGUAGE_TALK_H_
