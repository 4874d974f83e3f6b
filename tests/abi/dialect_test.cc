#include "abi/dialect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string_view>
#include <vector>

namespace nacre {
namespace {

using testing::HasSubstr;

constexpr Dialect kAll[] = {Dialect::kWitx,     Dialect::kWasmedge, Dialect::kWamr,
                            Dialect::kLegacy,   Dialect::kWit,      Dialect::kWamrLegacy,
                            Dialect::kUndecided};

// What each wire number means, written out a second time and in another order than the tables.
TEST(Dialect, Encodings) {
  using E = GraphEncoding;
  const std::map<std::uint32_t, E> common = {{0, E::kOpenvino},
                                             {1, E::kOnnx},
                                             {2, E::kTensorflow},
                                             {3, E::kPytorch},
                                             {4, E::kTensorflowlite}};
  std::map<Dialect, std::map<std::uint32_t, E>> expected;
  for (const Dialect dialect : kAll)
    expected[dialect] = common;
  expected[Dialect::kWitx][5] = E::kAutodetect;
  expected[Dialect::kWasmedge][5] = E::kAutodetect;
  expected[Dialect::kWasmedge][6] = E::kGgml;
  for (const Dialect dialect : {Dialect::kWamr, Dialect::kWit, Dialect::kWamrLegacy}) {
    expected[dialect][5] = E::kGgml;
    expected[dialect][6] = E::kAutodetect;
  }
  expected[Dialect::kUndecided][5] = E::kAutodetect;
  expected[Dialect::kUndecided][6] = E::kGgml;

  for (const Dialect dialect : kAll) {
    const DialectTable& table = dialect_table(dialect);
    for (std::uint32_t wire = 0; wire < 300; ++wire) {
      SCOPED_TRACE(testing::Message() << table.name << " " << wire);
      const auto decoded = table.decode_encoding(wire);
      const auto want = expected[dialect].find(wire);
      if (want != expected[dialect].end()) {
        ASSERT_TRUE(decoded.has_value());
        EXPECT_EQ(*decoded, want->second);
      } else {
        ASSERT_FALSE(decoded.has_value());
        EXPECT_EQ(decoded.error().code, ErrorCode::kInvalidEncoding);
        EXPECT_THAT(decoded.error().message, HasSubstr(table.name));
      }
    }
    EXPECT_FALSE(table.decode_encoding(0xffffffff).has_value());
  }
}

TEST(Dialect, AnEncodingNothingReadsIsNamed) {
  const auto decoded = dialect_table(Dialect::kWasmedge).decode_encoding(9);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_THAT(decoded.error().message, HasSubstr("whisper"));
}

TEST(Dialect, AnUnknownEncodingListsTheKnown) {
  const auto decoded = dialect_table(Dialect::kLegacy).decode_encoding(5);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_THAT(decoded.error().message, HasSubstr("0 openvino, 1 onnx"));
  EXPECT_THAT(decoded.error().message, HasSubstr("--dialect"));
}

TEST(Dialect, TensorTypes) {
  using T = TensorType;
  const std::vector<T> usual = {T::kF16, T::kF32, T::kF64, T::kU8, T::kI32, T::kI64};
  const std::vector<T> legacy = {T::kF16, T::kF32, T::kU8, T::kI32};
  const std::vector<T> wit = {T::kF16, T::kF32, T::kF64, T::kBf16, T::kU8, T::kI32, T::kI64};
  auto undecided = usual;
  undecided.push_back(T::kI64);  // only the WIT's numbers go so far
  for (const Dialect dialect : kAll) {
    const DialectTable& table = dialect_table(dialect);
    const bool old = dialect == Dialect::kLegacy || dialect == Dialect::kWamrLegacy;
    const auto& want = dialect == Dialect::kWit         ? wit
                       : dialect == Dialect::kUndecided ? undecided
                       : old                            ? legacy
                                                        : usual;
    for (unsigned wire = 0; wire < 256; ++wire) {
      SCOPED_TRACE(testing::Message() << table.name << " " << wire);
      EXPECT_EQ(table.decode_tensor_type(static_cast<std::uint8_t>(wire)),
                wire < want.size() ? want[wire] : T::kUnknown);
    }
  }
  EXPECT_THAT(dialect_table(Dialect::kWitx).unknown_tensor_type(9),
              HasSubstr("type 9 means nothing in the witx dialect, which has 0 f16, 1 f32"));
}

TEST(Dialect, OtherMeaningsOfANumber) {
  using T = TensorType;
  using Others = std::array<T, 2>;
  EXPECT_EQ(other_meanings(T::kF32), (Others{T::kUnknown, T::kUnknown}));
  EXPECT_EQ(other_meanings(T::kF64), (Others{T::kU8, T::kUnknown}));
  EXPECT_EQ(other_meanings(T::kU8), (Others{T::kI32, T::kBf16}));
  EXPECT_EQ(other_meanings(T::kI32), (Others{T::kUnknown, T::kU8}));
  EXPECT_EQ(other_meanings(T::kI64), (Others{T::kUnknown, T::kI32}));
  EXPECT_EQ(other_meanings(T::kString), (Others{T::kUnknown, T::kUnknown}));
}

TEST(Dialect, Targets) {
  using T = ExecutionTarget;
  const std::vector<T> want = {T::kCpu, T::kGpu, T::kTpu, T::kAuto};
  for (std::uint32_t wire = 0; wire < want.size(); ++wire) {
    EXPECT_EQ(decode_execution_target(wire).value(), want[wire]);
  }
  for (const std::uint32_t wire : {4u, 5u, 0xffffffffu}) {
    const auto decoded = decode_execution_target(wire);
    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Dialect, Errnos) {
  using C = ErrorCode;
  const std::map<C, std::uint32_t> plain = {{C::kInvalidArgument, 1}, {C::kInvalidEncoding, 2},
                                            {C::kMissingMemory, 3},   {C::kBusy, 4},
                                            {C::kRuntimeError, 5},    {C::kUnsupportedOperation, 6},
                                            {C::kTooLarge, 7},        {C::kNotFound, 8},
                                            {C::kSecurity, 6},        {C::kTimeout, 5},
                                            {C::kUnknown, 5},         {C::kEndOfSequence, 5},
                                            {C::kContextFull, 5},     {C::kPromptTooLong, 5},
                                            {C::kModelNotFound, 8}};
  auto wasmedge = plain;
  wasmedge[C::kEndOfSequence] = 100;
  wasmedge[C::kContextFull] = 101;
  wasmedge[C::kPromptTooLong] = 102;
  wasmedge[C::kModelNotFound] = 103;
  const std::map<C, std::uint32_t> wit = {{C::kInvalidArgument, 1}, {C::kInvalidEncoding, 2},
                                          {C::kMissingMemory, 4},   {C::kBusy, 4},
                                          {C::kRuntimeError, 4},    {C::kUnsupportedOperation, 5},
                                          {C::kTooLarge, 6},        {C::kNotFound, 7},
                                          {C::kSecurity, 8},        {C::kTimeout, 3},
                                          {C::kUnknown, 9},         {C::kEndOfSequence, 100},
                                          {C::kContextFull, 101},   {C::kPromptTooLong, 102},
                                          {C::kModelNotFound, 103}};
  for (const Dialect dialect : kAll) {
    const DialectTable& table = dialect_table(dialect);
    const bool text = dialect == Dialect::kWasmedge || dialect == Dialect::kUndecided;
    EXPECT_EQ(table.speaks_text, text) << table.name;
    const auto& want = text ? wasmedge : dialect == Dialect::kWit ? wit : plain;
    for (const auto& [code, errno_] : want) {
      EXPECT_EQ(table.errno_of(code), errno_) << table.name << " " << to_string(code);
    }
    // A backend module may hand over any number as a code; it must never become success.
    for (const std::uint32_t stray : {0u, 16u, 1000u, 0xffffffffu}) {
      EXPECT_EQ(table.errno_of(static_cast<C>(stray)), want.at(C::kUnknown))
          << table.name << " " << stray;
    }
  }
}

TEST(Dialect, OnlyWasmedgeReadsALengthOfZeroAsABuffer) {
  for (const Dialect dialect : kAll) {
    EXPECT_EQ(dialect_table(dialect).zero_buffer_means,
              dialect == Dialect::kWasmedge ? 245'888u : 0u);
  }
}

// Guests of Wasmtime, and those of WasmEdge and WAMR that call nothing else.
TEST(ChooseDialect, TheSixStandardFunctionsDecideNothing) {
  const NnImports imports{.names = {"load", "load_by_name", "init_execution_context", "set_input",
                                    "compute", "get_output"}};
  const auto decision = choose_dialect(imports, DialectChoice::kAuto);
  EXPECT_EQ(decision.dialect, Dialect::kUndecided);
  EXPECT_EQ(dialect_table(decision.dialect).name, "witx");
  EXPECT_FALSE(decision.reason.empty());
  EXPECT_EQ(choose_dialect({}, DialectChoice::kAuto).dialect, Dialect::kUndecided);
}

TEST(ChooseDialect, AnyFunctionOfWasmedgeMeansWasmedge) {
  for (const std::string_view name :
       {"load_by_name_with_config", "compute_single", "get_output_single", "fini_single", "unload",
        "finalize_execution_context"}) {
    const NnImports imports{.names = {"load", "compute", name}};
    const auto decision = choose_dialect(imports, DialectChoice::kAuto);
    EXPECT_EQ(decision.dialect, Dialect::kWasmedge) << name;
    EXPECT_THAT(decision.reason, HasSubstr(name));
  }
}

TEST(ChooseDialect, WamrsOwnModuleAloneMeansItsOlderGuests) {
  EXPECT_EQ(choose_dialect({.wamr_module = true}, DialectChoice::kAuto).dialect,
            Dialect::kWamrLegacy);
  const NnImports both{.names = {"load"}, .wamr_module = true};
  EXPECT_EQ(choose_dialect(both, DialectChoice::kAuto).dialect, Dialect::kUndecided);
  EXPECT_EQ(choose_dialect({.wamr_module = true}, DialectChoice::kWit).dialect, Dialect::kWit);
}

TEST(ChooseDialect, AChoiceWins) {
  const NnImports imports{.names = {"unload"}};
  EXPECT_EQ(choose_dialect(imports, DialectChoice::kWitx).dialect, Dialect::kWitx);
  EXPECT_EQ(choose_dialect(imports, DialectChoice::kWamr).dialect, Dialect::kWamr);
  EXPECT_EQ(choose_dialect(imports, DialectChoice::kLegacy).dialect, Dialect::kLegacy);
  EXPECT_EQ(choose_dialect(imports, DialectChoice::kWit).dialect, Dialect::kWit);
  EXPECT_EQ(choose_dialect(imports, DialectChoice::kWamrLegacy).dialect, Dialect::kWamrLegacy);
  EXPECT_EQ(choose_dialect({}, DialectChoice::kWasmedge).dialect, Dialect::kWasmedge);
  EXPECT_THAT(choose_dialect({}, DialectChoice::kLegacy).reason, HasSubstr("legacy"));
}

}  // namespace
}  // namespace nacre
