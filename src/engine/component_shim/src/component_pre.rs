//! A component linked once and instantiated many times, and the store limits that C cannot reach.
use crate::guard::to_c;
use std::mem::{align_of, size_of};
use wasmtime::component::{Component, Instance, InstancePre, Linker};
use wasmtime_c_api::*;

const _: () = {
    assert!(size_of::<wasmtime_component_linker_t>() == size_of::<Linker<WasmtimeStoreData>>());
    assert!(align_of::<wasmtime_component_linker_t>() == align_of::<Linker<WasmtimeStoreData>>());
    assert!(size_of::<wasmtime_component_t>() == size_of::<Component>());
};

/// `wasmtime_component_linker_t` is `#[repr(transparent)]` upstream.
pub(crate) fn linker_mut(
    linker: &mut wasmtime_component_linker_t,
) -> &mut Linker<WasmtimeStoreData> {
    unsafe { &mut *(linker as *mut wasmtime_component_linker_t).cast() }
}

/// A component whose imports are resolved and type-checked.
pub struct nacre_component_pre_t(InstancePre<WasmtimeStoreData>);

#[unsafe(no_mangle)]
pub extern "C" fn nacre_component_instantiate_pre(
    linker: &wasmtime_component_linker_t,
    component: &wasmtime_component_t,
    out: &mut *mut nacre_component_pre_t,
) -> Option<Box<wasmtime_error_t>> {
    to_c(|| {
        let linker: &Linker<WasmtimeStoreData> =
            unsafe { &*(linker as *const wasmtime_component_linker_t).cast() };
        let component: &Component = unsafe { &*(component as *const wasmtime_component_t).cast() };
        let pre = linker.instantiate_pre(component)?;
        *out = Box::into_raw(Box::new(nacre_component_pre_t(pre)));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn nacre_component_pre_instantiate(
    pre: &nacre_component_pre_t,
    context: WasmtimeStoreContextMut<'_>,
    out: &mut Instance,
) -> Option<Box<wasmtime_error_t>> {
    to_c(|| {
        *out = pre.0.instantiate(context)?;
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn nacre_component_pre_delete(_pre: Option<Box<nacre_component_pre_t>>) {}

/// How many bytes one host call may lift from the guest (128 MiB unless set).
#[unsafe(no_mangle)]
pub extern "C" fn nacre_context_set_hostcall_fuel(
    mut context: WasmtimeStoreContextMut<'_>,
    bytes: usize,
) {
    context.set_hostcall_fuel(bytes);
}

/// How many resource handles may live in the store at a time (100,000 unless set).
#[unsafe(no_mangle)]
pub extern "C" fn nacre_context_set_max_handles(
    mut context: WasmtimeStoreContextMut<'_>,
    handles: usize,
) {
    context.set_max_component_handles(handles);
}
