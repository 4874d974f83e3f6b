// Every element type through the guest `carry`, on every ABI and backend.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "abi_test_base.h"
#include "tflite_models.h"

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
      const TfliteModel model = shape == "scalar" ? tflite_scalar(kTypes.at(type))
                                                  : tflite_rows(kTypes.at(type), 1, 2, true);
      write_text(dir / (name + ".tflite"), model.bytes());
      return dir / (name + ".tflite");
    }
    // TorchScript says neither types nor shapes; the operator does.
    if (backend() == "torch") {
      const std::string dims = shape == "scalar" ? "[]" : "[?x2]";
      return NACRE_TEST_SOURCE_DIR "/tests/data/torch/identity.pt,inputs=x:" + type + dims;
    }
    return NACRE_TEST_SOURCE_DIR "/tests/data/onnx/" + name + ".onnx";
  }

  /// Those of all element types that wasi-nn or its carriers can bring to this backend.
  static std::vector<std::string> types(std::vector<std::string> of) {
    if (backend() == "torch") {
      std::erase_if(of, [](const std::string& type) {
        return type == "u16" || type == "u32" || type == "u64" || type == "string";
      });
    }
    return of;
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
  for (const std::string& type : types({"f16", "f32", "f64", "bf16", "u8", "i8", "u16", "i16",
                                        "i32", "u32", "i64", "u64", "bool", "string"})) {
    offer("identity_" + type, type, "?,2");
  }
  for (const std::string& type : types({"bool", "f32", "i16", "string", "u64"}))
    offer("identity_scalar_" + type, type, "scalar");
  const bool torch = backend() == "torch";

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
                                      "identity_i16: i16 " + dims("") + " as u8 " + dims(",2"),
                                      "identity_bool: bool " + dims("") + " as u8 " + dims(""),
                                      "identity_scalar_bool: bool [] as u8 [], 1 bytes",
                                      "identity_scalar_i16: i16 [] as u8 [2], 2 bytes",
                                      "identity_scalar_f32: f32 [] as itself, 4 bytes"};
    if (!torch) {
      lines.insert(lines.end(), {"identity_u16: u16 " + dims("") + " as u8 " + dims(",2"),
                                 "identity_u32: u32 " + dims("") + " as u8 " + dims(",4"),
                                 "identity_u64: u64 " + dims("") + " as u8 " + dims(",8"),
                                 "identity_scalar_u64: u64 [] as u8 [8], 8 bytes"});
    }
    for (const std::string& line : lines)
      EXPECT_THAT(all, HasSubstr(line));
    if (backend() == "openvino") {
      EXPECT_THAT(all, HasSubstr("identity_string does not load: "));
      EXPECT_THAT(all, HasSubstr("string elements"));
    } else if (torch) {
      EXPECT_THAT(all, Not(HasSubstr("does not load")));
    } else {
      // Six strings of 0 to 4 bytes with their lengths; none has no bytes at all.
      EXPECT_THAT(all, HasSubstr("identity_string: string " + dims("") + " as u8 [" +
                                 (rows == "0" ? "0], 0" : "34], 34") + " bytes"));
      EXPECT_THAT(all, HasSubstr("identity_scalar_string: string [] as u8 [4], 4 bytes"));
      EXPECT_THAT(all, Not(HasSubstr("does not load")));
    }
  }
}

class CarryRefusal : public Carry {};

// What a runtime has not is refused in words, and never converted.
TEST_P(CarryRefusal, OfTypesThatTheRuntimeHasNot) {
  const ScratchDir dir;
  for (const std::string type : {"u16", "u32", "u64", "string"}) {
    const std::string all =
        answer(abi(), "carry",
               {"--model", "net=" + file_of(dir, "net", type, "?,2") + ",backend=" + backend()},
               {"1", "net"});
    EXPECT_THAT(all, HasSubstr("net does not load: "));
    EXPECT_THAT(all, HasSubstr("libtorch has no " + type + "; it has "));
  }
}

INSTANTIATE_TEST_SUITE_P(Abis, CarryRefusal,
                         testing::Combine(testing::ValuesIn(kAbis), testing::Values("torch")),
                         AbiTest::name_of);

INSTANTIATE_TEST_SUITE_P(AbisAndBackends, Carry,
                         testing::Combine(testing::ValuesIn(kAbis),
                                          testing::Values("echo", "onnxruntime", "openvino",
                                                          "tflite", "torch")),
                         AbiTest::name_of);

}  // namespace
}  // namespace nacre::test
