//! `POST /api/message/clear`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{Clock, GroupId, Seq};
use rim_protocol::Id;
use rim_store::Store;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// `POST /api/message/clear`.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"gid": 2001}))]
pub struct ChatClear {
    gid: Id,
    /// How far one has seen it: what came later stays. Everything where left out.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    seq: Option<Id>,
}

/// Clear a chat for oneself
///
/// All that was said is gone from one's own view, on all one's devices and for ever. The chat comes back to the list with
/// its next message.
#[utoipa::path(
    post,
    path = "/api/message/clear",
    tag = "message",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn clear_chat(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    Json(body): Json<ChatClear>,
) -> Answer<bool> {
    let up_to = body.seq.map(|seq| Seq(seq.get()));
    store.clear(caller.user, GroupId(body.gid.get()), up_to, clock.now()).await?;
    Ok(Data(true))
}
