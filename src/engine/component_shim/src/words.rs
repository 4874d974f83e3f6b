//! What an error says, for C++: its causes in one line, without the backtrace that Wasmtime writes in
//! front of them (frames have functions of their own in the C API), and never longer than a person
//! reads. A guest chooses much of it: a function's name in a backtrace may be a gigabyte, or stand
//! for one once it is demangled. And what such a name says, within the same bound.

use crate::guard::no_panic;
use std::fmt::{self, Write};
use std::mem::{align_of, size_of};
use wasmtime::{Error, WasmBacktrace};
use wasmtime_c_api::{wasm_byte_vec_t, wasm_trap_t, wasmtime_error_t};

const MOST_BYTES: usize = 8000;

const _: () = {
    assert!(size_of::<wasmtime_error_t>() == size_of::<Error>());
    assert!(align_of::<wasmtime_error_t>() == align_of::<Error>());
    assert!(size_of::<wasm_trap_t>() == size_of::<Error>());
    assert!(align_of::<wasm_trap_t>() == align_of::<Error>());
};

/// Text that refuses to grow further, which ends whatever writes it.
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut end = text.len().min(MOST_BYTES - self.0.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.0.push_str(&text[..end]);
        if end == text.len() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}

fn words_of(error: &Error) -> String {
    let has_backtrace = error.downcast_ref::<WasmBacktrace>().is_some();
    let mut words = Bounded(String::new());
    for (i, cause) in error.chain().skip(usize::from(has_backtrace)).enumerate() {
        let separator = if i == 0 { "" } else { ": " };
        if write!(words, "{separator}{cause}").is_err() {
            words.0.push('…');
            break;
        }
    }
    words.0
}

fn hand_over(error: &Error, out: &mut wasm_byte_vec_t) {
    let words = no_panic(|| Ok(words_of(error))).unwrap_or_else(|panic| panic.to_string());
    out.set_buffer(words.into_bytes());
}

/// `out` is the caller's, empty before.
#[unsafe(no_mangle)]
pub extern "C" fn nacre_error_words(error: &wasmtime_error_t, out: &mut wasm_byte_vec_t) {
    // SAFETY: wasmtime_error_t is #[repr(C)] over this one field.
    hand_over(unsafe { &*std::ptr::from_ref(error).cast() }, out);
}

/// `out` is the caller's, empty before.
#[unsafe(no_mangle)]
pub extern "C" fn nacre_trap_words(trap: &wasm_trap_t, out: &mut wasm_byte_vec_t) {
    // SAFETY: so is wasm_trap_t.
    hand_over(unsafe { &*std::ptr::from_ref(trap).cast() }, out);
}

/// What the name of a Rust function ("_RNvNtCs1_4core6result13unwrap_failed") says; nothing for any
/// other name. `out` is the caller's, empty before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nacre_rust_name(name: *const u8, size: usize, out: &mut wasm_byte_vec_t) {
    // SAFETY: the caller has `size` bytes there.
    let name = unsafe { std::slice::from_raw_parts(name, size) };
    let words = no_panic(|| {
        let mut words = Bounded(String::new());
        if name.starts_with(b"_R") {
            if let Ok(readable) = rustc_demangle::try_demangle(std::str::from_utf8(name)?) {
                // An error is a name that means more than is read of it.
                let _ = write!(words, "{readable:#}");
            }
        }
        Ok(words.0)
    });
    out.set_buffer(words.unwrap_or_default().into_bytes());
}
