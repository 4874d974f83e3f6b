// How much stack a thread has left, and another one for what recurses along what a stranger wrote.
#ifndef NACRE_SRC_BASE_STACKS_H_
#define NACRE_SRC_BASE_STACKS_H_

#include <pthread.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

namespace nacre {

/// Bytes of the calling thread's stack below here. nullopt where that is not known: on a fibre,
/// say. The system is asked once per thread: for a process's first one the C library reads and
/// parses /proc/self/maps.
[[nodiscard]] inline std::optional<std::size_t> stack_left() noexcept {
  struct Bounds {
    std::uintptr_t lowest = 0;
    std::uintptr_t end = 0;
  };
  static thread_local const Bounds bounds = [] {
    pthread_attr_t attributes;
    if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return Bounds{};
    void* lowest = nullptr;
    std::size_t size = 0;
    ::pthread_attr_getstack(&attributes, &lowest, &size);
    ::pthread_attr_destroy(&attributes);
    const auto begin = reinterpret_cast<std::uintptr_t>(lowest);
    return Bounds{begin, begin + size};
  }();
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  if (here < bounds.lowest || here >= bounds.end) return std::nullopt;
  return here - bounds.lowest;
}

/// Runs `body` on a thread of its own with a stack of `bytes` and waits. They are addresses: memory
/// is taken as the stack is used. False when there is no such thread to be had, and nothing was
/// run. Nothing may be thrown out of `body`.
template <typename F>
[[nodiscard]] bool run_on_stack(std::size_t bytes, F&& body) noexcept {
  using Body = std::remove_reference_t<F>;
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return false;
  pthread_t thread{};
  const auto run = [](void* argument) noexcept -> void* {
    (*static_cast<Body*>(argument))();
    return nullptr;
  };
  const bool started = ::pthread_attr_setstacksize(&attributes, bytes) == 0 &&
                       ::pthread_create(&thread, &attributes, run,
                                        const_cast<void*>(static_cast<const void*>(&body))) == 0;
  ::pthread_attr_destroy(&attributes);
  return started && ::pthread_join(thread, nullptr) == 0;
}

/// Runs `body` here if this thread has `bytes` of stack left, and run_on_stack otherwise.
template <typename F>
[[nodiscard]] bool run_with_stack(std::size_t bytes, F&& body) noexcept {
  if (stack_left().value_or(0) < bytes) return run_on_stack(bytes, body);
  body();
  return true;
}

}  // namespace nacre

#endif  // NACRE_SRC_BASE_STACKS_H_
