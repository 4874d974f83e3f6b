#include "language/language_benches.h"
#include "language/native_text.h"
#include "language/talk.h"
#include "statistics.h"

#include <string>
#include <vector>

namespace nacre::bench {
namespace {

// A list of lines, which a model begins otherwise than with a dash; so some tokens are refused.
constexpr const char* kGrammar = "root ::= (\"- \" [^\\n]+ \"\\n\")+";

struct Way {
  const char* words;
  const char* config;  // beside n-predict
  NativeSampler::Settings native;
};

std::string config_of(const Way& way, int tokens) {
  return std::string("{") + way.config + ", \"n-predict\": " + std::to_string(tokens) + "}";
}

// How far this measure itself can tell two things apart: llama.cpp called directly beside llama.cpp
// called directly, which have all in common but where their memory lies.
void note_control(NativeText& native, const std::string& prompt, int tokens, std::size_t rounds,
                  Table& table) {
  NativeText second(language_model(), threads(), 1, 1024);
  std::vector<double> rates[2];
  static_cast<void>(second.answer(prompt, {}, 8));
  for (std::size_t i = 0; i < 2 * rounds; ++i) {
    const std::size_t which = (i + i / 2) % 2;  // each comes first as often as the other
    let_threads_sleep();
    const auto answer = (which == 0 ? native : second).answer(prompt, {}, tokens);
    rates[which].push_back(answer.rest * 1e3 / answer.rest_ms);
  }
  table.note("two contexts of llama.cpp called directly, in the place of guest and floor: " +
             number(median_ratio(rates[1], rates[0])) + ", " + std::to_string(rounds) + " pairs.");
}

}  // namespace

void bench_text(const Settings& settings, Table& table) {
  const Way ways[] = {{"always the likeliest token", R"("temp": 0)", {}},
                      {"sampled", R"("temp": 0.8, "seed": 7)", {.temperature = 0.8F, .seed = 7}},
                      {"with a grammar",
                       R"("temp": 0, "grammar": "root ::= (\"- \" [^\\n]+ \"\\n\")+")",
                       {.grammar = kGrammar}}};
  const int tokens = settings.quick ? 32 : 128;
  const std::size_t rounds = settings.quick ? 3 : 12;
  const std::string prompt = question("Tell me a story about a river and a stone.");
  const auto host =
      language_host({language_spec("chat", "slots=8,ctx-size=1024,prefix-cache=off")}, {"chat"});
  NativeText native(language_model(), threads(), 1, 1024);
  for (const Way& way : ways) {
    std::vector<double> guest_rate;
    std::vector<double> native_rate;
    std::vector<NativeText::Answer> answers;
    static_cast<void>(native.answer(prompt, way.native, 8));
    const Talk talk = run_talk(*host, "chat", config_of(way, tokens),
                               std::vector<std::string>(rounds, prompt), [&] {
                                 let_threads_sleep();
                                 answers.push_back(native.answer(prompt, way.native, tokens));
                                 let_threads_sleep();
                               });
    bool good = talk.good;
    for (std::size_t i = 0; good && i < rounds; ++i) {
      good = talk.answers[i].text == hash_of(answers[i].text) &&
             talk.answers[i].rest == answers[i].rest && answers[i].rest > tokens / 2;
      guest_rate.push_back(talk.answers[i].rest * 1e3 / talk.answers[i].rest_ms);
      native_rate.push_back(answers[i].rest * 1e3 / answers[i].rest_ms);
    }
    const double ratio = median_ratio(guest_rate, native_rate);
    table.add({.what = std::string("tokens per second of one guest ÷ llama.cpp called directly, ") +
                       way.words + ", " + std::to_string(rounds) + " pairs",
               .measured = number(ratio) + " (" + number(median(guest_rate)) + "/s)",
               .floor = number(median(native_rate)) + "/s",
               .limit = ">= 0.99",
               .within = ratio >= 0.99,
               .correct = good});
  }
  note_control(native, prompt, tokens, rounds, table);
}

void bench_prompt(const Settings& settings, Table& table) {
  const int tokens = settings.quick ? 300 : 1000;
  const std::size_t rounds = settings.quick ? 2 : 5;
  const auto host =
      language_host({language_spec("chat", "slots=8,ctx-size=2048,prefix-cache=off")}, {"chat"});
  NativeText native(language_model(), threads(), 1, 2048);
  std::vector<std::string> prompts;
  for (std::size_t i = 0; i < rounds; ++i)
    prompts.push_back(long_text(tokens, static_cast<int>(i)));
  std::vector<double> guest_rate;
  std::vector<double> native_rate;
  std::vector<NativeText::Answer> answers;
  static_cast<void>(native.answer("Once", {}, 4));
  const Talk talk = run_talk(*host, "chat", R"({"temp": 0, "n-predict": 4})", prompts, [&] {
    let_threads_sleep();
    answers.push_back(native.answer(prompts[answers.size()], {}, 4));
    let_threads_sleep();
  });
  bool good = talk.good;
  double read = 0;
  for (std::size_t i = 0; good && i < rounds; ++i) {
    good = talk.answers[i].text == hash_of(answers[i].text);
    read = static_cast<double>(native.tokenize(prompts[i]).size());
    guest_rate.push_back(read * 1e3 / talk.answers[i].first_ms);
    native_rate.push_back(read * 1e3 / answers[i].first_ms);
  }
  const double ratio = median_ratio(guest_rate, native_rate);
  table.add({.what = "tokens per second of a prompt of " + number(read) +
                     ", from set_input to the first token, ÷ llama.cpp called directly, " +
                     std::to_string(rounds) + " pairs",
             .measured = number(ratio) + " (" + number(median(guest_rate)) + "/s)",
             .floor = number(median(native_rate)) + "/s",
             .limit = ">= 0.99",
             .within = ratio >= 0.99,
             .correct = good});
}

void bench_turn(const Settings& settings, Table& table) {
  const std::size_t rounds = settings.quick ? 2 : 4;
  const auto host = language_host({language_spec("on", "slots=2,ctx-size=2048"),
                                   language_spec("off", "slots=2,ctx-size=2048,prefix-cache=off")},
                                  {"on", "off"});
  // The history, and its next turn in several wordings: each is read anew from where they part.
  const std::string history =
      question(long_text(settings.quick ? 300 : 1000)) + "A fine story.<|im_end|>\n";
  std::vector<std::string> prompts = {history};
  for (std::size_t i = 0; i < rounds; ++i) {
    prompts.push_back(history + question(std::to_string(i) + ": What is the capital of France?"));
  }
  const auto run = [&](std::string_view model) {
    let_threads_sleep();
    return run_talk(*host, model, R"({"temp": 0, "n-predict": 8})", prompts);
  };
  const Talk on = run("on");
  const Talk off = run("off");
  bool good = on.good && off.good;
  std::vector<double> with;
  std::vector<double> without;
  for (std::size_t i = 1; good && i < prompts.size(); ++i) {
    good = on.answers[i].text == off.answers[i].text;
    with.push_back(on.answers[i].first_ms);
    without.push_back(off.answers[i].first_ms);
  }
  const double ratio = median_ratio(with, without);
  table.add({.what = "first token of a second turn after about " +
                     std::string(settings.quick ? "300" : "1,000") +
                     " tokens ÷ without the prefix cache, " + std::to_string(rounds) + " turns",
             .measured = number(ratio) + " (" + number(median(with)) + " ms)",
             .floor = number(median(without)) + " ms",
             .limit = "<= 0.08",
             .within = ratio <= 0.08,
             .correct = good});
}

}  // namespace nacre::bench
