//! `POST /api/file/link`

use std::sync::Arc;

use axum::extract::State;
use rim_core::file::FileId;
use rim_core::{Clock, Refusal};
use rim_protocol::rest::{FileLink, FileRef};
use rim_store::Store;

use crate::accounts::Accounts;
use crate::accounts::pass::LINK_MS;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::media;

/// Make a link to a file
///
/// An address that needs no token, for players and programs that send none. It opens this file alone, for a quarter of an
/// hour, as long as the session goes on and its user may see the file.
#[utoipa::path(
    post,
    path = "/api/file/link",
    tag = "file",
    responses((status = 200, body = FileLink, description = "The address on this server, and when it ends.")),
)]
pub(super) async fn link_file(
    State(store): State<Arc<dyn Store>>,
    State(accounts): State<Arc<Accounts>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    Json(body): Json<FileRef>,
) -> Answer<FileLink> {
    let id = FileId::parse(&body.id).ok_or(Refusal::NoSuchFile)?;
    store.visible_file(caller.user, id).await?.ok_or(Refusal::NoSuchFile)?;
    let until = clock.now().plus_ms(LINK_MS);
    let pass = accounts.seal().await?.link((&caller.session).into(), &id, until);
    Ok(Data(FileLink { url: format!("{}?{pass}", media::file_address(&id)), expires_at: until.0 }))
}
