//! What crosses to C and back: spans, and the store's data that C++ made.
use std::ffi::c_void;
use std::sync::atomic::{AtomicU8, Ordering};
use wasmtime::{AsContext, Result, StoreContextMut, Trap};
use wasmtime_c_api::*;

pub type Ctx<'a> = StoreContextMut<'a, WasmtimeStoreData>;

/// `nacre_shim_bytes`, `nacre_shim_u32s`, `nacre_shim_parts`, `nacre_shim_named_tensors`
#[repr(C)]
pub struct Span<T> {
    pub data: *const T,
    pub size: usize,
}

impl<T> Span<T> {
    pub const EMPTY: Span<T> = Span {
        data: std::ptr::null(),
        size: 0,
    };

    pub fn of(slice: &[T]) -> Span<T> {
        Span {
            data: slice.as_ptr(),
            size: slice.len(),
        }
    }

    /// What C++ answered. It promises that the span lives until its next callback for this guest,
    /// so it outlives the lowering, which comes before any.
    pub unsafe fn answered(&self) -> &'static [T] {
        if self.size == 0 {
            return &[];
        }
        unsafe { std::slice::from_raw_parts(self.data, self.size) }
    }
}

/// What the store's data begins with: `StoreState` in src/engine/store_state.h.
#[repr(C)]
pub struct StoreHead {
    pub guest: *mut c_void,
    pub stop: AtomicU8, // not 0: the guest is to stop
}

fn head<'a>(store: &'a Ctx<'_>) -> &'a StoreHead {
    let data: *const StoreHead = wasmtime_context_get_data(store.as_context()).cast();
    // SAFETY: the engine makes no store for a component without such data.
    unsafe { &*data }
}

pub fn guest(store: &Ctx<'_>) -> *mut c_void {
    head(store).guest
}

/// A host function's way back: a guest that is to stop must not go on because its call was a long
/// one.
pub fn back<T>(store: &Ctx<'_>, result: T) -> Result<T> {
    if head(store).stop.load(Ordering::Relaxed) != 0 {
        return Err(Trap::Interrupt.into());
    }
    Ok(result)
}
