//! `POST /api/session/revoke`

use std::sync::Arc;

use axum::extract::State;
use rim_core::SessionId;
use rim_protocol::rest::SessionRevoke;
use rim_store::Store;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// End one of one's sessions
///
/// Its token is worth nothing from now on, and its WebSockets are closed with 4501.
#[utoipa::path(
    post,
    path = "/api/session/revoke",
    tag = "session",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn revoke_session(
    State(store): State<Arc<dyn Store>>,
    caller: Caller,
    Json(body): Json<SessionRevoke>,
) -> Answer<bool> {
    store.end_session(caller.user, SessionId(body.id.get())).await?;
    Ok(Data(true))
}
