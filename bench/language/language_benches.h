// One function per kind of row of language models.
#ifndef NACRE_BENCH_LANGUAGE_LANGUAGE_BENCHES_H_
#define NACRE_BENCH_LANGUAGE_LANGUAGE_BENCHES_H_

#include "benches.h"

namespace nacre::bench {

/// One guest's tokens per second ÷ a native loop's: the likeliest, sampled, with a grammar.
void bench_text(const Settings& settings, Table& table);
/// Reading a prompt ÷ a native loop.
void bench_prompt(const Settings& settings, Table& table);
/// Eight guests at once ÷ native batches of eight.
void bench_texts(const Settings& settings, Table& table);
/// The first token of a second turn ÷ without the prefix cache.
void bench_turn(const Settings& settings, Table& table);
/// A stream's latency while another guest's prompt is read ÷ the same steps native.
void bench_stream(const Settings& settings, Table& table);
/// Resident memory after an unload − before the load.
void bench_text_memory(const Settings& settings, Table& table);

}  // namespace nacre::bench

#endif  // NACRE_BENCH_LANGUAGE_LANGUAGE_BENCHES_H_
