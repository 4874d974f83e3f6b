// A core-module guest in the middle of its work, on a graph that is fully described or on one of
// which nothing is known.
#ifndef NACRE_TESTS_ABI_WITX_BUSY_GUEST_H_
#define NACRE_TESTS_ABI_WITX_BUSY_GUEST_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "../fake_guest.h"

namespace nacre::test {

inline const std::string kSixteen = "0123456789abcdef";
inline const std::string kOther = "ABCDEFGHIJKLMNOP";

enum class GraphType { kDescribed, kUndescribed };

inline GraphDescription describe(GraphType type) {
  return type == GraphType::kDescribed ? described() : undescribed();
}

// A guest in the middle of its work: graph and context made, input set, computed once.
struct BusyGuest : FakeGuest {
  explicit BusyGuest(GraphType type) : FakeGuest(describe(type)) {
    graph = open("net");
    context = init(graph);
    put_tensor({2, 2}, kWitxF32, kSixteen);
    EXPECT_EQ(call("set_input", {context, 0, kRecord}), 0u);
    EXPECT_EQ(call("compute", {context}), 0u);
  }

  // Whether the input set above still comes back.
  void expect_works() {
    EXPECT_EQ(call("compute", {context}), 0u);
    EXPECT_EQ(call("get_output", {context, 0, kBuffer, 64, kWritten}), 0u);
    EXPECT_EQ(get(kWritten), 16u);
    EXPECT_EQ(get_bytes(kBuffer, 16), kSixteen);
  }

  std::uint32_t graph = 0;
  std::uint32_t context = 0;
};

inline std::string name_of(GraphType type) {
  return type == GraphType::kDescribed ? "described" : "undescribed";
}

}  // namespace nacre::test

#endif  // NACRE_TESTS_ABI_WITX_BUSY_GUEST_H_
