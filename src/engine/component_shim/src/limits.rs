//! Store limits that can be asked afterwards: the C API's own limiter refuses a growth without a
//! trace, and a trap that follows could not say why.

use std::ffi::c_void;
use std::mem::{align_of, offset_of, size_of};
use wasmtime::{ResourceLimiter, Result, Store};
use wasmtime_c_api::{WasmtimeStoreData, wasmtime_store_t};

/// Shared with C++ (`struct nacre_store_limits` in src/engine/c_api.h): same fields, same order.
/// Sizes are totals over all memories, or all tables, of the store.
#[repr(C)]
pub struct nacre_store_limits_t {
    memory_max: u64,
    table_max: u64,
    instances_max: u64,
    memory_used: u64,
    table_used: u64,
    /// What the total would have become in the last growth refused; 0 if none was.
    memory_refused: u64,
    table_refused: u64,
}

/// As `wasi_nn::layout`.
pub(crate) fn layout() -> Vec<usize> {
    type Limits = nacre_store_limits_t;
    vec![
        size_of::<Limits>(),
        offset_of!(Limits, memory_max),
        offset_of!(Limits, table_max),
        offset_of!(Limits, instances_max),
        offset_of!(Limits, memory_used),
        offset_of!(Limits, table_used),
        offset_of!(Limits, memory_refused),
        offset_of!(Limits, table_refused),
    ]
}

const _: () = {
    assert!(size_of::<wasmtime_store_t>() == size_of::<Store<WasmtimeStoreData>>());
    assert!(align_of::<wasmtime_store_t>() == align_of::<Store<WasmtimeStoreData>>());
};

impl ResourceLimiter for nacre_store_limits_t {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        if maximum.is_some_and(|most| desired > most) {
            return Ok(false); // the module's own maximum, not this limit
        }
        let total = self.memory_used.saturating_add((desired - current) as u64);
        if total > self.memory_max {
            self.memory_refused = total;
            return Ok(false);
        }
        self.memory_used = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        if maximum.is_some_and(|most| desired > most) {
            return Ok(false);
        }
        let total = self.table_used.saturating_add((desired - current) as u64);
        if total > self.table_max {
            self.table_refused = total;
            return Ok(false);
        }
        self.table_used = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.instances_max as usize
    }
}

struct Borrowed(*mut c_void);
// SAFETY: a store and its limits are used by one thread at a time (contract of the C function).
unsafe impl Send for Borrowed {}
unsafe impl Sync for Borrowed {}
impl Borrowed {
    fn limits(&self) -> *mut nacre_store_limits_t {
        self.0.cast()
    }
}

/// Puts `limits` in force for everything created in `store` from now on.
///
/// # Safety
/// `limits` must outlive the store, stay where it is, and be read by the caller only while no
/// guest of the store runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nacre_store_set_limits(
    store: &mut wasmtime_store_t,
    limits: *mut nacre_store_limits_t,
) {
    // SAFETY: wasmtime_store_t is #[repr(C)] over this one field.
    let store =
        unsafe { &mut *(store as *mut wasmtime_store_t).cast::<Store<WasmtimeStoreData>>() };
    let limits = Borrowed(limits.cast());
    store.limiter(move |_| unsafe { &mut *limits.limits() });
}
