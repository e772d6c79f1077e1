//! `POST /api/message/get`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{GroupId, MessageId};
use rim_protocol::rest::{Message, MessageRef};
use rim_store::Store;

use crate::config::Config;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::wire;

/// Read one message
#[utoipa::path(
    post,
    path = "/api/message/get",
    tag = "message",
    responses((status = 200, body = Message, description = "The message, to who has left as it was then.")),
)]
pub(super) async fn get_message(
    State(store): State<Arc<dyn Store>>,
    State(config): State<Arc<Config>>,
    caller: Caller,
    Json(body): Json<MessageRef>,
) -> Answer<Message> {
    let (group, message) = (GroupId(body.gid.get()), MessageId(body.msg_id.get()));
    let message = store.message(caller.user, group, message).await?;
    Ok(Data(wire::message(&message, &config.time_zone)))
}
