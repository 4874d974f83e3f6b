//! Interface `errors`.
use super::callbacks::Shared;
use super::types::{ERROR_CODES, ErrorCode, WasiNnError};
use crate::guard::no_panic;
use crate::span::{Ctx, Span, back, guest};
use wasmtime::component::{LinkerInstance, Resource, ResourceType, WasmStr};
use wasmtime::{Result, bail};
use wasmtime_c_api::WasmtimeStoreData;

pub fn define(
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
