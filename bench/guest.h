// Running the bench guests in this process, with what they print taken line by line.
#ifndef NACRE_BENCH_GUEST_H_
#define NACRE_BENCH_GUEST_H_

#include <nacre/host.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::bench {

[[nodiscard]] std::string build_path(std::string_view relative);
[[nodiscard]] std::string model_path();  ///< EfficientNet-Lite0 as ONNX

/// A host with the models of `specs` (as on the command line). Ends the program on an error.
[[nodiscard]] std::unique_ptr<Host> make_host(const std::vector<std::string>& specs);

/// Runs guests/NAME.wasm to its end and calls `line` on its thread with each line it prints, before
/// the guest goes on. True when it ended well; else the reason is on standard error.
[[nodiscard]] bool run_guest(Host& host, std::string_view name, std::vector<std::string> args,
                             const std::function<void(std::string_view)>& line);

/// What bench_infer printed.
struct Inferences {
  std::vector<double> ms;
  std::string checksum;
  bool ended_well = false;
};

/// Runs bench_infer; `between` is called on its thread after each timed inference.
[[nodiscard]] Inferences run_bench_infer(Host& host, const std::string& model, int count,
                                         const std::function<void()>& between);

/// The tensor that bench_infer feeds, and its checksum of an output.
void fill_input(std::span<float> input);
[[nodiscard]] std::string checksum(std::span<const float> output);

}  // namespace nacre::bench

#endif  // NACRE_BENCH_GUEST_H_
