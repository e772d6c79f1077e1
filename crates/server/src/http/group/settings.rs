//! `POST /api/group/settings`

use std::sync::Arc;

use axum::extract::State;
use rim_core::group::{NewSettings, Settings};
use rim_core::{Clock, GroupId};
use rim_protocol::Id;
use rim_protocol::rest::Who;
use rim_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::wire;

/// `POST /api/group/settings`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"gid": 2001, "whoPins": "all"}))]
pub struct NewGroupSettings {
    gid: Id,
    #[serde(default)]
    who_pins: Option<Who>,
    #[serde(default)]
    who_mentions_all: Option<Who>,
    /// 0 for never, or at least 5 seconds.
    #[serde(default)]
    expire_seconds: Option<u64>,
}

/// How a group is used.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupSettings {
    /// Who pins messages.
    who_pins: Who,
    /// Who mentions everybody.
    who_mentions_all: Who,
    /// So long after they were sent its messages expire; 0: never.
    expire_seconds: u64,
}

impl From<Settings> for GroupSettings {
    fn from(settings: Settings) -> Self {
        Self {
            who_pins: wire::who(settings.who_pins),
            who_mentions_all: wire::who(settings.who_mentions_all),
            expire_seconds: settings.expire_seconds,
        }
    }
}

/// Read or change how a group is used
///
/// The keys present are changed, by admins; in a single chat both change when messages expire. Without any, its members
/// read what is set. A message that was sent before expires as it was to.
#[utoipa::path(
    post,
    path = "/api/group/settings",
    tag = "group",
    responses((status = 200, body = GroupSettings, description = "How it is used now.")),
)]
pub(super) async fn set_group_settings(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    Json(body): Json<NewGroupSettings>,
) -> Answer<GroupSettings> {
    let NewGroupSettings { gid, who_pins, who_mentions_all, expire_seconds } = body;
    let (user, group) = (caller.user, GroupId(gid.get()));
    let new = NewSettings {
        who_pins: who_pins.map(wire::stored_who),
        who_mentions_all: who_mentions_all.map(wire::stored_who),
        expire_seconds,
    };
    let settings = if new == NewSettings::default() {
        store.group_settings(user, group).await?
    } else {
        store.set_group_settings(user, group, new, clock.now()).await?
    };
    Ok(Data(settings.into()))
}
