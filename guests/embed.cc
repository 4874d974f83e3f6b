// embed: how alike two texts are, by an embedding model, through wasi-nn in WasmEdge's dialect.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "chat/text_model.h"

namespace {

constexpr const char kHelp[] =
    R"(Usage: embed [MODEL] TEXT TEXT

Says how alike two texts are: the cosine of their embeddings, from -1 to 1.

  MODEL  the host's model (default: default)

Example:
  nacre run --nn-preload default:GGML:AUTO:model.gguf embed.wasm "a cat" "a kitten"
)";

// The numbers behind "embedding": in what the host gives.
std::vector<double> parse_embedding(const std::string& json) {
  std::vector<double> numbers;
  const auto at = json.find("\"embedding\":");
  if (at == json.npos) return numbers;
  const char* from = json.c_str() + json.find('[', at);
  while (*from == '[' || *from == ',') {
    char* end = nullptr;
    numbers.push_back(std::strtod(from + 1, &end));
    if (end == from + 1) return {};
    from = end;
    while (*from == ' ')
      ++from;
  }
  return numbers;
}

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  double dot = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return dot / std::sqrt(aa * bb);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--help") return std::fputs(kHelp, stdout), 0;
  if (argc != 3 && argc != 4) {
    std::fputs(
        "embed: wants two texts, after the model's name where it is not 'default'. --help "
        "has an example.\n",
        stderr);
    return 2;
  }
  const char* name = argc == 4 ? argv[1] : "default";
  chat::TextModel model;
  if (auto opened = model.open(name, R"({"embedding":true})"); !opened) {
    std::fprintf(stderr, "embed: %s\n", chat::why_not_opened(name, opened).c_str());
    return 1;
  }
  std::vector<double> embeddings[2];
  for (int i = 0; i < 2; ++i) {
    std::string json;
    chat::Status status = model.set_prompt(argv[argc - 2 + i]);
    if (status) status = model.compute(json);
    if (!status) {
      std::fprintf(stderr, "embed: '%s' has no embedding: %s\n", argv[argc - 2 + i],
                   status.reason.c_str());
      return 1;
    }
    embeddings[i] = parse_embedding(json);
  }
  if (embeddings[0].empty() || embeddings[0].size() != embeddings[1].size()) {
    std::fputs("embed: the model gives no embeddings of one length.\n", stderr);
    return 1;
  }
  std::printf("%.4f\n", cosine(embeddings[0], embeddings[1]));
}
