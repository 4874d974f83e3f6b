//! `wasi:nn` in its three versions as typed host functions over one table of C callbacks.
//!
//! Bytes on the way in are views of guest memory (no copy on this side), valid for the callback. On
//! the way out C++ answers with spans that live until its next callback for the same guest; they
//! are lowered with one copy. Resources are numbers that C++ chooses.
use crate::component_pre::linker_mut;
use crate::guard::{Finalizer, Foreign, no_panic, to_c};
use std::borrow::Cow;
use std::ffi::c_void;
use std::mem::{offset_of, size_of};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use wasmtime::component::{
    ComponentType, Lift, LinkerInstance, Lower, Resource, ResourceType, WasmList, WasmStr,
};
use wasmtime::{AsContext, Result, StoreContextMut, Trap, bail};
use wasmtime_c_api::*;

type Ctx<'a> = StoreContextMut<'a, WasmtimeStoreData>;

// ---- what crosses to C ---------------------------------------------------------------------

/// `nacre_shim_bytes`, `nacre_shim_u32s`, `nacre_shim_parts`, `nacre_shim_named_tensors`
#[repr(C)]
pub struct Span<T> {
    data: *const T,
    size: usize,
}

impl<T> Span<T> {
    const EMPTY: Span<T> = Span {
        data: std::ptr::null(),
        size: 0,
    };

    fn of(slice: &[T]) -> Span<T> {
        Span {
            data: slice.as_ptr(),
            size: slice.len(),
        }
    }

    /// What C++ answered. It promises that the span lives until its next callback for this guest,
    /// so it outlives the lowering, which comes before any.
    unsafe fn answered(&self) -> &'static [T] {
        if self.size == 0 {
            return &[];
        }
        unsafe { std::slice::from_raw_parts(self.data, self.size) }
    }
}

/// `nacre_shim_named_tensor`
#[repr(C)]
pub struct NamedTensor {
    name: Span<u8>,
    tensor: u32,
}

/// The same in src/abi/component/wasi_nn_callbacks.h, which says what each callback does.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nacre_wasi_nn_callbacks {
    env: *mut c_void,
    finalizer: Finalizer,
    tensor_new: extern "C" fn(*mut c_void, *mut c_void, Span<u32>, u32, Span<u8>) -> u32,
    tensor_dimensions: extern "C" fn(*mut c_void, *mut c_void, u32, &mut Span<u32>),
    tensor_type: extern "C" fn(*mut c_void, *mut c_void, u32) -> u32,
    tensor_data: extern "C" fn(*mut c_void, *mut c_void, u32, &mut Span<u8>),
    tensor_drop: extern "C" fn(*mut c_void, *mut c_void, u32),
    load: extern "C" fn(*mut c_void, *mut c_void, Span<Span<u8>>, u32, u32, &mut u32) -> bool,
    load_by_name: extern "C" fn(*mut c_void, *mut c_void, Span<u8>, &mut u32) -> bool,
    graph_drop: extern "C" fn(*mut c_void, *mut c_void, u32),
    init_execution_context: extern "C" fn(*mut c_void, *mut c_void, u32, &mut u32) -> bool,
    set_input: extern "C" fn(*mut c_void, *mut c_void, u32, Span<u8>, u32, &mut u32) -> bool,
    compute_set: extern "C" fn(*mut c_void, *mut c_void, u32, &mut u32) -> bool,
    get_output: extern "C" fn(*mut c_void, *mut c_void, u32, Span<u8>, &mut u32) -> bool,
    compute: extern "C" fn(
        *mut c_void,
        *mut c_void,
        u32,
        Span<NamedTensor>,
        &mut Span<NamedTensor>,
        &mut u32,
    ) -> bool,
    context_drop: extern "C" fn(*mut c_void, *mut c_void, u32),
    error_new: extern "C" fn(*mut c_void, *mut c_void, u32, Span<u8>) -> u32,
    error_code: extern "C" fn(*mut c_void, *mut c_void, u32) -> u32,
    error_data: extern "C" fn(*mut c_void, *mut c_void, u32, &mut Span<u8>),
    error_drop: extern "C" fn(*mut c_void, *mut c_void, u32),
}

/// The callbacks and what keeps their environment alive; shared by all host functions of a linker.
struct Callbacks {
    table: nacre_wasi_nn_callbacks,
    foreign: Foreign,
}

unsafe impl Send for Callbacks {}
unsafe impl Sync for Callbacks {}

type Shared = Arc<Callbacks>;

/// What the store's data begins with: `StoreState` in src/engine/store_state.h.
#[repr(C)]
struct StoreHead {
    guest: *mut c_void,
    stop: AtomicU8, // not 0: the guest is to stop
}

fn head<'a>(store: &'a Ctx<'_>) -> &'a StoreHead {
    let data: *const StoreHead = wasmtime_context_get_data(store.as_context()).cast();
    // SAFETY: the engine makes no store for a component without such data.
    unsafe { &*data }
}

fn guest(store: &Ctx<'_>) -> *mut c_void {
    head(store).guest
}

/// A host function's way back: a guest that is to stop must not go on because its call was a long
/// one.
fn back<T>(store: &Ctx<'_>, result: T) -> Result<T> {
    if head(store).stop.load(Ordering::Relaxed) != 0 {
        return Err(Trap::Interrupt.into());
    }
    Ok(result)
}

/// A model of more parts is refused by the callback, which sees one more than these at most: lists
/// of lists are the one thing that is copied here, and a guest may claim half a billion.
/// `NACRE_WASI_NN_MAX_PARTS`
const MAX_PARTS: usize = 65536;

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
            compute_set get_output compute context_drop error_new error_code error_data error_drop),
        vec![offset_of!(StoreHead, guest), offset_of!(StoreHead, stop)],
        vec![TENSOR_TYPES.len(), ERROR_CODES.len(), MAX_PARTS],
    ]
    .concat()
}

// ---- the WIT's types -----------------------------------------------------------------------

#[derive(ComponentType, Lift, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
enum TensorType {
    #[component(name = "FP16")]
    Fp16,
    #[component(name = "FP32")]
    Fp32,
    #[component(name = "FP64")]
    Fp64,
    #[component(name = "BF16")]
    Bf16,
    #[component(name = "U8")]
    U8,
    #[component(name = "I32")]
    I32,
    #[component(name = "I64")]
    I64,
}

const TENSOR_TYPES: [TensorType; 7] = {
    use TensorType::*;
    [Fp16, Fp32, Fp64, Bf16, U8, I32, I64]
};

#[derive(ComponentType, Lift, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "only lifted: the derive makes the cases")]
enum GraphEncoding {
    #[component(name = "openvino")]
    Openvino,
    #[component(name = "onnx")]
    Onnx,
    #[component(name = "tensorflow")]
    Tensorflow,
    #[component(name = "pytorch")]
    Pytorch,
    #[component(name = "tensorflowlite")]
    Tensorflowlite,
    #[component(name = "ggml")]
    Ggml,
    #[component(name = "autodetect")]
    Autodetect,
}

#[derive(ComponentType, Lift, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "only lifted: the derive makes the cases")]
enum ExecutionTarget {
    #[component(name = "cpu")]
    Cpu,
    #[component(name = "gpu")]
    Gpu,
    #[component(name = "tpu")]
    Tpu,
}

#[derive(ComponentType, Lift, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
enum ErrorCode {
    #[component(name = "invalid-argument")]
    InvalidArgument,
    #[component(name = "invalid-encoding")]
    InvalidEncoding,
    #[component(name = "timeout")]
    Timeout,
    #[component(name = "runtime-error")]
    RuntimeError,
    #[component(name = "unsupported-operation")]
    UnsupportedOperation,
    #[component(name = "too-large")]
    TooLarge,
    #[component(name = "not-found")]
    NotFound,
    #[component(name = "security")]
    Security,
    #[component(name = "unknown")]
    Unknown,
}

const ERROR_CODES: [ErrorCode; 9] = {
    use ErrorCode::*;
    [
        InvalidArgument,
        InvalidEncoding,
        Timeout,
        RuntimeError,
        UnsupportedOperation,
        TooLarge,
        NotFound,
        Security,
        Unknown,
    ]
};

// Names for the type checker only; the values behind them are numbers of the C++ side.
enum Tensor {}
enum Graph {}
enum Context {}
enum WasiNnError {}

type Answer<T> = std::result::Result<T, Resource<WasiNnError>>;

/// A callback's bool and number as the WIT's result.
fn answer<T: 'static>(ok: bool, number: u32) -> (Answer<Resource<T>>,) {
    (if ok {
        Ok(Resource::new_own(number))
    } else {
        Err(Resource::new_own(number))
    },)
}

// ---- the interfaces ------------------------------------------------------------------------

fn tensor(i: &mut LinkerInstance<'_, WasmtimeStoreData>, c: &Shared) -> Result<()> {
    let cb = c.clone();
    i.resource(
        "tensor",
        ResourceType::host::<Tensor>(),
        move |store, rep| {
            (cb.table.tensor_drop)(cb.foreign.env, guest(&store), rep);
            Ok(())
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "[constructor]tensor",
        move |store: Ctx<'_>, (dims, ty, data): (WasmList<u32>, TensorType, WasmList<u8>)| {
            no_panic(|| {
                let rep = (cb.table.tensor_new)(
                    cb.foreign.env,
                    guest(&store),
                    Span::of(dims.as_le_slice(&store)),
                    ty as u32,
                    Span::of(data.as_le_slice(&store)),
                );
                back(&store, (Resource::<Tensor>::new_own(rep),))
            })
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "[method]tensor.dimensions",
        move |store: Ctx<'_>, (t,): (Resource<Tensor>,)| {
            let mut dims = Span::EMPTY;
            (cb.table.tensor_dimensions)(cb.foreign.env, guest(&store), t.rep(), &mut dims);
            back(&store, (unsafe { dims.answered() },))
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "[method]tensor.ty",
        move |store: Ctx<'_>, (t,): (Resource<Tensor>,)| {
            let number = (cb.table.tensor_type)(cb.foreign.env, guest(&store), t.rep());
            match TENSOR_TYPES.get(number as usize) {
                Some(ty) => back(&store, (*ty,)),
                None => bail!("the host answered with {number}, which is no tensor type"),
            }
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "[method]tensor.data",
        move |store: Ctx<'_>, (t,): (Resource<Tensor>,)| {
            let mut data = Span::EMPTY;
            (cb.table.tensor_data)(cb.foreign.env, guest(&store), t.rep(), &mut data);
            back(&store, (unsafe { data.answered() },))
        },
    )?;
    Ok(())
}

fn graph(i: &mut LinkerInstance<'_, WasmtimeStoreData>, c: &Shared) -> Result<()> {
    let cb = c.clone();
    i.resource("graph", ResourceType::host::<Graph>(), move |store, rep| {
        (cb.table.graph_drop)(cb.foreign.env, guest(&store), rep);
        Ok(())
    })?;
    let cb = c.clone();
    i.func_wrap(
        "[method]graph.init-execution-context",
        move |store: Ctx<'_>, (g,): (Resource<Graph>,)| {
            let mut number = 0;
            let ok = (cb.table.init_execution_context)(
                cb.foreign.env,
                guest(&store),
                g.rep(),
                &mut number,
            );
            back(&store, answer::<Context>(ok, number))
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "load",
        move |mut store: Ctx<'_>,
              (builders, encoding, target): (
            WasmList<WasmList<u8>>,
            GraphEncoding,
            ExecutionTarget,
        )| {
            no_panic(|| {
                let lists = builders
                    .iter(&mut store)?
                    .take(MAX_PARTS + 1)
                    .collect::<Result<Vec<WasmList<u8>>>>()?;
                let parts: Vec<_> = lists
                    .iter()
                    .map(|list| Span::of(list.as_le_slice(&store)))
                    .collect();
                let mut number = 0;
                let ok = (cb.table.load)(
                    cb.foreign.env,
                    guest(&store),
                    Span::of(&parts),
                    encoding as u32,
                    target as u32,
                    &mut number,
                );
                back(&store, answer::<Graph>(ok, number))
            })
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "load-by-name",
        move |store: Ctx<'_>, (name,): (WasmStr,)| {
            no_panic(|| {
                let name = name.to_str(&store)?;
                let mut number = 0;
                let ok = (cb.table.load_by_name)(
                    cb.foreign.env,
                    guest(&store),
                    Span::of(name.as_bytes()),
                    &mut number,
                );
                back(&store, answer::<Graph>(ok, number))
            })
        },
    )?;
    Ok(())
}

/// set-input, compute without arguments, get-output: the two older versions.
fn inference_by_steps(i: &mut LinkerInstance<'_, WasmtimeStoreData>, c: &Shared) -> Result<()> {
    let cb = c.clone();
    i.func_wrap(
        "[method]graph-execution-context.set-input",
        move |store: Ctx<'_>, (ctx, name, t): (Resource<Context>, WasmStr, Resource<Tensor>)| {
            no_panic(|| {
                let name = name.to_str(&store)?;
                let mut error = 0;
                let ok = (cb.table.set_input)(
                    cb.foreign.env,
                    guest(&store),
                    ctx.rep(),
                    Span::of(name.as_bytes()),
                    t.rep(),
                    &mut error,
                );
                let answer: Answer<()> = if ok {
                    Ok(())
                } else {
                    Err(Resource::new_own(error))
                };
                back(&store, (answer,))
            })
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "[method]graph-execution-context.compute",
        move |store: Ctx<'_>, (ctx,): (Resource<Context>,)| {
            let mut error = 0;
            let ok = (cb.table.compute_set)(cb.foreign.env, guest(&store), ctx.rep(), &mut error);
            let answer: Answer<()> = if ok {
                Ok(())
            } else {
                Err(Resource::new_own(error))
            };
            back(&store, (answer,))
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "[method]graph-execution-context.get-output",
        move |store: Ctx<'_>, (ctx, name): (Resource<Context>, WasmStr)| {
            no_panic(|| {
                let name = name.to_str(&store)?;
                let mut number = 0;
                let ok = (cb.table.get_output)(
                    cb.foreign.env,
                    guest(&store),
                    ctx.rep(),
                    Span::of(name.as_bytes()),
                    &mut number,
                );
                back(&store, answer::<Tensor>(ok, number))
            })
        },
    )?;
    Ok(())
}

type NamedTensors = Vec<(&'static str, Resource<Tensor>)>;

/// compute with named tensors in and out: the newest version.
fn inference_at_once(i: &mut LinkerInstance<'_, WasmtimeStoreData>, c: &Shared) -> Result<()> {
    let cb = c.clone();
    i.func_wrap(
        "[method]graph-execution-context.compute",
        move |mut store: Ctx<'_>,
              (ctx, inputs): (Resource<Context>, WasmList<(WasmStr, Resource<Tensor>)>)| {
            no_panic(|| {
                let items = inputs.iter(&mut store)?.collect::<Result<Vec<_>>>()?;
                // Borrowed from guest memory, or owned where the guest's strings are UTF-16: either
                // way they live until the callback is over.
                let names = items
                    .iter()
                    .map(|(name, _)| name.to_str(&store))
                    .collect::<Result<Vec<Cow<'_, str>>>>()?;
                let tensors: Vec<_> = names
                    .iter()
                    .zip(&items)
                    .map(|(name, (_, t))| NamedTensor {
                        name: Span::of(name.as_bytes()),
                        tensor: t.rep(),
                    })
                    .collect();
                let (mut outputs, mut error) = (Span::EMPTY, 0);
                let ok = (cb.table.compute)(
                    cb.foreign.env,
                    guest(&store),
                    ctx.rep(),
                    Span::of(&tensors),
                    &mut outputs,
                    &mut error,
                );
                let answer: Answer<NamedTensors> = if ok {
                    let named = unsafe { outputs.answered() }.iter().map(|o| {
                        let name = std::str::from_utf8(unsafe { o.name.answered() })?;
                        Ok((name, Resource::new_own(o.tensor)))
                    });
                    Ok(named.collect::<Result<_>>()?)
                } else {
                    Err(Resource::new_own(error))
                };
                back(&store, (answer,))
            })
        },
    )?;
    Ok(())
}

fn inference(
    i: &mut LinkerInstance<'_, WasmtimeStoreData>,
    c: &Shared,
    at_once: bool,
) -> Result<()> {
    let cb = c.clone();
    i.resource(
        "graph-execution-context",
        ResourceType::host::<Context>(),
        move |store, rep| {
            (cb.table.context_drop)(cb.foreign.env, guest(&store), rep);
            Ok(())
        },
    )?;
    if at_once {
        inference_at_once(i, c)
    } else {
        inference_by_steps(i, c)
    }
}

fn errors(
    i: &mut LinkerInstance<'_, WasmtimeStoreData>,
    c: &Shared,
    constructor: bool,
) -> Result<()> {
    let cb = c.clone();
    i.resource(
        "error",
        ResourceType::host::<WasiNnError>(),
        move |store, rep| {
            (cb.table.error_drop)(cb.foreign.env, guest(&store), rep);
            Ok(())
        },
    )?;
    if constructor {
        let cb = c.clone();
        i.func_wrap(
            "[constructor]error",
            move |store: Ctx<'_>, (code, data): (ErrorCode, WasmStr)| {
                no_panic(|| {
                    let data = data.to_str(&store)?;
                    let rep = (cb.table.error_new)(
                        cb.foreign.env,
                        guest(&store),
                        code as u32,
                        Span::of(data.as_bytes()),
                    );
                    back(&store, (Resource::<WasiNnError>::new_own(rep),))
                })
            },
        )?;
    }
    let cb = c.clone();
    i.func_wrap(
        "[method]error.code",
        move |store: Ctx<'_>, (e,): (Resource<WasiNnError>,)| {
            let number = (cb.table.error_code)(cb.foreign.env, guest(&store), e.rep());
            match ERROR_CODES.get(number as usize) {
                Some(code) => back(&store, (*code,)),
                None => bail!("the host answered with {number}, which is no error code"),
            }
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "[method]error.data",
        move |store: Ctx<'_>, (e,): (Resource<WasiNnError>,)| {
            let mut data = Span::EMPTY;
            (cb.table.error_data)(cb.foreign.env, guest(&store), e.rep(), &mut data);
            back(&store, (std::str::from_utf8(unsafe { data.answered() })?,))
        },
    )?;
    Ok(())
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
        tensor(&mut linker.instance(&instance("tensor"))?, &shared)?;
        graph(&mut linker.instance(&instance("graph"))?, &shared)?;
        inference(
            &mut linker.instance(&instance("inference"))?,
            &shared,
            at_once,
        )?;
        errors(
            &mut linker.instance(&instance("errors"))?,
            &shared,
            error_constructor,
        )
    })
}
