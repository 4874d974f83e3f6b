// Many guests of one language model at once.
#include "language/language_benches.h"
#include "language/native_text.h"
#include "language/talk.h"
#include "statistics.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <latch>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace nacre::bench {
namespace {

constexpr std::size_t kGuests = 8;

const char* const kQuestions[kGuests] = {
    "Tell me a story about the sea.",    "Describe how bread is made.",
    "Write a letter to an old friend.",  "Explain how a bicycle works.",
    "What happened in ancient Rome?",    "Describe a walk through a forest.",
    "Tell me about the life of whales.", "How does one plant a garden?"};

double percentile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const auto at = static_cast<std::size_t>(part * static_cast<double>(values.size()));
  return values[std::min(at, values.size() - 1)];
}

// Pieces per second while all guests' texts flowed.
double rate_of_all(const std::vector<std::vector<std::vector<Clock::time_point>>>& guests,
                   std::size_t round) {
  auto from = Clock::time_point::min();
  auto to = Clock::time_point::max();
  for (const auto& rounds : guests) {
    from = std::max(from, rounds[round].front());
    to = std::min(to, rounds[round].back());
  }
  double count = 0;
  for (const auto& rounds : guests) {
    count += static_cast<double>(
        std::ranges::count_if(rounds[round], [&](auto at) { return at > from && at <= to; }));
  }
  return to > from ? count / std::chrono::duration<double>(to - from).count() : 0;
}

// `flowing` of the guests talk at once while the others have talked and are idle.
void bench_company(const Settings& settings, Table& table, const std::string& what,
                   const std::vector<std::size_t>& flowing) {
  const int tokens = settings.quick ? 32 : 128;
  const std::size_t rounds = settings.quick ? 2 : 5;
  const std::string config = R"({"temp": 0, "n-predict": )" + std::to_string(tokens) + "}";
  const auto host =
      language_host({language_spec("chat", "slots=8,ctx-size=512,prefix-cache=off")}, {"chat"});
  NativeText native(language_model(), threads(), static_cast<int>(flowing.size()), 512);
  std::vector<std::string> prompts;
  for (const std::size_t i : flowing)
    prompts.push_back(question(kQuestions[i]));
  static_cast<void>(native.answers(prompts, 4));

  std::vector<double> guest_rate;
  std::vector<double> native_rate;
  std::vector<NativeText::Answer> answers;
  // All who talk meet before each round; the last to come lets the native loop run.
  const auto before_round = [&]() noexcept {
    if (native_rate.size() == rounds) return;  // they have ended
    let_threads_sleep();
    answers = native.answers(prompts, tokens);
    double pieces = 0;
    for (const NativeText::Answer& each : answers)
      pieces += each.rest;
    native_rate.push_back(pieces * 1e3 / answers[0].rest_ms);
    let_threads_sleep();
  };
  std::barrier meeting(static_cast<std::ptrdiff_t>(flowing.size()), before_round);
  std::atomic<std::size_t> turn{0};  // each talks once before, so that it has a slot
  std::latch over(static_cast<std::ptrdiff_t>(flowing.size()));
  std::vector<Talk> talks(kGuests);
  std::vector<std::vector<std::vector<Clock::time_point>>> pieces(flowing.size());  // of each round
  std::vector<std::thread> guests;
  for (std::size_t i = 0; i < kGuests; ++i) {
    guests.emplace_back([&, i] {
      const auto me = static_cast<std::size_t>(std::ranges::find(flowing, i) - flowing.begin());
      const bool talks_on = me < flowing.size();
      std::size_t prompt = 0;
      const auto ready = [&] {
        if (prompt++ == 0) {
          for (std::size_t now = turn; now != i; now = turn)
            turn.wait(now);
          return;
        }
        if (prompt == 2) {
          ++turn;
          turn.notify_all();
        }
        if (!talks_on) return over.wait();
        meeting.arrive_and_wait();
        pieces[me].emplace_back();
      };
      talks[i] =
          run_talk(*host, "chat", config,
                   std::vector<std::string>(1 + (talks_on ? rounds : 1), question(kQuestions[i])),
                   ready, [&] {
                     if (talks_on && prompt > 1) pieces[me].back().push_back(Clock::now());
                   });
      if (prompt < 2) {  // whoever failed keeps nobody waiting
        turn = i + 1;
        turn.notify_all();
      }
      if (!talks_on) return;
      meeting.arrive_and_drop();
      over.count_down();
    });
  }
  for (std::thread& guest : guests)
    guest.join();
  bool good = std::ranges::all_of(talks, &Talk::good);
  for (std::size_t me = 0; me < flowing.size(); ++me) {
    for (std::size_t i = 1; i < talks[flowing[me]].answers.size(); ++i) {
      const Told& told = talks[flowing[me]].answers[i];
      good = good && told.text == hash_of(answers[me].text) && told.rest == answers[me].rest;
    }
  }
  for (std::size_t round = 0; good && round < rounds; ++round)
    guest_rate.push_back(rate_of_all(pieces, round));
  const double ratio = median_ratio(guest_rate, native_rate);
  table.add({.what = "tokens per second of " + what +
                     " ÷ llama.cpp called directly in batches of " +
                     std::to_string(flowing.size()) + ", " + std::to_string(rounds) + " pairs",
             .measured = number(ratio) + " (" + number(median(guest_rate)) + "/s)",
             .floor = number(median(native_rate)) + "/s",
             .limit = ">= 0.95",
             .within = ratio >= 0.95,
             .correct = good});
}

}  // namespace

void bench_texts(const Settings& settings, Table& table) {
  bench_company(settings, table, "8 guests at once", {0, 1, 2, 3, 4, 5, 6, 7});
  bench_company(settings, table, "3 of 8 guests, between whom others are idle", {0, 3, 6});
}

void bench_stream(const Settings& settings, Table& table) {
  constexpr std::size_t kChunk = 16;
  const int tokens = settings.quick ? 400 : 2000;
  const int rounds = settings.quick ? 1 : 2;
  const auto host =
      language_host({language_spec("chat", "slots=2,ctx-size=3072,prefix-cache=off")}, {"chat"});
  NativeText native(language_model(), threads(), 2, 3072);
  const std::string prompt = long_text(tokens);
  const std::vector<llama_token> read = native.tokenize(prompt);
  const std::size_t steps = (read.size() + kChunk - 1) / kChunk;
  // The stream lasts somewhat longer than the prompt.
  const std::string streaming =
      R"({"temp": 0, "ignore-eos": true, "n-predict": )" + std::to_string(steps + 60) + "}";
  const std::string reading = R"({"temp": 0, "n-predict": 1})";
  const std::string begin = question("Tell me a long story.");

  std::vector<double> latencies;
  std::vector<double> native_steps;
  std::vector<double> alone_ms;
  std::vector<double> beside_ms;
  bool good = true;
  std::string expected;
  for (int round = 0; round < rounds; ++round) {
    // The same steps native: a token of a stream and a chunk of the prompt.
    native.clear();
    native.add(0, native.tokenize(begin), true);
    native.decode();
    llama_token token = native.tokenize("a")[0];
    for (std::size_t i = 0; i < 20; ++i) {
      native.add(0, {&token, 1}, true);
      native.decode();
    }
    for (std::size_t at = 0; at < read.size(); at += kChunk) {
      const auto step = Clock::now();
      native.add(0, {&token, 1}, true);
      native.add(1, std::span(read).subspan(at, std::min(kChunk, read.size() - at)), false);
      native.decode();
      native_steps.push_back(ms_since(step));
    }
    let_threads_sleep();

    const Talk alone = run_talk(*host, "chat", reading, {prompt});
    good = good && alone.good;
    if (!alone.good) break;
    alone_ms.push_back(alone.answers[0].first_ms);
    expected = alone.answers[0].text;

    std::mutex mutex;
    std::vector<Clock::time_point> pieces;
    std::thread reader;
    Clock::time_point from;
    Clock::time_point to;
    Talk beside;
    const Talk stream = run_talk(*host, "chat", streaming, {begin}, {}, [&] {
      pieces.push_back(Clock::now());
      if (pieces.size() != 20) return;
      reader = std::thread([&] {
        Talk talk = run_talk(*host, "chat", reading, {prompt}, [&] {
          const std::lock_guard lock(mutex);
          from = Clock::now();
        });
        const std::lock_guard lock(mutex);
        beside = std::move(talk);
      });
    });
    if (reader.joinable()) reader.join();
    good = good && stream.good && beside.good && beside.answers[0].text == expected;
    if (!good) break;
    beside_ms.push_back(beside.answers[0].first_ms);
    to = from + std::chrono::duration_cast<Clock::duration>(
                    std::chrono::duration<double, std::milli>(beside.answers[0].first_ms));
    std::size_t during = 0;
    for (std::size_t i = 1; i < pieces.size(); ++i) {
      if (pieces[i - 1] < from || pieces[i] > to) continue;
      latencies.push_back(
          std::chrono::duration<double, std::milli>(pieces[i] - pieces[i - 1]).count());
      ++during;
    }
    good = good && during + 5 > steps;  // the stream was there all the time
    let_threads_sleep();
  }
  const double p99 = percentile(latencies, 0.99);
  const double floor = percentile(native_steps, 0.99);
  const std::string size = number(static_cast<double>(read.size()));
  table.add({.what = "a stream's time between tokens while another guest's prompt of " + size +
                     " tokens is read, p99 ÷ native steps of its token and 16 of the prompt, p99",
             .measured = number(p99 / floor) + " (" + number(p99) + " ms, median " +
                         number(percentile(latencies, 0.5)) + ")",
             .floor = number(floor) + " ms, median " + number(percentile(native_steps, 0.5)),
             .limit = at_most(1.3),
             .within = p99 / floor <= 1.3,
             .correct = good});
  const double speed = median_ratio(alone_ms, beside_ms);
  table.add({.what = "speed of that prompt beside the stream ÷ alone",
             .measured = number(speed) + " (" + number(median(beside_ms)) + " ms)",
             .floor = number(median(alone_ms)) + " ms",
             .limit = ">= 0.5",
             .within = speed >= 0.5,
             .correct = good});
}

}  // namespace nacre::bench
