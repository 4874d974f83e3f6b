// Running the bench guests in this process, with what they print taken line by line.
#ifndef NACRE_BENCH_GUEST_H_
#define NACRE_BENCH_GUEST_H_

#include <nacre/host.h>

#include "direct.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::bench {

/// What a guest is compiled to.
enum class Abi { kModule, kComponent };

/// "a guest", "a component guest"
[[nodiscard]] std::string_view in_words(Abi abi);

/// A host with the models of `specs` (as on the command line). Ends the program on an error.
[[nodiscard]] std::unique_ptr<Host> make_host(const std::vector<std::string>& specs);

/// "NAME=…" for `specs`: the model of `runtime`, with `more` after it.
[[nodiscard]] std::string model_spec(const Runtime& runtime, std::string_view more = {});

/// One run of a bench guest.
struct GuestCall {
  std::string_view name;  ///< of its source
  Abi abi = Abi::kModule;
  std::vector<std::string> args = {};
  std::string models_dir = {};  ///< which it sees as /models; empty: none
  std::shared_ptr<const PreparedGuest> prepared = {};
};

[[nodiscard]] GuestOptions to_options(const GuestCall& call);

/// Runs a guest to its end and calls `line` with each line it prints, before the guest goes on.
/// True when it ended well; else the reason is on standard error.
[[nodiscard]] bool run_guest(Host& host, const GuestCall& call,
                             const std::function<void(std::string_view)>& line);

/// The number after `word` in the line of its output that begins with it; nullopt when there is
/// none, or when the guest failed.
[[nodiscard]] std::optional<double> number_from_guest(Host& host, const GuestCall& call,
                                                      std::string_view word);

/// `runtime`'s model as a guest that brings it names it ("onnx:/models/net.onnx"), and the files
/// alone.
[[nodiscard]] std::string by_bytes(const Runtime& runtime);
[[nodiscard]] std::vector<std::string> guest_files(const Runtime& runtime);
[[nodiscard]] std::string models_dir(const Runtime& runtime);

/// Of its input, as the guests take them: "1,3,224,224".
[[nodiscard]] std::string dims_of(const Runtime& runtime);

/// What bench_infer printed: the times as the guest sees them.
struct Inferences {
  std::vector<double> ms;  ///< of those that were not taken apart
  struct Parts {
    std::size_t index;  ///< among all
    double set_input_ms = 0;
    double compute_ms = 0;
    double get_output_ms = 0;
  };
  std::vector<Parts> parts;  ///< of every fourth
  std::string checksum;
  bool ended_well = false;
};

/// bench_infer on `model`, a name or by_bytes().
[[nodiscard]] GuestCall infer_call(const Runtime& runtime, Abi abi, const std::string& model,
                                   int count);

/// Runs infer_call(); `between` is called after each timed inference.
[[nodiscard]] Inferences run_bench_infer(Host& host, const Runtime& runtime, Abi abi,
                                         const std::string& model, int count,
                                         const std::function<void()>& between);

/// The tensor that bench_infer feeds, and its checksum of an output.
void fill_input(std::span<float> input);
[[nodiscard]] std::string checksum(std::span<const std::byte> bytes);
[[nodiscard]] std::string checksum(std::span<const float> output);

}  // namespace nacre::bench

#endif  // NACRE_BENCH_GUEST_H_
