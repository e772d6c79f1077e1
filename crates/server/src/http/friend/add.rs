//! `POST /api/friend/add`

use std::sync::Arc;

use axum::extract::State;
use rim_core::contact::{AskBounds, Directory};
use rim_core::friend::FriendAction;
use rim_core::{Refusal, UserId};
use rim_protocol::rest::FriendAdd;

use crate::App;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;

/// Ask somebody to be friends
///
/// Asking again changes nothing. If the other one had asked already, both are friends now. Instead of `fid` an `account`
/// says whom, exactly: that is how one asks somebody whom the setting `directory` does not let one look up.
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
    app.limits.ask(caller.user)?;
    let (friend, bounds) = match (body.fid, body.account) {
        (Some(fid), None) => (UserId(fid.get()), app.ask_bounds()),
        (None, Some(account)) => {
            let found = app.store.user_by_account(&account).await?.ok_or(Refusal::NoSuchUser)?;
            (found.id, AskBounds { directory: Directory::Everybody, ..app.ask_bounds() })
        }
        (None, None) => {
            return Err(ApiError::WrongField("missing field `fid`, or `account` in its place".to_owned()));
        }
        (Some(_), Some(_)) => {
            return Err(ApiError::WrongField("one of `fid` and `account`, and not both".to_owned()));
        }
    };
    app.store.befriend(caller.user, friend, FriendAction::Ask, bounds, app.clock.now()).await?;
    Ok(Data(true))
}
