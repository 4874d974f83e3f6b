// compute_for_ever [MODEL [DIMS...]]: infers on MODEL (default echo, 16 bytes of u8) for ever with
// f32 zeros of DIMS. For --timeout with a backend at work, and for ending a host amid inferences.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "../sdk/wasi_nn.hpp"

namespace {

int fail(const nn::Error& error) {
  std::printf("%s\n", error.message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  auto graph = nn::Graph::load_by_name(argc > 1 ? argv[1] : "echo");
  if (!graph) return fail(graph.error());
  auto context = graph->init_execution_context();
  if (!context) return fail(context.error());
  std::vector<std::uint32_t> dims;
  std::size_t size = 4;
  for (int i = 2; i < argc; ++i) {
    dims.push_back(static_cast<std::uint32_t>(std::strtoul(argv[i], nullptr, 10)));
    size *= dims.back();
  }
  nn::TensorType type = nn::TensorType::kF32;
  if (dims.empty()) {
    type = nn::TensorType::kU8;
    size = 16;
    dims = {16};
  }
  const std::vector<std::byte> zeros(size);
  std::puts("computing");
  std::fflush(stdout);
  for (;;) {
    if (auto set = context->set_input(0, {type, dims, zeros}); !set) return fail(set.error());
    if (auto computed = context->compute(); !computed) return fail(computed.error());
  }
}
