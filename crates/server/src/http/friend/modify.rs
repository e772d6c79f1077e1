//! `POST /api/friend/status/modify`

use std::sync::Arc;

use axum::extract::State;
use rim_core::friend::FriendAction;
use rim_core::{Clock, UserId};
use rim_protocol::rest::FriendModify;
use rim_store::Store;

use crate::config::Config;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Answer a request, or end a friendship
///
/// Status 1 accepts a request that came in. Status 2 rejects a request that came in, withdraws one's own,
/// or ends a friendship.
#[utoipa::path(
    post,
    path = "/api/friend/status/modify",
    tag = "friend",
    responses((status = 200, body = bool, description = "Whether there was anything to change.")),
)]
pub(super) async fn modify_friend(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    State(config): State<Arc<Config>>,
    caller: Caller,
    Json(body): Json<FriendModify>,
) -> Answer<bool> {
    let action = match body.status {
        1 => FriendAction::Accept,
        2 => FriendAction::Decline,
        _ => return Ok(Data(false)),
    };
    let friend = UserId(body.fid.get());
    Ok(Data(store.befriend(caller.user, friend, action, config.ask_bounds(), clock.now()).await?))
}
