// load-by-name with strings that are no registered name: not-found, with a sentence.
#include "provoke.h"

static void want_not_found(const char* what, const char* name, uint32_t size) {
  wasi_nn_result graph;
  wasi_nn_graph_load_by_name(name, size, &graph);
  want(what, code_of(graph), WASI_NN_WIT_NOT_FOUND, NULL);
  want_true("a sentence of reasonable length", strlen(sentence) < 2000);
}

int main(void) {
  want_not_found("../x", "../x", 4);
  want_not_found("../echo", "../echo", 7);
  want_not_found("/etc/passwd", "/etc/passwd", 11);
  want_not_found("preload:/etc/passwd", "preload:/etc/passwd", 19);
  want_not_found("empty", "", 0);
  want_not_found("another case", "Echo", 4);
  want_not_found("NUL at the end", "echo\0", 5);
  want_not_found("NUL inside", "echo\0x", 6);
  want_not_found("format characters", "%s%n%x{}", 8);
  want_not_found("a terminal escape", "\033[2J\033]0;x\007", 10);
  want_not_found("letters beyond ASCII", "\xc3\xa9\xf0\x9f\x90\x9a", 6);
  want_true("a terminal escape is not repeated", strchr(sentence, '\033') == NULL);
  char* large = malloc(1 << 20);
  memset(large, 'a', 1 << 20);
  want_not_found("1 MB", large, 1 << 20);
  want_still_works(echo_context(ONE_BY_FOUR));
  return verdict();
}
