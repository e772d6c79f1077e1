//! Messages, receipts, and the pages they are read in.

mod extras;
pub mod forward;
mod now;
mod state;

use crate::group::Group;
use crate::size::{Size, json_bytes};
use crate::user::User;
use crate::{ConnectionId, GroupId, MessageId, Rev, Seq, SessionId, Timestamp, UserId};

pub use self::extras::Extras;
pub use self::now::{is_state, without_words};
pub use self::state::{
    Edited, Link, MessageState, NEWEST_NAMED, Opened, Origin, Reaction, Recalled, Replied,
};

/// What a message holds. The number is what stores keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MessageKind {
    Text = 1,
    RichText = 2,
    Image = 3,
    Audio = 4,
    Video = 5,
    File = 6,
    Location = 7,
    Card = 8,
    Custom = 9,
    /// Several messages that were forwarded as one. Only the server makes it.
    Merged = 10,
}

impl MessageKind {
    pub const ALL: [Self; 10] = [
        Self::Text,
        Self::RichText,
        Self::Image,
        Self::Audio,
        Self::Video,
        Self::File,
        Self::Location,
        Self::Card,
        Self::Custom,
        Self::Merged,
    ];

    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What it is called on the wire, and in what merged messages hold.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::RichText => "RichText",
            Self::Image => "Image",
            Self::Audio => "Audio",
            Self::Video => "Video",
            Self::File => "File",
            Self::Location => "Location",
            Self::Card => "Card",
            Self::Custom => "Custom",
            Self::Merged => "Merged",
        }
    }

    /// The kind of that number; `None` where the number means nothing.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What is shown in the place of a message that the disk has not given back as it was written, as its sender's: so the
/// rest of a chat stays what it is.
pub const DAMAGED: &str =
    "[This message was damaged on the server's disk. Whoever runs the server can restore it from a backup.]";

/// A stored message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub group: GroupId,
    pub seq: Seq,
    pub rev: Rev,
    pub sender: UserId,
    pub client_msg_id: String,
    pub kind: MessageKind,
    pub content: String,
    pub created_at: Timestamp,
    /// Nothing of a plain message to which nothing has happened. Where there is one, kind and content are the present ones.
    pub state: Option<Box<MessageState>>,
}

/// A write of the message path: many of them share one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    Append(NewMessage),
    Mark(Mark),
}

/// A message to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    pub group: GroupId,
    pub sender: UserId,
    /// 1 to 64 bytes, chosen by the sender; makes retries safe.
    pub client_msg_id: String,
    pub kind: MessageKind,
    pub content: String,
    /// Nothing of a plain message.
    pub extras: Option<Box<Extras>>,
    /// The session it comes from, if it comes from one: it is refused once that has ended.
    pub session: Option<SessionId>,
    pub now: Timestamp,
    pub connection: ConnectionId,
}

/// How far a message has come to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Receipt {
    Delivered,
    /// Implies delivered.
    Read,
}

/// A receipt for everything up to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub group: GroupId,
    pub user: UserId,
    pub message: MessageId,
    pub receipt: Receipt,
    /// As [`NewMessage::session`].
    pub session: Option<SessionId>,
    pub now: Timestamp,
    pub connection: ConnectionId,
}

/// What became of a [`Write`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The message is stored. For a resent one this is the place of the first, and nothing was stored again.
    Appended { id: MessageId, seq: Seq },
    /// The receipt is stored, or there was nothing to mark.
    Marked,
}

/// A row of a user's chat list: a group that they are in, or have left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chat {
    pub group: Group,
    /// The latest message that the user may see.
    pub last: Message,
    /// The first other current member by order of joining; if there is none the first other former
    /// one; if there never was one, the user.
    pub other: User,
    /// How many messages they may see behind those that they have read, which are those before their own last, too.
    pub unread: u64,
    /// How many of these mention them: [`crate::sight::MAX_MENTIONS`] at the most.
    pub unread_mentions: u64,
    /// Whether the user is no longer a member, and this is what was theirs.
    pub left: bool,
}

/// Whether a chat is out of its user's list: they have deleted it up to `deleted`, and since then no message came that
/// they may see. `last` is the last place that is theirs: the group's, or that where they left. Whoever joins anew has
/// deleted nothing.
pub fn is_deleted(deleted: Option<Seq>, last: Seq) -> bool {
    deleted.is_some_and(|deleted| last <= deleted)
}

/// Up to which place a chat is deleted by one who has seen it up to `seen`, or all of it: what they cannot have seen
/// stays. `None` where it is deleted already.
pub fn delete(deleted: Option<Seq>, last: Seq, seen: Option<Seq>) -> Option<Seq> {
    let up_to = seen.map_or(last, |seen| seen.min(last));
    deleted.is_none_or(|deleted| deleted < up_to).then_some(up_to)
}

/// Whether somebody who deletes a chat, which they have seen up to `seen` or all of, has done with it: they have left the
/// group, and nobody but a member brings them back. A single chat comes back with the other's next message.
pub fn is_forgotten(single: bool, left: Option<Seq>, seen: Option<Seq>) -> bool {
    !single && left.is_some_and(|left| seen.is_none_or(|seen| seen >= left))
}

/// A page counted from the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub number: u64,
    pub size: u32,
}

impl Page {
    /// Rows before this page.
    pub const fn offset(self) -> u64 {
        self.number.saturating_sub(1).saturating_mul(self.size as u64)
    }
}

/// A page of a group's history, as one user may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    pub group: Group,
    /// In ascending order of `seq`.
    pub messages: Vec<Message>,
    /// The senders of these messages, each once.
    pub senders: Vec<User>,
}

/// Messages of one list, in its order, and everybody whom they name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub messages: Vec<Message>,
    pub users: Vec<User>,
    /// Whether the list has more than there was room for.
    pub more: bool,
}

/// Which messages of a group are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedMessages {
    /// A page; `below` leaves out that place and everything after it.
    Page { page: Page, below: Option<Seq> },
    /// What an earlier part of a page has left, by places that ascend.
    Rest(Vec<Span>),
}

/// The oldest messages of a page, and where the rest of it is; `None` if this is all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPart {
    pub history: History,
    pub rest: Option<Vec<Span>>,
}

/// Which chats are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedChats {
    Page(Page),
    /// What an earlier part of a page has left.
    Rest(Vec<ShownChat>),
}

/// A chat on a page, and the message that it is shown with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownChat {
    pub group: GroupId,
    pub last: MessageId,
}

/// What of the spans, which ascend, lies above a place.
pub fn above(spans: &[Span], place: Seq) -> Vec<Span> {
    let cut = spans.iter().map(|span| Span { after: span.after.max(place), to: span.to });
    cut.filter(|span| span.after < span.to).collect()
}

/// The places a user may see: everything above `after`, up to and including `to`.
///
/// One span for each time they were a member; the last one of a current member is open and ends at the
/// group's last place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub after: Seq,
    pub to: Seq,
}

/// Which places a page of a user's view covers, newest first.
///
/// `spans` ascend and do not overlap. As places have no gaps, a page is found by counting, without
/// reading what lies before it. `below` cuts off that place and everything after it.
pub fn page_spans(spans: &[Span], below: Option<Seq>, page: Page) -> Vec<Span> {
    let mut skip = page.offset();
    let mut wanted = u64::from(page.size);
    let mut found = Vec::new();
    for span in spans.iter().rev() {
        let to = below.map_or(span.to.0, |below| span.to.0.min(below.0.saturating_sub(1)));
        let visible = to.saturating_sub(span.after.0);
        if visible <= skip {
            skip -= visible;
            continue;
        }
        let to = to - skip;
        let take = wanted.min(to - span.after.0);
        skip = 0;
        wanted -= take;
        if take > 0 {
            found.push(Span { after: Seq(to - take), to: Seq(to) });
        }
        if wanted == 0 {
            break;
        }
    }
    found
}

impl Size for Message {
    fn size_bytes(&self) -> usize {
        let state = self.state.as_ref().map_or(0, |state| state.size_bytes());
        320 + json_bytes(&self.client_msg_id) + json_bytes(&self.content) + state
    }
}

impl Size for Chat {
    fn size_bytes(&self) -> usize {
        70 + self.group.size_bytes() + self.last.size_bytes() + self.other.size_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(after: u64, to: u64) -> Span {
        Span { after: Seq(after), to: Seq(to) }
    }

    #[test]
    fn pages_walk_over_the_gap_of_one_who_was_away() {
        let spans = [span(0, 3), span(10, 12)];
        let page = |number| page_spans(&spans, None, Page { number, size: 2 });
        assert_eq!(page(1), [span(10, 12)]);
        assert_eq!(page(2), [span(1, 3)]);
        assert_eq!(page(3), [span(0, 1)]);
        assert_eq!(page(4), []);
        assert_eq!(page_spans(&spans, None, Page { number: 1, size: 3 }), [span(10, 12), span(2, 3)]);
    }

    #[test]
    fn a_chat_is_deleted_up_to_what_was_seen_and_comes_back_with_what_was_not() {
        assert_eq!(delete(None, Seq(5), None), Some(Seq(5)));
        assert_eq!(delete(None, Seq(5), Some(Seq(4))), Some(Seq(4)), "the fifth came meanwhile");
        assert_eq!(delete(None, Seq(5), Some(Seq(9))), Some(Seq(5)), "what does not exist is not deleted");
        assert_eq!(delete(None, Seq(0), None), Some(Seq(0)), "without a message");
        assert_eq!(delete(Some(Seq(5)), Seq(5), None), None, "once is enough");
        assert_eq!(delete(Some(Seq(5)), Seq(6), None), Some(Seq(6)));
        assert!(is_deleted(Some(Seq(5)), Seq(5)) && !is_deleted(Some(Seq(5)), Seq(6)));
        assert!(is_deleted(Some(Seq(0)), Seq(0)) && !is_deleted(None, Seq(0)));
    }

    #[test]
    fn a_group_is_forgotten_that_was_left_and_seen_to_its_end() {
        assert!(is_forgotten(false, Some(Seq(5)), None) && is_forgotten(false, Some(Seq(5)), Some(Seq(5))));
        assert!(!is_forgotten(false, Some(Seq(5)), Some(Seq(4))), "the last came unseen");
        assert!(!is_forgotten(false, None, None), "they are in it");
        assert!(!is_forgotten(true, Some(Seq(5)), None), "the other may write");
    }

    #[test]
    fn a_page_can_be_held_still_by_a_place() {
        let spans = [span(0, 9)];
        assert_eq!(page_spans(&spans, Some(Seq(5)), Page { number: 1, size: 2 }), [span(2, 4)]);
        assert_eq!(page_spans(&spans, Some(Seq(0)), Page { number: 1, size: 2 }), []);
        assert_eq!(page_spans(&spans, None, Page { number: 1, size: 0 }), []);
    }
}
