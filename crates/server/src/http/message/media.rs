//! `POST /api/message/media`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::gallery::Part;
use rim_core::{GroupId, Seq};
use rim_protocol::Id;
use rim_protocol::rest::{Message, MessageList, User};
use rim_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::Config;
use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::wire;

/// `POST /api/message/media`.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"gid": 2001, "what": "picture"}))]
pub struct MediaRequest {
    gid: Id,
    what: GalleryPart,
    /// Only those of a smaller `seq`: the `next` of the answer before.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    before: Option<Id>,
    /// 50 where left out, 100 at the most.
    #[serde(default)]
    size: Option<u32>,
}

/// A list of the gallery.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GalleryPart {
    /// Pictures and films.
    Picture,
    /// Voice messages.
    Voice,
    File,
    /// Texts with an address of the web.
    Link,
}

/// Messages of the gallery, the newest first.
#[derive(Serialize, ToSchema)]
pub struct MediaList {
    messages: Vec<Message>,
    /// Everybody whom they name, once.
    users: Vec<User>,
    /// Whether there may be more.
    more: bool,
    /// Where they begin.
    next: Option<u64>,
}

const DEFAULT_SIZE: u32 = 50;

/// List what was sent in a group: pictures, voice messages, files or links
///
/// As far as one sees it.
#[utoipa::path(
    post,
    path = "/api/message/media",
    tag = "message",
    responses((status = 200, body = MediaList, description = "A page, the newest first.")),
)]
pub(super) async fn list_media(
    State(store): State<Arc<dyn Store>>,
    State(config): State<Arc<Config>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<MediaRequest>,
) -> Result<Response, ApiError> {
    let (user, group) = (caller.user, GroupId(body.gid.get()));
    let part = match body.what {
        GalleryPart::Picture => Part::Picture,
        GalleryPart::Voice => Part::Voice,
        GalleryPart::File => Part::File,
        GalleryPart::Link => Part::Link,
    };
    let (before, size) = (body.before.map(|seq| Seq(seq.get())), body.size.unwrap_or(DEFAULT_SIZE));
    let (store, zone) = (&store, &config.time_zone);
    bounded
        .object(user, |_| async move {
            let (found, rest) = store.gallery(user, group, part, before, size).await?;
            let MessageList { messages, users, .. } = wire::found(&found, user, zone);
            Ok(MediaList { messages, users, more: rest.is_some(), next: rest.map(|seq| seq.0) })
        })
        .await
}
