//! `POST /api/message/replies`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::{GroupId, MessageId, Seq};
use rim_protocol::Id;
use rim_protocol::limits::MAX_PAGE_SIZE;
use rim_protocol::rest::MessageList;
use rim_store::Store;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::config::Config;
use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::wire;

/// `POST /api/message/replies`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"gid": 2001, "msgId": 30001}))]
pub struct RepliesRequest {
    gid: Id,
    msg_id: Id,
    /// Only those of a larger `seq`: the last of the answer before, where that says `more`.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    after: Option<Id>,
}

/// List the answers to a message
///
/// Those that answer it, directly or not.
#[utoipa::path(
    post,
    path = "/api/message/replies",
    tag = "message",
    responses((status = 200, body = MessageList, description = "Ascending, 200 at the most.")),
)]
pub(super) async fn list_replies(
    State(store): State<Arc<dyn Store>>,
    State(config): State<Arc<Config>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<RepliesRequest>,
) -> Result<Response, ApiError> {
    let (user, group, message) = (caller.user, GroupId(body.gid.get()), MessageId(body.msg_id.get()));
    let after = Seq(body.after.map_or(0, Id::get));
    let (store, zone) = (&store, &config.time_zone);
    bounded
        .object(user, |_| async move {
            let found = store.replies(user, group, message, after, MAX_PAGE_SIZE).await?;
            Ok(wire::found(&found, user, zone))
        })
        .await
}
