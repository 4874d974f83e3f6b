// Traps while it holds a graph and a context with a tensor set and computed: the host must let go
// of all of them.
#include "provoke.h"

int main(void) {
  want_still_works(echo_context(ONE_BY_FOUR));
  if (verdict()) return 1;
  puts("about to trap");
  fflush(stdout);
  __builtin_trap();
}
