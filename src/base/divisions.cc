#include "base/divisions.h"

#include <features.h>

#if defined(__x86_64__) && defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)
#include <dlfcn.h>
#include <link.h>
#include <ucontext.h>

#include <array>
#include <atomic>
#include <bit>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <mutex>

namespace nacre {
namespace {

// The handler may use what is async-signal-safe only: no locks, no allocation.
constexpr std::size_t kMostPrefixes = 8;
std::array<std::atomic<const char*>, kMostPrefixes> g_prefixes{};
struct sigaction g_before{};

using Registers = gregset_t;

/// A register's place in the context, by its number in an instruction.
constexpr std::array<int, 16> kPlaces = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                         REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                         REG_R12, REG_R13, REG_R14, REG_R15};

/// One DIV or IDIV as it is encoded.
struct Division {
  unsigned bytes = 0;  // of the operands: 1, 2, 4 or 8
  std::uint64_t divisor = 0;
  std::uint64_t next = 0;  // the address behind it
};

template <typename T>
T read_at(std::uint64_t address) noexcept {
  T value;
  std::memcpy(&value, std::bit_cast<const void*>(address), sizeof value);
  return value;
}

/// `value` without what lies above its lowest `bytes`.
std::uint64_t low(std::uint64_t value, unsigned bytes) noexcept {
  return bytes == 8 ? value : value & ((std::uint64_t{1} << (8 * bytes)) - 1);
}

/// The instruction where a thread stands. False for those that are none, or that no compiler
/// writes (other segments, addresses of 32 bits).
bool decode(const Registers& registers, Division& division) noexcept {
  auto at = static_cast<std::uint64_t>(registers[REG_RIP]);
  const auto next_byte = [&] { return read_at<std::uint8_t>(at++); };
  const auto reg = [&](unsigned number) {
    return static_cast<std::uint64_t>(registers[kPlaces[number]]);
  };
  bool narrow = false;
  std::uint8_t rex = 0;
  std::uint8_t opcode = next_byte();
  if (opcode == 0x66) {
    narrow = true;
    opcode = next_byte();
  }
  if ((opcode & 0xF0) == 0x40) {
    rex = opcode;
    opcode = next_byte();
  }
  if (opcode != 0xF6 && opcode != 0xF7) return false;
  const std::uint8_t modrm = next_byte();
  const unsigned extension = (modrm >> 3) & 7;
  if (extension != 6 && extension != 7) return false;  // DIV, IDIV
  division.bytes = opcode == 0xF6 ? 1 : (rex & 8) != 0 ? 8 : narrow ? 2 : 4;
  const unsigned mode = modrm >> 6;
  const unsigned rm = modrm & 7;
  const unsigned base_bit = (rex & 1) != 0 ? 8 : 0;
  if (mode == 3) {
    // Without REX the byte registers 4 to 7 are the second bytes of 0 to 3.
    const bool second = division.bytes == 1 && rex == 0 && rm >= 4;
    division.divisor = low(second ? reg(rm - 4) >> 8 : reg(rm | base_bit), division.bytes);
    division.next = at;
    return true;
  }
  std::uint64_t address = 0;
  bool from_next = false;
  bool far = mode == 2;
  if (rm == 4) {
    const std::uint8_t sib = next_byte();
    const unsigned index = ((sib >> 3) & 7) | ((rex & 2) != 0 ? 8U : 0U);
    if (index != 4) address += reg(index) << (sib >> 6);
    if ((sib & 7) == 5 && mode == 0)
      far = true;
    else
      address += reg((sib & 7) | base_bit);
  } else if (rm == 5 && mode == 0) {
    far = from_next = true;
  } else {
    address += reg(rm | base_bit);
  }
  if (far) {
    address += static_cast<std::uint64_t>(std::int64_t{read_at<std::int32_t>(at)});
    at += 4;
  } else if (mode == 1) {
    address += static_cast<std::uint64_t>(std::int64_t{read_at<std::int8_t>(at)});
    at += 1;
  }
  if (from_next) address += at;
  switch (division.bytes) {
    case 1:
      division.divisor = read_at<std::uint8_t>(address);
      break;
    case 2:
      division.divisor = read_at<std::uint16_t>(address);
      break;
    case 4:
      division.divisor = read_at<std::uint32_t>(address);
      break;
    default:
      division.divisor = read_at<std::uint64_t>(address);
  }
  division.next = at;
  return true;
}

/// `value` as an instruction of `bytes` leaves a register.
void put(greg_t& reg, std::uint64_t value, unsigned bytes) noexcept {
  const auto before = static_cast<std::uint64_t>(reg);
  const std::uint64_t kept = bytes >= 4 ? 0 : before - low(before, bytes);
  reg = static_cast<greg_t>(kept | low(value, bytes));
}

bool answer(Registers& registers) noexcept {
  Division division;
  if (!decode(registers, division)) return false;
  const unsigned bytes = division.bytes;
  const bool by_zero = division.divisor == 0;
  // Of a signed one by -1; no other quotient of two equally wide numbers is too large.
  if (!by_zero && division.divisor != low(~std::uint64_t{0}, bytes)) return false;
  const std::uint64_t number = low(static_cast<std::uint64_t>(registers[REG_RAX]), bytes);
  const std::uint64_t quotient = by_zero ? 0 : number;
  const std::uint64_t rest = by_zero ? number : 0;
  if (bytes == 1) {
    put(registers[REG_RAX], quotient | rest << 8, 2);
  } else {
    put(registers[REG_RAX], quotient, bytes);
    put(registers[REG_RDX], rest, bytes);
  }
  registers[REG_RIP] = static_cast<greg_t>(division.next);
  return true;
}

bool is_named(const char* path) noexcept {
  if (path == nullptr) return false;
  const char* slash = std::strrchr(path, '/');
  const char* name = slash == nullptr ? path : slash + 1;
  for (const auto& prefix : g_prefixes) {
    const char* text = prefix.load(std::memory_order_acquire);
    if (text == nullptr) return false;
    if (std::strncmp(name, text, std::strlen(text)) == 0) return true;
  }
  return false;
}

void on_signal(int signal, siginfo_t* info, void* context) {
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  dl_find_object where{};
  if (info->si_code == FPE_INTDIV &&
      ::_dl_find_object(std::bit_cast<void*>(registers[REG_RIP]), &where) == 0 &&
      is_named(where.dlfo_link_map->l_name) && answer(registers)) {
    return;
  }
  if ((g_before.sa_flags & SA_SIGINFO) != 0) {
    g_before.sa_sigaction(signal, info, context);
  } else if (g_before.sa_handler == SIG_IGN && info->si_code <= 0) {
    return;  // somebody sent it
  } else if (g_before.sa_handler == SIG_DFL || g_before.sa_handler == SIG_IGN) {
    // Pending until this returns, it ends the process as if nobody had been here.
    struct sigaction none{};
    none.sa_handler = SIG_DFL;
    ::sigaction(signal, &none, nullptr);
    ::raise(signal);
  } else {
    g_before.sa_handler(signal);
  }
}

}  // namespace

void answer_divisions_in(const char* prefix) noexcept {
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  for (auto& each : g_prefixes) {
    const char* text = each.load(std::memory_order_relaxed);
    if (text != nullptr && std::strcmp(text, prefix) == 0) return;
    if (text != nullptr) continue;
    each.store(prefix, std::memory_order_release);
    break;
  }
  static bool installed = false;
  if (installed) return;
  struct sigaction ours{};
  ours.sa_sigaction = on_signal;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  ::sigemptyset(&ours.sa_mask);
  ::sigaction(SIGFPE, nullptr, &g_before);
  installed = ::sigaction(SIGFPE, &ours, nullptr) == 0;
}

}  // namespace nacre

#else

namespace nacre {

void answer_divisions_in(const char* /*prefix*/) noexcept {}

}  // namespace nacre

#endif
