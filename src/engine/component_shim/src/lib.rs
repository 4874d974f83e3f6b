//! Wasmtime's C API, re-exported so that this crate's static archive *is* libwasmtime, and beside it
//! what that API cannot give C++: host functions for components whose lists cross as bytes, not as
//! one C value per byte; pre-linked components; limits that can be asked afterwards; standard streams
//! that write on the guest's own thread. Never link a
//! second copy of Wasmtime beside it: the two would not share their stores, engines or signal
//! handlers.
//!
//! There is no wasi-nn semantics here: it lifts, calls C++, lowers. It rests on facts of Wasmtime 48
//! (`#[repr(transparent)]` C types); what can be asserted at compile time is, and tests/engine has
//! the rest, so that an upgrade that breaks one says so.
#![allow(non_camel_case_types)]

pub use wasmtime_c_api::*;

mod component_pre;
mod guard;
mod limits;
mod nacre_nn;
mod nacre_nn_text;
mod span;
mod standard_streams;
mod wasi_nn;
mod words;
