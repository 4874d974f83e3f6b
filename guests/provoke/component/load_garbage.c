// Models that are none: an error with a sentence for each, in every encoding.
#include "provoke.h"

static void want_no_model(const char* what, const wasi_nn_list* parts, uint32_t count) {
  for (uint32_t encoding = 0; encoding <= WASI_NN_WIT_AUTODETECT; encoding++) {
    wasi_nn_result graph;
    wasi_nn_graph_load(parts, count, encoding, WASI_NN_WIT_CPU, &graph);
    want_error(what, code_of(graph));
  }
}

static void want_no_model_of(const char* what, const void* data, uint32_t size) {
  const wasi_nn_list part = {(void*)data, size};
  want_no_model(what, &part, 1);
}

// However many a guest claims, the host looks at a few.
static void want_too_many(uint32_t count, const char* words) {
  wasi_nn_list* parts = calloc(count, sizeof(*parts));
  wasi_nn_result graph;
  wasi_nn_graph_load(parts, count, WASI_NN_WIT_AUTODETECT, WASI_NN_WIT_CPU, &graph);
  want("many parts", code_of(graph), WASI_NN_WIT_TOO_LARGE, words);
  free(parts);
}

int main(void) {
  static uint8_t noise[65536];
  uint32_t x = 1;
  for (size_t i = 0; i < sizeof(noise); i++)
    noise[i] = (uint8_t)((x = x * 1664525u + 1013904223u) >> 24);
  want_no_model("no parts", NULL, 0);
  want_no_model_of("an empty part", NULL, 0);
  want_no_model_of("one byte", "\x08", 1);
  want_no_model_of("64 KiB of noise", noise, sizeof(noise));
  want_no_model_of("text", "hello, world\n", 13);
  want_no_model_of("a beginning of an echo model", "nacre-ec", 8);
  want_no_model_of("an echo model of another version", "nacre-echo v9\n", 14);
  want_no_model_of("a bad line in an echo model", "nacre-echo v1\ninput\n", 20);
  want_no_model_of("a zip file that ends at once", "PK\3\4\24\0\0\0\10\0", 10);
  want_no_model_of("a GGUF file that ends at once", "GGUF\3\0\0\0", 8);
  want_no_model_of("XML that ends at once", "<?xml version=\"1.0\"?><net", 25);
  static wasi_nn_list many[1000];
  want_no_model("a thousand empty parts", many, COUNT(many));
  for (size_t i = 0; i < COUNT(many); i++)
    many[i] = (wasi_nn_list){noise, (uint32_t)i};
  want_no_model("a thousand parts of noise", many, COUNT(many));
  want_too_many(17, "of 17 parts");
  want_too_many(65536, "of 65536 parts");
  want_too_many(65537, "more than 65536 parts");
  want_too_many(1000000, "more than 65536 parts");
  want_still_works(echo_context(ONE_BY_FOUR));
  return verdict();
}
