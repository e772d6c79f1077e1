//! `POST /api/message/unstar`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{Clock, GroupId, MessageId};
use rim_protocol::rest::MessageRef;
use rim_store::Store;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Take the star from a message
///
/// Also from one that is not to be seen any more.
#[utoipa::path(
    post,
    path = "/api/message/unstar",
    tag = "message",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn unstar_message(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    Json(body): Json<MessageRef>,
) -> Answer<bool> {
    let (group, message) = (GroupId(body.gid.get()), MessageId(body.msg_id.get()));
    store.unstar(caller.user, group, message, clock.now()).await?;
    Ok(Data(true))
}
