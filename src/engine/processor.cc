#include "engine/processor.h"

#include <fmt/format.h>

#if defined(__x86_64__)
#include <cpuid.h>
#else
#include <sys/auxv.h>
#endif

namespace nacre::engine {

std::string processor_features() {
#if defined(__x86_64__)
  // The feature words only: leaf 1 also has the number of the core that answers (in ebx).
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  std::string text = "x86_64";
  if (__get_cpuid(1, &a, &b, &c, &d) != 0) text += fmt::format("-{:x}.{:x}", c, d);
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0) text += fmt::format("-{:x}.{:x}.{:x}", b, c, d);
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d) != 0) text += fmt::format("-{:x}", a);
  if (__get_cpuid(0x80000001, &a, &b, &c, &d) != 0) text += fmt::format("-{:x}.{:x}", c, d);
  return text;
#else
  return fmt::format("{}-{:x}.{:x}",
#if defined(__aarch64__)
                     "aarch64",
#else
                     "other",
#endif
                     ::getauxval(AT_HWCAP), ::getauxval(AT_HWCAP2));
#endif
}

}  // namespace nacre::engine
