//! What changes without being a message, by its name on the wire.

use serde::{Deserialize, Serialize};

/// A change that is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Notice {
    /// `uid` asks you to be friends.
    FriendRequest,
    /// `uid` and you are friends now.
    FriendAccepted,
    /// `uid` rejected your request.
    FriendRejected,
    /// `uid` took the request back.
    FriendWithdrawn,
    /// `uid` ended the friendship.
    FriendRemoved,
    /// `uid` created the group and you are in it; `uids` are its members.
    GroupCreated,
    /// `uid` changed name or avatar of the group.
    GroupUpdated,
    /// `uid` added `uids`.
    MembersAdded,
    /// `uid` removed `uids`; one who leaves removes themselves.
    MembersRemoved,
    /// `uid` gave `uids` the role `role`.
    RoleChanged,
    /// `uid` handed the group over to `uids`.
    OwnerChanged,
    /// `uid` dissolved the group.
    GroupDissolved,
    /// `uid` has read everything up to `msgId` and `seq`; yourself, in a group that you have left, up to `seq`.
    Read,
    /// Everything up to `msgId` and `seq` was delivered to `uid`.
    Delivered,
    /// The name or picture of `uid` is another: a member of the group, or without a `gid` a friend, or yourself.
    ProfileUpdated,
    /// `uid` (yourself, on another device) deleted the chat `gid` up to `seq`.
    ChatDeleted,
    /// `uid`, whom you watch, has a connection now.
    Online,
    /// `uid`, whom you watch, has had none for a while.
    Offline,
    /// `uid` edited the message `msgId`; `msg` is what it is now. The same holds for the five that follow, and for `Opened` and `Linked`.
    Edited,
    /// `uid` recalled it.
    Recalled,
    /// `uid` reacted to it with `emoji`.
    Reacted,
    /// `uid` took back their reaction `emoji`.
    Unreacted,
    /// `uid` pinned it.
    Pinned,
    /// `uid` unpinned it.
    Unpinned,
    /// Something changed in the group that you may not see. It is told so that your `rev` has no gap.
    Moved,
    /// `uid` (yourself, on another device) hid the messages `msgIds`, at the places `seqs`, from themselves.
    Hidden,
    /// `uid` (yourself, on another device) cleared the chat up to `seq`.
    Cleared,
    /// `uid` (yourself, on another device) starred the message `msgId`.
    Starred,
    /// `uid` (yourself, on another device) took the star from the message `msgId`.
    Unstarred,
    /// The messages at the places `seqs` have expired: they are gone for everybody.
    Expired,
    /// `uid` is writing something in the group.
    Typing,
    /// `uid` (yourself, on another device) scheduled a message, or changed or cancelled one.
    ScheduleUpdated,
    /// A message of yours could not be sent in its time; `content` says why.
    ScheduleFailed,
    /// `uid` has played the voice message `msgId`.
    Opened,
    /// The server has looked at addresses in the message `msgId` of `uid`.
    Linked,
}

impl Notice {
    pub const ALL: &'static [Self] = &[
        Self::FriendRequest,
        Self::FriendAccepted,
        Self::FriendRejected,
        Self::FriendWithdrawn,
        Self::FriendRemoved,
        Self::GroupCreated,
        Self::GroupUpdated,
        Self::MembersAdded,
        Self::MembersRemoved,
        Self::RoleChanged,
        Self::OwnerChanged,
        Self::GroupDissolved,
        Self::Read,
        Self::Delivered,
        Self::ProfileUpdated,
        Self::ChatDeleted,
        Self::Online,
        Self::Offline,
        Self::Edited,
        Self::Recalled,
        Self::Reacted,
        Self::Unreacted,
        Self::Pinned,
        Self::Unpinned,
        Self::Moved,
        Self::Hidden,
        Self::Cleared,
        Self::Starred,
        Self::Unstarred,
        Self::Expired,
        Self::Typing,
        Self::ScheduleUpdated,
        Self::ScheduleFailed,
        Self::Opened,
        Self::Linked,
    ];
}
