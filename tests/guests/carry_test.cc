// Every element type through the guest `carry`, on every ABI and backend.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "abi_test_base.h"
#include "tflite_model.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Carry : public AbiTest {
 protected:
  /// The file of a model that gives its one input back.
  static std::string file_of(const ScratchDir& dir, const std::string& name,
                             const std::string& type, const std::string& shape) {
    if (backend() == "echo") {
      write_text(dir / (name + ".echo"), "nacre-echo v1\ninput x " + type + " " + shape + "\n");
      return dir / (name + ".echo");
    }
    if (backend() == "tflite") {
      static const std::map<std::string, std::uint8_t> kTypes = {
          {"f16", kTfliteF16},   {"f32", kTfliteF32},      {"f64", kTfliteF64},
          {"bf16", kTfliteBf16}, {"u8", kTfliteU8},        {"i8", kTfliteI8},
          {"u16", kTfliteU16},   {"i16", kTfliteI16},      {"i32", kTfliteI32},
          {"u32", kTfliteU32},   {"i64", kTfliteI64},      {"u64", kTfliteU64},
          {"bool", kTfliteBool}, {"string", kTfliteString}};
      write_text(dir / (name + ".tflite"), tflite_rows(kTypes.at(type), 1, 2, true).bytes());
      return dir / (name + ".tflite");
    }
    return NACRE_TEST_SOURCE_DIR "/tests/data/onnx/" + name + ".onnx";
  }
};

// By name where wasi-nn has one for the element type, else as u8: the same bytes come back.
TEST_P(Carry, EveryElementTypeThereAndBack) {
  const ScratchDir dir;
  // What must be said of each: the bytes of 3 × 2 elements, and of one in a scalar.
  std::vector<std::string> options;
  std::vector<std::string> names;
  const auto offer = [&](const std::string& name, const std::string& type,
                         const std::string& shape) {
    options.insert(options.end(), {"--model", name + "=" + file_of(dir, name, type, shape) +
                                                  ",backend=" + backend()});
    names.push_back(name);
  };
  for (const std::string type : {"f16", "f32", "f64", "bf16", "u8", "i8", "u16", "i16", "i32",
                                 "u32", "i64", "u64", "bool", "string"}) {
    offer("identity_" + type, type, "?,2");
  }
  const bool scalars = backend() != "tflite";
  for (const std::string type : {"bool", "f32", "i16", "string", "u64"}) {
    if (scalars) offer("identity_scalar_" + type, type, "scalar");
  }

  for (const std::string rows : {"3", "0"}) {
    std::vector<std::string> words = {rows};
    words.insert(words.end(), names.begin(), names.end());
    const std::string all = answer(abi(), "carry", options, words);
    const auto dims = [&](const std::string& more) { return "[" + rows + ",2" + more + "]"; };
    const bool module = abi().name == "module";
    const std::string bf16 = "identity_bf16: bf16 " + dims("") + " as ";
    std::vector<std::string> lines = {"identity_f32: f32 " + dims("") + " as itself",
                                      "identity_i64: i64 " + dims("") + " as itself",
                                      bf16 + (module ? "u8 " + dims(",2") : "itself"),
                                      "identity_i8: i8 " + dims("") + " as u8 " + dims(""),
                                      "identity_u16: u16 " + dims("") + " as u8 " + dims(",2"),
                                      "identity_u32: u32 " + dims("") + " as u8 " + dims(",4"),
                                      "identity_u64: u64 " + dims("") + " as u8 " + dims(",8"),
                                      "identity_bool: bool " + dims("") + " as u8 " + dims("")};
    if (scalars) {
      lines.insert(lines.end(), {"identity_scalar_u64: u64 [] as u8 [8], 8 bytes",
                                 "identity_scalar_bool: bool [] as u8 [], 1 bytes",
                                 "identity_scalar_f32: f32 [] as itself, 4 bytes"});
    }
    for (const std::string& line : lines)
      EXPECT_THAT(all, HasSubstr(line));
    if (backend() == "openvino") {
      EXPECT_THAT(all, HasSubstr("identity_string does not load: "));
      EXPECT_THAT(all, HasSubstr("string elements"));
    } else {
      // Six strings of 0 to 4 bytes with their lengths; none has no bytes at all.
      EXPECT_THAT(all, HasSubstr("identity_string: string " + dims("") + " as u8 [" +
                                 (rows == "0" ? "0], 0" : "34], 34") + " bytes"));
      if (scalars) {
        EXPECT_THAT(all, HasSubstr("identity_scalar_string: string [] as u8 [4], 4 bytes"));
      }
      EXPECT_THAT(all, Not(HasSubstr("does not load")));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AbisAndBackends, Carry,
                         testing::Combine(testing::ValuesIn(kAbis),
                                          testing::Values("echo", "onnxruntime", "openvino",
                                                          "tflite")),
                         AbiTest::name_of);

}  // namespace
}  // namespace nacre::test
