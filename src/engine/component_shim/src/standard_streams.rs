//! Standard output and error that go to a C++ function on the guest's own thread. The C API's own
//! kind writes on a worker thread of the WASI runtime, of which all guests share a few: a function
//! that waited there would hold up guests it has nothing to do with.
//!
//! No byte is kept on this side: a write has reached the function when the guest's call returns, so
//! that a guest's end, by a trap too, leaves nothing to flush.

use crate::guard::{Finalizer, Foreign};
use bytes::Bytes;
use std::ffi::c_void;
use std::io;
use std::mem::{align_of, size_of};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use wasmtime::format_err;
use wasmtime_c_api::wasi_config_t;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// Takes all the bytes, or answers false: then the stream is broken and the guest is told.
pub type nacre_sink_t = extern "C" fn(*mut c_void, *const u8, usize) -> bool;

/// As much as one write may bring, and so as much as a guest makes the host hold for it.
const MOST_BYTES_AT_ONCE: usize = 64 << 10;

struct Sink {
    foreign: Foreign,
    write: nacre_sink_t,
    broken: AtomicBool,
}

/// All handles that a guest has on one stream share the sink, its end as well.
#[derive(Clone)]
struct SinkStream(Arc<Sink>);

impl SinkStream {
    fn check_open(&self) -> StreamResult<()> {
        if self.0.broken.load(Ordering::Relaxed) {
            return Err(StreamError::Closed);
        }
        Ok(())
    }

    fn pass_on(&self, bytes: &[u8]) -> bool {
        let sink = &self.0;
        // The guest's call may run inside the WASI runtime, which refuses to be entered twice; the
        // function may run another guest.
        let taken = tokio::task::block_in_place(|| {
            (sink.write)(sink.foreign.env, bytes.as_ptr(), bytes.len())
        });
        if !taken {
            sink.broken.store(true, Ordering::Relaxed);
        }
        taken
    }
}

#[async_trait::async_trait]
impl Pollable for SinkStream {
    async fn ready(&mut self) {}
}

#[async_trait::async_trait]
impl OutputStream for SinkStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.check_open()?;
        if bytes.len() > MOST_BYTES_AT_ONCE {
            return Err(StreamError::trap(
                "a write of more bytes than check-write allowed",
            ));
        }
        if bytes.is_empty() || self.pass_on(&bytes) {
            return Ok(());
        }
        Err(StreamError::LastOperationFailed(format_err!(
            "the host could not take what was written"
        )))
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.check_open()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.check_open()?;
        Ok(MOST_BYTES_AT_ONCE)
    }
}

/// Asked for by WASI 0.3 only.
impl tokio::io::AsyncWrite for SinkStream {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let bytes = &bytes[..bytes.len().min(MOST_BYTES_AT_ONCE)];
        Poll::Ready(if self.check_open().is_ok() && self.pass_on(bytes) {
            Ok(bytes.len())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        })
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl IsTerminal for SinkStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for SinkStream {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

const _: () = {
    assert!(size_of::<wasi_config_t>() == size_of::<WasiCtxBuilder>());
    assert!(align_of::<wasi_config_t>() == align_of::<WasiCtxBuilder>());
};

/// `wasi_config_t` is `#[repr(C)]` over this one field.
fn builder_of(config: &mut wasi_config_t) -> &mut WasiCtxBuilder {
    unsafe { &mut *(config as *mut wasi_config_t).cast() }
}

/// Sends standard output, or with `is_error` standard error, to `write`. Takes `env` over, whose
/// finalizer runs when the guest's store is gone.
#[unsafe(no_mangle)]
pub extern "C" fn nacre_wasi_config_set_sink(
    config: &mut wasi_config_t,
    is_error: bool,
    write: nacre_sink_t,
    env: *mut c_void,
    finalizer: Finalizer,
) {
    let stream = SinkStream(Arc::new(Sink {
        foreign: Foreign { env, finalizer },
        write,
        broken: AtomicBool::new(false),
    }));
    if is_error {
        builder_of(config).stderr(stream);
    } else {
        builder_of(config).stdout(stream);
    }
}

/// Files are read and written on the guest's own thread as well, which waits for them anyway. For
/// directories that are lent after this call.
#[unsafe(no_mangle)]
pub extern "C" fn nacre_wasi_config_stay_on_thread(config: &mut wasi_config_t) {
    builder_of(config).allow_blocking_current_thread(true);
}
