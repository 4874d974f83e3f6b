//! Interface `graph`.
use super::callbacks::Shared;
use super::types::{Context, ExecutionTarget, Graph, GraphEncoding, answer};
use crate::guard::no_panic;
use crate::span::{Ctx, Span, back, guest};
use wasmtime::Result;
use wasmtime::component::{LinkerInstance, Resource, ResourceType, WasmList, WasmStr};
use wasmtime_c_api::WasmtimeStoreData;

/// A model of more parts is refused by the callback, which sees one more than these at most: lists
/// of lists are the one thing that is copied here, and a guest may claim half a billion.
/// `NACRE_WASI_NN_MAX_PARTS`
pub const MAX_PARTS: usize = 65536;

pub fn define(i: &mut LinkerInstance<'_, WasmtimeStoreData>, c: &Shared) -> Result<()> {
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
