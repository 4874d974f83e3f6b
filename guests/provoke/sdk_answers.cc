// The C++ SDK on each ABI: what its calls answer when all is well and when not, that nothing is
// lost or leaked on the way, and that handles move.
#include <cstdio>
#include <cstring>

#include "../sdk/wasi_nn.hpp"

namespace {

int failures = 0;

void want(const char* what, bool holds) {
  if (holds) return;
  std::printf("%s: does not hold\n", what);
  ++failures;
}

template <typename T>
void want_error(const char* what, const nn::Result<T>& result, nn::ErrorCode code,
                std::string_view words) {
  if (!result && result.error().code == code && result.error().message.contains(words)) return;
  std::printf("%s: wanted error %d saying '%s', got %d: %s\n", what, static_cast<int>(code),
              std::string(words).c_str(), result ? -1 : static_cast<int>(result.error().code),
              result ? "success" : result.error().message.c_str());
  ++failures;
}

nn::Result<nn::Graph> echo(std::string_view inputs) {
  const std::string text = "nacre-echo v1\n" + std::string(inputs);
  const std::span<const std::byte> parts[] = {std::as_bytes(std::span(text))};
  return nn::Graph::load(parts, nn::GraphEncoding::kAutodetect);
}

const std::uint32_t kDims[] = {1, 4};
const float kValues[] = {1.5f, -2.0f, 3.25f, 4.0f};

void want_infers(nn::ExecutionContext& context) {
  auto set = context.set_input(0, nn::TensorView::of<float>(kDims, kValues));
  want("set_input", set.has_value());
  auto computed = context.compute();
  want("compute", computed.has_value());
  float out[4] = {};
  const auto got = context.get_output(0, std::as_writable_bytes(std::span(out)));
  want("get_output", got && *got == sizeof(out));
  want("the output is the input", std::memcmp(out, kValues, sizeof(out)) == 0);
}

}  // namespace

int main() {
  using enum nn::ErrorCode;
  want_error("no such model", nn::Graph::load_by_name("no such model"), kNotFound, "no such model");
  want_error("no parts", nn::Graph::load({}, nn::GraphEncoding::kOnnx), kInvalidArgument,
             "0 parts");

  auto graph = echo("input x f32 1,4\n");
  if (!graph) return std::printf("%s\n", graph.error().message.c_str()), 1;
  auto made = graph->init_execution_context();
  if (!made) return std::printf("%s\n", made.error().message.c_str()), 1;
  nn::ExecutionContext context = std::move(*made);
  want_error("output before compute", context.get_output(0), kInvalidArgument, "output 0");
  want_error("compute before input", context.compute(), kInvalidArgument, "computing");
  want_infers(context);
  for (int i = 0; i < 20000; ++i)  // More than the host lets live at a time.
    want_infers(context);

  std::byte small[15];
  want_error("a buffer too small", context.get_output(0, small), kTooLarge, "15 bytes");
  want_error("an empty buffer", context.get_output(0, {}), kTooLarge, "0 bytes");
  auto whole = context.get_output("0");
  want("a vector", whole && whole->size() == 16 && !std::memcmp(whole->data(), kValues, 16));
  std::byte large[100];
  auto size = context.get_output(0, large);
  want("a large buffer", size && *size == 16 && !std::memcmp(large, kValues, 16));
  want_error("output 1", context.get_output(1, large), kInvalidArgument, "output 1");

  // Refused at once or by compute, but refused; and it goes on.
  const float five[5] = {};
  for (int i = 0; i < 20000; ++i) {
    auto set = context.set_input(0, nn::TensorView::of<float>(kDims, five));
    if (set) set = context.compute();
    want_error("20 bytes for 1x4", set, kInvalidArgument, "");
    if (failures) return 1;
  }
  want_infers(context);

  // An input set again replaces the one before.
  (void)context.set_input(0, nn::TensorView::of<float>(kDims, std::span(five, 4)));
  want_infers(context);

  // Larger than what the wrapper keeps ready, and as many outputs as do not fit there.
  std::string inputs;
  for (int i = 0; i < 40; ++i)
    inputs += "input a_rather_long_name_of_an_input_" + std::to_string(i) + " u8 ?\n";
  auto wide = echo(inputs);
  if (!wide) return std::printf("%s\n", wide.error().message.c_str()), 1;
  auto many = wide->init_execution_context();
  if (!many) return std::printf("%s\n", many.error().message.c_str()), 1;
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t i = 0; i < 40; ++i) {
      const std::vector<std::uint8_t> bytes(1 + i * 1000 * round, static_cast<std::uint8_t>(i));
      const std::uint32_t dims[] = {static_cast<std::uint32_t>(bytes.size())};
      want("setting one of 40",
           many->set_input(i, nn::TensorView::of<std::uint8_t>(dims, bytes)).has_value());
    }
    want("computing 40", many->compute().has_value());
    for (std::uint32_t i = 0; i < 40; ++i) {
      const auto got = many->get_output(i);
      want("one of 40",
           got && got->size() == 1 + i * 1000 * round && got->back() == static_cast<std::byte>(i));
    }
  }
#ifdef WASI_NN_COMPONENT
  want_error(
      "a name that is none",
      [&]() -> nn::Result<void> {
        auto set = many->set_input("nothing", nn::TensorView::of<float>(kDims, kValues));
        return set ? many->compute() : set;
      }(),
      kInvalidArgument, "a_rather_long_name_of_an_input_0");
  // bf16 has a name there.
  auto halves = echo("input x bf16 1,4\n");
  auto half = halves->init_execution_context();
  want("bf16",
       half->set_input("x", {nn::TensorType::kBf16, kDims, std::as_bytes(std::span(kValues, 2))}) &&
           half->compute());
  // Graphs and contexts are given back.
  for (int i = 0; i < 2000; ++i) {
    auto one = echo("input x f32 1,4\n");
    want("a graph in turn", one.has_value());
    if (!one) return 1;
    auto its = one->init_execution_context();
    want("a context in turn", its.has_value());
    if (!its) return 1;
    *graph = std::move(*one);
    context = std::move(*its);
  }
  want_infers(context);
#else
  want_error("names", context.set_input("x", nn::TensorView::of<float>(kDims, kValues)),
             kUnsupportedOperation, "position");
  want_error(
      "bf16",
      context.set_input(0, {nn::TensorType::kBf16, kDims, std::as_bytes(std::span(kValues, 2))}),
      kUnsupportedOperation, "bf16");
#endif
  return failures ? 1 : 0;
}
