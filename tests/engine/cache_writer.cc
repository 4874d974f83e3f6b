// Loads five guests through the cache of compiled code in the folder given; several of these run at
// once in compiled_code_cache_test.cc. Exits with 0 if all loaded and nothing was warned of.

#include <cstdio>

#include "engine/engine.h"
#include "run_guest.h"

int main(int argc, char** argv) {
  using namespace nacre::engine;
  if (argc != 2) return 2;
  bool good = true;
  for (int number = 0; number < 5; ++number) {
    const Engine engine =
        make_engine({.cache_directory = argv[1], .warn = [&](std::string_view words) {
                       std::fprintf(stderr, "%s\n", std::string(words).c_str());
                       good = false;
                     }});
    const auto module = engine.load_module(bytes_of(numbered_guest(number)), {});
    if (!module) {
      std::fprintf(stderr, "%s\n", module.error().message.c_str());
      good = false;
    }
  }
  return good ? 0 : 1;
}
