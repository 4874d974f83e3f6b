//! Wasmtime's C API, re-exported so that this crate's static archive *is* libwasmtime. Never link a
//! second copy beside it: the two would not share their stores, engines or signal handlers.

pub use wasmtime_c_api::*;

mod limits;
