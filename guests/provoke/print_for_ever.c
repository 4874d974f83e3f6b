// Prints "still here" for ever, or until standard output is closed (exit 1).
#include <stdio.h>

int main(void) {
  while (puts("still here") >= 0) {
  }
  return 1;
}
