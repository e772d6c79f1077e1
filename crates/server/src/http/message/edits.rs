//! `POST /api/message/edits`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::note::Edition;
use rim_core::{GroupId, MessageId};
use rim_protocol::Kind;
use rim_protocol::rest::MessageRef;
use rim_store::Store;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::wire;

/// What a message said at a time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EditState {
    content: String,
    /// Since when, Unix milliseconds.
    created_at: i64,
    kind: Kind,
}

impl From<Edition> for EditState {
    fn from(Edition { kind, content, at }: Edition) -> Self {
        Self { content, created_at: at.0, kind: wire::kind(kind) }
    }
}

/// Read what a message has said
///
/// The oldest first, what it says now last. Of a recalled message nothing.
#[utoipa::path(
    post,
    path = "/api/message/edits",
    tag = "message",
    responses((status = 200, body = Vec<EditState>, description = "The newest, as many as fit into an answer.")),
)]
pub(super) async fn list_edits(
    State(store): State<Arc<dyn Store>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<MessageRef>,
) -> Result<Response, ApiError> {
    let (user, group, message) = (caller.user, GroupId(body.gid.get()), MessageId(body.msg_id.get()));
    let store = &store;
    bounded
        .object(user, |_| async move {
            let editions = store.edits(user, group, message).await?;
            Ok(editions.into_iter().map(EditState::from).collect::<Vec<_>>())
        })
        .await
}
