#include "base/unique_handle.h"

#include <gtest/gtest.h>
#include <utility>

namespace nacre {
namespace {

int deleted = 0;
int count_delete(int* handle) {
  ++deleted;
  delete handle;
  return 7;
}

TEST(UniqueHandle, DeletesOnceAndNeverNull) {
  deleted = 0;
  {
    unique_handle<int, count_delete> handle(new int(1));
    unique_handle<int, count_delete> moved = std::move(handle);
    EXPECT_EQ(*moved, 1);
  }
  EXPECT_EQ(deleted, 1);
  static_assert(sizeof(unique_handle<int, count_delete>) == sizeof(int*));
}

}  // namespace
}  // namespace nacre
