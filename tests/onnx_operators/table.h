// The record of what every ONNX operator test does: a file of rows per runtime, and the summary of
// both that the documents show.
#ifndef NACRE_TESTS_ONNX_OPERATORS_TABLE_H_
#define NACRE_TESTS_ONNX_OPERATORS_TABLE_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::onnx_operators_test {

/// One test on one runtime.
struct Row {
  /// "pass", "fail" (it computes, and to other numbers than the test has), "unsupported" (refused
  /// in words), "crash" (the process ended); of the vendor's own API, and through Nacre.
  std::string direct;
  std::string nacre;
  /// Nacre's output against the vendor's: "same", "differ", "random" (the vendor's own changes from
  /// run to run), "-" where there are not two.
  std::string bytes;
  std::string reason;  ///< why Nacre's is no pass; else why the vendor's is none

  friend bool operator==(const Row&, const Row&) = default;
};

/// By the test's name, so sorted.
using Table = std::map<std::string, Row>;

[[nodiscard]] std::string to_text(const Table& table);
/// The inverse. Lines that are no row are left out, so that they show as missing.
[[nodiscard]] Table parse_table(std::string_view text);

/// What differs, one sentence each; reasons are not compared, since vendors' words are not ours.
[[nodiscard]] std::vector<std::string> differences(const Table& recorded, const Table& now);

/// The rows that break the promise: what the vendor's API passes, Nacre passes with the same bytes.
[[nodiscard]] std::vector<std::string> broken_promises(const Table& table);

/// A Markdown table of counts with one column per runtime, and what of the tests is unsupported.
[[nodiscard]] std::string summary(const std::map<std::string, Table>& by_runtime);

/// Replaces what stands between the lines `<!-- summary -->` and `<!-- end -->` of a document; the
/// document as it is where there are none.
[[nodiscard]] std::string with_summary(std::string_view document, std::string_view summary);

}  // namespace nacre::onnx_operators_test

#endif  // NACRE_TESTS_ONNX_OPERATORS_TABLE_H_
