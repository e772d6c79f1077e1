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
    #[error("no such message")]
    NoSuchMessage,
    #[error("the message was recalled")]
    Recalled,
    #[error("this is somebody else's message: only its sender may do this")]
    OthersMessage,
    #[error("only the creator of the group may recall what an admin has written")]
    AdminsMessage,
    #[error("a message may {} after it was sent", within("be edited", *.0))]
    TooLateToEdit(u64),
    #[error("a message may {} after it was sent", within("be recalled", *.0))]
    TooLateToRecall(u64),
    #[error(
        "texts may be edited into other texts, and of pictures, sound, films and files the caption; nothing else"
    )]
    NotEditable,
    #[error("a message may be edited {0} times, and this one was")]
    TooManyEdits(u64),
    #[error("a message has at most {0} different reactions")]
    TooManyReactions(usize),
    #[error("only voice messages are opened")]
    NoVoice,
    #[error("only admins of this group may pin messages")]
    MayNotPin,
    #[error("a group has at most {0} pinned messages: unpin one first")]
    TooManyPins(u64),
    #[error("only admins of this group may mention everybody")]
    MayNotMentionAll,
    #[error("you have hidden {0} messages of this chat, and can hide no more: clear the chat instead")]
    TooManyHidden(usize),
    #[error("a search has at most {0} characters")]
    QueryTooLong(usize),
    #[error("a search has at most {0} words, phrases and operators")]
    TooManyTerms(usize),
    #[error("a message that expires cannot be forwarded")]
    Expires,
    #[error("what is forwarded as one message has at most {0} bytes: choose fewer")]
    MergedTooLarge(usize),
    #[error("merged messages stand in each other at most {0} deep")]
    MergedTooDeep(usize),
    #[error("this is too much to forward at once: choose fewer messages, or fewer chats")]
    ForwardTooLarge,
    #[error("no such scheduled message: it was sent or cancelled")]
    NoSuchScheduled,
    #[error("you have {0} scheduled messages, and can have no more: cancel one first")]
    TooManyScheduled(u64),
    #[error("the server was down when it was due, and for more than a day")]
    ScheduledTooLate,
    #[error("messages never expire (0), or after at least 5 seconds and at most ten years")]
    NoSuchExpiry,
    #[error(
        "the timer of this group was set {0} times: it can be turned off, or set again once what has a time is gone and little is left between"
    )]
    TooManyTimers(u64),
    #[error("no such session")]
    NoSuchSession,
    #[error("you keep {used} bytes of {allowed}: what nothing shows is removed after a day and makes room")]
    QuotaExceeded { used: u64, allowed: u64 },
    #[error("no such file")]
    NoSuchFile,
    #[error("this file cannot be shown as that: send it as a File")]
    FileOfAnotherKind,
    #[error("a file has at most {0} bytes")]
    FileTooLarge(u64),
    #[error("a picture has at most {0} bytes: send a larger one as a file")]
    PictureTooLarge(u64),
    #[error("this says where it was taken, and that cannot be taken out of it: send it as a file")]
    LocationStays,
    #[error("you have uploaded {used} bytes today, of {allowed}: go on tomorrow")]
    DayExceeded { used: u64, allowed: u64 },
    #[error("{0} of your uploads are going on: wait until one has ended")]
    TooManyTransfers(u64),
    #[error("the server's disk is nearly full: files are not taken for now, messages are")]
    DiskNearlyFull,
    /// The session that asks is no longer valid, for this reason.
    #[error("the session has ended")]
    SessionEnded(Ended),
    #[error("the account is disabled")]
    Disabled,
    /// It is another than the one that was shown and verified.
    #[error("the password has changed meanwhile")]
    PasswordChanged,
}

/// What may be done for so many milliseconds.
fn within(done: &str, ms: u64) -> String {
    if ms == 0 { format!("not {done}") } else { format!("{done} for {}", plain_time(ms)) }
}

/// A time in milliseconds, in the largest unit of which it is a whole number.
fn plain_time(ms: u64) -> String {
    let units = [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second")];
    match units.into_iter().find(|(unit, _)| ms.is_multiple_of(*unit)) {
        Some((unit, name)) if ms == unit => format!("1 {name}"),
        Some((unit, name)) => format!("{} {name}s", ms / unit),
        None => format!("{ms} milliseconds"),
    }
}

/// Why sessions ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Logout, revoked from another device, or another password.
    Revoked,
    /// The user was disabled.
    Disabled,
}
