//! `POST /api/message/edit`

use axum::extract::State;
use rim_protocol::frame::Act;
use rim_protocol::rest::{Message, MessageRef};
use rim_protocol::{Id, Kind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::acts::{Acts, mentioned, sent_kind};
use super::client_msg_id::given_or_drawn;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::wire;

/// `POST /api/message/edit`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"gid": 2001, "msgId": 30001, "content": "at one"}))]
pub struct MessageEdit {
    gid: Id,
    msg_id: Id,
    /// All of what it says from now on.
    content: String,
    /// `Text` and `RichText` may become each other. It stays where it is left out.
    #[serde(default)]
    kind: Option<Kind>,
    /// At most 50 members.
    #[serde(default)]
    mentions: Vec<Id>,
    /// Whether it mentions everybody.
    #[serde(default)]
    mention_all: bool,
    /// 1 to 64 bytes, chosen by the client: the same edit again is then known.
    #[serde(default)]
    client_msg_id: Option<String>,
}

/// Edit a message
///
/// One's own, within the server's window; of a picture, sound, film or file the caption. What it said before stays in
/// `message/edits`.
#[utoipa::path(
    post,
    path = "/api/message/edit",
    tag = "message",
    responses((status = 200, body = Message, description = "The message as it is now.")),
)]
pub(super) async fn edit_message(
    State(acts): State<Acts>,
    caller: Caller,
    Json(body): Json<MessageEdit>,
) -> Answer<Message> {
    let MessageEdit { gid, msg_id, content, kind, mentions, mention_all, client_msg_id } = body;
    let kind = kind.map(sent_kind).transpose()?;
    Kind::check_edited(kind, &content)?;
    let (mentions, name) = (mentioned(mentions)?, given_or_drawn(client_msg_id)?);
    let edit = Act::Edit { kind, content: content.into(), mentions, mention_all };
    acts.act(&caller, &MessageRef { gid, msg_id }, wire::act(edit, &name)).await
}
