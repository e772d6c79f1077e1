//! `POST /api/chat/delete`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{Clock, GroupId, Seq};
use rim_protocol::rest::ChatDelete;
use rim_store::Store;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Delete a chat
///
/// From one's own list and on all of one's own devices, also where one has left. One stays a member and keeps what was
/// said. The next message brings the chat back, and so does joining anew. Again: nothing changes. A group chat that one
/// has left and deleted is forgotten: nothing lists it any more, and one's own part can still be read.
#[utoipa::path(
    post,
    path = "/api/chat/delete",
    tag = "chat",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn delete_chat(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    Json(body): Json<ChatDelete>,
) -> Answer<bool> {
    let (group, seen) = (GroupId(body.gid.get()), body.seq.map(|seq| Seq(seq.get())));
    store.delete_chat(caller.user, group, seen, clock.now()).await?;
    Ok(Data(true))
}
