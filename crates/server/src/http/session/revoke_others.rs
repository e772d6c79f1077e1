//! `POST /api/session/revoke/others`

use std::sync::Arc;

use axum::extract::State;
use rim_store::Store;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;

/// End all of one's other sessions
///
/// All but the one of this request: their tokens are worth nothing from now on, and their WebSockets are closed with
/// 4501.
#[utoipa::path(
    post,
    path = "/api/session/revoke/others",
    tag = "session",
    responses((status = 200, body = u64, description = "How many have ended.")),
)]
pub(super) async fn revoke_other_sessions(
    State(store): State<Arc<dyn Store>>,
    caller: Caller,
) -> Answer<u64> {
    Ok(Data(store.end_other_sessions(caller.user, caller.session.id).await?))
}
