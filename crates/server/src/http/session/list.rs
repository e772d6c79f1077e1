//! `GET /api/session/list`

use std::sync::Arc;

use axum::extract::State;
use rim_core::Clock;
use rim_protocol::rest::Session;
use rim_store::Store;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::wire;

/// List one's sessions
///
/// Those that have not ended, oldest first.
#[utoipa::path(
    get,
    path = "/api/session/list",
    tag = "session",
    responses((status = 200, body = Vec<Session>, description = "One row for each login.")),
)]
pub(super) async fn list_sessions(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
) -> Answer<Vec<Session>> {
    let sessions = store.sessions(caller.user, clock.now()).await?;
    Ok(Data(sessions.iter().map(|session| wire::session(session, caller.session.id)).collect()))
}
