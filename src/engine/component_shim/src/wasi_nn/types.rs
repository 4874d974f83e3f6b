//! The WIT's types.
use wasmtime::component::{ComponentType, Lift, Lower, Resource};

#[derive(ComponentType, Lift, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
pub enum TensorType {
    #[component(name = "FP16")]
    Fp16,
    #[component(name = "FP32")]
    Fp32,
    #[component(name = "FP64")]
    Fp64,
    #[component(name = "BF16")]
    Bf16,
    #[component(name = "U8")]
    U8,
    #[component(name = "I32")]
    I32,
    #[component(name = "I64")]
    I64,
}

pub const TENSOR_TYPES: [TensorType; 7] = {
    use TensorType::*;
    [Fp16, Fp32, Fp64, Bf16, U8, I32, I64]
};

#[derive(ComponentType, Lift, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "only lifted: the derive makes the cases")]
pub enum GraphEncoding {
    #[component(name = "openvino")]
    Openvino,
    #[component(name = "onnx")]
    Onnx,
    #[component(name = "tensorflow")]
    Tensorflow,
    #[component(name = "pytorch")]
    Pytorch,
    #[component(name = "tensorflowlite")]
    Tensorflowlite,
    #[component(name = "ggml")]
    Ggml,
    #[component(name = "autodetect")]
    Autodetect,
}

#[derive(ComponentType, Lift, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "only lifted: the derive makes the cases")]
pub enum ExecutionTarget {
    #[component(name = "cpu")]
    Cpu,
    #[component(name = "gpu")]
    Gpu,
    #[component(name = "tpu")]
    Tpu,
}

#[derive(ComponentType, Lift, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
pub enum ErrorCode {
    #[component(name = "invalid-argument")]
    InvalidArgument,
    #[component(name = "invalid-encoding")]
    InvalidEncoding,
    #[component(name = "timeout")]
    Timeout,
    #[component(name = "runtime-error")]
    RuntimeError,
    #[component(name = "unsupported-operation")]
    UnsupportedOperation,
    #[component(name = "too-large")]
    TooLarge,
    #[component(name = "not-found")]
    NotFound,
    #[component(name = "security")]
    Security,
    #[component(name = "unknown")]
    Unknown,
}

pub const ERROR_CODES: [ErrorCode; 9] = {
    use ErrorCode::*;
    [
        InvalidArgument,
        InvalidEncoding,
        Timeout,
        RuntimeError,
        UnsupportedOperation,
        TooLarge,
        NotFound,
        Security,
        Unknown,
    ]
};

// Names for the type checker only; the values behind them are numbers of the C++ side.
pub enum Tensor {}
pub enum Graph {}
pub enum Context {}
pub enum WasiNnError {}

pub type Answer<T> = std::result::Result<T, Resource<WasiNnError>>;

/// A callback's bool and number as the WIT's result.
pub fn answer<T: 'static>(ok: bool, number: u32) -> (Answer<Resource<T>>,) {
    (if ok {
        Ok(Resource::new_own(number))
    } else {
        Err(Resource::new_own(number))
    },)
}
