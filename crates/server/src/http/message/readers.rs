//! `POST /api/message/readers`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{GroupId, MessageId};
use rim_protocol::rest::MessageRef;
use rim_store::Store;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Who has read a message: of those who were members when it was sent and are, without its sender.
#[derive(Serialize, ToSchema)]
pub struct Readers {
    /// How many have read it.
    read: u64,
    /// How many they are.
    of: u64,
    /// Who has; null in groups of more than 200 members.
    uids: Option<Vec<u64>>,
    /// Whether there are members who are not counted: of a group of more than 5,000 only those who joined first are.
    more: bool,
}

/// Ask who has read a message
///
/// Who has written after it has read it.
#[utoipa::path(
    post,
    path = "/api/message/readers",
    tag = "message",
    responses((status = 200, body = Readers, description = "Of those who were members when it was sent, and are.")),
)]
pub(super) async fn list_readers(
    State(store): State<Arc<dyn Store>>,
    caller: Caller,
    Json(body): Json<MessageRef>,
) -> Answer<Readers> {
    let (group, message) = (GroupId(body.gid.get()), MessageId(body.msg_id.get()));
    let readers = store.readers(caller.user, group, message).await?;
    let uids = readers.users.map(|users| users.into_iter().map(|user| user.0).collect());
    Ok(Data(Readers { read: readers.read, of: readers.of, uids, more: readers.more }))
}
