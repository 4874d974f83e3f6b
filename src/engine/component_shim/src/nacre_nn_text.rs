//! `nacre:nn/text`: a language model's text piece by piece, over the `text_` callbacks.
use crate::guard::no_panic;
use crate::nacre_nn::{Answer, CError, NO_ERROR, Shared, VERSIONS, error, text};
use crate::span::{Ctx, Span, back, guest};
use crate::wasi_nn::types::Graph;
use std::ffi::c_void;
use wasmtime::Result;
use wasmtime::component::{Linker, LinkerInstance, Resource, ResourceType, WasmList, WasmStr};
use wasmtime_c_api::WasmtimeStoreData;

/// `text-context`
enum Text {}

fn unless<T>(ok: bool, failure: &CError, value: impl FnOnce() -> Result<T>) -> Result<Answer<T>> {
    if ok { Ok(Ok(value()?)) } else { error(failure) }
}

fn bytes(span: &Span<u8>) -> &'static [u8] {
    unsafe { span.answered() }
}

type WithBytes = extern "C" fn(*mut c_void, *mut c_void, u32, Span<u8>, &mut CError) -> bool;
type GivesBytes = extern "C" fn(*mut c_void, *mut c_void, u32, &mut Span<u8>, &mut CError) -> bool;

/// Calls a callback that is given bytes and answers nothing.
fn put(store: &Ctx<'_>, c: &Shared, to: WithBytes, rep: u32, given: &[u8]) -> Result<Answer<()>> {
    let mut failure = NO_ERROR;
    let ok = to(
        c.foreign.env,
        guest(store),
        rep,
        Span::of(given),
        &mut failure,
    );
    unless(ok, &failure, || Ok(()))
}

/// Calls a callback that answers bytes; `value` makes the WIT's of them.
fn take<T>(
    store: &Ctx<'_>,
    c: &Shared,
    from: GivesBytes,
    rep: u32,
    value: impl FnOnce(&Span<u8>) -> Result<T>,
) -> Result<Answer<T>> {
    let (mut out, mut failure) = (Span::EMPTY, NO_ERROR);
    let ok = from(c.foreign.env, guest(store), rep, &mut out, &mut failure);
    unless(ok, &failure, || value(&out))
}

fn define_context(i: &mut LinkerInstance<'_, WasmtimeStoreData>, c: &Shared) -> Result<()> {
    let cb = c.clone();
    i.resource(
        "text-context",
        ResourceType::host::<Text>(),
        move |store, rep| {
            (cb.table.text_drop)(cb.foreign.env, guest(&store), rep);
            Ok(())
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "[method]text-context.configure",
        move |store: Ctx<'_>, (t, json): (Resource<Text>, WasmStr)| {
            no_panic(|| {
                let json = json.to_str(&store)?;
                let to = cb.table.text_configure;
                let answer = put(&store, &cb, to, t.rep(), json.as_bytes())?;
                back(&store, (answer,))
            })
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "[method]text-context.set-prompt",
        move |store: Ctx<'_>, (t, prompt): (Resource<Text>, WasmList<u8>)| {
            no_panic(|| {
                let to = cb.table.text_set_prompt;
                let answer = put(&store, &cb, to, t.rep(), prompt.as_le_slice(&store))?;
                back(&store, (answer,))
            })
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "[method]text-context.next",
        move |store: Ctx<'_>, (t,): (Resource<Text>,)| {
            no_panic(|| {
                let answer = take(&store, &cb, cb.table.text_next, t.rep(), |piece| {
                    Ok((!piece.data.is_null()).then(|| bytes(piece)))
                })?;
                back(&store, (answer,))
            })
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "[method]text-context.finish",
        move |store: Ctx<'_>, (t,): (Resource<Text>,)| {
            (cb.table.text_finish)(cb.foreign.env, guest(&store), t.rep());
            back(&store, ())
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "[method]text-context.generate",
        move |store: Ctx<'_>, (t,): (Resource<Text>,)| {
            no_panic(|| {
                let from = cb.table.text_generate;
                let answer = take(&store, &cb, from, t.rep(), |all| Ok(bytes(all)))?;
                back(&store, (answer,))
            })
        },
    )?;
    let cb = c.clone();
    i.func_wrap(
        "[method]text-context.metadata",
        move |store: Ctx<'_>, (t,): (Resource<Text>,)| {
            no_panic(|| {
                let answer = take(&store, &cb, cb.table.text_metadata, t.rep(), text)?;
                back(&store, (answer,))
            })
        },
    )
}

pub fn define(linker: &mut Linker<WasmtimeStoreData>, c: &Shared) -> Result<()> {
    define_context(&mut linker.instance("nacre:nn/text@0.1.0")?, c)?;
    for version in VERSIONS {
        let mut opening = linker.instance(&format!("nacre:nn/text-{version}@0.1.0"))?;
        let cb = c.clone();
        opening.func_wrap("open", move |store: Ctx<'_>, (g,): (Resource<Graph>,)| {
            no_panic(|| {
                let (mut number, mut failure) = (0, NO_ERROR);
                let ok = (cb.table.text_open)(
                    cb.foreign.env,
                    guest(&store),
                    g.rep(),
                    &mut number,
                    &mut failure,
                );
                let answer = unless(ok, &failure, || Ok(Resource::<Text>::new_own(number)))?;
                back(&store, (answer,))
            })
        })?;
    }
    Ok(())
}
