//! Interface `tensor`.
use super::callbacks::Shared;
use super::types::{TENSOR_TYPES, Tensor, TensorType};
use crate::guard::no_panic;
use crate::span::{Ctx, Span, back, guest};
use wasmtime::component::{LinkerInstance, Resource, ResourceType, WasmList};
use wasmtime::{Result, bail};
use wasmtime_c_api::WasmtimeStoreData;

pub fn define(i: &mut LinkerInstance<'_, WasmtimeStoreData>, c: &Shared) -> Result<()> {
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
