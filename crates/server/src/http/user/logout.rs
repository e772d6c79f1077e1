//! `POST /api/user/logout`

use std::sync::Arc;

use axum::extract::State;
use rim_store::Store;

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
pub(super) async fn log_out(State(store): State<Arc<dyn Store>>, caller: Caller) -> Answer<bool> {
    store.end_session(caller.user, caller.session.id).await?;
    Ok(Data(true))
}
