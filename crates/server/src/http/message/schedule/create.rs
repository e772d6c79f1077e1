//! `POST /api/message/schedule`

use std::sync::Arc;

use axum::extract::State;
use rim_core::schedule::{Planned, Scheduled};
use rim_core::{Clock, GroupId, MessageId, Timestamp, UserId};
use rim_protocol::{Id, Kind, limits, rest};
use rim_store::Store;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::message::client_msg_id::given_or_drawn;
use crate::limits::RateLimits;
use crate::wire;

/// `POST /api/message/schedule`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"gid": 2001, "content": "Good morning", "sendAt": 1_795_939_200_000_u64}))]
pub struct MessageSchedule {
    gid: Id,
    content: String,
    /// Without one it is a Text.
    #[serde(default)]
    kind: Option<Kind>,
    /// The message that it answers.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    reply_to: Option<Id>,
    /// Whom it mentions.
    #[serde(default)]
    mentions: Vec<Id>,
    /// Whether it mentions everybody.
    #[serde(default)]
    mention_all: bool,
    /// By which it is known if it comes again. Without one it is not.
    #[serde(default)]
    client_msg_id: Option<String>,
    /// When it is sent, Unix milliseconds. A time that is past is now.
    #[schema(value_type = u64)]
    send_at: Id,
    /// The scheduled message whose place it takes, as a whole. One that has failed waits again.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    id: Option<Id>,
}

/// Schedule a message
///
/// It is sent at its time with the rights that one has then: what cannot be sent then stays in the list with the reason, and
/// one's devices hear `ScheduleFailed`. After a while in which the server was down it is sent if it is not more than a day
/// late. One may have 100 of them.
#[utoipa::path(
    post,
    path = "/api/message/schedule",
    tag = "message",
    responses((status = 200, body = rest::ScheduledId, description = "Its id. The message will have the `clientMsgId` `sched:<id>`.")),
)]
pub(super) async fn schedule_message(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    State(limits): State<Arc<RateLimits>>,
    caller: Caller,
    Json(body): Json<MessageSchedule>,
) -> Answer<rest::ScheduledId> {
    let kind = Kind::from_name(body.kind.unwrap_or(Kind::Text).name())?;
    kind.check(&body.content)?;
    limits::mentions(&body.mentions)?;
    let client_msg_id = given_or_drawn(body.client_msg_id)?;
    limits.message(caller.user)?;
    let now = clock.now();
    let send_at = Timestamp(i64::try_from(body.send_at.get()).unwrap_or(i64::MAX)).max(now);
    let what = Planned {
        kind: wire::stored_kind(kind).code(),
        content: body.content,
        reply_to: body.reply_to.map(|id| MessageId(id.get())),
        mentions: body.mentions.iter().map(|uid| UserId(uid.get())).collect(),
        mention_all: body.mention_all,
    };
    let id = body.id.map_or_else(|| id_of(caller.user, &client_msg_id), |id| id.get());
    let (user, group) = (caller.user, GroupId(body.gid.get()));
    let message = Scheduled { id, user, group, send_at, created_at: now, what, failed: None };
    if body.id.is_some() {
        store.reschedule(message, now).await?;
    } else {
        store.schedule(message, now).await?;
    }
    Ok(Data(rest::ScheduledId { id }))
}

/// The same for a repetition, and for nothing else.
fn id_of(user: UserId, client_msg_id: &str) -> u64 {
    let hash = Sha256::new().chain_update(user.0.to_be_bytes()).chain_update(client_msg_id).finalize();
    let number = u64::from_be_bytes(hash[..8].try_into().expect("a SHA-256 has 32 bytes"));
    // As many as a JSON number has exactly, and never 0.
    (number >> 11).max(1)
}
