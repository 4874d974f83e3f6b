// load with bytes that are no model: none, one, cut short, random, and 0 or too many parts.
#include "provoke.h"

static wasi_nn_graph graph = 77;

static wasi_nn_errno load_bytes(const void* bytes, uint32_t size, uint32_t encoding) {
  const wasi_nn_builder builder = {bytes, size};
  return wasi_nn_load(&builder, 1, encoding, WASI_NN_CPU, &graph);
}

// Any refusal in words will do where the format's runtime may be absent; success will not.
static void want_refused(const char* what, wasi_nn_errno got) {
  if (got == WASI_NN_INVALID_ENCODING || got == WASI_NN_RUNTIME_ERROR ||
      got == WASI_NN_UNSUPPORTED || got == WASI_NN_INVALID_ARGUMENT || got == WASI_NN_NOT_FOUND)
    return;
  complain(what, "a refusal (1, 2, 5, 6 or 8)", got);
}

int main(void) {
  static const char kEcho[] = "nacre-echo v1\n";
  static uint8_t random[65536];
  uint32_t x = 1;
  for (uint32_t i = 0; i < sizeof(random); i++) {
    x = x * 1664525u + 1013904223u;
    random[i] = (uint8_t)(x >> 24);
  }
  want_either("no bytes", load_bytes(random, 0, WASI_NN_AUTODETECT), WASI_NN_INVALID_ENCODING,
              WASI_NN_INVALID_ARGUMENT);
  want("one byte", load_bytes(random, 1, WASI_NN_AUTODETECT), WASI_NN_INVALID_ENCODING);
  want("random bytes", load_bytes(random, sizeof(random), WASI_NN_AUTODETECT),
       WASI_NN_INVALID_ENCODING);
  for (uint32_t size = 1; size < sizeof(kEcho) - 2; size++)
    want("the echo line cut short", load_bytes(kEcho, size, WASI_NN_AUTODETECT),
         WASI_NN_INVALID_ENCODING);
  static const char* const kBroken[] = {
      "nacre-echo v2\n",
      "nacre-echo v1\nnonsense\n",
      "nacre-echo v1\ninput x\n",
      "nacre-echo v1\ninput x f99 1,4\n",
      "nacre-echo v1\ninput x f32 1,-4\n",
      "nacre-echo v1\ninput x f32 1,,4\n",
      "nacre-echo v1\ninput x f32 99999999999999999999\n",
  };
  for (uint32_t i = 0; i < sizeof(kBroken) / sizeof(kBroken[0]); i++)
    want_refused(kBroken[i], load_bytes(kBroken[i], strlen(kBroken[i]), WASI_NN_AUTODETECT));
  for (uint32_t encoding = WASI_NN_OPENVINO; encoding <= WASI_NN_TENSORFLOWLITE; encoding++) {
    want_refused("no bytes, encoding named", load_bytes(random, 0, encoding));
    want_refused("one byte, encoding named", load_bytes(random, 1, encoding));
    want_refused("random bytes, encoding named", load_bytes(random, sizeof(random), encoding));
    want_refused("another format's bytes", load_bytes(kEcho, sizeof(kEcho) - 1, encoding));
  }
  want_refused("no parts", wasi_nn_load(NULL, 0, WASI_NN_AUTODETECT, WASI_NN_CPU, &graph));
  wasi_nn_builder many[1000];
  for (int i = 0; i < 1000; i++)
    many[i] = (wasi_nn_builder){(const uint8_t*)kEcho, 14};
  const wasi_nn_errno thousand = wasi_nn_load(many, 1000, WASI_NN_AUTODETECT, WASI_NN_CPU, &graph);
  if (thousand != WASI_NN_TOO_LARGE) want_refused("a thousand parts", thousand);
  want_number("no failure wrote the out-pointer", graph, 77);
  want_still_works(echo_context(ONE_BY_FOUR));
  return verdict();
}
