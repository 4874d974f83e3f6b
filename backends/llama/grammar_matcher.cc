// GrammarState: where a text is in a grammar, and what may come next.
#include "grammar.h"

#include <algorithm>
#include <string>

namespace nacre::llama {
namespace {

constexpr std::size_t kMaxNodes = 500'000;

}  // namespace

bool Grammar::Class::has(std::uint32_t point) const noexcept {
  return negated != std::ranges::any_of(ranges, [point](const auto& range) {
           return range.first <= point && point <= range.second;
         });
}

bool Grammar::Class::has_any(std::uint32_t low, std::uint32_t high) const noexcept {
  if (negated) {
    // Only a single range that covers all of it leaves nothing out.
    return std::ranges::none_of(
        ranges, [&](const auto& range) { return range.first <= low && high <= range.second; });
  }
  return std::ranges::any_of(
      ranges, [&](const auto& range) { return range.first <= high && low <= range.second; });
}

GrammarState::GrammarState(std::shared_ptr<const Grammar> grammar) : grammar_(std::move(grammar)) {
  nodes_.push_back({});
  for (const std::uint32_t start : grammar_->rules_[grammar_->root_])
    expand(node(start, 0), places_, may_end_);
}

std::uint32_t GrammarState::node(std::uint32_t at, std::uint32_t next) {
  const std::uint64_t key = std::uint64_t{at} << 32 | next;
  const auto [found, fresh] = known_.try_emplace(key, static_cast<std::uint32_t>(nodes_.size()));
  if (fresh) nodes_.push_back({at, next});
  return found->second;
}

// Follows rules and ends from `start` until a class stands on top, on all ways.
void GrammarState::expand(std::uint32_t start, Places& out, bool& end) {
  todo_.assign(1, start);
  seen_.clear();
  while (!todo_.empty()) {
    const std::uint32_t top = todo_.back();
    todo_.pop_back();
    spend(1 + seen_.size() + out.size());
    if (std::ranges::find(seen_, top) != seen_.end()) continue;
    seen_.push_back(top);
    if (overflowed_ || seen_.size() > kMaxGrammarPlaces || out.size() > kMaxGrammarPlaces ||
        nodes_.size() > kMaxNodes) {
      overflowed_ = true;
      return;
    }
    if (top == 0) {
      end = true;
      continue;
    }
    const Node here = nodes_[top];
    const Grammar::Symbol symbol = grammar_->symbols_[here.at];
    switch (symbol.kind) {
      case Grammar::Kind::kEnd:
        todo_.push_back(here.next);
        break;
      case Grammar::Kind::kClass:
        if (std::ranges::find(out, top) == out.end()) out.push_back(top);
        break;
      case Grammar::Kind::kRule: {
        // A rule at the end needs no way back here, so that repetition costs no depth.
        const bool last = grammar_->symbols_[here.at + 1].kind == Grammar::Kind::kEnd;
        const std::uint32_t back = last ? here.next : node(here.at + 1, here.next);
        for (const std::uint32_t alternative : grammar_->rules_[symbol.index])
          todo_.push_back(node(alternative, back));
        break;
      }
    }
  }
}

bool GrammarState::has(std::uint32_t place, std::uint32_t point) {
  const Grammar::Class& its = grammar_->classes_[grammar_->symbols_[nodes_[place].at].index];
  spend(1 + its.ranges.size());
  return its.has(point);
}

bool GrammarState::step(const Places& from, std::uint32_t point, Places& to, bool& end) {
  to.clear();
  end = false;
  for (const std::uint32_t place : from) {
    if (!has(place, point)) continue;
    const Node here = nodes_[place];
    expand(node(here.at + 1, here.next), to, end);
    if (overflowed_) return false;
  }
  return !to.empty() || end;
}

bool GrammarState::walk(std::string_view bytes, Places& places, Pending& pending, bool& end) {
  Places& next = &places == &walk_a_ ? walk_b_ : walk_a_;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (pending.missing > 0) {
      if ((byte & 0xc0) != 0x80) return false;
      pending.value = pending.value << 6 | (byte & 0x3f);
      if (--pending.missing > 0) continue;
    } else if (byte < 0x80) {
      pending = {.value = byte, .missing = 0, .least = 0};
    } else {
      const int length = (byte & 0xe0) == 0xc0 ? 2 : (byte & 0xf0) == 0xe0 ? 3 : 4;
      if ((byte & 0xc0) == 0x80 || (byte & 0xf8) == 0xf8) return false;
      pending = {.value = byte & (0x7fU >> length),
                 .missing = length - 1,
                 .least = length == 2   ? 0x80U
                          : length == 3 ? 0x800U
                                        : 0x10000U};
      continue;
    }
    if (pending.value < pending.least || pending.value > kLastCodePoint) return false;
    if (!step(places, pending.value, next, end)) return false;
    places.swap(next);
  }
  if (pending.missing == 0) return true;
  // Cut within a character: some character that begins so has to fit.
  const std::uint32_t first = pending.value << (6 * pending.missing);
  const std::uint32_t high = std::min(first | ((1U << (6 * pending.missing)) - 1), kLastCodePoint);
  const std::uint32_t low = std::max(first, pending.least);
  if (low > high) return false;
  return std::ranges::any_of(places, [&](std::uint32_t place) {
    return grammar_->classes_[grammar_->symbols_[nodes_[place].at].index].has_any(low, high);
  });
}

bool GrammarState::accepts(std::string_view bytes) {
  if (overflowed_ || bytes.empty()) return false;
  if (pending_.missing == 0 && static_cast<unsigned char>(bytes[0]) < 0x80) {
    const auto first = static_cast<unsigned char>(bytes[0]);  // most are refused here
    const bool any =
        std::ranges::any_of(places_, [&](std::uint32_t place) { return has(place, first); });
    if (!any || overflowed_) return false;
  }
  Pending pending = pending_;
  bool end = false;
  walk_a_ = places_;
  return walk(bytes, walk_a_, pending, end) && !overflowed_;
}

Result<void> GrammarState::accept(std::string_view bytes) {
  if (nodes_.size() > kMaxNodes / 2) compact();
  work_ = 0;
  bool end = may_end_;
  walk_a_ = places_;
  if (!overflowed_ && walk(bytes, walk_a_, pending_, end) && !overflowed_) {
    places_ = walk_a_;
    may_end_ = end;
    return {};
  }
  places_.clear();
  may_end_ = true;
  if (overflowed_) {
    return fail(ErrorCode::kInvalidArgument,
                "the grammar is too ambiguous: the text is in more than " +
                    std::to_string(kMaxGrammarPlaces) +
                    " places of it at once, or what may follow takes too long to find");
  }
  return fail(ErrorCode::kInvalidArgument, "the grammar does not accept the text");
}

// Forgets nodes that no place leads to.
void GrammarState::compact() {
  const std::vector<Node> old = std::exchange(nodes_, {Node{}});
  known_.clear();
  for (std::uint32_t& place : places_) {
    std::vector<std::uint32_t> chain;
    for (std::uint32_t at = place; at != 0; at = old[at].next)
      chain.push_back(old[at].at);
    std::uint32_t tail = 0;
    for (auto it = chain.rbegin(); it != chain.rend(); ++it)
      tail = node(*it, tail);
    place = tail;
  }
}

}  // namespace nacre::llama
