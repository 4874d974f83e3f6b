// Computes for ever, without a call the host could notice. For --timeout and --fuel.
#include <stdint.h>

int main(void) {
  volatile uint32_t x = 1;
  for (;;)
    x = x * 1664525u + 1013904223u;
}
