//! `nacre:nn`: questions about backends and graphs, as typed host functions over C callbacks
//! (src/abi/component/nacre_nn_callbacks.h). The text is guests/sdk/wit/nacre-nn/nacre-nn.wit.
//!
//! A guest's graph is the resource of one of wasi:nn's versions. On this side all of them are the
//! same type, so the three interfaces that take one differ in their names only.
use crate::component_pre::linker_mut;
use crate::guard::{Finalizer, Foreign, no_panic, to_c};
use crate::span::{Ctx, Span, back, guest};
use crate::wasi_nn::types::{ERROR_CODES, ErrorCode, Graph};
use std::ffi::c_void;
use std::mem::{offset_of, size_of};
use std::sync::Arc;
use wasmtime::component::{ComponentType, Lower, Resource, WasmStr};
use wasmtime::{Result, bail};
use wasmtime_c_api::*;

// ---- what crosses to C ---------------------------------------------------------------------

/// `nacre_shim_error`
#[repr(C)]
pub struct CError {
    code: u32,
    data: Span<u8>,
}

/// `nacre_shim_pair`
#[repr(C)]
struct CPair {
    key: Span<u8>,
    value: Span<u8>,
}

/// `nacre_shim_tensor_description`. A span without an address is none.
#[repr(C)]
struct CTensor {
    name: Span<u8>,
    dimensions: Span<i64>,
    carrier: Span<i64>,
    layout: Span<u8>,
    note: Span<u8>,
    ty: u32,
}

/// `nacre_shim_graph_description`
#[repr(C)]
struct CGraph {
    backend: Span<u8>,
    encoding: Span<u8>,
    target: Span<u8>,
    inputs: Span<CTensor>,
    outputs: Span<CTensor>,
    properties: Span<CPair>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct nacre_nn_callbacks {
    env: *mut c_void,
    finalizer: Finalizer,
    list: extern "C" fn(*mut c_void, *mut c_void, &mut Span<Span<u8>>),
    properties:
        extern "C" fn(*mut c_void, *mut c_void, Span<u8>, &mut Span<CPair>, &mut CError) -> bool,
    describe_by_name:
        extern "C" fn(*mut c_void, *mut c_void, Span<u8>, &mut CGraph, &mut CError) -> bool,
    describe: extern "C" fn(*mut c_void, *mut c_void, u32, &mut CGraph, &mut CError) -> bool,
    pub text_open: extern "C" fn(*mut c_void, *mut c_void, u32, &mut u32, &mut CError) -> bool,
    pub text_drop: extern "C" fn(*mut c_void, *mut c_void, u32),
    pub text_configure: extern "C" fn(*mut c_void, *mut c_void, u32, Span<u8>, &mut CError) -> bool,
    pub text_set_prompt:
        extern "C" fn(*mut c_void, *mut c_void, u32, Span<u8>, &mut CError) -> bool,
    pub text_next: extern "C" fn(*mut c_void, *mut c_void, u32, &mut Span<u8>, &mut CError) -> bool,
    pub text_finish: extern "C" fn(*mut c_void, *mut c_void, u32),
    pub text_generate:
        extern "C" fn(*mut c_void, *mut c_void, u32, &mut Span<u8>, &mut CError) -> bool,
    pub text_metadata:
        extern "C" fn(*mut c_void, *mut c_void, u32, &mut Span<u8>, &mut CError) -> bool,
}

pub struct Callbacks {
    pub table: nacre_nn_callbacks,
    pub foreign: Foreign,
}

pub type Shared = Arc<Callbacks>;

unsafe impl Send for Callbacks {}
unsafe impl Sync for Callbacks {}

/// As `wasi_nn::layout`.
pub(crate) fn layout() -> Vec<usize> {
    macro_rules! of {
        ($t:ty: $($field:ident)*) => { vec![size_of::<$t>(), $(offset_of!($t, $field)),*] };
    }
    [
        of!(CError: code data),
        of!(CPair: key value),
        of!(CTensor: name dimensions carrier layout note ty),
        of!(CGraph: backend encoding target inputs outputs properties),
        of!(nacre_nn_callbacks: env finalizer list properties describe_by_name describe text_open
            text_drop text_configure text_set_prompt text_next text_finish text_generate
            text_metadata),
        vec![ELEMENT_TYPES.len()],
    ]
    .concat()
}

// ---- the WIT's types -----------------------------------------------------------------------

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
enum ElementType {
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
    #[component(name = "I8")]
    I8,
    #[component(name = "I16")]
    I16,
    #[component(name = "U16")]
    U16,
    #[component(name = "U32")]
    U32,
    #[component(name = "U64")]
    U64,
    #[component(name = "BOOL")]
    Bool,
    #[component(name = "STRING")]
    String,
}

const ELEMENT_TYPES: [ElementType; 14] = {
    use ElementType::*;
    [
        Fp16, Fp32, Fp64, Bf16, U8, I32, I64, I8, I16, U16, U32, U64, Bool, String,
    ]
};

#[derive(ComponentType, Lower)]
#[component(record)]
struct TensorDescription {
    name: Option<&'static str>,
    ty: Option<ElementType>,
    dimensions: Option<&'static [i64]>,
    carrier: Option<&'static [i64]>,
    layout: Option<&'static str>,
    note: &'static str,
}

type Pairs = Vec<(&'static str, &'static str)>;

#[derive(ComponentType, Lower)]
#[component(record)]
struct GraphDescription {
    backend: &'static str,
    encoding: &'static str,
    target: &'static str,
    inputs: Option<Vec<TensorDescription>>,
    outputs: Option<Vec<TensorDescription>>,
    properties: Pairs,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub struct NnError {
    code: ErrorCode,
    data: &'static str,
}

pub type Answer<T> = std::result::Result<T, NnError>;

// ---- from C --------------------------------------------------------------------------------

// C++ answers with spans that live until its next callback for the guest (span.rs).

pub fn text(span: &Span<u8>) -> Result<&'static str> {
    Ok(std::str::from_utf8(unsafe { span.answered() })?)
}

fn some_text(span: &Span<u8>) -> Result<Option<&'static str>> {
    if span.data.is_null() {
        return Ok(None);
    }
    text(span).map(Some)
}

fn some_dims(span: &Span<i64>) -> Option<&'static [i64]> {
    (!span.data.is_null()).then(|| unsafe { span.answered() })
}

fn pairs(span: &Span<CPair>) -> Result<Pairs> {
    let all = unsafe { span.answered() }.iter();
    all.map(|pair| Ok((text(&pair.key)?, text(&pair.value)?)))
        .collect()
}

fn tensors(span: &Span<CTensor>) -> Result<Option<Vec<TensorDescription>>> {
    if span.data.is_null() {
        return Ok(None);
    }
    let all = unsafe { span.answered() }.iter().map(|t| {
        Ok(TensorDescription {
            name: some_text(&t.name)?,
            ty: ELEMENT_TYPES.get(t.ty as usize).copied(),
            dimensions: some_dims(&t.dimensions),
            carrier: some_dims(&t.carrier),
            layout: some_text(&t.layout)?,
            note: text(&t.note)?,
        })
    });
    Ok(Some(all.collect::<Result<_>>()?))
}

fn graph(c: &CGraph) -> Result<GraphDescription> {
    Ok(GraphDescription {
        backend: text(&c.backend)?,
        encoding: text(&c.encoding)?,
        target: text(&c.target)?,
        inputs: tensors(&c.inputs)?,
        outputs: tensors(&c.outputs)?,
        properties: pairs(&c.properties)?,
    })
}

pub fn error<T>(c: &CError) -> Result<Answer<T>> {
    let Some(code) = ERROR_CODES.get(c.code as usize) else {
        bail!("the host answered with {}, which is no error code", c.code);
    };
    Ok(Err(NnError {
        code: *code,
        data: text(&c.data)?,
    }))
}

pub const NO_ERROR: CError = CError {
    code: u32::MAX,
    data: Span::EMPTY,
};

const NO_GRAPH: CGraph = CGraph {
    backend: Span::EMPTY,
    encoding: Span::EMPTY,
    target: Span::EMPTY,
    inputs: Span::EMPTY,
    outputs: Span::EMPTY,
    properties: Span::EMPTY,
};

// ---- the interfaces ------------------------------------------------------------------------

pub const VERSIONS: [&str; 3] = ["rc20240625", "rc20240819", "rc20241028"];

/// Defines `nacre:nn` in `linker`. Takes a reference on the environment as
/// nacre_component_linker_add_wasi_nn does.
#[unsafe(no_mangle)]
pub extern "C" fn nacre_component_linker_add_nacre_nn(
    linker: &mut wasmtime_component_linker_t,
    callbacks: &nacre_nn_callbacks,
) -> Option<Box<wasmtime_error_t>> {
    let foreign = Foreign {
        env: callbacks.env,
        finalizer: callbacks.finalizer,
    };
    let shared = Arc::new(Callbacks {
        table: *callbacks,
        foreign,
    });
    to_c(|| {
        let linker = linker_mut(linker);
        let mut backends = linker.instance("nacre:nn/backends@0.1.0")?;
        let cb = shared.clone();
        backends.func_wrap("list", move |store: Ctx<'_>, (): ()| {
            no_panic(|| {
                let mut names = Span::EMPTY;
                (cb.table.list)(cb.foreign.env, guest(&store), &mut names);
                let names = unsafe { names.answered() }.iter().map(text);
                back(&store, (names.collect::<Result<Vec<_>>>()?,))
            })
        })?;
        let cb = shared.clone();
        backends.func_wrap("properties", move |store: Ctx<'_>, (name,): (WasmStr,)| {
            no_panic(|| {
                let name = name.to_str(&store)?;
                let (mut out, mut failure) = (Span::EMPTY, NO_ERROR);
                let ok = (cb.table.properties)(
                    cb.foreign.env,
                    guest(&store),
                    Span::of(name.as_bytes()),
                    &mut out,
                    &mut failure,
                );
                let answer: Answer<Pairs> = if ok {
                    Ok(pairs(&out)?)
                } else {
                    error(&failure)?
                };
                back(&store, (answer,))
            })
        })?;
        let mut graphs = linker.instance("nacre:nn/graphs@0.1.0")?;
        let cb = shared.clone();
        graphs.func_wrap(
            "describe-by-name",
            move |store: Ctx<'_>, (name,): (WasmStr,)| {
                no_panic(|| {
                    let name = name.to_str(&store)?;
                    let (mut out, mut failure) = (NO_GRAPH, NO_ERROR);
                    let ok = (cb.table.describe_by_name)(
                        cb.foreign.env,
                        guest(&store),
                        Span::of(name.as_bytes()),
                        &mut out,
                        &mut failure,
                    );
                    let answer: Answer<GraphDescription> = if ok {
                        Ok(graph(&out)?)
                    } else {
                        error(&failure)?
                    };
                    back(&store, (answer,))
                })
            },
        )?;
        for version in VERSIONS {
            let mut described = linker.instance(&format!("nacre:nn/graphs-{version}@0.1.0"))?;
            let cb = shared.clone();
            described.func_wrap(
                "describe",
                move |store: Ctx<'_>, (handle,): (Resource<Graph>,)| {
                    no_panic(|| {
                        let (mut out, mut failure) = (NO_GRAPH, NO_ERROR);
                        let ok = (cb.table.describe)(
                            cb.foreign.env,
                            guest(&store),
                            handle.rep(),
                            &mut out,
                            &mut failure,
                        );
                        let answer: Answer<GraphDescription> = if ok {
                            Ok(graph(&out)?)
                        } else {
                            error(&failure)?
                        };
                        back(&store, (answer,))
                    })
                },
            )?;
        }
        crate::nacre_nn_text::define(linker, &shared)
    })
}
