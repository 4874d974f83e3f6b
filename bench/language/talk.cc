#include "language/talk.h"

#include "direct.h"
#include "guest.h"
#include "statistics.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace nacre::bench {

std::string language_model() {
  return build_path("models/smollm2.gguf");
}

int threads() {
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

std::string language_spec(std::string_view name, std::string_view more) {
  return std::string(name) + "=" + language_model() + ",threads=" + std::to_string(threads()) +
         "," + std::string(more);
}

std::unique_ptr<Host> language_host(const std::vector<std::string>& specs,
                                    const std::vector<std::string>& names) {
  auto host = make_host(specs);
  for (const std::string& name : names) {
    if (auto graph = host->models().open(name); !graph) {
      std::fprintf(stderr, "nacre_bench: %s\n", graph.error().message.c_str());
      std::exit(1);
    }
  }
  return host;
}

Talk run_talk(Host& host, std::string_view model, std::string_view config,
              const std::vector<std::string>& prompts, const std::function<void()>& ready,
              const std::function<void()>& piece) {
  Talk talk;
  GuestCall call{.name = "bench_text"};
  if (piece) call.args.emplace_back("--pieces");
  call.args.emplace_back(model);
  call.args.emplace_back(config);
  call.args.insert(call.args.end(), prompts.begin(), prompts.end());
  Told told;
  talk.good = run_guest(host, call, [&](std::string_view line) {
    if (line == "ready" && ready) ready();
    if (line == "piece" && piece) piece();
    const std::string text(line);
    std::sscanf(text.c_str(), "first %lf", &told.first_ms);
    std::sscanf(text.c_str(), "rest %lf %d", &told.rest_ms, &told.rest);
    if (!line.starts_with("text ")) return;
    told.text = line.substr(5);
    talk.answers.push_back(std::move(told));
    told = {};
  });
  talk.good = talk.good && talk.answers.size() == prompts.size();
  return talk;
}

std::string hash_of(std::string_view text) {
  return checksum(std::as_bytes(std::span(text)));
}

void let_threads_sleep() {
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

std::string long_text(int tokens, int number) {
  constexpr const char* kWords[] = {"river", "stone",  "window", "garden", "winter", "letter",
                                    "music", "market", "harbor", "bridge", "forest", "paper",
                                    "night", "summer", "street", "table"};
  std::string text = "Story " + std::to_string(number) + ":";
  auto x = static_cast<std::uint32_t>(number + 1);
  for (int i = 6; i < tokens; ++i) {
    x = x * 1664525u + 1013904223u;
    text += ' ';
    text += kWords[x >> 28];
  }
  return text;
}

std::string question(std::string_view text) {
  return "<|im_start|>user\n" + std::string(text) + "<|im_end|>\n<|im_start|>assistant\n";
}

}  // namespace nacre::bench
