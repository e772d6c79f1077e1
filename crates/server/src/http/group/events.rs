//! `POST /api/group/events`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::group_event::MAX_EVENTS;
use rim_core::{GroupId, Seq};
use rim_protocol::sync::{EventsAnswer, EventsRequest};
use rim_store::Store;

use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::wire;

/// Read what happened in a group
///
/// Goes with a page of history: who joined and left, and what was changed, from one message to another. One
/// hears of what happened while one was a member, the own joining and leaving included. Of a single chat there is
/// nothing.
#[utoipa::path(
    post,
    path = "/api/group/events",
    tag = "group",
    responses((status = 200, body = EventsAnswer, description = "The newest of them, 200 at the most, ascending.")),
)]
pub(super) async fn list_events(
    State(store): State<Arc<dyn Store>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<EventsRequest>,
) -> Result<Response, ApiError> {
    let (from, to) = (Seq(body.from_seq.get()), Seq(body.to_seq.get()));
    let (user, group) = (caller.user, GroupId(body.gid.get()));
    let store = &store;
    bounded
        .object(user, |bytes| async move {
            let (events, users, more) = store.group_events(user, group, from, to, MAX_EVENTS, bytes).await?;
            let events = events.iter().map(wire::event).collect();
            Ok(EventsAnswer { events, users: wire::users(&users, user), more })
        })
        .await
}
