#include <nacre/registry.h>

#include <nacre/execution_context.h>

#include "base/sha256.h"
#include "core/backend_catalog.h"
#include "core/model_bytes.h"
#include "core/no_such_model.h"
#include "tf_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <barrier>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
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

/// A model's file, gone with the test.
class ModelFile {
 public:
  ModelFile(const std::string& name, const std::string& text) : path_(testing::TempDir() + name) {
    write(text);
  }
  ~ModelFile() { std::filesystem::remove(path_); }
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;
  void write(const std::string& text) const { std::ofstream(path_) << text; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

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

TEST(Registry, ConcurrentFirstUsesOfARealFileLoadOnce) {
  const ModelFile model("registry_once.txt", "nacre-echo v1\n");
  auto registry = make({file("a", model.path())});
  constexpr std::size_t kThreads = 8;
  std::vector<std::shared_ptr<Graph>> seen(kThreads);
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (auto& slot : seen) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      slot = (*registry)->open("a").value_or(nullptr);
    });
  }
  for (auto& thread : threads)
    thread.join();
  ASSERT_NE(seen[0], nullptr);
  EXPECT_THAT(seen, Each(seen[0]));
  const ModelStats stats = (*registry)->status().at(0).stats;
  EXPECT_EQ(stats.loads, 1U);
  EXPECT_EQ(stats.load_errors, 0U);
  EXPECT_GT(stats.load_time.count(), 0);
}

TEST(Registry, UnloadLetsGoAndTheNextUseLoadsAnew) {
  auto registry = make({echo("a")});
  EXPECT_FALSE((*registry)->unload("a").value());
  auto graph = (*registry)->open("a");
  ASSERT_TRUE(graph);
  EXPECT_TRUE((*registry)->status().at(0).loaded);
  EXPECT_TRUE((*registry)->unload("a").value());
  EXPECT_FALSE((*registry)->status().at(0).loaded);
  const std::weak_ptr<Graph> old = *graph;
  EXPECT_FALSE(old.expired()) << "it has a user";
  graph->reset();
  EXPECT_TRUE(old.expired());
  EXPECT_TRUE((*registry)->open("a"));
  EXPECT_EQ((*registry)->status().at(0).stats.loads, 2U);
  const auto unknown = (*registry)->unload("b");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
}

TEST(Registry, OpenAndUnloadOnManyThreadsGiveGraphsOrNothing) {
  auto registry = make({echo("a")});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 500; ++j) {
        if (i == 0) {
          EXPECT_TRUE((*registry)->unload("a"));
        } else {
          EXPECT_TRUE((*registry)->open("a"));
        }
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ((*registry)->status().at(0).stats.load_errors, 0U);
}

TEST(Registry, CountsWhatIsComputed) {
  const ModelFile model("registry_counts.txt", "nacre-echo v1\ninput x u8 4\nsleep_ms 5\n");
  auto registry = make({file("a", model.path()), echo("idle")});
  const auto graph = (*registry)->open("a");
  ASSERT_TRUE(graph) << graph.error().message;
  auto context = ExecutionContext::create(*graph);
  ASSERT_TRUE(context);
  EXPECT_FALSE((*context)->compute()) << "no input was set";
  const std::vector<std::int64_t> dims = {4};
  const std::vector<std::byte> data(4);
  ASSERT_TRUE((*context)->set_input(0, TensorView{TensorType::kU8, dims, data}));
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE((*context)->compute());
  const auto status = (*registry)->status();
  EXPECT_EQ(status.at(0).name, "a");
  EXPECT_EQ(status.at(0).stats.requests, 4U);
  EXPECT_EQ(status.at(0).stats.errors, 1U);
  EXPECT_GE(status.at(0).stats.compute_time, std::chrono::milliseconds(15));
  EXPECT_EQ(status.at(1).stats.requests, 0U);
  // What was counted stays when the model goes.
  EXPECT_TRUE((*registry)->unload("a"));
  EXPECT_EQ((*registry)->status().at(0).stats.requests, 4U);
}

TEST(Registry, CountsFailedLoads) {
  auto registry = make({file("none", "/nonexistent/model")});
  EXPECT_FALSE((*registry)->open("none"));
  EXPECT_FALSE((*registry)->open("none"));
  const ModelStats stats = (*registry)->status().at(0).stats;
  EXPECT_EQ(stats.loads, 2U);
  EXPECT_EQ(stats.load_errors, 2U);
}

TEST(Registry, TellsOfLoadsByTheOperatorsName) {
  std::vector<std::string> told;
  auto registry = Registry::create({echo("a")}, BackendCatalog::create(),
                                   [&told](std::string_view what) { told.emplace_back(what); });
  ASSERT_TRUE((*registry)->open("a"));
  ASSERT_TRUE((*registry)->open("a"));
  EXPECT_THAT(told, ElementsAre("loading the model a", ""));
}

// sha256sum of the text below.
constexpr const char* kEchoText = "nacre-echo v1\n";
std::string hash_of(const std::string& path) {
  return to_hex(sha256_of_file(path).value().digest);
}

TEST(Hashes, AFileThatHasAnotherIsNotLoadedUntilItHasTheRightOne) {
  ModelFile model("registry_hashed.txt", kEchoText);
  ModelSpec spec = file("a", model.path());
  spec.sha256 = {hash_of(model.path())};
  spec.origin = "models.toml:1";
  spec.sha256_origin = "models.toml:4";
  auto registry = make({spec});
  model.write("nacre-echo v1\ninput x u8 4\n");
  const auto wrong = (*registry)->open("a");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kSecurity);
  EXPECT_THAT(
      wrong.error().message,
      AllOf(HasSubstr("\"a\" (models.toml:1)"), HasSubstr(model.path()), HasSubstr(spec.sha256[0]),
            HasSubstr(hash_of(model.path())), HasSubstr("models.toml:4, key \"sha256\"")));
  model.write(kEchoText);
  EXPECT_TRUE((*registry)->open("a"));
  // At the next load it is checked again.
  EXPECT_TRUE((*registry)->unload("a").value());
  model.write("nacre-echo v1\ninput x u8 4\n");
  EXPECT_FALSE((*registry)->open("a"));
}

TEST(Hashes, UpperCaseIsTheSame) {
  const ModelFile model("registry_upper.txt", kEchoText);
  ModelSpec spec = file("a", model.path());
  std::string hash = hash_of(model.path());
  for (char& c : hash)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  spec.sha256 = {hash};
  const auto graph = make({spec}).value()->open("a");
  EXPECT_TRUE(graph) << graph.error().message;
}

TEST(Hashes, MistakesInThem) {
  const ModelFile model("registry_bad_hash.txt", kEchoText);
  ModelSpec spec = file("a", model.path());
  spec.sha256 = {"12"};
  EXPECT_THAT(make({spec}).value()->open("a").error().message, HasSubstr("64 hexadecimal digits"));
  spec.sha256 = {std::string(64, 'a'), std::string(64, 'b')};
  EXPECT_THAT(make({spec}).value()->open("a").error().message, HasSubstr("2 SHA-256 hashes for 1"));
}

TEST(Hashes, WhatLiesBesideAFileMustHaveOneToo) {
  const ModelFile xml("registry_ir.xml",
                      "<?xml version=\"1.0\"?>\n<net name=\"g\" version=\"11\">"
                      "<layers></layers><edges></edges></net>\n");
  const ModelFile weights("registry_ir.bin", "1234");
  ModelSpec ir = file("a", xml.path());
  ir.sha256 = {hash_of(xml.path())};
  const auto half = make({ir}).value()->open("a");
  EXPECT_EQ(half.error().code, ErrorCode::kSecurity);
  EXPECT_THAT(half.error().message, HasSubstr("says nothing of " + weights.path()));

  const std::string near = NACRE_TEST_DATA_DIR "/onnx/external_near.onnx";
  ModelSpec onnx = file("a", near);
  onnx.sha256 = {hash_of(near)};
  const auto external = make({onnx}).value()->open("a");
  EXPECT_EQ(external.error().code, ErrorCode::kSecurity);
  EXPECT_THAT(external.error().message,
              AllOf(HasSubstr("says nothing of "), HasSubstr("near.bin")));

  // Named with it, and only what belongs to it.
  const std::string data = NACRE_TEST_DATA_DIR "/onnx/near.bin";
  onnx.paths = {near, data};
  onnx.sha256 = {hash_of(near), hash_of(data)};
  const auto both = make({onnx}).value()->open("a");
  if (!both) {
    EXPECT_NE(both.error().code, ErrorCode::kSecurity) << both.error().message;
  }
  onnx.sha256[1] = std::string(64, '0');
  EXPECT_THAT(make({onnx}).value()->open("a").error().message,
              HasSubstr(data + " has the SHA-256"));
  onnx.paths[1] = weights.path();
  onnx.sha256[1] = hash_of(weights.path());
  const auto stranger = make({onnx}).value()->open("a");
  EXPECT_EQ(stranger.error().code, ErrorCode::kInvalidEncoding);
  EXPECT_THAT(stranger.error().message, HasSubstr("keeps no data in " + weights.path()));
}

// Its other parts are found by name, beside it.
TEST(Hashes, APartOfASplitGgufIsNotTheModel) {
  const auto split_into = [](std::uint32_t parts) {
    std::string bytes = "GGUF";
    test::put32(bytes, 3);
    test::put64(bytes, 0);
    test::put64(bytes, 1);
    test::put64(bytes, 11);
    bytes += "split.count";
    test::put32(bytes, 2);  // u16
    test::put16(bytes, parts);
    return bytes + std::string(64, '\0');
  };
  for (const std::uint32_t parts : {1U, 2U}) {
    const ModelFile model("registry-00001-of-00002.gguf", split_into(parts));
    ModelSpec spec = file("a", model.path());
    spec.sha256 = {hash_of(model.path())};
    const auto graph = make({spec}).value()->open("a");
    ASSERT_FALSE(graph) << "there is no runtime for it in this test";
    EXPECT_EQ(graph.error().code == ErrorCode::kSecurity, parts == 2) << graph.error().message;
    EXPECT_EQ(graph.error().message.find("2 files") != std::string::npos, parts == 2);
  }
}

namespace fs = std::filesystem;

/// A SavedModel's folder, or what looks like one.
class Folder {
 public:
  explicit Folder(const std::string& name) : path_(fs::temp_directory_path() / name) {
    fs::remove_all(path_);
    fs::create_directories(path_ / "variables");
    write("saved_model.pb", test::tf_saved_model(test::tf_sum_graph(), {{"x", "x:0"}, {"y", "y:0"}},
                                                 {{"sum", "sum:0"}}));
    write("variables/variables.index", "index");
    write("a file", "with a space in its name");
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
  }
  /// As an operator finds it out, by the command of docs/models.md.
  [[nodiscard]] std::string hash() const {
    const std::string command = "cd '" + path_.string() +
                                "' && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 "
                                "sha256sum | sha256sum";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    std::string text(64, '\0');
    EXPECT_EQ(std::fread(text.data(), 1, 64, pipe.get()), 64u);
    return text;
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST(Hashes, AFolderHasOne) {
  const Folder folder("nacre-registry-folder");
  ModelSpec spec = file("a", folder.path());
  spec.sha256 = {folder.hash()};
  const auto code = [&] {
    const auto graph = make({spec}).value()->open("a");
    // There is no runtime for it in this test: what is not refused for its hash gets that far.
    return graph ? ErrorCode::kUnknown : graph.error().code;
  };
  EXPECT_NE(code(), ErrorCode::kSecurity);
  const auto wrong = [&](const std::string& says) {
    const auto graph = make({spec}).value()->open("a");
    ASSERT_FALSE(graph);
    EXPECT_EQ(graph.error().code, ErrorCode::kSecurity) << graph.error().message;
    EXPECT_THAT(graph.error().message, HasSubstr(says));
  };
  folder.write("variables/variables.index", "other");
  wrong("has the SHA-256");
  folder.write("variables/variables.index", "index");
  EXPECT_NE(code(), ErrorCode::kSecurity);
  folder.write("variables/one more", "");
  wrong("has the SHA-256");
  fs::remove(folder.path() / "variables/one more");
  fs::rename(folder.path() / "a file", folder.path() / "another file");
  wrong("has the SHA-256");
  fs::rename(folder.path() / "another file", folder.path() / "a file");
  fs::create_symlink("a file", folder.path() / "link");
  wrong("no plain file");
  fs::remove(folder.path() / "link");
  EXPECT_NE(code(), ErrorCode::kSecurity);

  // By its file alone the variables would be read without a hash; where there are none, the file is
  // the whole model.
  spec.paths = {folder.path() / "saved_model.pb"};
  spec.sha256 = {hash_of(spec.paths[0])};
  wrong("name the folder");
  fs::remove_all(folder.path() / "variables");
  EXPECT_NE(code(), ErrorCode::kSecurity);
  folder.write("saved_model.pb", test::tf_saved_model(test::tf_sum_graph(), {}, {}));
  wrong("has the SHA-256");
  spec.sha256 = {hash_of(spec.paths[0])};
  fs::create_symlink("elsewhere", folder.path() / "variables");
  wrong("name the folder");
}

TEST(Described, WhatTheFileSaysHolds) {
  const ModelFile model("registry_described.txt", "nacre-echo v1\ninput x f32 1,?\n");
  ModelSpec spec = file("a", model.path());
  spec.inputs = {{.name = "x", .type = TensorType::kF32, .shape = Shape{1, 7}, .note = ""}};
  const auto graph = make({spec}).value()->open("a");
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->description().inputs.at(0).shape, (Shape{1, 7})) << "the ? is filled in";

  struct Row {
    std::vector<TensorDescription> inputs;
    std::string says;
  };
  const std::vector<Row> wrong = {
      {{{.name = "y", .type = {}, .shape = {}, .note = ""}}, "input 0 has the name x"},
      {{{.name = "", .type = TensorType::kI64, .shape = {}, .note = ""}}, "type f32"},
      {{{.name = "", .type = {}, .shape = Shape{2, -1}, .note = ""}}, "shape"},
      {{{.name = "", .type = {}, .shape = Shape{1}, .note = ""}}, "shape"},
      {std::vector<TensorDescription>(2), "has 1 inputs, and the operator describes 2"},
  };
  for (const Row& row : wrong) {
    spec.inputs = row.inputs;
    const auto refused = make({spec}).value()->open("a");
    ASSERT_FALSE(refused) << row.says;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(refused.error().message, HasSubstr(row.says));
  }
}

TEST(Guests, OnlyThoseThatTheRuleNames) {
  const std::string hash(64, 'a');
  ModelSpec by_name = echo("by_name");
  by_name.guests = {"classify.wasm", "other.wasm"};
  ModelSpec by_hash = echo("by_hash");
  by_hash.guests = {"sha256:" + std::string(64, 'A')};
  ModelSpec nobody = echo("nobody");
  nobody.guests.emplace();
  auto registry = make({by_name, by_hash, nobody, echo("all")});
  ASSERT_TRUE(registry) << registry.error().message;
  EXPECT_TRUE((*registry)->asks_for_hashes());
  const auto names = [&](GuestIdentity guest) { return (*registry)->names_for(guest).value(); };
  EXPECT_THAT(names({"classify.wasm", ""}), ElementsAre("by_name", "all"));
  EXPECT_THAT(names({"Classify.wasm", hash}), ElementsAre("by_hash", "all"));
  EXPECT_THAT(names({"", ""}), ElementsAre("all"));
  EXPECT_FALSE(make({echo("all")}).value()->names_for({}).has_value()) << "nothing to ask";
  by_hash.guests = {"sha256:12"};
  EXPECT_THAT(make({by_hash}).error().message, HasSubstr("64 hexadecimal digits"));
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
