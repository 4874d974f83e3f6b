#include "base/divisions.h"

#include <gtest/gtest.h>

#include <pthread.h>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdlib>

#include "base/signals.h"

#if defined(__x86_64__)

namespace nacre {
namespace {

/// A program's own code has no file name, which begins with nothing.
constexpr const char* kThisProgram = "";

template <typename T>
struct Both {
  T quotient;
  T rest;
  bool operator==(const Both&) const = default;
};

// The register tells the assembler how wide the division is.
template <typename T>
Both<T> divide(T number, T divisor) {
  T quotient = number;
  T rest = number < 0 ? -1 : 0;
  asm volatile("idiv %2" : "+a"(quotient), "+d"(rest) : "r"(divisor) : "cc");
  return {quotient, rest};
}
Both<std::int8_t> divide(std::int8_t number, std::int8_t divisor) {
  std::int16_t both = number;
  asm volatile("idivb %1" : "+a"(both) : "q"(divisor) : "cc");
  return {static_cast<std::int8_t>(both), static_cast<std::int8_t>(both >> 8)};
}

template <typename T>
void as_on_arm(T smallest) {
  const T minus_one = -1;
  const T zero = 0;
  const T seven = 7;
  const T minus_two = -2;
  EXPECT_EQ(divide(smallest, minus_one), (Both<T>{smallest, 0}));
  EXPECT_EQ(divide(smallest, zero), (Both<T>{0, smallest}));
  EXPECT_EQ(divide(seven, zero), (Both<T>{0, 7}));
  EXPECT_EQ(divide(zero, zero), (Both<T>{0, 0}));
  EXPECT_EQ(divide(seven, minus_two), (Both<T>{-3, 1})) << "which has a result";
}

TEST(Divisions, WithoutAResultHaveArms) {
  answer_divisions_in(kThisProgram);
  as_on_arm<std::int64_t>(INT64_MIN);
  as_on_arm<std::int32_t>(INT32_MIN);
  as_on_arm<std::int16_t>(INT16_MIN);
  as_on_arm<std::int8_t>(INT8_MIN);
}

TEST(Divisions, OfUnsignedNumbers) {
  answer_divisions_in(kThisProgram);
  std::uint64_t quotient = UINT64_MAX;
  std::uint64_t rest = 0;
  asm volatile("divq %2" : "+a"(quotient), "+d"(rest) : "r"(std::uint64_t{0}) : "cc");
  EXPECT_EQ(quotient, 0U);
  EXPECT_EQ(rest, UINT64_MAX);
  std::uint32_t narrow = 9;
  std::uint32_t narrow_rest = 0;
  asm volatile("divl %2" : "+a"(narrow), "+d"(narrow_rest) : "r"(0U) : "cc");
  EXPECT_EQ(narrow, 0U);
  EXPECT_EQ(narrow_rest, 9U);
}

/// All of them hold -1.
volatile std::int64_t g_divisors[64];
volatile std::int8_t g_bytes[64];

/// The smallest number by the -1 that an operand names.
#define NACRE_DIVIDE(name, text)                                       \
  Both<std::int64_t> name(std::uintptr_t base, std::uintptr_t index) { \
    std::int64_t quotient = INT64_MIN;                                 \
    std::int64_t rest = -1;                                            \
    asm volatile(text                                                  \
                 : "+a"(quotient), "+d"(rest)                          \
                 : "S"(base), "D"(index), "m"(g_divisors[5])           \
                 : "cc", "memory", "r9", "r12", "r13");                \
    return {quotient, rest};                                           \
  }
NACRE_DIVIDE(by_base, "idivq (%%rsi)")
NACRE_DIVIDE(by_near, "idivq 8(%%rsi)")
NACRE_DIVIDE(by_before, "addq $8, %%rsi\n idivq -8(%%rsi)\n subq $8, %%rsi")
NACRE_DIVIDE(by_far, "idivq 256(%%rsi)")
NACRE_DIVIDE(by_index, "idivq (%%rsi,%%rdi,8)")
NACRE_DIVIDE(by_near_index, "idivq 16(%%rsi,%%rdi,8)")
NACRE_DIVIDE(by_far_index, "idivq 192(%%rsi,%%rdi,8)")
NACRE_DIVIDE(by_index_alone, "movq %%rsi, %%r9\n shrq $3, %%r9\n idivq 8(,%%r9,8)")
NACRE_DIVIDE(by_r12, "movq %%rsi, %%r12\n idivq (%%r12)")
NACRE_DIVIDE(by_r13, "movq %%rsi, %%r13\n idivq (%%r13)")
NACRE_DIVIDE(by_r13_index, "movq %%rsi, %%r13\n movq %%rdi, %%r9\n idivq 8(%%r13,%%r9,8)")
NACRE_DIVIDE(by_place, "idivq %4")
NACRE_DIVIDE(by_own_register, "movq $-1, %%r9\n idivq %%r9")
#undef NACRE_DIVIDE

TEST(Divisions, WhereverTheDivisorLies) {
  answer_divisions_in(kThisProgram);
  for (volatile std::int64_t& divisor : g_divisors)
    divisor = -1;
  for (volatile std::int8_t& divisor : g_bytes)
    divisor = -1;
  for (const auto divide_by :
       {by_base, by_near, by_before, by_far, by_index, by_near_index, by_far_index, by_index_alone,
        by_r12, by_r13, by_r13_index, by_place, by_own_register}) {
    EXPECT_EQ(divide_by(reinterpret_cast<std::uintptr_t>(&g_divisors[0]), 3),
              (Both<std::int64_t>{INT64_MIN, 0}));
  }

  std::int16_t both = INT8_MIN;
  asm volatile("idivb %1" : "+a"(both) : "m"(g_bytes[2]) : "cc");
  EXPECT_EQ(static_cast<std::uint16_t>(both), 0x0080U);
  both = INT8_MIN;
  asm volatile("movb $-1, %%ch\n idivb %%ch" : "+a"(both) : : "cc", "rcx");
  EXPECT_EQ(static_cast<std::uint16_t>(both), 0x0080U) << "the second byte of a register";
  both = INT8_MIN;
  asm volatile("movb $-1, %%sil\n idivb %%sil" : "+a"(both) : : "cc", "rsi");
  EXPECT_EQ(static_cast<std::uint16_t>(both), 0x0080U);
}

TEST(DivisionsDeathTest, OfOthersAreLeftToThem) {
  EXPECT_EXIT(
      {
        std::signal(SIGFPE, SIG_DFL);  // a sanitizer has a handler of its own
        answer_divisions_in("libnobody");
        (void)divide(std::int64_t{1}, std::int64_t{0});
      },
      testing::KilledBySignal(SIGFPE), "");
  EXPECT_EXIT(
      {
        std::signal(SIGFPE, [](int) { std::_Exit(7); });
        answer_divisions_in("libnobody");
        (void)divide(std::int64_t{1}, std::int64_t{0});
      },
      testing::ExitedWithCode(7), "");
  EXPECT_EXIT(
      {
        std::signal(SIGFPE, SIG_DFL);
        answer_divisions_in(kThisProgram);
        ::raise(SIGFPE);
      },
      testing::KilledBySignal(SIGFPE), "");
}

TEST(Divisions, InAThreadThatIsToGetNoSignals) {
  answer_divisions_in(kThisProgram);
  const SignalsBlocked none;
  pthread_t thread{};
  const auto run = [](void*) -> void* {
    EXPECT_EQ(divide(std::int64_t{5}, std::int64_t{0}), (Both<std::int64_t>{0, 5}));
    return nullptr;
  };
  ASSERT_EQ(::pthread_create(&thread, nullptr, run, nullptr), 0);
  ::pthread_join(thread, nullptr);
}

}  // namespace
}  // namespace nacre

#endif
