//! Interface `inference`, by steps and at once.
use super::callbacks::{NamedTensor, Shared};
use super::types::{Answer, Context, Tensor, answer};
use crate::guard::no_panic;
use crate::span::{Ctx, Span, back, guest};
use std::borrow::Cow;
use wasmtime::Result;
use wasmtime::component::{LinkerInstance, Resource, ResourceType, WasmList, WasmStr};
use wasmtime_c_api::WasmtimeStoreData;

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

pub fn define(
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
