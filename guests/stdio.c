// stdio WHAT [...]: tries the parts of WASI that need no directory.
//   args [...]     prints each argument after `args` on a line of its own
//   env            prints the environment, one NAME=VALUE a line
//   cat            copies standard input to standard output
//   stderr TEXT    prints TEXT to standard error
//   clock          checks that the monotonic clock moves forward and real time is after 2025
//   random         checks that two reads of 32 random bytes differ and are not all zero
//   exit N         exits with N
// Exit code 0 when all is well, 1 when not, 2 for wrong usage.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

static int fail(const char* sentence) {
  fprintf(stderr, "stdio: %s\n", sentence);
  return 1;
}

static int cat(void) {
  static char buffer[65536];
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));
    if (got < 0) return fail(strerror(errno));
    if (got == 0) return 0;
    for (ssize_t at = 0; at < got;) {
      const ssize_t put = write(STDOUT_FILENO, buffer + at, (size_t)(got - at));
      if (put < 0) return fail(strerror(errno));
      at += put;
    }
  }
}

static int clocks(void) {
  struct timespec real, first, then;
  if (clock_gettime(CLOCK_REALTIME, &real) || clock_gettime(CLOCK_MONOTONIC, &first))
    return fail(strerror(errno));
  if (real.tv_sec < 1735689600) return fail("real time is before 2025");
  for (int i = 0; i < 1000000; i++) {
    if (clock_gettime(CLOCK_MONOTONIC, &then)) return fail(strerror(errno));
    if (then.tv_sec < first.tv_sec || (then.tv_sec == first.tv_sec && then.tv_nsec < first.tv_nsec))
      return fail("the monotonic clock went back");
    if (then.tv_sec != first.tv_sec || then.tv_nsec != first.tv_nsec) {
      puts("clock ok");
      return 0;
    }
  }
  return fail("the monotonic clock stands still");
}

static int randoms(void) {
  unsigned char a[32], b[32];
  const unsigned char zero[32] = {0};
  if (getentropy(a, sizeof(a)) || getentropy(b, sizeof(b))) return fail(strerror(errno));
  if (!memcmp(a, b, sizeof(a))) return fail("two reads gave the same bytes");
  if (!memcmp(a, zero, sizeof(a)) || !memcmp(b, zero, sizeof(b)))
    return fail("random bytes are all zero");
  puts("random ok");
  return 0;
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  if (!strcmp(what, "args")) {
    for (int i = 2; i < argc; i++)
      puts(argv[i]);
    return 0;
  }
  if (!strcmp(what, "env")) {
    for (char** entry = environ; *entry; entry++)
      puts(*entry);
    return 0;
  }
  if (!strcmp(what, "cat")) return cat();
  if (!strcmp(what, "clock")) return clocks();
  if (!strcmp(what, "random")) return randoms();
  if (!strcmp(what, "stderr") && argc == 3) {
    fprintf(stderr, "%s\n", argv[2]);
    return 0;
  }
  if (!strcmp(what, "exit") && argc == 3) exit(atoi(argv[2]));
  fprintf(stderr, "Usage: stdio args [...] | env | cat | stderr TEXT | clock | random | exit N\n");
  return 2;
}
