//! Why a rule says no. The texts are what users read.

/// A rule of the product refused an operation; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    // The old server's spelling, which old clients show.
    #[error("Account Existed")]
    AccountTaken,
    #[error("this account looks like one that exists already")]
    AccountConfusable,
    #[error("user not found")]
    NoSuchUser,
    #[error("no such user: {0}")]
    UnknownUser(crate::UserId),
    #[error("you cannot be your own friend")]
    SelfFriend,
    #[error("no such group")]
    NoSuchGroup,
    #[error("you are not a member of this group")]
    NotMember,
    #[error("this user is not a member of this group")]
    NoSuchMember,
    #[error("only an admin of the group may do this")]
    NotAdmin,
    #[error("only the creator of the group may do this")]
    NotCreator,
    #[error("the creator can be neither removed nor given another role")]
    CreatorStays,
    #[error("a single chat has its two people and no others; each can only leave")]
    SingleChat,
    #[error("a group has at most {0} members")]
    TooManyMembers(u64),
    #[error("you are in {0} groups, and can be in no more: leave one first")]
    TooManyGroups(u64),
    #[error("user {0} is in as many groups as others can add them to")]
    TheirGroups(crate::UserId),
    #[error(
        "user {0} can be added by their contacts only: others have added them to many groups that they have not looked into"
    )]
    Unasked(crate::UserId),
    #[error("{0} people have not answered yet: wait, or take a request back")]
    TooManyAsked(u64),
    #[error("no such session")]
    NoSuchSession,
    #[error(
        "you keep {used} bytes of {allowed} in pictures: those that nothing shows are removed after a day and make room"
    )]
    QuotaExceeded { used: u64, allowed: u64 },
    /// The session that asks is no longer valid, for this reason.
    #[error("the session has ended")]
    SessionEnded(Ended),
    #[error("the account is disabled")]
    Disabled,
    /// It is another than the one that was shown and verified.
    #[error("the password has changed meanwhile")]
    PasswordChanged,
}

/// Why sessions ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Logout, revoked from another device, or another password.
    Revoked,
    /// The user was disabled.
    Disabled,
}
