// The cache of compiled code trusts nothing in its folder that its key does not vouch for.

#include "engine/compiled_code_cache.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "engine/engine.h"
#include "gmock/gmock.h"
#include "run_guest.h"

namespace nacre::engine {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::uint64_t kPlenty = std::uint64_t{1} << 30;
constexpr std::string_view kExit42 = R"((module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 42)))))";

std::string contents(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void overwrite(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::vector<fs::path> entries_in(const fs::path& folder) {
  std::vector<fs::path> entries;
  for (const auto& file : fs::directory_iterator(folder)) {
    if (file.path().filename() != "key") entries.push_back(file.path());
  }
  return entries;
}

unsigned mode_of(const fs::path& path) {
  struct stat info{};
  EXPECT_EQ(::lstat(path.c_str(), &info), 0);
  return info.st_mode & 07777;
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class Cache : public ::testing::Test {
 protected:
  CompiledCodeCache open(std::uint64_t max_bytes = kPlenty) {
    auto cache = CompiledCodeCache::open(folder_, max_bytes);
    if (!cache) throw std::runtime_error(cache.error().message);
    return std::move(*cache);
  }
  static CompiledCodeCache::Key key(std::string_view text) {
    return *CompiledCodeCache::key_for(bytes_of(text), "settings");
  }
  Error refusal() {
    const auto cache = CompiledCodeCache::open(folder_, kPlenty);
    EXPECT_FALSE(cache);
    return cache ? Error{} : cache.error();
  }

  TemporaryFolder outside_;
  fs::path folder_ = outside_.path() / "cache" / "code";
};

TEST_F(Cache, GivesBackWhatItWasGiven) {
  const CompiledCodeCache cache = open();
  EXPECT_FALSE(cache.find(key("a")));
  ASSERT_TRUE(cache.store(key("a"), bytes_of("native code of a")));
  ASSERT_TRUE(cache.store(key("b"), bytes_of("")));
  EXPECT_EQ(text_of(cache.find(key("a"))->code()), "native code of a");
  EXPECT_EQ(text_of(cache.find(key("b"))->code()), "");
  EXPECT_EQ(text_of(open().find(key("a"))->code()), "native code of a");
  cache.remove(key("a"));
  EXPECT_FALSE(cache.find(key("a")));
}

TEST_F(Cache, KeysDifferByContentAndSettings) {
  const auto key_of = [](std::string_view wasm, std::string_view settings) {
    const auto key = *CompiledCodeCache::key_for(bytes_of(wasm), settings);
    return text_of(key);
  };
  const std::set<std::string> keys = {key_of("a", "x"), key_of("b", "x"), key_of("a", "y"),
                                      key_of("", "xa"), key_of("xa", "")};
  EXPECT_EQ(keys.size(), 5U);
  EXPECT_EQ(key_of("a", "x"), key_of("a", "x"));
}

TEST_F(Cache, IsForThisUserOnly) {
  const CompiledCodeCache cache = open();
  ASSERT_TRUE(cache.store(key("a"), bytes_of("code")));
  EXPECT_EQ(mode_of(folder_), 0700U);
  EXPECT_EQ(mode_of(folder_ / "key"), 0600U);
  EXPECT_EQ(fs::file_size(folder_ / "key"), 32U);
  ASSERT_EQ(entries_in(folder_).size(), 1U);
  EXPECT_EQ(mode_of(entries_in(folder_)[0]), 0600U);
}

TEST_F(Cache, EveryAlteredByteIsNoticed) {
  const CompiledCodeCache cache = open();
  ASSERT_TRUE(cache.store(key("a"), bytes_of("some native code")));
  const fs::path entry = entries_in(folder_)[0];
  const std::string good = contents(entry);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    overwrite(entry, bad);
    EXPECT_FALSE(cache.find(key("a"))) << "byte " << i;
    EXPECT_FALSE(fs::exists(entry)) << "byte " << i;
  }
  overwrite(entry, good);
  EXPECT_TRUE(cache.find(key("a")));
}

TEST_F(Cache, EveryTruncationAndExtensionIsNoticed) {
  const CompiledCodeCache cache = open();
  ASSERT_TRUE(cache.store(key("a"), bytes_of("some native code")));
  const fs::path entry = entries_in(folder_)[0];
  const std::string good = contents(entry);
  for (std::size_t size = 0; size < good.size(); ++size) {
    overwrite(entry, std::string_view(good).substr(0, size));
    EXPECT_FALSE(cache.find(key("a"))) << size;
  }
  overwrite(entry, good + "x");
  EXPECT_FALSE(cache.find(key("a")));
}

TEST_F(Cache, AnEntryUnderAnotherNameIsNoticed) {
  const CompiledCodeCache cache = open();
  ASSERT_TRUE(cache.store(key("b"), bytes_of("code of b")));
  const fs::path b = entries_in(folder_)[0];
  ASSERT_TRUE(cache.store(key("a"), bytes_of("code of a")));
  for (const fs::path& entry : entries_in(folder_)) {
    if (entry != b) fs::rename(entry, b);
  }
  EXPECT_FALSE(cache.find(key("b")));
}

TEST_F(Cache, AnEntryMadeUnderAnotherKeyIsNoticed) {
  ASSERT_TRUE(open().store(key("a"), bytes_of("foreign code")));
  const std::string foreign = contents(entries_in(folder_)[0]);
  const fs::path name = entries_in(folder_)[0];
  fs::remove_all(folder_);
  const CompiledCodeCache cache = open();  // with a new key
  overwrite(name, foreign);
  EXPECT_FALSE(cache.find(key("a")));
}

TEST_F(Cache, AFolderOthersCanEnterIsRefused) {
  open();
  for (const fs::perms mode :
       {fs::perms(0755), fs::perms(0770), fs::perms(0777), fs::perms(0500)}) {
    fs::permissions(folder_, mode);
    const Error error = refusal();
    EXPECT_EQ(error.code, ErrorCode::kSecurity);
    EXPECT_THAT(error.message, HasSubstr("instead of 0700"));
  }
  fs::permissions(folder_, fs::perms(0700));
  open();
}

TEST_F(Cache, ALinkToAFolderIsRefused) {
  open();
  fs::rename(folder_, outside_.path() / "elsewhere");
  fs::create_directory_symlink(outside_.path() / "elsewhere", folder_);
  EXPECT_EQ(refusal().code, ErrorCode::kSecurity);
  folder_ += "/";  // which would follow the link
  EXPECT_EQ(refusal().code, ErrorCode::kSecurity);
}

TEST_F(Cache, AFileInItsPlaceIsRefused) {
  fs::create_directories(folder_.parent_path());
  overwrite(folder_, "not a folder");
  EXPECT_EQ(refusal().code, ErrorCode::kSecurity);
}

TEST_F(Cache, AKeyThatIsNotOursAloneIsRefused) {
  open();
  for (const fs::perms mode :
       {fs::perms(0644), fs::perms(0640), fs::perms(0660), fs::perms(0400)}) {
    fs::permissions(folder_ / "key", mode);
    EXPECT_EQ(refusal().code, ErrorCode::kSecurity);
  }
  fs::permissions(folder_ / "key", fs::perms(0600));
  open();
  fs::resize_file(folder_ / "key", 31);
  EXPECT_THAT(refusal().message, HasSubstr("damaged key"));
  fs::remove(folder_ / "key");
  fs::create_directory(folder_ / "key");
  EXPECT_EQ(refusal().code, ErrorCode::kSecurity);
}

TEST_F(Cache, ALinkedKeyIsRefused) {
  open();
  fs::rename(folder_ / "key", outside_.path() / "key");
  fs::create_symlink(outside_.path() / "key", folder_ / "key");
  refusal();
}

TEST_F(Cache, AnotherUsersFolderOrKeyIsRefused) {
  if (::geteuid() != 0) {  // only root can give files to another user, but root has files too
    folder_ = "/";
    EXPECT_THAT(refusal().message, HasSubstr("another user"));
    return;
  }
  open();
  ASSERT_EQ(::chown((folder_ / "key").c_str(), 12345, 12345), 0);
  EXPECT_EQ(refusal().code, ErrorCode::kSecurity);
  ASSERT_EQ(::chown((folder_ / "key").c_str(), 0, 0), 0);
  open();
  ASSERT_EQ(::chown(folder_.c_str(), 12345, 12345), 0);
  EXPECT_THAT(refusal().message, HasSubstr("another user"));
}

TEST_F(Cache, WhatIsNoFileIsNoEntry) {
  const CompiledCodeCache cache = open();
  ASSERT_TRUE(cache.store(key("a"), bytes_of("code")));
  const fs::path entry = entries_in(folder_)[0];
  fs::rename(entry, outside_.path() / "moved");
  fs::create_symlink(outside_.path() / "moved", entry);
  EXPECT_FALSE(cache.find(key("a")));
  fs::remove(entry);
  ASSERT_EQ(::mkfifo(entry.c_str(), 0600), 0);
  EXPECT_FALSE(cache.find(key("a")));  // and does not hang
  fs::remove(entry);
  fs::create_directory(entry);
  EXPECT_FALSE(cache.find(key("a")));
}

TEST_F(Cache, ThrowsOutWhatWasUsedLongestAgo) {
  const std::string code(1000, 'x');
  const CompiledCodeCache roomy = open();
  const auto age = [&](const CompiledCodeCache::Key& of, int hours) {
    // The entry is the only one that is not older yet.
    static_cast<void>(of);
    for (const fs::path& entry : entries_in(folder_)) {
      if (fs::last_write_time(entry) > fs::file_time_type::clock::now() - std::chrono::hours(1)) {
        fs::last_write_time(entry, fs::file_time_type::clock::now() - std::chrono::hours(hours));
      }
    }
  };
  ASSERT_TRUE(roomy.store(key("oldest"), bytes_of(code)));
  age(key("oldest"), 50);
  ASSERT_TRUE(roomy.store(key("older"), bytes_of(code)));
  age(key("older"), 40);
  ASSERT_TRUE(roomy.store(key("old"), bytes_of(code)));
  age(key("old"), 30);
  ASSERT_TRUE(roomy.find(key("oldest")));  // used just now, so no longer the oldest

  const CompiledCodeCache small = open(3 * (code.size() + 100));
  ASSERT_TRUE(small.store(key("new"), bytes_of(code)));
  EXPECT_FALSE(small.find(key("older")));
  EXPECT_TRUE(small.find(key("oldest")));
  EXPECT_TRUE(small.find(key("old")));
  EXPECT_TRUE(small.find(key("new")));
  EXPECT_TRUE(fs::exists(folder_ / "key"));
}

TEST_F(Cache, SweepsUpWhatACrashedWriterLeft) {
  const CompiledCodeCache cache = open();
  overwrite(folder_ / ".tmp-1-old", "x");
  fs::last_write_time(folder_ / ".tmp-1-old",
                      fs::file_time_type::clock::now() - std::chrono::hours(2));
  overwrite(folder_ / ".tmp-2-new", "x");
  ASSERT_TRUE(cache.store(key("a"), bytes_of("code")));
  EXPECT_FALSE(fs::exists(folder_ / ".tmp-1-old"));
  EXPECT_TRUE(fs::exists(folder_ / ".tmp-2-new"));
}

// --- as the engine uses it

class EngineCache : public Cache {
 protected:
  Engine engine(EngineOptions options = {}) {
    options.cache_directory = folder_;
    options.warn = [this](std::string_view words) { warnings_.emplace_back(words); };
    return make_engine(std::move(options));
  }
  static int exit_code(const Module& module) {
    auto instance = Instance::create(module, {});
    return instance ? instance->run()->exit_code : -1;
  }
  std::vector<std::string> warnings_;
};

TEST_F(EngineCache, CompilesOnce) {
  const Module first = load(engine(), kExit42);
  EXPECT_EQ(first.origin(), CodeOrigin::kCompiled);
  const Module second = load(engine(), kExit42);
  EXPECT_EQ(second.origin(), CodeOrigin::kCache);
  EXPECT_EQ(exit_code(first), 42);
  EXPECT_EQ(exit_code(second), 42);
  EXPECT_THAT(warnings_, ::testing::IsEmpty());
}

TEST_F(EngineCache, EverySettingHasItsOwnCode) {
  const std::vector<EngineOptions> all = {
      {},
      {.compiler = Compiler::kWinch},
      {.compiler = Compiler::kPulley},
      {.interruptible = true},
      {.meter_fuel = true},
  };
  for (const EngineOptions& options : all) {
    EXPECT_EQ(load(engine(options), kExit42).origin(), CodeOrigin::kCompiled);
  }
  for (const EngineOptions& options : all) {
    const Module module = load(engine(options), kExit42);
    EXPECT_EQ(module.origin(), CodeOrigin::kCache);
    EXPECT_EQ(exit_code(module), 42);
  }
}

TEST_F(EngineCache, ADamagedEntryMeansCompileAgain) {
  load(engine(), kExit42);
  const fs::path entry = entries_in(folder_).at(0);
  std::string bytes = contents(entry);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x40);
  overwrite(entry, bytes);
  const Module again = load(engine(), kExit42);
  EXPECT_EQ(again.origin(), CodeOrigin::kCompiled);
  EXPECT_EQ(exit_code(again), 42);
  EXPECT_EQ(load(engine(), kExit42).origin(), CodeOrigin::kCache);
}

// Signed by us, but not what this VM can load: as after an upgrade that kept its version's name.
TEST_F(EngineCache, AnEntryThatDoesNotLoadMeansCompileAgain) {
  load(engine(), kExit42);
  const std::string name = entries_in(folder_).at(0).filename();
  CompiledCodeCache::Key key;
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<std::byte>(std::stoi(name.substr(2 * i, 2), nullptr, 16));
  }
  ASSERT_TRUE(open().store(key, bytes_of("this is no compiled code")));
  const Module again = load(engine(), kExit42);
  EXPECT_EQ(again.origin(), CodeOrigin::kCompiled);
  EXPECT_EQ(exit_code(again), 42);
  EXPECT_EQ(load(engine(), kExit42).origin(), CodeOrigin::kCache);
}

TEST_F(EngineCache, AFolderThatCannotBeTrustedIsNotUsed) {
  load(engine(), kExit42);
  fs::permissions(folder_, fs::perms(0777));
  const Module module = load(engine(), kExit42);
  EXPECT_EQ(module.origin(), CodeOrigin::kCompiled);
  EXPECT_EQ(exit_code(module), 42);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_THAT(warnings_[0], HasSubstr("instead of 0700"));
}

TEST_F(EngineCache, PrecompiledCodeIsNotKept) {
  const Engine plain = make_engine();
  const auto code = load(plain, kExit42).serialize();
  ASSERT_TRUE(engine().load_module(*code, {.allow_precompiled = true}));
  EXPECT_TRUE(entries_in(folder_).empty());
}

// NACRE_CACHE_WRITER is cache_writer.cc: it loads five guests through the cache given.
TEST_F(EngineCache, ManyProcessesAtOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl(NACRE_CACHE_WRITER, NACRE_CACHE_WRITER, folder_.c_str(), nullptr);
      ::_exit(127);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(entries_in(folder_).size(), 5U);  // and no temporary file is left
  for (int number = 0; number < 5; ++number) {
    EXPECT_EQ(load(engine(), numbered_guest(number)).origin(), CodeOrigin::kCache);
  }
}

}  // namespace
}  // namespace nacre::engine
