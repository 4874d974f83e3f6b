//! Components linked once and run many times, and the store limits that C cannot reach.
//! The C side is src/engine/component_api.h.
use crate::guard::{no_panic, to_c};
use std::mem::{align_of, size_of};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};
use wasmtime::{AsContextMut, Trap, bail};
use wasmtime_c_api::*;

const _: () = {
    assert!(size_of::<wasmtime_component_linker_t>() == size_of::<Linker<WasmtimeStoreData>>());
    assert!(align_of::<wasmtime_component_linker_t>() == align_of::<Linker<WasmtimeStoreData>>());
    assert!(size_of::<wasmtime_component_t>() == size_of::<Component>());
    assert!(align_of::<wasmtime_component_t>() == align_of::<Component>());
};

/// `wasmtime_component_linker_t` is `#[repr(transparent)]` upstream.
pub(crate) fn linker_mut(
    linker: &mut wasmtime_component_linker_t,
) -> &mut Linker<WasmtimeStoreData> {
    unsafe { &mut *(linker as *mut wasmtime_component_linker_t).cast() }
}

fn linker_ref(linker: &wasmtime_component_linker_t) -> &Linker<WasmtimeStoreData> {
    unsafe { &*(linker as *const wasmtime_component_linker_t).cast() }
}

/// So is `wasmtime_component_t`.
fn component_ref(component: &wasmtime_component_t) -> &Component {
    unsafe { &*(component as *const wasmtime_component_t).cast() }
}

/// A command whose imports are resolved and type-checked.
pub struct nacre_component_pre_t {
    pre: InstancePre<WasmtimeStoreData>,
    run: ComponentExportIndex,
}

const RUN: &str = "wasi:cli/run@0.2.";

#[unsafe(no_mangle)]
pub extern "C" fn nacre_component_instantiate_pre(
    linker: &wasmtime_component_linker_t,
    component: &wasmtime_component_t,
    out: &mut *mut nacre_component_pre_t,
) -> Option<Box<wasmtime_error_t>> {
    to_c(|| {
        let component = component_ref(component);
        let ty = component.component_type();
        let Some(name) = ty
            .exports(component.engine())
            .map(|(name, _)| name)
            .find(|n| n.starts_with(RUN))
        else {
            bail!(
                "the component exports no wasi:cli/run of version 0.2, so it is a library and \
                   not a command"
            );
        };
        let interface = component.get_export_index(None, name);
        let Some(run) = interface.and_then(|i| component.get_export_index(Some(&i), "run")) else {
            bail!("the component's {name} holds no function run");
        };
        let pre = linker_ref(linker).instantiate_pre(component)?;
        *out = Box::into_raw(Box::new(nacre_component_pre_t { pre, run }));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn nacre_component_pre_delete(_pre: Option<Box<nacre_component_pre_t>>) {}

/// Instantiates the command in a fresh store and runs it to its end. Null: it ended by itself, with
/// `exit_code`. An error: it did not; `trap_code` is then a `wasmtime_trap_code_t`, or -1 where no
/// trap of Wasm's ended it. `began`: its run was called.
#[unsafe(no_mangle)]
pub extern "C" fn nacre_component_pre_run(
    pre: &nacre_component_pre_t,
    mut context: WasmtimeStoreContextMut<'_>,
    exit_code: &mut i32,
    trap_code: &mut i32,
    began: &mut bool,
) -> Option<Box<wasmtime_error_t>> {
    *trap_code = -1;
    *began = false;
    let ended = no_panic(|| {
        let instance = pre.pre.instantiate(context.as_context_mut())?;
        let run = instance
            .get_typed_func::<(), (std::result::Result<(), ()>,)>(&mut context, &pre.run)?;
        *began = true;
        let (result,) = run.call(&mut context, ())?;
        Ok(if result.is_ok() { 0 } else { 1 })
    });
    match ended {
        Ok(code) => {
            *exit_code = code;
            None
        }
        Err(error) => {
            if let Some(trap) = error.downcast_ref::<Trap>() {
                *trap_code = i32::from(*trap as u8);
            }
            let error = Box::new(wasmtime_error_t::from(error));
            if wasmtime_error_exit_status(&error, exit_code) {
                None
            } else {
                Some(error)
            }
        }
    }
}

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
