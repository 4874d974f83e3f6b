// Traps while it holds a graph and a context with a tensor set and computed: the host must let go
// of all of them.
#include <cstdio>
#include <cstring>

#include "../sdk/wasi_nn.hpp"

int main() {
  static constexpr char kText[] = "nacre-echo v1\ninput x f32 1,4\n";
  const std::span<const std::byte> parts[] = {std::as_bytes(std::span(kText, std::strlen(kText)))};
  auto graph = nn::Graph::load(parts, nn::GraphEncoding::kAutodetect);
  if (!graph) return 1;
  auto context = graph->init_execution_context();
  if (!context) return 1;
  const std::uint32_t dims[] = {1, 4};
  const float values[] = {1.5f, -2.0f, 3.25f, 4.0f};
  if (!context->set_input(0, nn::TensorView::of<float>(dims, values))) return 1;
  if (!context->compute()) return 1;
  if (!context->set_input(0, nn::TensorView::of<float>(dims, values))) return 1;
  std::puts("about to trap");
  std::fflush(stdout);
  __builtin_trap();
}
