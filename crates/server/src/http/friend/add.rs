//! `POST /api/friend/add`

use std::sync::Arc;

use axum::extract::State;
use rim_core::UserId;
use rim_core::friend::FriendAction;
use rim_protocol::rest::FriendAdd;

use crate::App;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Ask somebody to be friends
///
/// Asking again changes nothing. If the other one had asked already, both are friends now.
#[utoipa::path(
    post,
    path = "/api/friend/add",
    tag = "friend",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn add_friend(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(body): Json<FriendAdd>,
) -> Answer<bool> {
    app.store.befriend(caller.user, UserId(body.fid.get()), FriendAction::Ask, app.clock.now()).await?;
    Ok(Data(true))
}
