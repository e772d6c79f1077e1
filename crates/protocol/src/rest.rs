//! Bodies, queries and data of the REST operations.
//!
//! Key order counts: clients written for the old server compare bytes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Id, Kind, object};

#[cfg(feature = "openapi")]
use utoipa::ToSchema;

/// A user as others see them. `password` is always empty, `email` is empty for all but oneself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "id": 101, "name": "Anna", "avatar": "", "email": "", "account": "anna", "password": "",
})))]
pub struct User {
    pub id: u64,
    pub name: String,
    pub avatar: String,
    pub email: String,
    pub account: String,
    pub password: String,
}

/// What a server is, for everybody to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ServerInfo {
    pub version: String,
    /// What it can do.
    pub features: Vec<String>,
    pub limits: ServerLimits,
    pub registration: Registration,
    /// Whether nobody has an account yet.
    pub empty: bool,
    /// What its web client does with pictures, sound and films of other hosts.
    #[serde(rename = "remotePictures")]
    pub remote_pictures: RemotePictures,
    /// Whom people may look up and put into groups.
    pub directory: Directory,
}

/// What it accepts at the most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServerLimits {
    pub account_bytes: u64,
    pub name_chars: u64,
    pub password_bytes: u64,
    /// Of a message.
    pub content_bytes: u64,
    pub frame_bytes: u64,
    /// Of a JSON body.
    pub body_bytes: u64,
    /// Of an uploaded picture of a user or group.
    pub picture_bytes: u64,
    pub users_per_request: u64,
    pub group_members: u64,
    pub watched_users: u64,
    pub page_size: u64,
    /// Of all pictures that a user keeps.
    pub upload_quota: u64,
    /// So long after it was sent a message may be edited by its sender, in milliseconds; 0 is never, null for ever.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub edit_window_ms: Option<u64>,
    /// The same of recalling it.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub recall_window_ms: Option<u64>,
    /// Members that a message mentions.
    pub mentions: u64,
    /// Different reactions to a message.
    pub reactions: u64,
    /// Pinned messages of a group.
    pub pins: u64,
    /// Of a file.
    pub max_file_bytes: u64,
    /// Of all files that a user keeps.
    pub file_quota: u64,
    /// Of the files that a user uploads in a day.
    pub file_day: u64,
    /// Files that a user uploads at the same time.
    pub transfers: u64,
}

/// Whether strangers may create an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    Open,
    Closed,
}

/// What becomes of a picture, sound or film at an address of another host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RemotePictures {
    /// It is loaded when somebody asks for it, as its host learns who looks at it and when.
    Ask,
    /// It is not loaded; its address is shown.
    Never,
}

/// Whom people may look up and put into groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Directory {
    Everybody,
    /// Friends, those who ask to be friends, and those with whom they share a group or have a single chat. Others may be
    /// asked to be friends by their exact account.
    Contacts,
}

/// A conversation: `mode` 1 is a single chat of two, anything else a group chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"id": 2001, "name": "Lunch", "avatar": "", "mode": 2, "creatorUid": 101})))]
pub struct Group {
    pub id: u64,
    pub name: String,
    pub avatar: String,
    pub mode: u8,
    #[serde(rename = "creatorUid")]
    pub creator_uid: u64,
    /// Who pins messages. This and what follows is in the answers of `sync` alone.
    #[serde(rename = "whoPins", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub who_pins: Option<Who>,
    /// Who mentions everybody.
    #[serde(rename = "whoMentionsAll", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub who_mentions_all: Option<Who>,
    /// So long after they were sent its messages expire; 0: never.
    #[serde(rename = "expireSeconds", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub expire_seconds: Option<u64>,
}

/// Who of the members of a group may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Who {
    All,
    Admins,
}

/// A message in a list. Times are `YYYY-MM-DD HH:MM:SS` in the server's configured zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "id": 30001, "kind": "Text", "content": "hi", "gid": 2001, "uid": 101, "client_msg_id": "5d0c",
    "createTime": "2026-11-22 15:47:30", "updateTime": "2026-11-22 15:47:30",
    "seq": 1, "rev": 3, "createdAt": 1795362450000_u64,
})))]
pub struct Message {
    pub id: u64,
    pub kind: Kind,
    pub content: String,
    pub gid: u64,
    pub uid: u64,
    pub client_msg_id: String,
    #[serde(rename = "createTime")]
    pub create_time: String,
    #[serde(rename = "updateTime")]
    pub update_time: String,
    /// Place in the group: 1, 2, 3… without a gap.
    pub seq: u64,
    /// Number of the latest change of this message among the changes of the group.
    pub rev: u64,
    /// Unix milliseconds.
    #[serde(rename = "createdAt")]
    pub created_at: i64,
    /// The message that it answers.
    #[serde(rename = "replyTo", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub reply_to: Option<u64>,
    /// Whom it mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub mentions: Vec<u64>,
    /// Whether it mentions everybody.
    #[serde(rename = "mentionAll", default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub mention_all: bool,
    /// Of a forwarded one: where it was written first.
    #[serde(rename = "forwardedFrom", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub forwarded_from: Option<ForwardedFrom>,
    /// When it was edited last, Unix milliseconds.
    #[serde(rename = "editedAt", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub edited_at: Option<i64>,
    /// When it was recalled: its content is empty from then on.
    #[serde(rename = "recalledAt", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub recalled_at: Option<i64>,
    #[serde(rename = "recalledBy", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub recalled_by: Option<u64>,
    /// In the order in which each was given first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub reactions: Vec<Reaction>,
    /// When it was pinned; only while it is.
    #[serde(rename = "pinnedAt", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub pinned_at: Option<i64>,
    /// When it goes for everybody.
    #[serde(rename = "expiresAt", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub expires_at: Option<i64>,
    /// Of a voice message that others have played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub opened: Option<Opened>,
    /// What the server has found at addresses in it, where it looks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub links: Vec<Link>,
}

/// Where a forwarded message was written first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ForwardedFrom {
    pub uid: u64,
    /// What they were called when it was forwarded.
    pub name: String,
    /// Unix milliseconds.
    pub created_at: i64,
}

/// An emoji that people have reacted with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Reaction {
    pub emoji: String,
    /// How many people.
    pub count: u64,
    /// Whether the one who asks is among them. Left out where it is told to many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub mine: Option<bool>,
    /// The ten who did so last, the latest first.
    pub uids: Vec<u64>,
}

/// That a voice message was played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Opened {
    /// By how many people, beside its sender.
    pub count: u64,
    /// Whether the one who asks is among them. Left out where it is told to many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub mine: Option<bool>,
    /// The ten who did so last, the latest first.
    pub uids: Vec<u64>,
}

/// What the server has found at an address in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Link {
    /// As it stands in the message.
    pub url: String,
    pub title: String,
    pub text: String,
    /// The id of a picture that the server keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub picture: Option<String>,
}

/// Messages of a list, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct MessageList {
    pub messages: Vec<Message>,
    /// Everybody whom they name, once.
    pub users: Vec<User>,
    /// Whether there are more than fit into this answer.
    pub more: bool,
}

/// A message of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"gid": 2001, "msgId": 30001})))]
#[serde(rename_all = "camelCase")]
pub struct MessageRef {
    pub gid: Id,
    pub msg_id: Id,
}

/// A row of the chat list or of a history page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ChatItem {
    pub group: Group,
    pub msg: Message,
    /// Chat list: the first other member. History: the sender.
    pub user: User,
    /// A number in the chat list, null in history.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub unread: Option<u64>,
    /// Only in the chat list, and only where it is not 0: unread messages that mention oneself or everybody.
    #[serde(rename = "unreadMentions", default, skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub unread_mentions: u64,
    /// Only in the chat list, and only where it is true: one is in this group no longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub left: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A member of a group: role 1 common, 2 admin or creator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct MemberItem {
    pub role: u8,
    pub user: User,
}

/// `POST /api/group/user/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"gid": 2001, "size": 50})))]
pub struct MembersRequest {
    pub gid: Id,
    /// A part of the name or the account.
    #[serde(default)]
    pub q: Option<String>,
    /// The `next` of the page before.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub after: Option<Id>,
    /// 100 where left out, 200 at the most.
    #[serde(default)]
    pub size: Option<u32>,
}

/// A page of members, in the order of joining.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct MembersAnswer {
    pub members: Vec<ListedMember>,
    /// How many the group has.
    pub count: u64,
    /// Where the next page begins; null at the end.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub next: Option<u64>,
    /// Of the one who asks: 1 common, 2 admin or creator; null who is no member.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub role: Option<u8>,
}

/// A member as the pages have them: role 1 common, 2 admin or creator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ListedMember {
    pub role: u8,
    pub user: User,
    /// Of the latest joining, Unix milliseconds.
    pub joined_at: i64,
}

/// `POST /api/user/create`. An `id` is ignored, as any unknown key is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "name": "Anna", "avatar": "", "account": "anna", "password": "correct horse battery staple",
})))]
pub struct UserCreate {
    /// 1 to 64 characters, shown trimmed.
    pub name: String,
    /// The address of a picture, or empty.
    pub avatar: String,
    /// 1 to 64 bytes, shown trimmed. Unique without regard to case.
    pub account: String,
    /// At most 254 bytes. Nothing is sent to it.
    #[serde(default)]
    pub email: Option<String>,
    /// 1 to 1024 bytes. A user without a password cannot log in.
    #[serde(default)]
    pub password: Option<String>,
}

impl fmt::Debug for UserCreate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Everything but the password.
        f.debug_struct("UserCreate").field("account", &self.account).finish_non_exhaustive()
    }
}

/// `POST /api/user/login`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "account": "anna", "password": "correct horse battery staple", "device": "laptop",
})))]
pub struct UserLogin {
    /// Case and surrounding blanks aside.
    pub account: String,
    pub password: String,
    /// What the user calls this device, at most 64 characters; shown in the list of sessions. What the
    /// `User-Agent` header says where it is left out.
    #[serde(default)]
    pub device: Option<String>,
}

impl fmt::Debug for UserLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Everything but the password.
        f.debug_struct("UserLogin").field("account", &self.account).finish_non_exhaustive()
    }
}

/// `POST /api/user/update`: the keys present are changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"name": "Anna Karlsson"})))]
pub struct UserUpdate {
    /// 1 to 64 characters.
    #[serde(default)]
    pub name: Option<String>,
    /// The address of a picture, or empty.
    #[serde(default)]
    pub avatar: Option<String>,
    /// At most 254 bytes.
    #[serde(default)]
    pub email: Option<String>,
}

/// `POST /api/user/password`. Ends every other session of the user.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "oldPassword": "correct horse battery staple", "newPassword": "four other words entirely",
})))]
#[serde(rename_all = "camelCase")]
pub struct PasswordChange {
    pub old_password: String,
    /// 1 to 1024 bytes.
    pub new_password: String,
}

impl fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordChange").finish_non_exhaustive()
    }
}

/// One login of one device, as `GET /api/session/list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "id": 7, "device": "laptop", "address": "192.0.2.7", "createdAt": 1795362450000_u64,
    "lastSeenAt": 1795362450000_u64, "expiresAt": 1797954450000_u64, "current": true,
})))]
#[serde(rename_all = "camelCase")]
pub struct Session {
    pub id: u64,
    /// The name given at login, else what the client's `User-Agent` says, else empty.
    pub device: String,
    /// The address it was last seen at.
    pub address: String,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds, exact to ten minutes.
    pub last_seen_at: i64,
    /// Unix milliseconds; moves on as the session is used.
    pub expires_at: i64,
    /// Whether it is the session of the token that asks.
    pub current: bool,
}

/// `POST /api/session/revoke`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"id": 7})))]
pub struct SessionRevoke {
    pub id: Id,
}

/// `POST /api/group/create`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "group": {"name": "Lunch", "avatar": "", "mode": 2},
    "users": [{"uid": 102, "role": 1}, {"uid": 103, "role": 1}],
})))]
pub struct GroupCreate {
    #[serde(deserialize_with = "object::one")]
    pub group: NewGroup,
    /// At most 10,000. The caller need not be among them, and the same user twice counts once.
    #[serde(deserialize_with = "object::list")]
    pub users: Vec<NewMember>,
}

/// The group to create. `id` and `creatorUid` are ignored: the caller is the creator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct NewGroup {
    /// At most 64 characters; may be empty.
    pub name: String,
    /// The address of a picture, or empty.
    pub avatar: String,
    /// 1 for a single chat of two, 2 for a group chat.
    pub mode: u8,
}

/// A member to begin with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct NewMember {
    pub uid: Id,
    /// 1 common member, 2 admin.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = u8, minimum = 1, maximum = 2))]
    pub role: Role,
}

/// 1 common member, 2 admin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u8")]
pub enum Role {
    #[default]
    Common,
    Admin,
}

impl From<Role> for u8 {
    fn from(role: Role) -> Self {
        match role {
            Role::Common => 1,
            Role::Admin => 2,
        }
    }
}

impl TryFrom<u64> for Role {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::Common),
            2 => Ok(Self::Admin),
            _ => Err(format!("role {number} is out of range: 1 common, 2 admin")),
        }
    }
}

/// `POST /api/group/update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"id": 2001, "name": "Lunch at noon", "avatar": ""})))]
pub struct GroupUpdate {
    pub id: Id,
    pub name: String,
    pub avatar: String,
}

/// `POST /api/group/user/change`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"gid": 2001, "uids": [104], "opType": 1})))]
#[serde(rename_all = "camelCase")]
pub struct MemberChange {
    pub gid: Id,
    /// At most 10,000.
    pub uids: Vec<Id>,
    /// 1 add, 2 remove.
    #[cfg_attr(feature = "openapi", schema(value_type = u8, minimum = 1, maximum = 2))]
    pub op_type: OpType,
}

/// 1 add, 2 remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u8")]
pub enum OpType {
    Add,
    Remove,
}

impl From<OpType> for u8 {
    fn from(op: OpType) -> Self {
        match op {
            OpType::Add => 1,
            OpType::Remove => 2,
        }
    }
}

impl TryFrom<u64> for OpType {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::Add),
            2 => Ok(Self::Remove),
            _ => Err(format!("opType {number} is out of range: 1 add, 2 remove")),
        }
    }
}

/// `POST /api/group/leave` and `/api/group/dissolve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"gid": 2001})))]
pub struct GroupRef {
    pub gid: Id,
}

/// `POST /api/group/role/modify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"gid": 2001, "uid": 102, "role": 2})))]
pub struct RoleChange {
    pub gid: Id,
    pub uid: Id,
    /// 1 common member, 2 admin.
    #[cfg_attr(feature = "openapi", schema(value_type = u8, minimum = 1, maximum = 2))]
    pub role: Role,
}

/// `POST /api/group/transfer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"gid": 2001, "uid": 102})))]
pub struct GroupTransfer {
    pub gid: Id,
    pub uid: Id,
}

/// `POST /api/chat/delete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"gid": 2001})))]
pub struct ChatDelete {
    pub gid: Id,
    /// How far one has seen it: what came later stays. Everything where left out.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub seq: Option<Id>,
}

/// `POST /api/message/chat/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"uid": 101, "page": 1, "size": 20})))]
pub struct ChatList {
    /// Oneself: the list of another is empty.
    pub uid: Id,
    /// From 1; 0 is read as 1.
    pub page: u32,
    /// At most 200.
    pub size: u32,
}

/// `POST /api/message/history`. A `uid` is ignored: it is the caller's own view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"gid": 2001, "page": 1, "size": 50})))]
#[serde(rename_all = "camelCase")]
pub struct History {
    pub gid: Id,
    /// From 1, the newest; 0 is read as 1.
    pub page: u32,
    /// At most 200.
    pub size: u32,
    /// Only messages with a smaller `seq`: pages then stay where they are while new messages come.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub before_seq: Option<Id>,
}

/// `POST /api/message/group/read`. A `uid` is ignored: it marks for the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"gid": 2001})))]
pub struct GroupRead {
    pub gid: Id,
}

/// `POST /api/friend/add`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"fid": 102})))]
pub struct FriendAdd {
    /// Needed unless there is an `account`; never null.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub fid: Option<Id>,
    /// The exact account, in place of `fid`; never null.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub account: Option<String>,
}

/// A key that may be left out and is no null.
fn present<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// `POST /api/friend/status/modify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"fid": 102, "status": 1})))]
pub struct FriendModify {
    pub fid: Id,
    /// 1 accepts, 2 rejects, withdraws or ends; any other number changes nothing.
    pub status: u64,
}

/// A file, to be named in messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "id": "9sPzxK0Yb2mN4cQ7tLw1Hg", "name": "beach.jpg", "size": 183_744, "mime": "image/jpeg", "width": 1200,
    "height": 900, "thumbhash": "3OcRJYB4d3h/iIeHeEh3eIhw+j2w", "thumbs": [320, 800],
})))]
#[serde(rename_all = "camelCase")]
pub struct File {
    /// 22 characters of `A-Z`, `a-z`, `0-9`, `_` and `-`, which nobody guesses.
    pub id: String,
    pub name: String,
    /// In bytes, of what is stored.
    pub size: u64,
    /// What its bytes are, as the server has found it.
    pub mime: String,
    /// Of a picture or film that the server has measured, in pixels as it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub height: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub duration_ms: Option<u64>,
    /// Some bytes in base64 from which a very small picture is drawn, by the algorithm ThumbHash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub thumbhash: Option<String>,
    /// The smaller pictures that there are, by the pixels of their longer sides: some of 320, 800 and 1600.
    pub thumbs: Vec<u32>,
    /// `true`, for whoever has uploaded it: its bytes say where it was taken, as they were sent "as a file". Absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub has_location: Option<bool>,
}

/// `POST /api/file/link`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"id": "9sPzxK0Yb2mN4cQ7tLw1Hg"})))]
pub struct FileRef {
    pub id: String,
}

/// An address that opens a file without a token, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "url": "/media/files/9sPzxK0Yb2mN4cQ7tLw1Hg?e=1795348800000&s=…&m=…", "expiresAt": 1_795_348_800_000_i64,
})))]
#[serde(rename_all = "camelCase")]
pub struct FileLink {
    pub url: String,
    /// In Unix milliseconds.
    pub expires_at: i64,
}

/// `POST /api/file/upload`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub struct UploadQuery {
    /// What the file is called. What could be a path, or cannot be seen, is taken out.
    pub name: String,
    /// 1: its bytes are to stay as they are, whatever they say of the place and the camera.
    #[serde(default, rename = "asFile")]
    #[cfg_attr(feature = "openapi", param(maximum = 1))]
    pub as_file: u8,
}

/// `POST /api/file/cookie`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub struct CookieQuery {
    /// Where the browser finds `/media`: below a path of its own, where a proxy has put the server there.
    pub path: Option<String>,
}

/// `GET /api/file/get` and `POST /api/file/poster`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub struct FileQuery {
    pub id: String,
}

/// `GET /api/user/get` and `GET /api/group/get`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub struct UidQuery {
    /// Oneself where it is left out.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(inline, nullable = false))]
    pub uid: Option<Id>,
}

/// `GET /api/user/token`.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub struct TokenQuery {
    /// A token of one's own, of whichever session.
    pub token: String,
}

impl fmt::Debug for TokenQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenQuery").finish_non_exhaustive()
    }
}

/// `GET /api/user/search`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub struct AccountQuery {
    /// The exact account, case and surrounding blanks aside.
    pub account: String,
}

/// `GET /api/group/user/get`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub struct GidQuery {
    #[cfg_attr(feature = "openapi", param(inline))]
    pub gid: Id,
}

/// `GET /api/friend/list`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub struct FriendQuery {
    /// 0 waiting, 1 friends (the default), 2 blocked.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(nullable = false, maximum = 2))]
    pub status: Option<u8>,
    /// Of those waiting: `in` for requests to you, `out` for your own.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(inline, nullable = false))]
    pub direction: Option<Direction>,
}

/// Which way a request to be friends goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    In,
    Out,
}

/// The id of a message that is to be sent later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ScheduledId {
    pub id: u64,
}

/// A message that is to be sent later, or could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ScheduledMessage {
    pub id: u64,
    pub gid: u64,
    pub kind: Kind,
    pub content: String,
    /// When it is sent, Unix milliseconds.
    pub send_at: i64,
    pub created_at: i64,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub reply_to: Option<u64>,
    /// Whom it mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub mentions: Vec<u64>,
    /// Whether it mentions everybody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub mention_all: bool,
    /// Why it could not be sent. It is not tried again until it is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub failed: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_begin_with_the_fixed_keys_in_the_fixed_order() {
        let user = User {
            id: 101,
            name: "Anna".into(),
            avatar: String::new(),
            email: String::new(),
            account: "anna".into(),
            password: String::new(),
        };
        assert_eq!(
            serde_json::to_string(&user).expect("a user"),
            r#"{"id":101,"name":"Anna","avatar":"","email":"","account":"anna","password":""}"#
        );
        let message = Message {
            id: 30001,
            kind: Kind::Text,
            content: "hi".into(),
            gid: 2001,
            uid: 101,
            client_msg_id: "c".into(),
            create_time: "2026-11-22 15:47:30".into(),
            update_time: "2026-11-22 15:47:30".into(),
            seq: 1,
            rev: 3,
            created_at: 1,
            reply_to: None,
            mentions: Vec::new(),
            mention_all: false,
            forwarded_from: None,
            edited_at: None,
            recalled_at: None,
            recalled_by: None,
            reactions: Vec::new(),
            pinned_at: None,
            expires_at: None,
            opened: None,
            links: Vec::new(),
        };
        let text = serde_json::to_string(&message).expect("a message");
        assert!(
            text.starts_with(
                r#"{"id":30001,"kind":"Text","content":"hi","gid":2001,"uid":101,"client_msg_id":"c","createTime":"2026-11-22 15:47:30","updateTime":"2026-11-22 15:47:30","#
            ),
            "{text}"
        );
        assert!(text.ends_with(r#""seq":1,"rev":3,"createdAt":1}"#), "{text}");
        let origin = ForwardedFrom { uid: 102, name: "Ben".into(), created_at: 2 };
        let reaction = Reaction { emoji: "👍".into(), count: 3, mine: Some(true), uids: vec![102, 103] };
        let link = Link {
            url: "http://a".into(),
            title: "A".into(),
            text: "of a".into(),
            picture: Some("f".into()),
        };
        let full = Message {
            reply_to: Some(30000),
            mentions: vec![102],
            mention_all: true,
            forwarded_from: Some(origin),
            edited_at: Some(4),
            recalled_at: Some(5),
            recalled_by: Some(103),
            reactions: vec![reaction],
            pinned_at: Some(6),
            expires_at: Some(7),
            opened: Some(Opened { count: 1, mine: Some(false), uids: vec![104] }),
            links: vec![link],
            ..message
        };
        let text = serde_json::to_string(&full).expect("a message");
        assert!(
            text.ends_with(
                r#""createdAt":1,"replyTo":30000,"mentions":[102],"mentionAll":true,"forwardedFrom":{"uid":102,"name":"Ben","createdAt":2},"editedAt":4,"recalledAt":5,"recalledBy":103,"reactions":[{"emoji":"👍","count":3,"mine":true,"uids":[102,103]}],"pinnedAt":6,"expiresAt":7,"opened":{"count":1,"mine":false,"uids":[104]},"links":[{"url":"http://a","title":"A","text":"of a","picture":"f"}]}"#
            ),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Message>(&text).expect("a message"), full);
    }

    #[test]
    fn a_role_or_id_out_of_range_says_what_is_allowed() {
        let error = serde_json::from_str::<NewMember>(r#"{"uid":1,"role":3}"#).expect_err("role 3");
        assert!(error.is_data());
        assert!(error.to_string().contains("1 common, 2 admin"), "{error}");
        let error = serde_json::from_str::<FriendAdd>(r#"{"fid":9007199254740992}"#).expect_err("2^53");
        assert!(error.is_data());
    }

    #[test]
    fn secrets_are_not_printed() {
        let login =
            UserLogin { account: "anna".into(), password: "hunter2".into(), device: Some("hunter2".into()) };
        let change = PasswordChange { old_password: "hunter2".into(), new_password: "hunter2".into() };
        let query = TokenQuery { token: "hunter2".into() };
        let printed = format!("{login:?} {change:?} {query:?}");
        assert!(printed.contains("anna") && !printed.contains("hunter2"), "{printed}");
    }
}
