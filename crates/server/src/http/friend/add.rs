//! `POST /api/friend/add`

use std::sync::Arc;

use axum::extract::State;
use rim_core::contact::{AskBounds, Directory};
use rim_core::friend::FriendAction;
use rim_core::{Clock, Refusal, UserId};
use rim_protocol::rest::FriendAdd;
use rim_store::Store;

use crate::config::Config;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::limits::RateLimits;

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
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    State(limits): State<Arc<RateLimits>>,
    State(config): State<Arc<Config>>,
    caller: Caller,
    Json(body): Json<FriendAdd>,
) -> Answer<bool> {
    limits.ask(caller.user)?;
    let (friend, bounds) = match (body.fid, body.account) {
        (Some(fid), None) => (UserId(fid.get()), config.ask_bounds()),
        (None, Some(account)) => {
            let found = store.user_by_account(&account).await?.ok_or(Refusal::NoSuchUser)?;
            (found.id, AskBounds { directory: Directory::Everybody, ..config.ask_bounds() })
        }
        (None, None) => {
            return Err(ApiError::WrongField("missing field `fid`, or `account` in its place".to_owned()));
        }
        (Some(_), Some(_)) => {
            return Err(ApiError::WrongField("one of `fid` and `account`, and not both".to_owned()));
        }
    };
    store.befriend(caller.user, friend, FriendAction::Ask, bounds, clock.now()).await?;
    Ok(Data(true))
}
