// The parsers of model specifications on any text.
#include <nacre/registry.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& spec : {nacre::parse_model_spec(text), nacre::parse_nn_graph(text),
                           nacre::parse_nn_preload(text), nacre::parse_wamr_graph(text)}) {
    if (!spec) continue;
    if (spec->name.empty()) std::abort();
    if (spec->paths.empty() && spec->encoding != nacre::GraphEncoding::kEcho) std::abort();
  }
  return 0;
}
