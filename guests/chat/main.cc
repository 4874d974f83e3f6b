// chat: talks to a language model, through wasi-nn in WasmEdge's dialect.
#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "prompt_template.h"
#include "text_model.h"

namespace {

constexpr int kFailed = 1;  // exit codes; 0 is success
constexpr int kUsage = 2;

constexpr const char kHelp[] =
    R"(Usage: chat [OPTIONS]

Talks to a language model: reads a line from standard input, prints the answer as it comes, and
remembers the conversation until the end of the input. When the conversation no longer fits the
model's context, the oldest turn is forgotten.

Options:
  -m, --model-name NAME       the host's model (default: default)
  -s, --system TEXT           what the model is told to be
  -p, --prompt-template NAME  chatml, llama-2-chat or llama-3-chat (default: chatml)
  -r, --reverse-prompt TEXT   the answer ends before this text
  -c, --ctx-size N            tokens that prompt and answer may have together
  -n, --n-predict N           tokens that an answer may have (default: until the model ends it)
      --temp X                0 always takes the likeliest token (default: the host's, 0.8)
      --seed N                the same seed gives the same answers
      --grammar GBNF          the answer must follow this grammar
      --json-schema TEXT      the answer must be JSON of this schema
      --stat                  print the host's figures to standard error after each answer
      --help                  print this

Example:
  nacre run --nn-preload default:GGML:AUTO:model.gguf chat.wasm --system "You are brief."
)";

struct Options {
  std::string model = "default";
  std::string system = "You are a helpful assistant.";
  std::string reverse_prompt;
  std::string grammar;
  std::string json_schema;
  std::string numbers;  // those given, as JSON members
  chat::Template prompt_template = chat::Template::kChatml;
  bool stat = false;
  bool help = false;
};

bool is_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string_view long_name(std::string_view word) {
  constexpr std::string_view kShort[][2] = {{"-m", "--model-name"},      {"-s", "--system"},
                                            {"-p", "--prompt-template"}, {"-r", "--reverse-prompt"},
                                            {"-c", "--ctx-size"},        {"-n", "--n-predict"}};
  for (const auto& pair : kShort) {
    if (word == pair[0]) return pair[1];
  }
  return word;
}

// Takes one option's value; the answer is a complaint, or empty.
std::string take(std::string_view name, std::string_view value, Options& options) {
  if (name == "--model-name") return options.model = value, "";
  if (name == "--system") return options.system = value, "";
  if (name == "--reverse-prompt") return options.reverse_prompt = value, "";
  if (name == "--grammar") return options.grammar = value, "";
  if (name == "--json-schema") return options.json_schema = value, "";
  if (name == "--prompt-template") {
    const auto kind = chat::parse_template(value);
    if (!kind) {
      return "'--prompt-template' wants chatml, llama-2-chat or llama-3-chat, not '" +
             std::string(value) + "'";
    }
    options.prompt_template = *kind;
    return "";
  }
  if (name == "--ctx-size" || name == "--n-predict" || name == "--temp" || name == "--seed") {
    if (!is_number(value))
      return "'" + std::string(name) + "' wants a number, not '" + std::string(value) + "'";
    options.numbers += ",\"" + std::string(name.substr(2)) + "\":" + std::string(value);
    return "";
  }
  return "there is no option '" + std::string(name) + "'";
}

std::string parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word == "--help" || word == "-h") return options.help = true, "";
    if (word == "--stat") {
      options.stat = true;
      continue;
    }
    if (!word.starts_with("-")) return "takes no argument '" + std::string(word) + "'";
    std::string_view value;
    const auto equals = word.find('=');
    if (word.starts_with("--") && equals != word.npos) {
      value = word.substr(equals + 1);
      word = word.substr(0, equals);
    } else if (i + 1 < argc) {
      value = argv[++i];
    } else {
      return "'" + std::string(word) + "' wants a value";
    }
    if (std::string complaint = take(long_name(word), value, options); !complaint.empty())
      return complaint;
  }
  return "";
}

std::string configuration(const Options& options) {
  std::string json = "{\"reverse-prompt\":" + chat::quoted(options.reverse_prompt);
  if (!options.grammar.empty()) json += ",\"grammar\":" + chat::quoted(options.grammar);
  if (!options.json_schema.empty()) json += ",\"json-schema\":" + chat::quoted(options.json_schema);
  return json + options.numbers + "}";
}

// The next line of standard input that is not blank; false at its end.
bool read_line(std::string& line) {
  for (;;) {
    std::fputs("[You]: ", stdout);
    std::fflush(stdout);
    line.clear();
    int c = 0;
    while ((c = std::getchar()) != EOF && c != '\n')
      line += static_cast<char>(c);
    if (line.find_first_not_of(" \t\r") != line.npos) return true;
    if (c == EOF) return false;
  }
}

int fail(const std::string& sentence) {
  std::fprintf(stderr, "chat: %s\n", sentence.c_str());
  return kFailed;
}

// Gives the model the conversation, without its oldest turns where it is too long.
chat::Status set_conversation(chat::TextModel& model, const Options& options,
                              std::vector<chat::Turn>& turns) {
  for (;;) {
    const auto set = model.set_prompt(chat::render(options.prompt_template, options.system, turns));
    if (!set.prompt_too_long() || turns.size() == 1) return set;
    turns.erase(turns.begin());
  }
}

// Prints the answer as it comes, and returns it.
chat::Status answer(chat::TextModel& model, std::string& text) {
  chat::Status status;
  std::string piece;
  while ((status = model.next(piece))) {
    text += piece;
    std::fwrite(piece.data(), 1, piece.size(), stdout);
    std::fflush(stdout);
  }
  model.finish();
  return status;
}

int run(const Options& options) {
  chat::TextModel model;
  if (auto opened = model.open(options.model, configuration(options)); !opened)
    return fail(chat::why_not_opened(options.model, opened));

  std::vector<chat::Turn> turns;
  std::string line;
  while (read_line(line)) {
    turns.push_back({line, ""});
    if (auto set = set_conversation(model, options, turns); !set) {
      if (!set.prompt_too_long()) return fail("the model does not take the prompt: " + set.reason);
      turns.pop_back();
      std::fputs("chat: that line is too long for the model's context.\n", stderr);
      continue;
    }
    std::fputs("[Bot]: ", stdout);
    std::string text;
    const chat::Status end = answer(model, text);
    std::fputs("\n", stdout);
    if (end.context_full()) {
      std::fputs("chat: the context is full; the answer was cut.\n", stderr);
    } else if (!end.end_of_sequence()) {
      return fail("the answer broke off: " + end.reason);
    }
    turns.back().assistant = chat::strip_end(options.prompt_template, text);
    if (options.stat) std::fprintf(stderr, "%s\n", model.metadata().c_str());
  }
  std::fputs("\n", stdout);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (std::string complaint = parse(argc, argv, options); !complaint.empty()) {
    std::fprintf(stderr, "chat: %s. --help has an example.\n", complaint.c_str());
    return kUsage;
  }
  if (options.help) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  return run(options);
}
