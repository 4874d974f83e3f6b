// load_by_name with strings that are no registered name; the host must have one named `echo`.
#include "provoke.h"

static wasi_nn_graph graph = 77;

static void want_not_found(const char* what, const char* name, uint32_t size) {
  want(what, wasi_nn_load_by_name(name, size, &graph), WASI_NN_NOT_FOUND);
}

int main(void) {
  want_not_found("../x", "../x", 4);
  want_not_found("../echo", "../echo", 7);
  want_not_found("./echo", "./echo", 6);
  want_not_found("/etc/passwd", "/etc/passwd", 11);
  want_not_found("preload:/etc/passwd", "preload:/etc/passwd", 19);
  want_not_found("empty", "", 0);
  want_not_found("another case", "Echo", 4);
  want_not_found("a beginning", "ech", 3);
  want_not_found("a space after", "echo ", 5);
  want_not_found("NUL at the end", "echo\0", 5);
  want_not_found("NUL inside", "echo\0x", 6);
  want_not_found("only NUL", "\0", 1);
  want_not_found("UTF-8 cut short", "echo\xc3", 5);
  want_not_found("bytes that are never UTF-8", "\xff\xfe\x80", 3);
  want_not_found("an overlong slash", "\xc0\xaf", 2);
  want_not_found("a surrogate", "\xed\xa0\x80", 3);
  want_not_found("format characters", "%s%n%x{}", 8);
  want_not_found("a terminal escape", "\033[2J\033]0;x\007", 10);
  char* large = malloc(1 << 20);
  memset(large, 'a', 1 << 20);
  want_not_found("1 MB", large, 1 << 20);
  want_number("no failure wrote the out-pointer", graph, 77);
  want("echo", wasi_nn_load_by_name("echo", 4, &graph), WASI_NN_SUCCESS);
  return verdict();
}
