// Reads standard input until it ends, then prints how many bytes came. While nobody writes, it
// waits inside the host, where interruption of compiled code does not reach it.
#include <stdio.h>
#include <unistd.h>

int main(void) {
  char buffer[4096];
  long total = 0;
  for (ssize_t got; (got = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0;)
    total += got;
  printf("%ld bytes\n", total);
  return 0;
}
