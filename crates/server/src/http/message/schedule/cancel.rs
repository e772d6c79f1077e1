//! `POST /api/message/schedule/cancel`

use std::sync::Arc;

use axum::extract::State;
use rim_core::Clock;
use rim_protocol::Id;
use rim_store::Store;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// `POST /api/message/schedule/cancel`.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"id": 7}))]
pub struct ScheduledCancel {
    id: Id,
}

/// Cancel a scheduled message
///
/// Once this is answered it is not sent.
#[utoipa::path(
    post,
    path = "/api/message/schedule/cancel",
    tag = "message",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn cancel_scheduled(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    Json(body): Json<ScheduledCancel>,
) -> Answer<bool> {
    store.cancel_scheduled(caller.user, body.id.get(), clock.now()).await?;
    Ok(Data(true))
}
