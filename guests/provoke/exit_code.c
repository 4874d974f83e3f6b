// exit_code N [return]: prints "exiting with N" and exits with N, by proc_exit, or with `return` by
// returning N from main.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  const int code = argc > 1 ? atoi(argv[1]) : 0;
  printf("exiting with %d\n", code);
  if (argc > 2 && !strcmp(argv[2], "return")) return code;
  exit(code);
}
