// allocate_for_ever [stop]: takes and touches memory, 1 MiB at a time, until memory.grow refuses.
// Then it traps, as programs do that do not look; with `stop` it prints
// "refused after N MiB" and exits 0.
#include <stdio.h>
#include <string.h>

int main(int argc, char** argv) {
  const int stop = argc > 1 && !strcmp(argv[1], "stop");
  for (unsigned count = 0;; count++) {
    const size_t old_pages = __builtin_wasm_memory_grow(0, 16);
    if (old_pages == (size_t)-1) {
      if (!stop) __builtin_trap();
      printf("refused after %u MiB\n", count);
      return 0;
    }
    memset((void*)(old_pages << 16), 0xa5, 1 << 20);
  }
}
