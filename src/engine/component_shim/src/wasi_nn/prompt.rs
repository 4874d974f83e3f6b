//! Interface `prompt`, which is proposed for wasi:nn: a chat whose history the host keeps. Its
//! `init` takes the graph over.
use super::callbacks::Shared;
use super::types::Graph;
use crate::guard::no_panic;
use crate::span::{Ctx, Span, back, guest};
use wasmtime::Result;
use wasmtime::component::{LinkerInstance, Resource, ResourceType, WasmStr};
use wasmtime_c_api::WasmtimeStoreData;

enum Chat {}

pub fn define(i: &mut LinkerInstance<'_, WasmtimeStoreData>, c: &Shared) -> Result<()> {
    let cb = c.clone();
    i.resource(
        "context",
        ResourceType::host::<Chat>(),
        move |store, rep| {
            (cb.table.prompt_drop)(cb.foreign.env, guest(&store), rep);
            Ok(())
        },
    )?;
    let cb = c.clone();
    i.func_wrap("init", move |store: Ctx<'_>, (g,): (Resource<Graph>,)| {
        no_panic(|| {
            let (mut number, mut error) = (0, Span::EMPTY);
            let ok = (cb.table.prompt_init)(
                cb.foreign.env,
                guest(&store),
                g.rep(),
                &mut number,
                &mut error,
            );
            let answer: std::result::Result<Resource<Chat>, &'static str> = if ok {
                Ok(Resource::new_own(number))
            } else {
                Err(std::str::from_utf8(unsafe { error.answered() })?)
            };
            back(&store, (answer,))
        })
    })?;
    let cb = c.clone();
    i.func_wrap(
        "[method]context.compute",
        move |store: Ctx<'_>, (chat, prompt): (Resource<Chat>, WasmStr)| {
            no_panic(|| {
                let prompt = prompt.to_str(&store)?;
                let mut said = Span::EMPTY;
                let ok = (cb.table.prompt_compute)(
                    cb.foreign.env,
                    guest(&store),
                    chat.rep(),
                    Span::of(prompt.as_bytes()),
                    &mut said,
                );
                let said = std::str::from_utf8(unsafe { said.answered() })?;
                let answer: std::result::Result<&'static str, &'static str> =
                    if ok { Ok(said) } else { Err(said) };
                back(&store, (answer,))
            })
        },
    )?;
    Ok(())
}
