// A guest without a VM: a vector for memory, and calls by import name.
#ifndef NACRE_TESTS_ABI_FAKE_GUEST_H_
#define NACRE_TESTS_ABI_FAKE_GUEST_H_

#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "abi/guest_memory.h"
#include "abi/guest_state.h"
#include "abi/host_function.h"
#include "abi/witx/functions.h"
#include "fake_models.h"

namespace nacre::test {

/// Exactly as large as it says, so that a sanitizer sees a byte beyond.
class FakeMemory final : public GuestMemory {
 public:
  explicit FakeMemory(std::size_t size) : bytes_(size) {}
  std::span<std::byte> bytes() noexcept override { return bytes_; }
  /// Like memory.grow: everything moves.
  void grow(std::size_t more) {
    std::vector<std::byte> larger(bytes_.size() + more);
    std::memcpy(larger.data(), bytes_.data(), bytes_.size());
    std::ranges::fill(bytes_, std::byte{0xdd});
    bytes_ = std::move(larger);
  }

 private:
  std::vector<std::byte> bytes_;
};

inline const HostFunction& function(std::string_view name) {
  for (const HostFunction& f : witx::functions()) {
    if (f.name == name) return f;
  }
  std::abort();  // a test that misspells a name
}

/// Where FakeGuest lays things out.
inline constexpr std::uint32_t kMemory = 0x10000;
inline constexpr std::uint32_t kBuilders = 0x100;
inline constexpr std::uint32_t kRecord = 0x200;
inline constexpr std::uint32_t kDims = 0x300;
inline constexpr std::uint32_t kData = 0x400;
inline constexpr std::uint32_t kName = 0x600;
inline constexpr std::uint32_t kOut = 0x700;
inline constexpr std::uint32_t kWritten = 0x710;
inline constexpr std::uint32_t kBuffer = 0x800;
inline constexpr std::uint32_t kFree = 0x4000;

inline constexpr std::uint8_t kWitxF32 = 1;
inline constexpr std::uint8_t kWitxU8 = 3;

struct FakeGuest {
  FakeMemory memory{kMemory};
  FakeProvider provider;
  GuestState state;
  std::vector<std::string> log;

  explicit FakeGuest(GraphDescription net = described(), GuestStateOptions options = {})
      : provider(std::move(net)), state(provider, with_log(std::move(options))) {}

  std::uint32_t call(std::string_view name, std::initializer_list<std::uint32_t> args) {
    const HostFunction& f = function(name);
    if (args.size() != f.params) std::abort();  // a wrong test
    return f.fn(&state, memory, args.begin());
  }

  void put_bytes(std::uint32_t at, std::string_view bytes) {
    std::memcpy(memory.bytes().data() + at, bytes.data(), bytes.size());
  }
  template <typename T>
  void put(std::uint32_t at, T value) {
    std::memcpy(memory.bytes().data() + at, &value, sizeof value);
  }
  template <typename T = std::uint32_t>
  T get(std::uint32_t at) {
    T value;
    std::memcpy(&value, memory.bytes().data() + at, sizeof value);
    return value;
  }
  std::string get_bytes(std::uint32_t at, std::size_t size) {
    return {reinterpret_cast<const char*>(memory.bytes().data()) + at, size};
  }

  void put_tensor_at(std::uint32_t record, std::uint32_t dims_ptr, std::uint32_t rank,
                     std::uint8_t type, std::uint32_t data_ptr, std::uint32_t data_len) {
    put(record, dims_ptr);
    put(record + 4, rank);
    put<std::uint32_t>(record + 8, 0xA5A5A500u | type);  // garbage in the padding, as guests leave
    put(record + 12, data_ptr);
    put(record + 16, data_len);
  }
  void put_tensor(std::vector<std::uint32_t> dims, std::uint8_t type, std::string_view data) {
    put_tensor_at(kRecord, kDims, static_cast<std::uint32_t>(dims.size()), type, kData,
                  static_cast<std::uint32_t>(data.size()));
    for (std::size_t i = 0; i < dims.size(); ++i) {
      put(kDims + static_cast<std::uint32_t>(4 * i), dims[i]);
    }
    put_bytes(kData, data);
  }
  void put_builder(std::uint32_t index, std::uint32_t ptr, std::uint32_t len) {
    put(kBuilders + 8 * index, ptr);
    put(kBuilders + 8 * index + 4, len);
  }

  /// The handle; 0 when it failed.
  std::uint32_t open(std::string_view name) {
    put_bytes(kName, name);
    const auto size = static_cast<std::uint32_t>(name.size());
    return call("load_by_name", {kName, size, kOut}) == 0 ? get(kOut) : 0;
  }
  std::uint32_t init(std::uint32_t graph) {
    return call("init_execution_context", {graph, kOut}) == 0 ? get(kOut) : 0;
  }

 private:
  GuestStateOptions with_log(GuestStateOptions options) {
    options.on_refusal = [this](std::string_view line) { log.emplace_back(line); };
    return options;
  }
};

}  // namespace nacre::test

#endif  // NACRE_TESTS_ABI_FAKE_GUEST_H_
