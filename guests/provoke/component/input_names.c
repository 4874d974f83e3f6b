// Inputs by name: in any order, by decimal index, twice, not at all, and names that do not exist.
#include "provoke.h"

#define TWO "input left u8 2\ninput right u8 3\n"

static wasi_nn_handle two;

// Gives two tensors under these names; null is none.
static uint32_t give(const char* left, const char* right, wasi_nn_handle* output) {
  input inputs[2];
  uint32_t count = 0;
  if (left) inputs[count++] = (input){left, bytes("ab", 2)};
  if (right) inputs[count++] = (input){right, bytes("xyz", 3)};
  return infer(two, inputs, count, output);
}

static void want_fine(const char* what, const char* left, const char* right) {
  wasi_nn_handle output = 0;
  const uint32_t code = give(left, right, &output);
  want(what, code, OK, NULL);
  if (code != OK) return;
  want_true(what, tensor_holds(output, "ab", 2));
  wasi_nn_tensor_drop(output);
}

static void want_listed(const char* what, const char* name) {
  const uint32_t code = give("left", name, NULL);
  want(what, code, WASI_NN_WIT_INVALID_ARGUMENT, "left");
  want(what, code, WASI_NN_WIT_INVALID_ARGUMENT, "right");
}

int main(void) {
  two = echo_context(TWO);
  want("only the second", give(NULL, "right", NULL), WASI_NN_WIT_INVALID_ARGUMENT, "left");
  two = echo_context(TWO);
  want("only the first", give("left", NULL, NULL), WASI_NN_WIT_INVALID_ARGUMENT, "right");
  want_fine("by name", "left", "right");
  want_fine("by index", "0", "1");
  want_fine("by both", "left", "1");
  const input reversed[2] = {{"right", bytes("xyz", 3)}, {"left", bytes("ab", 2)}};
  want("the other way round", infer(two, reversed, 2, NULL), OK, NULL);

  want_listed("a name that does not exist", "middle");
  want_listed("another case", "Right");
  want_listed("a space after", "right ");
  want_listed("no name", "");
  want_listed("an index past the last", "2");
  want_listed("the largest index", "4294967295");
  want_listed("an index that wraps 32 bits", "4294967297");
  want_listed("an index that wraps 64 bits", "18446744073709551617");
  want_listed("a negative index", "-1");
  want_listed("an index with a sign", "+1");
  want_listed("a hexadecimal index", "0x1");
  want_listed("an index and a space", "1 ");
  want_listed("format characters", "%s%n{}");
  want_listed("a terminal escape", "\033[2J");
  char* large = malloc((1 << 20) + 1);
  memset(large, 'a', 1 << 20);
  large[1 << 20] = 0;
  want_listed("a name of 1 MB", large);
  want_true("which the sentence does not repeat", strlen(sentence) < 1000);
  free(large);

#if COMPUTE_TAKES_INPUTS
  const input twice[3] = {
      {"left", bytes("ab", 2)}, {"right", bytes("xyz", 3)}, {"left", bytes("cd", 2)}};
  want("one twice", infer(two, twice, 3, NULL), WASI_NN_WIT_INVALID_ARGUMENT, "left");
  const input by_both[3] = {
      {"left", bytes("ab", 2)}, {"right", bytes("xyz", 3)}, {"0", bytes("cd", 2)}};
  want("one by name and by index", infer(two, by_both, 3, NULL), WASI_NN_WIT_INVALID_ARGUMENT, "0");
  want("none", infer(two, NULL, 0, NULL), WASI_NN_WIT_INVALID_ARGUMENT, "left");
#endif
  want_fine("after all that", "left", "right");

  // A name wins over the index that it spells.
  const wasi_nn_handle swapped = echo_context("input 1 u8 2\ninput 0 u8 3\n");
  const input by_name[2] = {{"0", bytes("xyz", 3)}, {"1", bytes("ab", 2)}};
  want("names that are numbers", infer(swapped, by_name, 2, NULL), OK, NULL);
  const input by_index[2] = {{"1", bytes("xyz", 3)}, {"0", bytes("ab", 2)}};
  want("names that are numbers, taken as indices", infer(swapped, by_index, 2, NULL),
       WASI_NN_WIT_INVALID_ARGUMENT, NULL);

  // A graph that does not say what it takes has indices only.
  const wasi_nn_handle unknown = echo_context("");
  want("an unknown graph, by index", infer_one(unknown, "0", bytes("abc", 3), NULL), OK, NULL);
  want("an unknown graph, by name", infer_one(unknown, "x", bytes("abc", 3), NULL),
       WASI_NN_WIT_INVALID_ARGUMENT, NULL);
  return verdict();
}
