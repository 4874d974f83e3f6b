// nacre:nn for components: what the callbacks answer, and what becomes none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "component_guest.h"

namespace nacre::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Dims = std::optional<std::vector<std::int64_t>>;

constexpr std::uint32_t kNoType = 0xffff'ffff;

std::optional<std::string> some(nacre_shim_bytes bytes) {
  if (bytes.data == nullptr) return std::nullopt;
  return string_of(bytes);
}

Dims some(nacre_shim_i64s dims) {
  if (dims.data == nullptr) return std::nullopt;
  return std::vector<std::int64_t>(dims.data, dims.data + dims.size);
}

class NacreNn : public testing::Test {
 protected:
  void use(GuestStateOptions options) { guest_.emplace(described_fully(), std::move(options)); }
  void SetUp() override { use({}); }

  std::vector<std::string> list() {
    nacre_shim_texts texts{};
    table_.list(nullptr, &guest_->state, &texts);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < texts.size; ++i)
      names.push_back(string_of(texts.data[i]));
    return names;
  }
  bool properties(std::string_view name) {
    const bool ok = table_.properties(nullptr, &guest_->state, shim(name), &pairs_, &error_);
    EXPECT_TRUE(!ok || pairs_.data != nullptr);
    return ok;
  }
  std::string property(std::string_view key) const {
    for (std::size_t i = 0; i < pairs_.size; ++i) {
      if (string_of(pairs_.data[i].key) == key) return string_of(pairs_.data[i].value);
    }
    return "none";
  }
  bool describe_by_name(std::string_view name) {
    return table_.describe_by_name(nullptr, &guest_->state, shim(name), &graph_, &error_);
  }
  bool describe(std::uint32_t graph) {
    return table_.describe(nullptr, &guest_->state, graph, &graph_, &error_);
  }

  const nacre_nn_callbacks& table_ = nacre_nn_component_callbacks();
  std::optional<ComponentGuest> guest_;
  nacre_shim_pairs pairs_{};
  nacre_shim_graph_description graph_{};
  nacre_shim_error error_{};
};

TEST_F(NacreNn, ListsBackends) {
  EXPECT_THAT(list(), ElementsAre("fake", "broken"));
}

TEST_F(NacreNn, PropertiesOfABackendAndOfTheGuest) {
  use({.limits = {.max_graphs = 7, .max_tensor_bytes = 1234}, .models_only = true});
  ASSERT_TRUE(properties("fake"));
  EXPECT_EQ(property("vendor"), "Nobody");
  EXPECT_EQ(property("guest.loads"), "name");
  EXPECT_EQ(property("guest.limits.graphs"), "7");
  EXPECT_EQ(property("guest.limits.tensor_bytes"), "1234");
}

TEST_F(NacreNn, BackendsThatAreNotThere) {
  EXPECT_FALSE(properties("broken"));
  EXPECT_EQ(error_.code, kWitUnsupportedOperation);
  EXPECT_EQ(string_of(error_.data), "It does not start.");
  for (const std::string& name : {std::string(), std::string("other"), std::string("../x"),
                                  std::string(1 << 20, 'a'), std::string("a\0b", 3)}) {
    EXPECT_FALSE(properties(name));
    EXPECT_EQ(error_.code, kWitNotFound) << name.substr(0, 80);
    EXPECT_THAT(string_of(error_.data), HasSubstr("backend"));
  }
  ASSERT_FALSE(guest_->log.empty());
  EXPECT_THAT(guest_->log.front(), HasSubstr("properties"));
}

TEST_F(NacreNn, DescribesWhatIsKnownAndLeavesOutWhatIsNot) {
  ASSERT_TRUE(describe_by_name("net"));
  EXPECT_EQ(string_of(graph_.backend), "echo");
  EXPECT_EQ(string_of(graph_.encoding), "echo");
  EXPECT_EQ(string_of(graph_.target), "cpu");
  EXPECT_EQ(graph_.outputs.data, nullptr);
  ASSERT_EQ(graph_.inputs.size, 7u);
  struct Wanted {
    std::optional<std::string> name;
    std::uint32_t type;
    Dims dims, carrier;
    std::optional<std::string> layout;
    std::string note;
  };
  const std::vector<Wanted> wanted = {
      {"image", 1, {{-1, 3, 224, 224}}, {}, "NCHW", "a note"},
      {"ids", 11, {{2, -1}}, {{2, -1, 8}}, {}, ""},
      {"flag", 12, std::vector<std::int64_t>{}, std::vector<std::int64_t>{}, {}, ""},
      {"words", 13, {{3}}, {{-1}}, {}, ""},
      {"half", 3, {{4}}, {}, {}, ""},  // components can name bf16
      {std::nullopt, 8, {}, {}, {}, ""},
      {std::nullopt, kNoType, {}, {}, {}, ""}};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const nacre_shim_tensor_description& got = graph_.inputs.data[i];
    EXPECT_EQ(some(got.name), wanted[i].name) << i;
    EXPECT_EQ(got.ty, wanted[i].type) << i;
    EXPECT_EQ(some(got.dimensions), wanted[i].dims) << i;
    EXPECT_EQ(some(got.carrier), wanted[i].carrier) << i;
    EXPECT_EQ(some(got.layout), wanted[i].layout) << i;
    EXPECT_EQ(string_of(got.note), wanted[i].note) << i;
  }
  ASSERT_EQ(graph_.properties.size, 2u);
  EXPECT_EQ(string_of(graph_.properties.data[0].value), "17");
  // A model's file may hold any bytes; a component's strings may not.
  EXPECT_EQ(string_of(graph_.properties.data[1].value), "a\\xffb");
}

TEST_F(NacreNn, DescribesAGraphThatTheGuestHolds) {
  const auto graph = guest_->calls.open("net");
  ASSERT_TRUE(graph.ok);
  ASSERT_TRUE(describe(graph.number));
  EXPECT_EQ(graph_.inputs.size, 7u);
  guest_->calls.drop_graph(graph.number);
  EXPECT_FALSE(describe(graph.number));
  EXPECT_EQ(error_.code, kWitInvalidArgument);
}

TEST_F(NacreNn, ModelsThatAGuestMayNotUseAreNotThere) {
  use({.models = std::vector<std::string>{"fails"}});
  EXPECT_TRUE(describe_by_name("fails"));
  ASSERT_FALSE(describe_by_name("net"));
  EXPECT_EQ(error_.code, kWitNotFound);
  const std::string hidden = string_of(error_.data);
  ASSERT_FALSE(describe_by_name("nat"));
  std::string absent = string_of(error_.data);
  absent.replace(absent.find("nat"), 3, "net");
  EXPECT_EQ(hidden, absent);
}

// It is a question, so it takes no handle.
TEST_F(NacreNn, DescribingNeedsNoRoomForAGraph) {
  use({.limits = {.max_graphs = 1}});
  ASSERT_TRUE(guest_->calls.open("net").ok);
  EXPECT_FALSE(guest_->calls.open("net").ok);
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(describe_by_name("net"));
}

}  // namespace
}  // namespace nacre::test
