//! Bodies, queries and data of the REST operations.
//!
//! Key order counts: clients written for the old server compare bytes.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::{Id, Kind};

#[cfg(feature = "openapi")]
use utoipa::ToSchema;

/// A user as others see him. `password` is always empty, `email` is empty for all but oneself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct User {
    pub id: u64,
    pub name: String,
    pub avatar: String,
    pub email: String,
    pub account: String,
    pub password: String,
}

/// A conversation: `mode` 1 is a single chat of two, anything else a group chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Group {
    pub id: u64,
    pub name: String,
    pub avatar: String,
    pub mode: u8,
    #[serde(rename = "creatorUid")]
    pub creator_uid: u64,
}

/// A message in a list. Times are `YYYY-MM-DD HH:MM:SS` in the server's configured zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
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
    /// Place of the latest change of this message among the changes of the group.
    pub rev: u64,
    /// Unix milliseconds.
    #[serde(rename = "createdAt")]
    pub created_at: i64,
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
    pub unread: Option<u64>,
}

/// A member of a group: role 1 common, 2 admin or creator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct MemberItem {
    pub role: u8,
    pub user: User,
}

/// `POST /api/user/create`. An `id` is ignored, as any unknown key is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UserCreate {
    pub name: String,
    pub avatar: String,
    pub account: String,
    #[serde(default)]
    pub email: Option<String>,
    /// A user without a password cannot log in.
    #[serde(default)]
    pub password: Option<String>,
}

/// `POST /api/user/login`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UserLogin {
    pub account: String,
    pub password: String,
    /// What the user calls this device; shown in the list of sessions.
    #[serde(default)]
    pub device: Option<String>,
}

/// `POST /api/user/update`: the keys present are changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UserUpdate {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub avatar: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
}

/// `POST /api/user/password`. Ends every other session of the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PasswordChange {
    pub old_password: String,
    pub new_password: String,
}

/// One login of one device, as `GET /api/session/list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
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
pub struct SessionRevoke {
    pub id: Id,
}

/// `POST /api/group/create`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct GroupCreate {
    pub group: NewGroup,
    pub users: Vec<NewMember>,
}

/// The group to create. `id` and `creatorUid` are ignored: the caller is the creator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct NewGroup {
    pub name: String,
    pub avatar: String,
    pub mode: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct NewMember {
    pub uid: Id,
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
pub struct GroupUpdate {
    pub id: Id,
    pub name: String,
    pub avatar: String,
}

/// `POST /api/group/user/change`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MemberChange {
    pub gid: Id,
    pub uids: Vec<Id>,
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
pub struct GroupRef {
    pub gid: Id,
}

/// `POST /api/group/role/modify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct RoleChange {
    pub gid: Id,
    pub uid: Id,
    #[cfg_attr(feature = "openapi", schema(value_type = u8, minimum = 1, maximum = 2))]
    pub role: Role,
}

/// `POST /api/group/transfer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct GroupTransfer {
    pub gid: Id,
    pub uid: Id,
}

/// `POST /api/message/chat/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ChatList {
    pub uid: Id,
    /// From 1; 0 is read as 1.
    pub page: u32,
    /// At most 200.
    pub size: u32,
}

/// `POST /api/message/history`. A `uid` is ignored: it is the caller's own view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct History {
    pub gid: Id,
    /// From 1, the newest; 0 is read as 1.
    pub page: u32,
    /// At most 200.
    pub size: u32,
    /// Only messages with a smaller `seq`: pages then stay where they are while new messages come.
    #[serde(default)]
    pub before_seq: Option<Id>,
}

/// `POST /api/message/group/read`. A `uid` is ignored: it marks for the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct GroupRead {
    pub gid: Id,
    /// Accepted and ignored.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub uid: Ignored,
}

/// A key that old clients send and nothing reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ignored;

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// `POST /api/friend/add`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct FriendAdd {
    pub fid: Id,
}

/// `POST /api/friend/status/modify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct FriendModify {
    pub fid: Id,
    /// 1 accepts, 2 rejects, withdraws or ends; any other number changes nothing.
    pub status: u64,
}

/// `GET /api/user/get` and `GET /api/group/get`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub struct UidQuery {
    /// Oneself where it is left out.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(value_type = Option<u64>))]
    pub uid: Option<Id>,
}

/// `GET /api/user/token`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub struct TokenQuery {
    pub token: String,
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
    #[cfg_attr(feature = "openapi", param(value_type = u64))]
    pub gid: Id,
}

/// `GET /api/friend/list`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub struct FriendQuery {
    /// 0 waiting, 1 friends (the default), 2 blocked.
    #[serde(default)]
    pub status: Option<u8>,
    /// Of those waiting: `in` for requests to you, `out` for your own.
    #[serde(default)]
    pub direction: Option<Direction>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    In,
    Out,
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
        };
        let text = serde_json::to_string(&message).expect("a message");
        assert!(
            text.starts_with(
                r#"{"id":30001,"kind":"Text","content":"hi","gid":2001,"uid":101,"client_msg_id":"c","createTime":"2026-11-22 15:47:30","updateTime":"2026-11-22 15:47:30","#
            ),
            "{text}"
        );
    }

    #[test]
    fn a_role_or_id_out_of_range_says_what_is_allowed() {
        let error = serde_json::from_str::<NewMember>(r#"{"uid":1,"role":3}"#).expect_err("role 3");
        assert!(error.is_data());
        assert!(error.to_string().contains("1 common, 2 admin"), "{error}");
        let error = serde_json::from_str::<FriendAdd>(r#"{"fid":9007199254740992}"#).expect_err("2^53");
        assert!(error.is_data());
    }
}
