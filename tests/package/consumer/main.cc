// Runs a guest written as text, and expects the exit code it asks for.
#include <nacre/execution_context.h>
#include <nacre/host.h>

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

int main() {
  constexpr std::string_view kGuest = R"((module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (call $exit (i32.const 7)))))";
  auto host = nacre::Host::create({.code_cache = ""});
  if (!host) return std::puts(host.error().message.c_str()), 1;
  auto outcome = (*host)->run(
      {.path = "seven", .bytes = std::as_bytes(std::span(kGuest.data(), kGuest.size()))});
  if (!outcome) return std::puts(outcome.error().message.c_str()), 1;
  std::printf("nacre %s: exit code %d\n", std::string(nacre::version()).c_str(),
              outcome->exit_code);
  return outcome->exit_code == 7 ? 0 : 1;
}
