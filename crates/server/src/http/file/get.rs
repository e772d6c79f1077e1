//! `GET /api/file/get`

use std::sync::Arc;

use axum::extract::State;
use rim_core::Refusal;
use rim_core::file::FileId;
use rim_protocol::rest::{File, FileQuery};
use rim_store::Store;

use super::wire;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::query::Query;

/// What a file is
///
/// For whoever may see it: who has uploaded it, who can see a message that names it, and who is shown it as the picture of
/// a user or group. To everybody else there is no such file.
#[utoipa::path(
    get,
    path = "/api/file/get",
    tag = "file",
    params(FileQuery),
    responses((status = 200, body = File, description = "The file.")),
)]
pub(super) async fn get_file(
    State(store): State<Arc<dyn Store>>,
    Query(query): Query<FileQuery>,
    caller: Caller,
) -> Answer<File> {
    let id = FileId::parse(&query.id).ok_or(Refusal::NoSuchFile)?;
    let file = store.visible_file(caller.user, id).await?.ok_or(Refusal::NoSuchFile)?;
    Ok(Data(wire::file(caller.user, file)))
}
