// The echo model's parser on any text: what it accepts is within its limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "echo/model_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto model = nacre::echo::parse_model({reinterpret_cast<const char*>(data), size});
  if (!model) {
    if (model.error().message.empty() || model.error().message.size() > 500) std::abort();
    return 0;
  }
  if (model->inputs.empty() || model->inputs.size() > nacre::echo::kMaxInputs) std::abort();
  if (model->inputs.size() != model->outputs.size()) std::abort();
  if (model->sleep_ms > nacre::echo::kMaxSleepMs) std::abort();
  return 0;
}
