// A file descriptor that is closed once.
#ifndef NACRE_SRC_BASE_DESCRIPTOR_H_
#define NACRE_SRC_BASE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace nacre {

/// Owns one descriptor. Movable, not copyable; empty, which is -1, when moved from or released.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

}  // namespace nacre

#endif  // NACRE_SRC_BASE_DESCRIPTOR_H_
