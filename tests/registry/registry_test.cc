#include <nacre/registry.h>

#include "core/backend_catalog.h"
#include "core/no_such_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace nacre {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

ModelSpec echo(const std::string& name) {
  ModelSpec spec;
  spec.name = name;
  spec.encoding = GraphEncoding::kEcho;
  return spec;
}

ModelSpec file(const std::string& name, const std::string& path) {
  ModelSpec spec;
  spec.name = name;
  spec.paths = {path};
  return spec;
}

Result<std::unique_ptr<Registry>> make(std::vector<ModelSpec> specs) {
  return Registry::create(std::move(specs), BackendCatalog::create());
}

TEST(Registry, LoadsOnceAndShares) {
  auto registry = make({echo("b"), echo("a")});
  ASSERT_TRUE(registry);
  EXPECT_THAT((*registry)->names(), ElementsAre("b", "a"));
  const auto first = (*registry)->open("a");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(*(*registry)->open("a"), *first);
  EXPECT_NE(*(*registry)->open("b"), *first);
}

TEST(Registry, NamesAreKeysAndOthersAreNotTold) {
  auto registry = make({echo("secret")});
  std::vector<std::string> names = {"",
                                    "../secret",
                                    "/etc/passwd",
                                    "Secret",
                                    "secret ",
                                    std::string("secret\0", 7),
                                    "\xff\xfe",
                                    std::string(1 << 20, 'x')};
  for (const std::string& name : names) {
    const auto graph = (*registry)->open(name);
    ASSERT_FALSE(graph);
    EXPECT_EQ(graph.error().code, ErrorCode::kNotFound);
    EXPECT_LT(graph.error().message.size(), 200U);
  }
  EXPECT_THAT((*registry)->open("x").error().message, Not(HasSubstr("secret")));
  // What GuestState says of a model that a guest may not use.
  EXPECT_EQ((*registry)->open("x").error().message, no_such_model("x").error().message);
}

TEST(Registry, TwoOfOneNameAreAnError) {
  const auto registry = make({echo("a"), echo("a")});
  ASSERT_FALSE(registry);
  EXPECT_THAT(registry.error().message, HasSubstr("two models are named \"a\""));
  EXPECT_FALSE(make({echo("")}));
}

TEST(Registry, ConcurrentFirstUsesLoadOnce) {
  auto registry = make({echo("a")});
  std::vector<std::shared_ptr<Graph>> seen(8);
  std::vector<std::thread> threads;
  for (auto& slot : seen) {
    threads.emplace_back([&] { slot = (*registry)->open("a").value_or(nullptr); });
  }
  for (auto& thread : threads)
    thread.join();
  ASSERT_NE(seen[0], nullptr);
  EXPECT_THAT(seen, Each(seen[0]));
}

TEST(Registry, AFailedLoadIsTriedAgain) {
  const std::string path = testing::TempDir() + "registry_late.txt";
  std::filesystem::remove(path);
  auto registry = make({file("late", path)});
  const auto missing = (*registry)->open("late");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kModelNotFound);
  EXPECT_THAT(missing.error().message, AllOf(HasSubstr("\"late\""), HasSubstr(path)));
  std::ofstream(path) << "nacre-echo v1\n";
  EXPECT_TRUE((*registry)->open("late"));
  std::filesystem::remove(path);
}

TEST(Registry, EachWaiterIsToldOfAFailure) {
  auto registry = make({file("none", "/nonexistent/model")});
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) {
        const auto graph = (*registry)->open("none");
        ASSERT_FALSE(graph);
        EXPECT_EQ(graph.error().code, ErrorCode::kModelNotFound) << graph.error().message;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
}

TEST(Registry, PreloadFailsAtOnce) {
  auto spec = file("none", "/nonexistent/model");
  spec.preload = true;
  const auto registry = make({spec});
  ASSERT_FALSE(registry);
  EXPECT_EQ(registry.error().code, ErrorCode::kModelNotFound);
  auto good = echo("a");
  good.preload = true;
  EXPECT_TRUE(make({good}));
}

}  // namespace
}  // namespace nacre
