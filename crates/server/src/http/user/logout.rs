//! `POST /api/user/logout`

use std::sync::Arc;

use axum::extract::State;

use crate::App;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;

/// Log out
///
/// Ends the session of the token that asks, and closes its WebSockets.
#[utoipa::path(
    post,
    path = "/api/user/logout",
    tag = "user",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn log_out(State(app): State<Arc<App>>, caller: Caller) -> Answer<bool> {
    app.store.end_session(caller.user, caller.session.id).await?;
    Ok(Data(true))
}
