// Calls of the witx functions as a broken or hostile guest might make them, from a string of bytes.
//
// Input: a byte that chooses dialect and limits; then calls, each a byte for the function and 4 to
// 13 for its arguments; whatever is left when the calls are read is laid over guest memory first.
// An argument is mostly drawn from what makes calls succeed (handles that were given, addresses of
// records), so that the deep paths are reached; otherwise it is any number.
//
// Every build runs it on its corpus and mutations of that, and on random bytes
// (tests/abi/witx/random_calls_test.cc); with Clang there is witx_calls_fuzzer_libfuzzer, as for
// the others.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "abi/fake_guest.h"
#include "abi/witx/nacre_nn.h"

namespace nacre::test {
namespace {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::size_t left() const { return size_; }
  std::uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  std::uint32_t word() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i)
      value = (value << 8) | byte();
    return value;
  }
  // From the end, so that calls keep their places while the memory's content grows.
  void tail(void* to, std::size_t n) {
    n = std::min(n, size_);
    size_ -= n;
    std::memcpy(to, data_ + size_, n);
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

void check(bool held) {
  if (!held) std::abort();
}

class Run {
 public:
  explicit Run(Input& in) : in_(in), options_(in.byte()), guest_(undescribed(), make(options_)) {
    // Something sensible to begin with, then the fuzzer's bytes over a part of it.
    guest_.put_tensor({2, 2}, kWitxF32, "0123456789abcdef");
    guest_.put_builder(0, kData, 16);
    guest_.put_builder(1, kData + 4, 4);
    guest_.put_bytes(kName, "netdescribedfails");
    in_.tail(guest_.memory.bytes().data() + kBuilders, in_.byte() * 8u);
  }

  void calls() {
    for (int i = 0; i < 64 && in_.left() > 0; ++i) {
      const std::uint8_t what = in_.byte();
      if (what == 255) {
        guest_.memory.grow(0x1000);
        continue;
      }
      const auto table = witx::functions();
      call(table[what % table.size()]);
    }
  }

 private:
  static GuestStateOptions make(std::uint8_t bits) {
    GuestStateOptions options;
    options.dialect = static_cast<Dialect>((bits & 3) + ((bits & 64) != 0 ? 3 : 0));
    options.limits.max_graphs = (bits & 4) != 0 ? 2 : 64;
    options.limits.max_contexts = (bits & 8) != 0 ? 2 : 64;
    options.limits.max_tensor_bytes = 0x8000;
    if ((bits & 16) != 0) options.limits.max_model_bytes = 20;
    options.models_only = (bits & 32) != 0;
    return options;
  }

  std::uint32_t argument() {
    const std::uint8_t how = in_.byte();
    switch (how % 8) {
      case 0:
        return in_.word();
      case 1:
        return how / 8;
      case 2:
        return graphs_.empty() ? 0 : graphs_[how / 8 % graphs_.size()];
      case 3:
      case 4:
        return contexts_.empty() ? 0 : contexts_[how / 8 % contexts_.size()];
      case 5: {
        constexpr std::uint32_t kPlaces[] = {kBuilders, kRecord, kDims,   kData,
                                             kName,     kOut,    kBuffer, kWritten};
        return kPlaces[how / 8 % 8];
      }
      case 6:
        return static_cast<std::uint32_t>(guest_.memory.bytes().size()) - how / 8;
      default:
        return in_.word() & 0xffff;
    }
  }

  void call(const HostFunction& f) {
    std::uint32_t args[HostFunction::kMaxParams] = {};
    for (std::uint8_t i = 0; i < f.params; ++i)
      args[i] = argument();
    const auto bytes = guest_.memory.bytes();
    before_.assign(bytes.begin(), bytes.end());
    const std::uint32_t answer = f.fn(&guest_.state, guest_.memory, args);

    check(answer <= 9 || (answer >= 100 && answer <= 103));
    const bool too_large = answer == guest_.state.dialect().errno_of(ErrorCode::kTooLarge);
    check(guest_.memory.bytes().size() == before_.size());
    if (f.name == "get_output" || f.module == witx::kNacreNnModule) {
      // Buffer, capacity, *written come last; WAMR's has buffer and *size, which counts in f32.
      const bool wamr = f.module == kWamrModule;
      if (answer == 0)
        check_output(args[f.params - (wamr ? 2 : 3)], args[f.params - 1], wamr ? 4 : 1);
      else if (too_large)
        check_untouched(args[f.params - 1], 4);
      else
        check_untouched(0, 0);
    } else if (answer != 0 || f.params == 1 || f.name == "set_input") {
      check_untouched(0, 0);
    } else {
      const std::uint32_t out = args[f.params - 1];
      check_untouched(out, 4);
      const auto handle = guest_.get(out);
      check(static_cast<std::int32_t>(handle) > 0);
      (f.name == "init_execution_context" ? contexts_ : graphs_).push_back(handle);
    }
  }

  // Nothing outside the buffer's first *written units and *written itself has changed.
  void check_output(std::uint32_t buffer, std::uint32_t written, std::uint64_t unit) {
    const std::uint64_t size = guest_.get(written) * unit;
    const auto bytes = guest_.memory.bytes();
    check(buffer + size < bytes.size() + unit);  // the last may be a part of one
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const bool mine = (i >= buffer && i < std::uint64_t{buffer} + size) ||
                        (i >= written && i < std::uint64_t{written} + 4);
      check(mine || bytes[i] == before_[i]);
    }
  }

  void check_untouched(std::uint64_t except, std::uint64_t n) {
    const auto bytes = guest_.memory.bytes();
    const auto same = [&](std::size_t from, std::size_t to) {
      return to <= from || std::memcmp(bytes.data() + from, before_.data() + from, to - from) == 0;
    };
    if (n == 0) return check(same(0, bytes.size()));
    check(same(0, except));
    check(same(except + n, bytes.size()));
  }

  Input& in_;
  std::uint8_t options_;
  FakeGuest guest_;
  std::vector<std::uint32_t> graphs_;
  std::vector<std::uint32_t> contexts_;
  std::vector<std::byte> before_;
};

}  // namespace
}  // namespace nacre::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nacre::test::Input in(data, size);
  nacre::test::Run(in).calls();
  return 0;
}
