//! `POST /api/message/history`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::message::WantedMessages;
use rim_core::{GroupId, Seq};
use rim_protocol::rest::{ChatItem, History};
use rim_store::{Part, Store};

use super::page::page;
use crate::config::Config;
use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::wire;

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
    State(store): State<Arc<dyn Store>>,
    State(config): State<Arc<Config>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<History>,
) -> Result<Response, ApiError> {
    let group = GroupId(body.gid.get());
    let below = body.before_seq.map(|seq| Seq(seq.get()));
    let (store, zone) = (Arc::clone(&store), config.time_zone.clone());
    let wanted = WantedMessages::Page { page: page(body.page, body.size), below };
    bounded
        .list(caller.user, wanted, move |wanted, bytes| {
            let (store, zone) = (Arc::clone(&store), zone.clone());
            async move {
                // Never null: an old client's page dies of it.
                let nothing = Part { rows: Vec::new(), rest: None };
                let Some(part) = store.history_part(caller.user, group, wanted, bytes).await? else {
                    return Ok(nothing);
                };
                let rows = wire::history(&part.history, caller.user, &zone)?;
                Ok(Part { rows, rest: part.rest.map(WantedMessages::Rest) })
            }
        })
        .await
}
