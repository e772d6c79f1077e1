//! `POST /api/message/schedule/now`

use std::sync::Arc;

use axum::extract::State;
use rim_core::Clock;
use rim_protocol::{Id, rest};
use rim_store::Store;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::config::Config;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::limits::RateLimits;
use crate::wire;

/// `POST /api/message/schedule/now`.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"id": 7}))]
pub struct ScheduledNow {
    id: Id,
}

/// Send a scheduled message now
///
/// Also one that has failed. If it is refused it stays as it was.
#[utoipa::path(
    post,
    path = "/api/message/schedule/now",
    tag = "message",
    responses((status = 200, body = rest::Message, description = "The message.")),
)]
pub(super) async fn send_scheduled(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    State(config): State<Arc<Config>>,
    State(limits): State<Arc<RateLimits>>,
    caller: Caller,
    Json(body): Json<ScheduledNow>,
) -> Answer<rest::Message> {
    limits.message(caller.user)?;
    let (session, id) = (caller.session.id, body.id.get());
    let message = store.send_scheduled_now(caller.user, session, id, clock.now()).await?;
    Ok(Data(wire::message(&message, &config.time_zone)))
}
