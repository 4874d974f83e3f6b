//! What every entry point shares: panics stop here, and C++ hands over a pointer with its finalizer.
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wasmtime::{Result, format_err};
use wasmtime_c_api::wasmtime_error_t;

pub type Finalizer = Option<extern "C" fn(*mut c_void)>;

/// A C++ environment pointer; its finalizer runs when the last host function that uses it goes.
pub struct Foreign {
    pub env: *mut c_void,
    pub finalizer: Finalizer,
}

// The C++ side promises that its callbacks may run on any thread.
unsafe impl Send for Foreign {}
unsafe impl Sync for Foreign {}

impl Drop for Foreign {
    fn drop(&mut self) {
        if let Some(finalizer) = self.finalizer {
            finalizer(self.env);
        }
    }
}

/// Runs `body`; a panic becomes an error, for it must not unwind into C++.
pub fn no_panic<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        let text = payload
            .downcast_ref::<&str>()
            .map(|s| s.to_string())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_string());
        Err(format_err!("the component shim panicked: {text}"))
    })
}

/// The same for functions that C++ calls: null is success.
pub fn to_c(body: impl FnOnce() -> Result<()>) -> Option<Box<wasmtime_error_t>> {
    no_panic(body).err().map(|error| Box::new(error.into()))
}

/// Writes the numbers of every `layout` and gives how many there are, also where `capacity` is less.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nacre_shim_layout(out: *mut usize, capacity: usize) -> usize {
    let numbers = [
        crate::wasi_nn::layout(),
        crate::nacre_nn::layout(),
        crate::limits::layout(),
    ]
    .concat();
    for (i, number) in numbers.iter().take(capacity).enumerate() {
        // SAFETY: `out` holds `capacity` numbers.
        unsafe { *out.add(i) = *number };
    }
    numbers.len()
}
