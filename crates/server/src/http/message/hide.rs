//! `POST /api/message/hide`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{Clock, GroupId, MessageId};
use rim_protocol::Id;
use rim_protocol::limits::{Invalid, MAX_MESSAGES_PER_REQUEST};
use rim_store::Store;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// `POST /api/message/hide`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"gid": 2001, "msgIds": [30001]}))]
pub struct MessageHide {
    gid: Id,
    /// At most 100.
    msg_ids: Vec<Id>,
}

/// Hide messages from oneself
///
/// They are gone from one's own view, on all one's devices and for ever; others see them as before.
#[utoipa::path(
    post,
    path = "/api/message/hide",
    tag = "message",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn hide_messages(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    Json(body): Json<MessageHide>,
) -> Answer<bool> {
    if body.msg_ids.len() > MAX_MESSAGES_PER_REQUEST {
        let allowed = format!("at most {MAX_MESSAGES_PER_REQUEST} in one request");
        return Err(Invalid::new("msgIds", allowed).into());
    }
    let messages = body.msg_ids.into_iter().map(|id| MessageId(id.get())).collect();
    store.hide(caller.user, GroupId(body.gid.get()), messages, clock.now()).await?;
    Ok(Data(true))
}
