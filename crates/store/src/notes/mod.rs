//! What happens to messages after they were sent, and what they are sent with beside their content.
//!
//! The kinds of notes are known to [`rim_core::note`] alone: what is here carries out what its rules answer.

mod act;
mod extras;
mod ledger;
mod lists;
mod looks;
mod media;
mod mentions;
mod merge;
mod seen;
mod settings;

use async_trait::async_trait;
use rim_core::gallery::Part;
use rim_core::group::{NewSettings, Settings};
use rim_core::message::{Found, Message, Page};
use rim_core::note::{Edition, Reactor, Readers};
use rim_core::{GroupId, MessageId, Seq, Timestamp, UserId};

pub use self::act::{Acting, KEPT_EDITS, mentioned};
pub use self::extras::{Writing, admit, store_extras};
pub use self::media::MAX_MEDIA;
pub use self::seen::MAX_ROWS;
use crate::Result;
use crate::database::Database;
use crate::table::{Table, integer, text};

/// What messages have beside their content: the fold of their notes.
pub(crate) const STATES: Table = Table {
    name: "states",
    key: 2,
    columns: &[integer("group_id"), integer("seq"), integer("rev"), text("body")],
};

pub(crate) const NOTES: Table = Table {
    name: "notes",
    key: 5,
    columns: &[
        integer("group_id"),
        integer("kind"),
        integer("seq"),
        text("key"),
        integer("by_id"),
        integer("rev"),
        integer("at"),
        text("body"),
    ],
};

/// What edits have made messages say. The last of it stands behind the text of a state, where that is read
/// ([`rim_core::message::Message::put_on`]).
pub(crate) const WORDS: Table = Table {
    name: "words",
    key: 3,
    columns: &[integer("group_id"), integer("seq"), integer("rev"), text("content")],
};

pub(crate) const MENTIONS: Table = Table {
    name: "mentions",
    key: 3,
    columns: &[integer("user_id"), integer("group_id"), integer("seq"), integer("message_id")],
};

pub(crate) const REPLIES: Table = Table {
    name: "replies",
    key: 3,
    columns: &[integer("group_id"), integer("root_seq"), integer("seq"), integer("parent_seq")],
};

/// Notes, and what there is to be read of them. A message that the user may not see does not exist for them: of it all
/// say `NoSuchMessage`.
#[async_trait]
pub trait Notes: Send + Sync {
    /// Does something with a message, as a member who sees it, and returns it as it is then. What changes nothing takes no
    /// `rev` and is told to nobody. What a recalled message said is gone from everything that is stored, with the
    /// same commit.
    ///
    /// # Errors
    /// `NoSuchMessage`, `NotMember` to one who has left, `SessionEnded`, and those of [`rim_core::note::Act::apply`].
    async fn act(&self, acting: Acting) -> Result<Message>;

    /// What the message has said, the oldest first and what it says now last; nothing of a recalled one. Of many edits
    /// the newest, as many as are kept and fit into an answer.
    ///
    /// # Errors
    /// `NoSuchMessage`.
    async fn edits(&self, user: UserId, group: GroupId, message: MessageId) -> Result<Vec<Edition>>;

    /// What is pinned in the group, as far as the user sees it: the latest pin first.
    ///
    /// # Errors
    /// `NoSuchGroup`, `NotMember` where they never were a member.
    async fn pins(&self, user: UserId, group: GroupId) -> Result<Found>;

    /// Who has reacted to the message, with one emoji or with any: the latest first, and whether there are more.
    ///
    /// # Errors
    /// `NoSuchMessage`.
    async fn reactors(
        &self,
        user: UserId,
        group: GroupId,
        message: MessageId,
        emoji: Option<String>,
        page: Page,
    ) -> Result<(Vec<Reactor>, bool)>;

    /// Who has read the message. Who has written after it has.
    ///
    /// # Errors
    /// `NoSuchMessage`, `NotMember` to one who has left.
    async fn readers(&self, user: UserId, group: GroupId, message: MessageId) -> Result<Readers>;

    /// The messages above the place `after` that answer this one, directly or not, ascending: so many at the most. Of one that
    /// answers another itself they are looked for among the 10,000 behind it that answer the first of all.
    ///
    /// # Errors
    /// `NoSuchMessage`.
    async fn replies(
        &self,
        user: UserId,
        group: GroupId,
        message: MessageId,
        after: Seq,
        limit: u32,
    ) -> Result<Found>;

    /// The messages below `below` that mention the user, or everybody, the newest first: of one group, or of all but
    /// those that they have left and deleted. Not their own. A page is full as long as there are others, unless those have no
    /// room in it, or thousands of their own lie between: told is below which message it goes on, if it does. Pages that
    /// begin behind 10,000 others are empty.
    ///
    /// # Errors
    /// `NoSuchGroup`, `NotMember` where they never were a member of that one.
    async fn mentions(
        &self,
        user: UserId,
        group: Option<GroupId>,
        below: Option<MessageId>,
        page: Page,
    ) -> Result<(Found, Option<MessageId>)>;

    /// The messages of one list of the gallery below the place `before`, the newest first, as far as the user sees them:
    /// [`MAX_MEDIA`] at the most. A page is full as long as there are others, unless those have no room in it, or a
    /// thousand lie between that are out of sight: told is below which place it goes on, if it does.
    ///
    /// # Errors
    /// `NoSuchGroup`, `NotMember` where they never were a member.
    async fn gallery(
        &self,
        user: UserId,
        group: GroupId,
        part: Part,
        before: Option<Seq>,
        size: u32,
    ) -> Result<(Found, Option<Seq>)>;

    /// How the group is used.
    ///
    /// # Errors
    /// `NoSuchGroup`, `NotMember`.
    async fn group_settings(&self, user: UserId, group: GroupId) -> Result<Settings>;

    /// Changes how the group is used, and returns how it is used then. Takes a `rev` and is told as a change of the group,
    /// but not among its messages. What is as it was is no change.
    ///
    /// # Errors
    /// `NoSuchGroup`, and those of [`rim_core::group::may_set`] and [`NewSettings::on`].
    async fn set_group_settings(
        &self,
        user: UserId,
        group: GroupId,
        settings: NewSettings,
        now: Timestamp,
    ) -> Result<Settings>;
}

#[async_trait]
impl<D: Database> Notes for D {
    async fn act(&self, acting: Acting) -> Result<Message> {
        self.write(acting.user, move |tx| act::act(tx, &acting)).await
    }

    async fn edits(&self, user: UserId, group: GroupId, message: MessageId) -> Result<Vec<Edition>> {
        self.read_at_once(move |db| looks::edits(db, user, group, message)).await
    }

    async fn pins(&self, user: UserId, group: GroupId) -> Result<Found> {
        self.read_at_once(move |db| lists::pins(db, user, group)).await
    }

    async fn reactors(
        &self,
        user: UserId,
        group: GroupId,
        message: MessageId,
        emoji: Option<String>,
        page: Page,
    ) -> Result<(Vec<Reactor>, bool)> {
        self.read_at_once(move |db| looks::reactors(db, user, group, message, emoji.as_deref(), page)).await
    }

    async fn readers(&self, user: UserId, group: GroupId, message: MessageId) -> Result<Readers> {
        self.read_at_once(move |db| looks::readers(db, user, group, message)).await
    }

    async fn replies(
        &self,
        user: UserId,
        group: GroupId,
        message: MessageId,
        after: Seq,
        limit: u32,
    ) -> Result<Found> {
        self.read_at_once(move |db| lists::replies(db, user, group, message, after, limit)).await
    }

    async fn mentions(
        &self,
        user: UserId,
        group: Option<GroupId>,
        below: Option<MessageId>,
        page: Page,
    ) -> Result<(Found, Option<MessageId>)> {
        self.read_at_once(move |db| mentions::mentions(db, user, group, below, page)).await
    }

    async fn gallery(
        &self,
        user: UserId,
        group: GroupId,
        part: Part,
        before: Option<Seq>,
        size: u32,
    ) -> Result<(Found, Option<Seq>)> {
        self.read_at_once(move |db| media::gallery(db, user, group, part, before, size)).await
    }

    async fn group_settings(&self, user: UserId, group: GroupId) -> Result<Settings> {
        self.read_at_once(move |db| settings::of(db, user, group)).await
    }

    async fn set_group_settings(
        &self,
        user: UserId,
        group: GroupId,
        settings: NewSettings,
        now: Timestamp,
    ) -> Result<Settings> {
        self.write(user, move |tx| settings::set(tx, user, group, settings, now)).await
    }
}
