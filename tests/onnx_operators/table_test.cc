#include "onnx_operators/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "cli/process.h"

namespace nacre::onnx_operators_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Row kPass{.direct = "pass", .nacre = "pass", .bytes = "same", .reason = {}};
const Row kRandom{.direct = "fail", .nacre = "fail", .bytes = "random", .reason = "random numbers"};
const Row kRefused{
    .direct = "unsupported", .nacre = "unsupported", .bytes = "-", .reason = "load: no Add(7)"};

TEST(Table, IsReadAsItWasWritten) {
  const Table table{{"node/a", kPass}, {"node/b", kRandom}, {"simple/c", kRefused}};
  EXPECT_EQ(parse_table(to_text(table)), table);
}

TEST(Table, CutsLongReasonsBetweenCharacters) {
  Row row = kRefused;
  row.reason = std::string(159, 'x') + "\xc3\xa9 and more";
  const Table read = parse_table(to_text({{"a", row}}));
  EXPECT_EQ(read.at("a").reason, std::string(159, 'x') + "...");
}

TEST(Table, ALineThatIsNoRowIsMissing) {
  EXPECT_THAT(parse_table("node/a\tpass\tpass\n"), IsEmpty());
}

TEST(Differences, AreFoundInEveryColumnButTheReason) {
  const Table recorded{{"a", kPass}};
  EXPECT_THAT(differences(recorded, recorded), IsEmpty());
  Row worded = kPass;
  worded.reason = "other words";
  EXPECT_THAT(differences(recorded, {{"a", worded}}), IsEmpty());
  for (const auto column : {&Row::direct, &Row::nacre, &Row::bytes}) {
    Row other = kPass;
    other.*column = "fail";
    EXPECT_THAT(differences(recorded, {{"a", other}}), ElementsAre(HasSubstr("a: recorded")));
  }
}

TEST(Differences, MissingAndNewTestsAreDifferences) {
  EXPECT_THAT(differences({{"a", kPass}}, {{"b", kPass}}),
              ElementsAre("a was not run", "b is not recorded"));
}

TEST(Differences, RandomNumbersMayBeRightOnce) {
  EXPECT_THAT(differences({{"a", kRandom}}, {{"a", kPass}}), IsEmpty());
  EXPECT_THAT(differences({{"a", kRandom}}, {{"a", kRefused}}), ElementsAre(HasSubstr("recorded")));
}

TEST(Promises, AreBrokenByLossOtherBytesAndCrashes) {
  EXPECT_THAT(broken_promises({{"a", kPass}, {"b", kRandom}, {"c", kRefused}}), IsEmpty());
  Row lost = kPass;
  lost.nacre = "unsupported";
  lost.bytes = "-";
  Row other = kPass;
  other.direct = other.nacre = "fail";
  other.bytes = "differ";
  Row better = kPass;
  better.direct = "fail";
  better.bytes = "differ";
  EXPECT_THAT(broken_promises({{"d", better}}), IsEmpty());
  Row ended = kRefused;
  ended.nacre = "crash";
  EXPECT_EQ(broken_promises({{"a", lost}, {"b", other}, {"c", ended}}).size(), 3u);
}

// The document's numbers are those of the records.
TEST(Summary, IsWhatTheDocumentShows) {
  const std::string source = NACRE_TEST_SOURCE_DIR;
  const std::string document = test::read_text(source + "/docs/onnx_operators.md");
  std::map<std::string, Table> records;
  for (const std::string runtime : {"onnxruntime", "openvino"}) {
    records[runtime] =
        parse_table(test::read_text(source + "/tests/onnx_operators/" + runtime + ".tsv"));
    EXPECT_EQ(records[runtime].size(), 1072u);
    EXPECT_THAT(broken_promises(records[runtime]), IsEmpty());
  }
  const std::string right = with_summary(document, summary(records));
  if (std::getenv("NACRE_RENEW") != nullptr) {
    test::write_text(source + "/docs/onnx_operators.md", right);
    return;
  }
  EXPECT_EQ(document, right) << "docs/onnx_operators.md has other numbers than the records; "
                                "tests/onnx_operators/README.md says how to renew it";
}

TEST(Summary, CountsByRuntime) {
  const std::string text = summary({{"one", {{"a", kPass}, {"b", kRefused}}}, {"two", {}}});
  EXPECT_THAT(text, HasSubstr("| | one | two |"));
  EXPECT_THAT(text, HasSubstr("| tests | 2 | 0 |"));
  EXPECT_THAT(text, HasSubstr("| pass both ways, with the same bytes | 1 | 0 |"));
  EXPECT_THAT(text, HasSubstr("| unsupported through Nacre | 1 | 0 |"));
}

TEST(Summary, ReplacesOnlyItsPlace) {
  EXPECT_EQ(with_summary("a\n<!-- summary -->\nold\n<!-- end -->\nb\n", "new\n"),
            "a\n<!-- summary -->\n\nnew\n\n<!-- end -->\nb\n");
  EXPECT_EQ(with_summary("no place", "new"), "no place");
}

}  // namespace
}  // namespace nacre::onnx_operators_test
