// The part of TensorFlow Lite's C API that Nacre calls, declared here because no package offers the
// vendor's header. Written after the documentation of TensorFlow Lite 2.17; nothing of it is
// linked: library.h looks the functions up by name.
//
// What may be relied on
//  - Every struct stays behind a pointer; sizes and fields are the library's own business. The two
//    structs that are passed by value or filled by us are part of the documented interface.
//  - "stable" functions keep name and signature across 2.x (c_api.h of the vendor). "extension"
//    functions (c_api_experimental.h, c_api_opaque.h) may go; each of ours is optional, and its
//    absence costs a copy or a line in a description, never a wrong result.
//  - Threading: a model may be shared by interpreters on any threads once it is made. An
//    interpreter is used by one thread at a time, except TfLiteInterpreterCancel, which any thread
//    may call meanwhile.
//  - Lifetime: a model refers to its bytes, an interpreter to its model and to the tensors' memory
//    it was given; tensors belong to the interpreter. Data pointers and dimensions hold until the
//    next resize, allocation or invocation. Options are copied by TfLiteInterpreterCreate, the
//    error reporter's `user_data` is not.
#ifndef NACRE_BACKENDS_TFLITE_C_API_H_
#define NACRE_BACKENDS_TFLITE_C_API_H_

#include <cstdarg>
#include <cstddef>
#include <cstdint>

namespace nacre::tflite {

struct TfLiteModel;
struct TfLiteInterpreter;
struct TfLiteInterpreterOptions;
struct TfLiteTensor;
struct TfLiteSignatureRunner;

/// What functions answer. kCancelled comes from an invocation only.
enum TfLiteStatus : int {
  kTfLiteOk = 0,
  kTfLiteError = 1,
  kTfLiteCancelled = 8,
};

/// Element types. Those that Nacre has no tensor for are listed for their names.
enum TfLiteType : int {
  kTfLiteNoType = 0,
  kTfLiteFloat32 = 1,
  kTfLiteInt32 = 2,
  kTfLiteUInt8 = 3,
  kTfLiteInt64 = 4,
  kTfLiteString = 5,
  kTfLiteBool = 6,
  kTfLiteInt16 = 7,
  kTfLiteComplex64 = 8,
  kTfLiteInt8 = 9,
  kTfLiteFloat16 = 10,
  kTfLiteFloat64 = 11,
  kTfLiteComplex128 = 12,
  kTfLiteUInt64 = 13,
  kTfLiteResource = 14,
  kTfLiteVariant = 15,
  kTfLiteUInt32 = 16,
  kTfLiteUInt16 = 17,
  kTfLiteInt4 = 18,
  kTfLiteBFloat16 = 19,
};

/// Who owns a tensor's memory.
enum TfLiteAllocationType : int {
  kTfLiteMemNone = 0,
  kTfLiteMmapRo = 1,  ///< a constant in the model's own bytes
  kTfLiteArenaRw = 2,
  kTfLiteArenaRwPersistent = 3,
  kTfLiteDynamic = 4,  ///< its size is known only while computing
  kTfLiteCustom = 6,   ///< ours
};

/// real = scale * (q - zero_point); a scale of 0 means: not quantised, or channel by channel.
struct TfLiteQuantizationParams {
  float scale;
  std::int32_t zero_point;
};

/// Memory of ours for one tensor. `data` is aligned to 64 bytes, not null, and stays valid until
/// another is set or the interpreter is deleted.
struct TfLiteCustomAllocation {
  void* data;
  std::size_t bytes;
};

using TfLiteErrorReporter = void (*)(void* user_data, const char* format, std::va_list args);

// (member, symbol, result, parameters), in the order in which they are needed. A library that lacks
// one of these is too old.
#define NACRE_TFLITE_STABLE_FUNCTIONS(X)                                                           \
  /* "2.17.1" */                                                                                   \
  X(version, TfLiteVersion, const char*, (void))                                                   \
  /* Null when the bytes are no flatbuffer that hangs together; they are verified, not copied. */  \
  X(model_create, TfLiteModelCreate, TfLiteModel*, (const void* bytes, std::size_t size))          \
  X(model_delete, TfLiteModelDelete, void, (TfLiteModel*))                                         \
  X(options_create, TfLiteInterpreterOptionsCreate, TfLiteInterpreterOptions*, (void))             \
  X(options_delete, TfLiteInterpreterOptionsDelete, void, (TfLiteInterpreterOptions*))             \
  X(options_set_threads, TfLiteInterpreterOptionsSetNumThreads, void,                              \
    (TfLiteInterpreterOptions*, std::int32_t))                                                     \
  X(options_set_error_reporter, TfLiteInterpreterOptionsSetErrorReporter, void,                    \
    (TfLiteInterpreterOptions*, TfLiteErrorReporter, void* user_data))                             \
  /* Null when an operator is missing, custom, or of a version that the library lacks. */          \
  X(interpreter_create, TfLiteInterpreterCreate, TfLiteInterpreter*,                               \
    (const TfLiteModel*, const TfLiteInterpreterOptions*))                                         \
  X(interpreter_delete, TfLiteInterpreterDelete, void, (TfLiteInterpreter*))                       \
  X(input_count, TfLiteInterpreterGetInputTensorCount, std::int32_t, (const TfLiteInterpreter*))   \
  X(input_tensor, TfLiteInterpreterGetInputTensor, TfLiteTensor*,                                  \
    (const TfLiteInterpreter*, std::int32_t index))                                                \
  X(output_count, TfLiteInterpreterGetOutputTensorCount, std::int32_t, (const TfLiteInterpreter*)) \
  X(output_tensor, TfLiteInterpreterGetOutputTensor, const TfLiteTensor*,                          \
    (const TfLiteInterpreter*, std::int32_t index))                                                \
  /* After it, allocate_tensors must be called before anything else. */                            \
  X(resize_input, TfLiteInterpreterResizeInputTensor, TfLiteStatus,                                \
    (TfLiteInterpreter*, std::int32_t index, const int* dims, std::int32_t rank))                  \
  X(allocate_tensors, TfLiteInterpreterAllocateTensors, TfLiteStatus, (TfLiteInterpreter*))        \
  X(invoke, TfLiteInterpreterInvoke, TfLiteStatus, (TfLiteInterpreter*))                           \
  X(tensor_type, TfLiteTensorType, TfLiteType, (const TfLiteTensor*))                              \
  X(tensor_rank, TfLiteTensorNumDims, std::int32_t, (const TfLiteTensor*))                         \
  X(tensor_dim, TfLiteTensorDim, std::int32_t, (const TfLiteTensor*, std::int32_t index))          \
  X(tensor_bytes, TfLiteTensorByteSize, std::size_t, (const TfLiteTensor*))                        \
  X(tensor_data, TfLiteTensorData, void*, (const TfLiteTensor*))                                   \
  X(tensor_name, TfLiteTensorName, const char*, (const TfLiteTensor*))                             \
  X(tensor_quantization, TfLiteTensorQuantizationParams, TfLiteQuantizationParams,                 \
    (const TfLiteTensor*))

// The same for what may be absent: the pointer is then null. With what is given up.
#define NACRE_TFLITE_OPTIONAL_FUNCTIONS(X)                                                         \
  /* why bytes are no model: the library prints it on standard error */                            \
  X(model_create_reporting, TfLiteModelCreateWithErrorReporter, TfLiteModel*,                      \
    (const void* bytes, std::size_t size, TfLiteErrorReporter, void* user_data))                   \
  /* the number in the property tflite.schema_version */                                           \
  X(schema_version, TfLiteSchemaVersion, int, (void))                                              \
  /* cancel */                                                                                     \
  X(options_enable_cancellation, TfLiteInterpreterOptionsEnableCancellation, TfLiteStatus,         \
    (TfLiteInterpreterOptions*, bool))                                                             \
  X(cancel, TfLiteInterpreterCancel, TfLiteStatus, (const TfLiteInterpreter*))                     \
  /* computing in place: a copy of each input and output */                                        \
  X(input_index, TfLiteInterpreterGetInputTensorIndex, std::int32_t,                               \
    (const TfLiteInterpreter*, std::int32_t))                                                      \
  X(output_index, TfLiteInterpreterGetOutputTensorIndex, std::int32_t,                             \
    (const TfLiteInterpreter*, std::int32_t))                                                      \
  X(set_custom_allocation, TfLiteInterpreterSetCustomAllocationForTensor, TfLiteStatus,            \
    (TfLiteInterpreter*, int tensor, const TfLiteCustomAllocation*, std::int64_t flags))           \
  X(allocation_type, TfLiteOpaqueTensorGetAllocationType, TfLiteAllocationType,                    \
    (const TfLiteTensor*))                                                                         \
  X(is_variable, TfLiteOpaqueTensorIsVariable, int, (const TfLiteTensor*))                         \
  /* a null pointer of a tensor inside the model that could not be allocated is not noticed */     \
  X(tensor, TfLiteInterpreterGetTensor, TfLiteTensor*, (const TfLiteInterpreter*, int index))      \
  /* dynamic dimensions: the shapes of the file are then the only ones; rank -1: none is stated */ \
  X(signature_rank, TfLiteOpaqueTensorGetNumDimsSignature, TfLiteStatus,                           \
    (const TfLiteTensor*, std::int32_t* rank))                                                     \
  X(signature_dim, TfLiteOpaqueTensorGetDimSignature, TfLiteStatus,                                \
    (const TfLiteTensor*, std::int32_t index, std::int32_t* dim))                                  \
  /* strings: inputs of them are then refused. A string tensor's bytes are an i32 count, count + 1 \
     i32 offsets from the start, and the texts. */                                                 \
  X(tensor_realloc, TfLiteTensorRealloc, void, (std::size_t bytes, TfLiteTensor*))                 \
  /* names of the signature: the tensors' own are used */                                          \
  X(signature_count, TfLiteInterpreterGetSignatureCount, std::int32_t, (const TfLiteInterpreter*)) \
  X(signature_key, TfLiteInterpreterGetSignatureKey, const char*,                                  \
    (const TfLiteInterpreter*, std::int32_t))                                                      \
  X(signature_runner, TfLiteInterpreterGetSignatureRunner, TfLiteSignatureRunner*,                 \
    (const TfLiteInterpreter*, const char* key))                                                   \
  X(runner_delete, TfLiteSignatureRunnerDelete, void, (TfLiteSignatureRunner*))                    \
  X(runner_input_count, TfLiteSignatureRunnerGetInputCount, std::size_t,                           \
    (const TfLiteSignatureRunner*))                                                                \
  X(runner_input_name, TfLiteSignatureRunnerGetInputName, const char*,                             \
    (const TfLiteSignatureRunner*, std::int32_t))                                                  \
  X(runner_input, TfLiteSignatureRunnerGetInputTensor, TfLiteTensor*,                              \
    (TfLiteSignatureRunner*, const char* name))                                                    \
  X(runner_output_count, TfLiteSignatureRunnerGetOutputCount, std::size_t,                         \
    (const TfLiteSignatureRunner*))                                                                \
  X(runner_output_name, TfLiteSignatureRunnerGetOutputName, const char*,                           \
    (const TfLiteSignatureRunner*, std::int32_t))                                                  \
  X(runner_output, TfLiteSignatureRunnerGetOutputTensor, const TfLiteTensor*,                      \
    (const TfLiteSignatureRunner*, const char* name))

}  // namespace nacre::tflite

#endif  // NACRE_BACKENDS_TFLITE_C_API_H_
