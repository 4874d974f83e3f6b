//! The table of C callbacks: src/abi/component/wasi_nn_callbacks.h says what each does.
use crate::guard::{Finalizer, Foreign};
use crate::span::Span;
use std::ffi::c_void;
use std::sync::Arc;

/// `nacre_shim_named_tensor`
#[repr(C)]
pub struct NamedTensor {
    pub name: Span<u8>,
    pub tensor: u32,
}

/// The same in src/abi/component/wasi_nn_callbacks.h, which says what each callback does.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nacre_wasi_nn_callbacks {
    pub env: *mut c_void,
    pub finalizer: Finalizer,
    pub tensor_new: extern "C" fn(*mut c_void, *mut c_void, Span<u32>, u32, Span<u8>) -> u32,
    pub tensor_dimensions: extern "C" fn(*mut c_void, *mut c_void, u32, &mut Span<u32>),
    pub tensor_type: extern "C" fn(*mut c_void, *mut c_void, u32) -> u32,
    pub tensor_data: extern "C" fn(*mut c_void, *mut c_void, u32, &mut Span<u8>),
    pub tensor_drop: extern "C" fn(*mut c_void, *mut c_void, u32),
    pub load: extern "C" fn(*mut c_void, *mut c_void, Span<Span<u8>>, u32, u32, &mut u32) -> bool,
    pub load_by_name: extern "C" fn(*mut c_void, *mut c_void, Span<u8>, &mut u32) -> bool,
    pub graph_drop: extern "C" fn(*mut c_void, *mut c_void, u32),
    pub init_execution_context: extern "C" fn(*mut c_void, *mut c_void, u32, &mut u32) -> bool,
    pub set_input: extern "C" fn(*mut c_void, *mut c_void, u32, Span<u8>, u32, &mut u32) -> bool,
    pub compute_set: extern "C" fn(*mut c_void, *mut c_void, u32, &mut u32) -> bool,
    pub get_output: extern "C" fn(*mut c_void, *mut c_void, u32, Span<u8>, &mut u32) -> bool,
    pub compute: extern "C" fn(
        *mut c_void,
        *mut c_void,
        u32,
        Span<NamedTensor>,
        &mut Span<NamedTensor>,
        &mut u32,
    ) -> bool,
    pub context_drop: extern "C" fn(*mut c_void, *mut c_void, u32),
    pub error_new: extern "C" fn(*mut c_void, *mut c_void, u32, Span<u8>) -> u32,
    pub error_code: extern "C" fn(*mut c_void, *mut c_void, u32) -> u32,
    pub error_data: extern "C" fn(*mut c_void, *mut c_void, u32, &mut Span<u8>),
    pub error_drop: extern "C" fn(*mut c_void, *mut c_void, u32),
    pub prompt_init: extern "C" fn(*mut c_void, *mut c_void, u32, &mut u32, &mut Span<u8>) -> bool,
    pub prompt_compute:
        extern "C" fn(*mut c_void, *mut c_void, u32, Span<u8>, &mut Span<u8>) -> bool,
    pub prompt_drop: extern "C" fn(*mut c_void, *mut c_void, u32),
}

/// The callbacks and what keeps their environment alive; shared by all host functions of a linker.
pub struct Callbacks {
    pub table: nacre_wasi_nn_callbacks,
    pub foreign: Foreign,
}

unsafe impl Send for Callbacks {}
unsafe impl Sync for Callbacks {}

pub type Shared = Arc<Callbacks>;
