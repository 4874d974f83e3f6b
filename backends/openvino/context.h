// One infer request, computing in place on the host's buffers.
#ifndef NACRE_BACKENDS_OPENVINO_CONTEXT_H_
#define NACRE_BACKENDS_OPENVINO_CONTEXT_H_

#include <nacre/backend.h>
#include <openvino/runtime/infer_request.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nacre::openvino {

class LentTensor;

/// Which thread infers.
enum class Where {
  kInline,     ///< the calling one
  kWaited,     ///< one of OpenVINO's, which start() waits for
  kElsewhere,  ///< one of OpenVINO's, which completes the computation
};

/// Copies nothing: inputs are read where core put them, outputs of a static shape are
/// written into the sink's buffers, and dynamic ones into tensors that are lent to the sink and
/// replaced when somebody still holds them at the next computation. What was bound stays bound, so
/// in the steady state no call of OpenVINO's is made but the inference.
///
/// The inference runs on the calling thread where that is safe (see OpenvinoGraph), which costs no
/// thread hop (8 µs against 20 to 40), else on a thread of OpenVINO's. The host calls cancel() when
/// a deadline is over, so none is looked at here. OpenVINO looks for a cancel between operations
/// but not inside of a loop's body, so a model with subgraphs completes elsewhere: the host need
/// not wait for a loop without end, which goes on until the process does.
class OpenvinoContext final : public BackendContext {
 public:
  /// `bindable`: the outputs whose memory may be set; the others are copied out.
  OpenvinoContext(ov::InferRequest request, const GraphDescription& description,
                  const std::vector<bool>& bindable, bool on_cpu, Where where);
  ~OpenvinoContext() override;

  void start(std::span<const nacre_tensor> inputs, Deadline deadline, OutputSink sink,
             Completion completion) override;
  void cancel() noexcept override;
  void rearm() noexcept override { cancelled_.store(false); }

 private:
  struct Input {
    std::string name;
    const void* data = nullptr;  // what is bound, with `shape`
    std::optional<Shape> shape;
  };
  struct Output {
    TensorType type = TensorType::kUnknown;
    bool bindable = false;
    std::optional<Shape> static_shape;  // nullopt: known only after the computation, or not bound
    std::size_t rank = 1;
    std::size_t size = 0;  // bytes, of a static shape
    const void* bound = nullptr;
    std::unique_ptr<LentTensor, void (*)(LentTensor*)> lent;
  };

  [[nodiscard]] Result<void> compute(std::span<const nacre_tensor> inputs, const OutputSink& sink);
  [[nodiscard]] Result<void> bind(std::span<const nacre_tensor> inputs, const OutputSink& sink);
  [[nodiscard]] Result<void> deliver_all(const OutputSink& sink);
  void start_elsewhere(std::span<const nacre_tensor> inputs, OutputSink sink,
                       Completion completion);
  [[nodiscard]] Result<void> bind_input(std::size_t index, const nacre_tensor& tensor);
  [[nodiscard]] Result<void> bind_output(std::size_t index, const OutputSink& sink);
  [[nodiscard]] Result<void> deliver(std::size_t index, const OutputSink& sink);

  ov::InferRequest request_;
  std::vector<Input> inputs_;
  std::vector<Output> outputs_;
  const bool on_cpu_;
  const Where where_;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> inferring_{false};
};

}  // namespace nacre::openvino

#endif  // NACRE_BACKENDS_OPENVINO_CONTEXT_H_
