//! `POST /api/message/stars`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::Rev;
use rim_protocol::Id;
use rim_protocol::rest::{Message, User};
use rim_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::optional_page;
use crate::config::Config;
use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::wire;

/// Stars that are passed over to come to a page. Whoever has more goes on by `before`.
const MAX_PASSED: u64 = 10_000;

/// `POST /api/message/stars`.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"page": 1, "size": 20}))]
pub struct StarsRequest {
    /// From 1, where it is left out.
    #[serde(default)]
    page: Option<u32>,
    /// 50 where left out, 200 at the most.
    #[serde(default)]
    size: Option<u32>,
    /// Only older ones: the `next` of the answer before. Pages are counted from there.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    before: Option<Id>,
}

/// Messages with a star of one's own, the latest star first.
#[derive(Serialize, ToSchema)]
pub struct StarList {
    /// Without those that one may not see any more.
    messages: Vec<Message>,
    /// Everybody whom they name, once.
    users: Vec<User>,
    /// Whether there are more.
    more: bool,
    /// Where they begin.
    next: Option<u64>,
}

/// List the messages with a star of one's own
#[utoipa::path(
    post,
    path = "/api/message/stars",
    tag = "message",
    responses((status = 200, body = StarList, description = "A page, the latest star first.")),
)]
pub(super) async fn list_stars(
    State(store): State<Arc<dyn Store>>,
    State(config): State<Arc<Config>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<StarsRequest>,
) -> Result<Response, ApiError> {
    let page = optional_page(body.page, body.size);
    let before = body.before.map(|rev| Rev(rev.get()));
    let (user, store, zone) = (caller.user, &store, &config.time_zone);
    bounded
        .object(user, |bytes| async move {
            let nothing = StarList { messages: Vec::new(), users: Vec::new(), more: false, next: None };
            if page.size == 0 || page.offset() > MAX_PASSED {
                return Ok(nothing);
            }
            let pass = u32::try_from(page.offset()).expect("it is no more than MAX_PASSED");
            let found = store.stars(user, before, pass, page.size, bytes).await?;
            let shown = found.stars.iter().filter_map(|star| star.shown.as_ref());
            Ok(StarList {
                messages: shown.map(|message| wire::message(message, zone)).collect(),
                users: wire::users(&found.users, user),
                more: found.rest.is_some(),
                next: found.rest.map(|rev| rev.0),
            })
        })
        .await
}
