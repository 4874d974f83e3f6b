// respond: a language model as tensors alone, in the convention of an input "prompt" and an output
// "response", both u8: what any wasi-nn guest can do, in core modules (witx `compute`) and
// components of every version. `respond MODEL PROMPT...` prints each response on a line.
#include <cstdio>
#include <cstring>

#include "sdk/wasi_nn.hpp"

namespace {

// Core modules know positions, components names.
#ifdef WASI_NN_COMPONENT
constexpr const char* kPrompt = "prompt";
constexpr const char* kResponse = "response";
#else
constexpr int kPrompt = 0;
constexpr int kResponse = 0;
#endif

int fail(const nn::Error& error) {
  std::fprintf(stderr, "respond: %s\n", error.message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fputs("respond: wants MODEL PROMPT...\n", stderr), 2;
  auto graph = nn::Graph::load_by_name(argv[1]);
  if (!graph) return fail(graph.error());
  auto context = graph->init_execution_context();
  if (!context) return fail(context.error());
  for (int i = 2; i < argc; ++i) {
    const std::uint32_t dims[] = {static_cast<std::uint32_t>(std::strlen(argv[i]))};
    const nn::TensorView prompt{nn::TensorType::kU8, dims,
                                std::as_bytes(std::span(argv[i], dims[0]))};
    if (auto set = context->set_input(kPrompt, prompt); !set) return fail(set.error());
    if (auto computed = context->compute(); !computed) return fail(computed.error());
    const auto response = context->get_output(kResponse);
    if (!response) return fail(response.error());
    std::fwrite(response->data(), 1, response->size(), stdout);
    std::fputc('\n', stdout);
  }
}
