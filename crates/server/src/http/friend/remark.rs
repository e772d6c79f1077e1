//! `POST /api/friend/remark`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{Clock, UserId};
use rim_protocol::{Id, Name};
use rim_store::Store;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// `POST /api/friend/remark`.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"fid": 102, "remark": "Bob from the shop"}))]
pub struct FriendRemark {
    fid: Id,
    /// Empty for nothing.
    remark: Name,
}

/// Call a friend by a name of one's own
///
/// It is seen by nobody else, and ends with the friendship.
#[utoipa::path(
    post,
    path = "/api/friend/remark",
    tag = "friend",
    responses((status = 200, body = bool, description = "Whether they are a friend.")),
)]
pub(super) async fn remark_on_friend(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    Json(body): Json<FriendRemark>,
) -> Answer<bool> {
    let (friend, remark) = (UserId(body.fid.get()), body.remark.checked("remark")?);
    Ok(Data(store.set_remark(caller.user, friend, remark, clock.now()).await?))
}
