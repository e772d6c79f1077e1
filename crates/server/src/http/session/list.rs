//! `GET /api/session/list`

use std::sync::Arc;

use axum::extract::State;
use rim_protocol::rest::Session;

use crate::App;
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
pub(super) async fn list_sessions(State(app): State<Arc<App>>, caller: Caller) -> Answer<Vec<Session>> {
    let sessions = app.store.sessions(caller.user, app.clock.now()).await?;
    Ok(Data(sessions.iter().map(|session| wire::session(session, caller.session.id)).collect()))
}
