//! `POST /api/message/history`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{GroupId, Seq};
use rim_protocol::rest::{ChatItem, History};

use super::page;
use crate::App;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::wire;

/// Read the history of a group
///
/// Page 1 holds the newest messages, and each page ascends. One reads what was sent while one was a
/// member, after leaving, too. Strangers read an empty list.
#[utoipa::path(
    post,
    path = "/api/message/history",
    tag = "message",
    responses((status = 200, body = Vec<ChatItem>, description = "A page of messages; `user` is the sender.")),
)]
pub(super) async fn read_history(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(body): Json<History>,
) -> Answer<Vec<ChatItem>> {
    let group = GroupId(body.gid.get());
    let below = body.before_seq.map(|seq| Seq(seq.get()));
    match app.store.history(caller.user, group, page(body.page, body.size), below).await? {
        Some(history) => Ok(Data(wire::history(&history, caller.user, &app.config.time_zone)?)),
        // Never null: an old client's page dies of it.
        None => Ok(Data(Vec::new())),
    }
}
