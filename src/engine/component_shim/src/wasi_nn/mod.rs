//! `wasi:nn` in its three versions as typed host functions over one table of C callbacks.
//!
//! Bytes on the way in are views of guest memory (no copy on this side), valid for the callback. On
//! the way out C++ answers with spans that live until its next callback for the same guest; they
//! are lowered with one copy. Resources are numbers that C++ chooses.
mod callbacks;
mod errors;
mod graph;
mod inference;
mod prompt;
mod tensor;
pub mod types;

use crate::component_pre::linker_mut;
use crate::guard::{Foreign, to_c};
use crate::span::{Span, StoreHead};
use callbacks::{Callbacks, NamedTensor, Shared, nacre_wasi_nn_callbacks};
use graph::MAX_PARTS;
use std::mem::{offset_of, size_of};
use std::sync::Arc;
use types::{ERROR_CODES, TENSOR_TYPES};
use wasmtime::bail;
use wasmtime_c_api::*;

/// Sizes and offsets as C++ must have them too; tests/engine/component_layout_test.cc compares.
pub(crate) fn layout() -> Vec<usize> {
    macro_rules! of {
        ($t:ty: $($field:ident)*) => { vec![size_of::<$t>(), $(offset_of!($t, $field)),*] };
    }
    [
        of!(Span<u8>: data size),
        of!(Span<u32>: data size),
        of!(Span<Span<u8>>: data size),
        of!(Span<NamedTensor>: data size),
        of!(NamedTensor: name tensor),
        of!(nacre_wasi_nn_callbacks: env finalizer tensor_new tensor_dimensions tensor_type
            tensor_data tensor_drop load load_by_name graph_drop init_execution_context set_input
            compute_set get_output compute context_drop error_new error_code error_data error_drop
            prompt_init prompt_compute prompt_drop),
        vec![offset_of!(StoreHead, guest), offset_of!(StoreHead, stop)],
        vec![TENSOR_TYPES.len(), ERROR_CODES.len(), MAX_PARTS],
    ]
    .concat()
}

/// Defines every function of one version of `wasi:nn` in `linker`. Versions may be added one after
/// the other; each call takes a reference of its own on the environment, so the finalizer runs once
/// per successful or failed call.
#[unsafe(no_mangle)]
pub extern "C" fn nacre_component_linker_add_wasi_nn(
    linker: &mut wasmtime_component_linker_t,
    version: u32,
    callbacks: &nacre_wasi_nn_callbacks,
) -> Option<Box<wasmtime_error_t>> {
    let foreign = Foreign {
        env: callbacks.env,
        finalizer: callbacks.finalizer,
    };
    let shared: Shared = Arc::new(Callbacks {
        table: *callbacks,
        foreign,
    });
    to_c(|| {
        let (date, at_once, error_constructor) = match version {
            0 => ("2024-06-25", false, true),
            1 => ("2024-08-19", false, false),
            2 => ("2024-10-28", true, false),
            _ => bail!("there is no version {version} of wasi:nn; 0, 1 and 2 are known"),
        };
        let linker = linker_mut(linker);
        let instance = |name| format!("wasi:nn/{name}@0.2.0-rc-{date}");
        tensor::define(&mut linker.instance(&instance("tensor"))?, &shared)?;
        graph::define(&mut linker.instance(&instance("graph"))?, &shared)?;
        inference::define(
            &mut linker.instance(&instance("inference"))?,
            &shared,
            at_once,
        )?;
        errors::define(
            &mut linker.instance(&instance("errors"))?,
            &shared,
            error_constructor,
        )?;
        prompt::define(&mut linker.instance(&instance("prompt"))?, &shared)
    })
}
