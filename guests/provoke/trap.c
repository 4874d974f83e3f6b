// trap [unreachable|divide|memory|indirect]: traps at the bottom of a chain of named calls: main,
// outer_call, middle_call, inner_call. Its function names and DWARF are kept, so that a backtrace
// can show them. Prints "about to trap" first.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

__attribute__((noinline)) int inner_call(const char* how, volatile int* zero) {
  if (!strcmp(how, "divide")) return 100 / *zero;
  if (!strcmp(how, "memory")) return *(volatile int*)(uintptr_t)(0xfffffff0u + (uint32_t)*zero);
  if (!strcmp(how, "indirect")) return ((int (*)(void))(uintptr_t)(100000 + *zero))();
  __builtin_trap();
}

// Each adds something after the call, so that none becomes a jump.
__attribute__((noinline)) int middle_call(const char* how, volatile int* zero) {
  return inner_call(how, zero) + 1 + *zero;
}

__attribute__((noinline)) int outer_call(const char* how, volatile int* zero) {
  return middle_call(how, zero) + 2 + *zero;
}

int main(int argc, char** argv) {
  volatile int zero = 0;
  puts("about to trap");
  fflush(stdout);
  return outer_call(argc > 1 ? argv[1] : "unreachable", &zero);
}
