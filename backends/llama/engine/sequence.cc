#include "sequence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace nacre::llama {

void complete(const Request& request, const Error& error, std::string_view text,
              std::string_view piece) noexcept {
  const bool ended = error.code == kFine || error.code == ErrorCode::kEndOfSequence;
  if (request.piece) request.piece->write(piece);
  if (request.tensor && (ended || error.code == ErrorCode::kContextFull)) {
    // Who knows tensors only gets what there is.
    const auto size = static_cast<std::int64_t>(text.size());
    void* to = request.tensor->allocate(0, TensorType::kU8, {&size, 1}, text.size());
    if (to == nullptr) return request.completion->fail(ErrorCode::kTooLarge, "refused");
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    return request.completion->succeed();
  }
  const bool whole = request.task != Task::kNext && ended;
  if (error.code == kFine || whole) return request.completion->succeed();
  request.completion->fail(error);
}

void Sequence::begin() {
  text.clear();
  generated = 0;
  finish = Finish::kNone;
  prompt_time = decode_time = {};
  tokens = prompt;
  prompt_size = prompt.size();
  made = 0;
  tail.clear();
  ++run;
}

Piece Sequence::advance(const Result<llama_token>& token, const Model& model) {
  Piece piece;
  piece.at = Clock::now();
  if (!token) {
    piece.error = token.error();
    return piece;
  }
  piece.text = model.piece(*token);
  ++made;
  if (llama_vocab_is_eog(model.vocab(), *token)) {
    piece.finish = Finish::kStop;
    piece.error = {ErrorCode::kEndOfSequence, "the text has ended"};
    return piece;
  }
  tokens.push_back(*token);
  if (!reverse_prompt.empty()) {
    tail += piece.text;
    if (tail.find(reverse_prompt) != std::string::npos) piece.finish = Finish::kReversePrompt;
    if (tail.size() >= reverse_prompt.size()) {
      tail.erase(0, tail.size() - reverse_prompt.size() + 1);
    }
  }
  if (piece.finish == Finish::kNone && n_predict >= 0 &&
      made >= static_cast<std::size_t>(n_predict)) {
    piece.finish = Finish::kLength;
  }
  if (piece.finish == Finish::kNone && tokens.size() > limit) piece.finish = Finish::kContextFull;
  return piece;
}

void Sequence::take(const Piece& piece) {
  if (piece.text.data() == nullptr) return;
  text += piece.text;
  if (generated++ == 0) {
    prompt_time = piece.at - begun;
  } else {
    decode_time = piece.at - begun - prompt_time;
  }
  finish = piece.finish;
}

std::string embedding_json(std::vector<float> values, std::int32_t norm) {
  double length = 1;
  if (norm == 0) {  // the largest becomes 32760, as in 16-bit integers
    length = 0;
    for (const float v : values)
      length = std::max(length, std::abs(static_cast<double>(v)));
    length /= 32760;
  } else if (norm == 2) {
    length = 0;
    for (const float v : values)
      length += static_cast<double>(v) * v;
    length = std::sqrt(length);
  } else if (norm > 0) {
    length = 0;
    for (const float v : values)
      length += std::pow(std::abs(static_cast<double>(v)), norm);
    length = std::pow(length, 1.0 / norm);
  }
  std::string json = fmt::format("{{\"n_embedding\": {}, \"embedding\": [", values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double v = length > 0 ? values[i] / length : 0.0;
    fmt::format_to(std::back_inserter(json), "{}{:.10g}", i == 0 ? "" : ", ",
                   std::isfinite(v) ? v : 0.0);
  }
  json += "]}";
  return json;
}

}  // namespace nacre::llama
