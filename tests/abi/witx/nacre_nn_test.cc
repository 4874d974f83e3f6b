// nacre_nn for core modules: the bytes of its answers, and where they go.
#include "abi/witx/nacre_nn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "../fake_guest.h"

namespace nacre::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint32_t kCapacity = 0x4000;

class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}
  template <typename T>
  T number() {
    T value{};
    EXPECT_LE(at_ + sizeof value, bytes_.size());
    if (at_ + sizeof value <= bytes_.size()) std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::string row() {
    const auto size = number<std::uint32_t>();
    EXPECT_LE(at_ + size, bytes_.size());
    const std::string text = bytes_.substr(std::min(at_, bytes_.size()), size);
    at_ += size;
    return text;
  }
  /// "none", or "[2,-1]".
  std::string shape() {
    const auto rank = number<std::int32_t>();
    if (rank < 0) return "none";
    std::string text = "[";
    for (std::int32_t i = 0; i < rank; ++i)
      text += (i == 0 ? "" : ",") + std::to_string(number<std::int64_t>());
    return text + "]";
  }
  [[nodiscard]] bool done() const { return at_ == bytes_.size(); }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

class CoreNacreNn : public testing::Test {
 protected:
  std::string answer() { return guest_.get_bytes(kFree, guest_.get(kWritten)); }
  std::uint32_t name(std::string_view text) {
    guest_.put_bytes(kName, text);
    return static_cast<std::uint32_t>(text.size());
  }
  std::uint32_t describe_model(std::string_view model) {
    return guest_.call("describe_model", {kName, name(model), kFree, kCapacity, kWritten});
  }

  FakeGuest guest_{described_fully()};
};

TEST_F(CoreNacreNn, ListsBackends) {
  ASSERT_EQ(guest_.call("list_backends", {kFree, kCapacity, kWritten}), 0u);
  Reader reader(answer());
  EXPECT_EQ(reader.row(), "fake");
  EXPECT_EQ(reader.row(), "broken");
  EXPECT_TRUE(reader.done());
}

TEST_F(CoreNacreNn, Properties) {
  ASSERT_EQ(guest_.call("backend_properties", {kName, name("fake"), kFree, kCapacity, kWritten}),
            0u);
  Reader reader(answer());
  std::map<std::string, std::string> all;
  while (!reader.done()) {
    std::string key = reader.row();
    all[std::move(key)] = reader.row();
  }
  EXPECT_EQ(all["vendor"], "Nobody");
  EXPECT_EQ(all["guest.loads"], "bytes,name");
  EXPECT_EQ(guest_.call("backend_properties", {kName, name("none"), kFree, kCapacity, kWritten}),
            8u);
  EXPECT_EQ(guest_.call("backend_properties", {kName, name("broken"), kFree, kCapacity, kWritten}),
            6u);
}

TEST_F(CoreNacreNn, DescribesByteByByte) {
  ASSERT_EQ(describe_model("net"), 0u);
  const std::string by_name = answer();
  Reader r(by_name);
  EXPECT_EQ(r.row(), "echo");
  EXPECT_EQ(r.row(), "echo");
  EXPECT_EQ(r.row(), "cpu");
  ASSERT_EQ(r.number<std::uint32_t>(), 7u);
  struct Wanted {
    std::string name;
    std::uint32_t type;
    std::string shape, carrier, layout, note;
  };
  const std::vector<Wanted> wanted = {{"image", 2, "[-1,3,224,224]", "none", "NCHW", "a note"},
                                      {"ids", 12, "[2,-1]", "[2,-1,8]", "", ""},
                                      {"flag", 13, "[]", "[]", "", ""},
                                      {"words", 14, "[3]", "[-1]", "", ""},
                                      {"half", 4, "[4]", "[4,2]", "", ""},
                                      {"\xff", 9, "none", "none", "", ""},
                                      {"", 0, "none", "none", "", ""}};
  for (const Wanted& w : wanted) {
    EXPECT_EQ(r.row(), w.name);
    EXPECT_EQ(r.number<std::uint32_t>(), w.type) << w.name;
    EXPECT_EQ(r.shape(), w.shape) << w.name;
    EXPECT_EQ(r.shape(), w.carrier) << w.name;
    EXPECT_EQ(r.row(), w.layout) << w.name;
    EXPECT_EQ(r.row(), w.note) << w.name;
  }
  EXPECT_EQ(r.number<std::uint32_t>(), 0xffffffffu);  // the outputs are not known
  ASSERT_EQ(r.number<std::uint32_t>(), 2u);
  EXPECT_EQ(r.row(), "opset");
  EXPECT_EQ(r.row(), "17");
  r.row();
  r.row();
  EXPECT_TRUE(r.done());

  const std::uint32_t graph = guest_.open("net");
  ASSERT_EQ(guest_.call("describe_graph", {graph, kFree, kCapacity, kWritten}), 0u);
  EXPECT_EQ(answer(), by_name);
}

TEST_F(CoreNacreNn, SmallBuffersSayTheSizeAndStayUntouched) {
  ASSERT_EQ(describe_model("net"), 0u);
  const std::string whole = answer();
  const auto size = static_cast<std::uint32_t>(whole.size());
  for (const std::uint32_t capacity : {0u, 1u, size - 1}) {
    guest_.put_bytes(kFree, std::string(size, '#'));
    EXPECT_EQ(guest_.call("describe_model", {kName, name("net"), kFree, capacity, kWritten}), 7u);
    EXPECT_EQ(guest_.get(kWritten), size);
    EXPECT_EQ(guest_.get_bytes(kFree, size), std::string(size, '#'));
  }
  EXPECT_EQ(guest_.call("describe_model", {kName, name("net"), kFree, size, kWritten}), 0u);
  EXPECT_EQ(answer(), whole);
}

TEST_F(CoreNacreNn, BadPointersAndHandles) {
  const std::uint32_t graph = guest_.open("net");
  const std::uint32_t net = name("net");
  for (const std::uint32_t bad : {kMemory - 3, kMemory, 0x80000000u, 0xffffffffu}) {
    EXPECT_EQ(guest_.call("list_backends", {kFree, kCapacity, bad}), 1u);
    EXPECT_EQ(guest_.call("list_backends", {bad, 4, kWritten}), 1u);
    EXPECT_EQ(guest_.call("backend_properties", {bad, 4, kFree, kCapacity, kWritten}), 1u);
    EXPECT_EQ(guest_.call("backend_properties", {kName, net, bad, 4, kWritten}), 1u);
    EXPECT_EQ(guest_.call("backend_properties", {kName, net, kFree, 4, bad}), 1u);
    EXPECT_EQ(guest_.call("describe_model", {bad, 4, kFree, kCapacity, kWritten}), 1u);
    EXPECT_EQ(guest_.call("describe_model", {kName, net, bad, 4, kWritten}), 1u);
    EXPECT_EQ(guest_.call("describe_graph", {graph, bad, 4, kWritten}), 1u);
    EXPECT_EQ(guest_.call("describe_graph", {graph, kFree, 0xffffffff, kWritten}), 1u);
    EXPECT_EQ(guest_.call("describe_graph", {graph, kFree, 4, bad}), 1u);
    EXPECT_EQ(guest_.call("last_error", {bad, 4, kWritten}), 1u);
    EXPECT_EQ(guest_.call("last_error", {kFree, 4, bad}), 1u);
  }
  for (const std::uint32_t none : {0u, graph + 1, guest_.init(graph), 0xffffffffu}) {
    EXPECT_EQ(guest_.call("describe_graph", {none, kFree, kCapacity, kWritten}), 1u);
  }
}

TEST_F(CoreNacreNn, TheLastErrorsSentence) {
  ASSERT_EQ(guest_.call("last_error", {kFree, kCapacity, kWritten}), 0u);
  EXPECT_EQ(answer(), "");
  EXPECT_EQ(describe_model("nobody"), 8u);
  ASSERT_EQ(guest_.call("last_error", {kFree, kCapacity, kWritten}), 0u);
  const std::string sentence = answer();
  EXPECT_THAT(sentence, HasSubstr("nobody"));
  // Asking for its size does not lose it.
  EXPECT_EQ(guest_.call("last_error", {kFree, 0, kWritten}), 7u);
  EXPECT_EQ(guest_.get(kWritten), sentence.size());
  ASSERT_EQ(guest_.call("last_error", {kFree, kCapacity, kWritten}), 0u);
  EXPECT_EQ(answer(), sentence);
  // wasi_ephemeral_nn's too.
  EXPECT_EQ(guest_.call("compute", {12345}), 1u);
  ASSERT_EQ(guest_.call("last_error", {kFree, kCapacity, kWritten}), 0u);
  EXPECT_THAT(answer(), HasSubstr("12345"));
}

TEST_F(CoreNacreNn, ModelsThatAGuestMayNotUseAreNotThere) {
  FakeGuest guest(described(), {.models = std::vector<std::string>{"fails"}});
  guest.put_bytes(kName, "net");
  EXPECT_EQ(guest.call("describe_model", {kName, 3, kFree, kCapacity, kWritten}), 8u);
  EXPECT_EQ(guest.provider.opens, 0);
}

// In WasmEdge's dialect a length of 0 is a buffer, but not here.
TEST_F(CoreNacreNn, ZeroAsksForTheSizeInEveryDialect) {
  FakeGuest guest(described(), {.dialect = Dialect::kWasmedge});
  EXPECT_EQ(guest.call("list_backends", {kFree, 0, kWritten}), 7u);
  EXPECT_EQ(guest.get(kWritten), 18u);
}

}  // namespace
}  // namespace nacre::test
