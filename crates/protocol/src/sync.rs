//! `POST /api/sync`: what a client has, and what it missed.

use serde::{Deserialize, Serialize};

use crate::notice::Notice;
use crate::rest::{Group, Message, User};
use crate::{Id, object};

#[cfg(feature = "openapi")]
use utoipa::ToSchema;

/// What the client has. An empty object asks for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "rev": 12, "groups": [{"gid": 2001, "rev": 9}], "window": 50,
})))]
pub struct SyncRequest {
    /// The `rev` of the latest answer: the number among the user's own changes (profile,
    /// friends). 0 at first.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub rev: Option<Id>,
    /// One pair for each group the client knows. A group left out counts as `rev` 0.
    #[serde(default, deserialize_with = "object::list")]
    pub groups: Vec<GroupRev>,
    /// Rows (messages and members) of the answer: 500 where left out, 1000 at the most.
    #[serde(default)]
    pub limit: Option<u32>,
    /// At most so many messages of each group, the newest, and no more than 1000; older ones are left to
    /// `message/history`. All where left out.
    #[serde(default)]
    pub window: Option<u32>,
    /// The store that all of this is of. Of another one than the server's it means nothing, and everything is
    /// answered.
    #[serde(default)]
    pub store: Option<StoreState>,
    /// Only groups with a larger id are answered: the `next` of the answer before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub after: Option<Id>,
    /// Only groups up to this one are answered: for who knows more groups than fit into one request, and names them in
    /// slices by ascending id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub to: Option<Id>,
}

/// Which store a server has. `rev`, `seq` and ids mean something only together with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct StoreState {
    /// Random text, made when the store was.
    pub id: String,
    /// Another one after every restore of a backup.
    pub epoch: u64,
}

/// How far the client is in one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct GroupRev {
    pub gid: Id,
    pub rev: Id,
    /// Of a group that one has left: the latest `recalledTo` that was answered of it, 0 at first. Who leaves it out is told once
    /// what was recalled by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub recalled_to: Option<Id>,
}

/// What the client missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct SyncAnswer {
    /// To be sent with the next request.
    pub rev: u64,
    /// Oneself, where the profile changed.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub me: Option<User>,
    /// Friendships that changed.
    pub friends: Vec<FriendState>,
    /// Groups with changes; one whose `rev` the client has already is left out.
    pub groups: Vec<GroupDelta>,
    /// Every user that the rows above speak of, once.
    pub users: Vec<User>,
    /// Whether there is more: merge this answer and ask again.
    pub more: bool,
    /// The store that this is of. Another one than before: forget all that came before this answer.
    pub store: StoreState,
    /// The server's clock in Unix milliseconds.
    pub now: i64,
    /// Chats with which the user did something, on whichever device.
    #[serde(default)]
    pub chats: Vec<ChatState>,
    /// Where there is more: everything is answered of the groups up to this id. To be sent as `after`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub next: Option<u64>,
    /// What one has hidden from oneself.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub hidden: Vec<HiddenState>,
    /// Chats that one has cleared for oneself.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub cleared: Vec<ClearedState>,
    /// Messages that one has given a star, or taken it from.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub starred: Vec<StarState>,
}

/// Messages of a group that their user has hidden from themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct HiddenState {
    pub gid: u64,
    /// Their places, from and to.
    pub seqs: Vec<[u64; 2]>,
}

/// A chat that its user has cleared for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ClearedState {
    pub gid: u64,
    /// Everything up to this `seq` is gone.
    pub seq: u64,
}

/// A message that has a star of its user now, or has it no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StarState {
    pub gid: u64,
    pub msg_id: u64,
    pub starred: bool,
}

/// A chat as its user has it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChatState {
    pub gid: u64,
    /// Deleted up to this `seq`: the chat is out of the list until its `lastSeq` is a higher one. Null where it is not
    /// deleted.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub deleted_seq: Option<u64>,
    /// Read up to this `seq`, at the least; also after one has left.
    pub read_seq: u64,
}

/// A friendship as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct FriendState {
    pub uid: u64,
    pub state: Friendship,
    /// See `/api/friend/remark`; left out where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Friendship {
    /// Neither friends nor asked.
    None,
    /// The other one asked.
    Incoming,
    /// Oneself asked.
    Outgoing,
    Friends,
}

/// What changed in one group, complete up to `rev`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct GroupDelta {
    pub gid: u64,
    /// To be kept for the next request.
    pub rev: u64,
    /// False where the client's user is no longer a member; nothing follows but their own part.
    pub member: bool,
    /// Name, avatar, mode and creator, where they changed.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub group: Option<Group>,
    /// The last `seq` of the group, at the time of the answer; of one who left, that of their own part.
    pub last_seq: u64,
    /// Unread messages, at the time of the answer; of one who left, those of their own part.
    pub unread: u64,
    /// Messages in order of `seq`.
    pub messages: Vec<Message>,
    /// Where `window` left out messages: the smallest `seq` that was not skipped.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub skipped_to: Option<u64>,
    /// Members whose membership, role or receipts changed.
    pub members: Vec<MemberState>,
    /// The group is too large for its members to be synced: forget those at hand, and read `group/user/list`
    /// when needed.
    pub members_omitted: bool,
    /// Whether this group has more.
    pub more: bool,
    /// As in `chats`, where the chat is deleted. Whoever joins anew has deleted nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_seq: Option<u64>,
    /// When one joined it last, Unix milliseconds.
    pub joined_at: i64,
    /// What happened in it, of which one may know.
    pub events: Vec<GroupEvent>,
    /// Messages that changed and are not new to the client, as they are now; to who has left, as they were then, and what was
    /// recalled since.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub changed: Vec<Message>,
    /// The places, from and to, whose messages have expired: they are gone for everybody.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub expired: Vec<[u64; 2]>,
    /// How many of the unread messages mention oneself or everybody.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub unread_mentions: u64,
    /// Where `changed` has messages that were recalled after one had left: to be kept for the next request, beside `rev`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recalled_to: Option<u64>,
}

/// What happened in a group chat, to be told among its messages: after the one of that `seq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct GroupEvent {
    /// As the Notify of it has it.
    pub rev: u64,
    pub seq: u64,
    /// `GroupCreated`, `GroupUpdated`, `MembersAdded`, `MembersRemoved`, `RoleChanged`, `OwnerChanged` or
    /// `GroupDissolved`.
    pub kind: Notice,
    /// Who did it.
    pub uid: u64,
    /// Whom it concerns, the first 20 of them.
    pub uids: Vec<u64>,
    /// How many they are.
    pub count: u64,
    /// Of a `GroupUpdated`: the new name. Null where it is another picture.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub name: Option<String>,
    /// Of a `RoleChanged`: 1 common, 2 admin.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub role: Option<u8>,
    /// Unix milliseconds.
    pub created_at: i64,
}

/// `POST /api/group/events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"gid": 2001, "fromSeq": 0, "toSeq": 50})))]
#[serde(rename_all = "camelCase")]
pub struct EventsRequest {
    pub gid: Id,
    /// The `seq` of the first message; 0 for what was before it.
    pub from_seq: Id,
    /// The `seq` of the last message.
    pub to_seq: Id,
}

/// What happened among some messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct EventsAnswer {
    /// Ascending, the newest; 200 at the most.
    pub events: Vec<GroupEvent>,
    /// Whom they speak of, each once.
    pub users: Vec<User>,
    /// Whether there are older ones.
    pub more: bool,
}

/// A member as they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MemberState {
    pub uid: u64,
    /// 1 common, 2 admin or creator.
    pub role: u8,
    /// Whether they have left.
    pub left: bool,
    /// Read up to this `seq`, at the least.
    pub read_seq: u64,
    /// Delivered up to this `seq`, at the least.
    pub delivered_seq: u64,
}
