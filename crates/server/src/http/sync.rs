//! `POST /api/sync`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use jiff::tz::TimeZone;
use rim_core::friend::{Friend, Friendship};
use rim_core::message::Span;
use rim_core::sync::{self as core, SyncQuery};
use rim_core::{Clock, GroupId, MessageId, Rev, Seq, Timestamp, UserId};
use rim_protocol::limits::{DEFAULT_SYNC_LIMIT, Invalid, MAX_SYNC_GROUPS, MAX_SYNC_LIMIT};
use rim_protocol::sync::{self as wire_sync, GroupRev, StoreState, SyncAnswer, SyncRequest};
use rim_store::Store;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::Caller;
use super::error::ApiError;
use super::json::Json;
use super::parts::Api;
use crate::config::Config;
use crate::http::bounded::Bounded;
use crate::wire;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(sync))
}

/// Catch up
///
/// Says what one has, and hears what one missed: messages, members, receipts, groups, friends and the
/// profile. Log in on the WebSocket first and sync after it, so that nothing falls between the two; then
/// ask again as long as `more` is true, with `next` as `after`. An answer has at most some 2 MB.
#[utoipa::path(
    post,
    path = "/api/sync",
    tag = "sync",
    responses((status = 200, body = SyncAnswer, description = "What changed since.")),
)]
async fn sync(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    State(config): State<Arc<Config>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<SyncRequest>,
) -> Result<Response, ApiError> {
    let state = wire::store(store.identity());
    let query = query(&body, &state)?;
    let user = caller.user;
    let (store, clock, zone) = (&store, &clock, &config.time_zone);
    bounded
        .object(user, |bytes| {
            let (query, state) = (SyncQuery { bytes: Some(bytes), ..query.clone() }, state.clone());
            async move {
                let page = store.sync(user, query).await?;
                Ok(answer(&page, user, zone, state, clock.now()))
            }
        })
        .await
}

fn query(request: &SyncRequest, store: &StoreState) -> Result<SyncQuery, Invalid> {
    if request.groups.len() > MAX_SYNC_GROUPS {
        return Err(Invalid::new("groups", format!("at most {MAX_SYNC_GROUPS} in one request")));
    }
    // What the client has of another store are other things under the same numbers.
    let of_this_store = request.store.as_ref().is_none_or(|known| known == store);
    let known = if of_this_store { request.groups.as_slice() } else { &[] };
    Ok(SyncQuery {
        rev: Rev(request.rev.filter(|_| of_this_store).map_or(0, |rev| rev.get())),
        groups: known.iter().map(|known| (GroupId(known.gid.get()), Rev(known.rev.get()))).collect(),
        recalls: known.iter().filter_map(recalls).collect(),
        limit: request.limit.unwrap_or(DEFAULT_SYNC_LIMIT).clamp(1, MAX_SYNC_LIMIT),
        window: request.window.map(|size| size.min(MAX_SYNC_LIMIT)),
        bytes: None,
        // A place in the list of groups of another store is none in this one.
        after: request.after.filter(|_| of_this_store).map(|gid| GroupId(gid.get())),
        to: request.to.filter(|_| of_this_store).map(|gid| GroupId(gid.get())),
    })
}

fn recalls(known: &GroupRev) -> Option<(GroupId, Rev)> {
    known.recalled_to.map(|rev| (GroupId(known.gid.get()), Rev(rev.get())))
}

fn answer(
    page: &core::SyncPage,
    viewer: UserId,
    zone: &TimeZone,
    store: StoreState,
    now: Timestamp,
) -> SyncAnswer {
    SyncAnswer {
        rev: page.rev.0,
        me: page.me.as_ref().map(|me| wire::user(me, viewer)),
        friends: page.friends.iter().map(friend).collect(),
        groups: page.groups.iter().map(|delta| group_delta(delta, zone)).collect(),
        users: wire::users(&page.users, viewer),
        more: page.more,
        store,
        now: now.0,
        chats: page.chats.iter().map(chat).collect(),
        next: page.next.map(|group| group.0),
        hidden: page.kept.hidden.iter().map(hidden).collect(),
        cleared: page.kept.cleared.iter().map(cleared).collect(),
        starred: page.kept.starred.iter().map(star).collect(),
    }
}

fn friend(Friend { user, state, remark }: &Friend) -> wire_sync::FriendState {
    let state = match state {
        Friendship::None => wire_sync::Friendship::None,
        Friendship::Incoming => wire_sync::Friendship::Incoming,
        Friendship::Outgoing => wire_sync::Friendship::Outgoing,
        Friendship::Friends => wire_sync::Friendship::Friends,
    };
    wire_sync::FriendState { uid: user.0, state, remark: remark.clone() }
}

fn chat(chat: &core::ChatState) -> wire_sync::ChatState {
    wire_sync::ChatState {
        gid: chat.group.0,
        deleted_seq: chat.deleted.map(|seq| seq.0),
        read_seq: chat.read.0,
    }
}

fn hidden((group, spans): &(GroupId, Vec<Span>)) -> wire_sync::HiddenState {
    wire_sync::HiddenState { gid: group.0, seqs: wire::ranges(spans) }
}

fn cleared((group, seq): &(GroupId, Seq)) -> wire_sync::ClearedState {
    wire_sync::ClearedState { gid: group.0, seq: seq.0 }
}

fn star((group, message, starred): &(GroupId, MessageId, bool)) -> wire_sync::StarState {
    wire_sync::StarState { gid: group.0, msg_id: message.0, starred: *starred }
}

fn group_delta(delta: &core::GroupDelta, zone: &TimeZone) -> wire_sync::GroupDelta {
    wire_sync::GroupDelta {
        gid: delta.group_id.0,
        rev: delta.rev.0,
        member: delta.member,
        group: delta.group.as_ref().map(wire::group_with_settings),
        last_seq: delta.last_seq.0,
        unread: delta.unread,
        messages: wire::messages(&delta.messages, zone),
        skipped_to: delta.skipped_to.map(|seq| seq.0),
        members: delta.members.iter().map(member_state).collect(),
        members_omitted: delta.members_omitted,
        more: delta.more,
        deleted_seq: delta.deleted.map(|seq| seq.0),
        joined_at: delta.joined_at.0,
        events: delta.events.iter().map(wire::event).collect(),
        changed: wire::messages(&delta.changed, zone),
        expired: wire::ranges(&delta.expired),
        unread_mentions: delta.unread_mentions,
        recalled_to: delta.recalled_to.map(|rev| rev.0),
    }
}

fn member_state(member: &core::MemberState) -> wire_sync::MemberState {
    wire_sync::MemberState {
        uid: member.user.0,
        role: wire::role_number(member.role),
        left: member.left,
        read_seq: member.read_seq.0,
        delivered_seq: member.delivered_seq.0,
    }
}
