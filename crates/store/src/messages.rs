//! Messages and receipts, and what is read of them: the part that was tuned by measuring, and that each database has for
//! itself.

use async_trait::async_trait;
use rim_core::group_event::GroupEvent;
use rim_core::message::{Chat, History, HistoryPart, Page, ShownChat, WantedChats, WantedMessages, Write};
use rim_core::size::PART_BYTES;
use rim_core::user::User;
use rim_core::{GroupId, Seq, Timestamp, UserId};

use crate::table::{Table, integer, text};
use crate::{Done, Part, Result};

/// By id, which is also the order of each group: what is moved of it at any moment is a beginning.
pub const TABLE: Table = Table {
    name: "messages",
    key: 1,
    columns: &[
        integer("id"),
        integer("group_id"),
        integer("seq"),
        integer("rev"),
        integer("sender_id"),
        text("client_msg_id"),
        integer("kind"),
        text("content"),
        integer("created_at"),
    ],
};

/// What is said.
#[async_trait]
pub trait Messages: Send + Sync {
    /// Queues a write of the message path. `done` is called exactly once, by whoever drains the feed, after
    /// the commit. Writes of one user that are submitted one after the other are answered in that order.
    ///
    /// A write is refused with `SessionEnded` if the end of the session it comes from was committed before it.
    ///
    /// An `Append` is refused with `NoSuchGroup` or `NotMember`. One to a single chat brings the other back into it who
    /// has left ([`rim_core::group::brought_back_by_a_message`]): they join before the message, with the `rev` before its
    /// own, and it is told as `Added` between the answer and the message. A `(sender, group, client_msg_id)` that is
    /// stored already is answered with the place of the first, whether or not the sender is still a member.
    ///
    /// A `Mark` is refused with `NoSuchGroup` or `NotMember`. For a message that does not exist, is another
    /// group's, or lies behind the receipt already stored it is `Marked` and changes nothing. Read implies
    /// delivered; one mark takes at most one `rev`.
    ///
    /// # Errors
    /// `Busy`: the queue is full, by count or by bytes; `done` is dropped, not called.
    fn submit(&self, write: Write, done: Done) -> Result<()>;

    /// Marks everything in the group as read by the user, now. Who has left reads their own part: no receipt of the
    /// group, but a change of theirs ([`rim_core::event::ChatChange::ReadAfterLeaving`]).
    ///
    /// # Errors
    /// `NoSuchGroup`, `NotMember` where they never were a member.
    async fn mark_all_read(&self, user: UserId, group: GroupId, now: Timestamp) -> Result<()>;

    /// A page of the user's chat list: the groups they are or were a member of in which they may see a message, but
    /// for those they have deleted ([`rim_core::message::is_deleted`]). Pages are cut newest message first; the rows of a
    /// page ascend by message id. Answered are the first of them that fit into so many bytes, and which others are on
    /// the page.
    async fn chats_part(
        &self,
        user: UserId,
        wanted: WantedChats,
        bytes: usize,
    ) -> Result<Part<Chat, Vec<ShownChat>>>;

    /// A whole page, however large: for tests and tools. Answers are made of parts.
    async fn chats(&self, user: UserId, page: Page) -> Result<Vec<Chat>> {
        let (mut chats, mut wanted) = (Vec::new(), Some(WantedChats::Page(page)));
        while let Some(next) = wanted {
            let part = self.chats_part(user, next, PART_BYTES).await?;
            chats.extend(part.rows);
            wanted = part.rest.map(WantedChats::Rest);
        }
        Ok(chats)
    }

    /// A page of the group as the user may see it: the parts during which they were a member. Page 1 holds the
    /// newest. Answered are the oldest of it that fit into so many bytes, and where the others are. `None` where they
    /// never were a member or there is no such group.
    async fn history_part(
        &self,
        user: UserId,
        group: GroupId,
        wanted: WantedMessages,
        bytes: usize,
    ) -> Result<Option<HistoryPart>>;

    /// A whole page, however large: for tests and tools. Answers are made of parts.
    async fn history(
        &self,
        user: UserId,
        group: GroupId,
        page: Page,
        below: Option<Seq>,
    ) -> Result<Option<History>> {
        let wanted = WantedMessages::Page { page, below };
        let Some(mut part) = self.history_part(user, group, wanted, PART_BYTES).await? else {
            return Ok(None);
        };
        let mut whole = part.history;
        while let Some(rest) = part.rest {
            let next = self.history_part(user, group, WantedMessages::Rest(rest), PART_BYTES).await?;
            let Some(next) = next else { break };
            for sender in &next.history.senders {
                if !whole.senders.iter().any(|known| known.id == sender.id) {
                    whole.senders.push(sender.clone());
                }
            }
            whole.messages.extend(next.history.messages.iter().cloned());
            part = next;
        }
        Ok(Some(whole))
    }

    /// What happened in the group among the messages from one place to the other, as far as the user may know of it:
    /// of the newest `limit` those that fit into so many bytes, and whether there are more. Named are all whom they speak of. Nothing of a single chat, and
    /// nothing to one who never was a member.
    async fn group_events(
        &self,
        user: UserId,
        group: GroupId,
        from: Seq,
        to: Seq,
        limit: u32,
        bytes: usize,
    ) -> Result<(Vec<GroupEvent>, Vec<User>, bool)>;

    /// Writes waiting to be committed.
    fn queue_depth(&self) -> usize;

    /// How full their queue is, from 0 to 1: the larger part of its bounds in number and bytes. Waits for
    /// nothing, as it is asked for every message.
    fn queue_fill(&self) -> f32;
}
