//! The port to what keeps everything.
//!
//! A method is a whole use case with its own transaction, not a table. What a caller may do is decided
//! inside that transaction by the rules of this crate.

use std::time::Duration;

use async_trait::async_trait;

use rim_core::contact::{AskBounds, Bounds, Contact};
use rim_core::friend::{FriendAction, Friendship};
use rim_core::group::{Group, NewGroup, Role};
use rim_core::group_event::GroupEvent;
use rim_core::member_list::{MembersPage, MembersQuery};
use rim_core::message::{Chat, History, HistoryPart, Page, ShownChat, WantedChats, WantedMessages, Write};
use rim_core::session::{NewSession, Proof, Session, TokenHash};
use rim_core::size::PART_BYTES;
use rim_core::sync::{SyncPage, SyncQuery};
use rim_core::upload::NewUpload;
use rim_core::user::{Credentials, NewUser, ProfileChange, User, UserRecord};
use rim_core::{GroupId, Identity, Refusal, Rev, Seq, SessionId, Timestamp, UserId};

pub mod archive;
pub mod check;
mod feed;
mod shared;
#[cfg(feature = "suite")]
pub mod suite;
pub mod waiting;

pub use feed::{Committed, Done, Feed, Sleeper, callback};
pub use shared::{SeenUpTo, SharedStore};

pub type Result<T> = std::result::Result<T, StoreError>;

/// Why a use case was not carried out. Nothing was changed, whichever it is but `Unsure`.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A queue is full. The caller may try again.
    #[error("the server is busy, try again")]
    Busy,
    /// The backend failed. The text is for the log, not for users.
    #[error("store: {0}")]
    Fault(String),
    /// It was carried out or not: the answer of the backend was lost, and what came of it could not be found out. A
    /// message that is sent again is stored once. Or a part of a large change was.
    #[error("it is not known whether this was stored: send it again with the same clientMsgId")]
    Unsure,
}

/// The next rows of a list, as many as there is room for, and where the rest of it begins; `None` at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<T, R> {
    pub rows: Vec<T>,
    pub rest: Option<R>,
}

/// Told of every commit, and of what cannot be read, for metrics. Called by the store's writer, so it must not block.
pub trait CommitObserver: Send + Sync + 'static {
    /// `writes` use cases shared one commit, which took `elapsed` from its first write to the disk.
    fn committed(&self, writes: usize, elapsed: Duration);

    /// A read was answered with a fault of the store.
    fn read_failed(&self) {}

    /// A row that was read is not what was written.
    fn damaged_row(&self) {}
}

/// Everything rim remembers.
///
/// What every implementation guarantees, and the suite checks:
/// - A method that returns `Ok`, and a [`Done`] that is called with `Ok`, mean that the change has
///   reached the disk. No other session can see a change before that.
/// - (sender, group, `client_msg_id`) is stored once, for ever.
/// - Within a group `seq` runs 1, 2, 3… without a gap in commit order. Every durable change of a group
///   takes the group's next `rev`: messages, receipts that move on, membership, roles, name and avatar of the
///   group and of its members.
/// - What changed is published on the [`crate::Feed`] that came with the store, in commit order.
/// - A method that fails has changed nothing, unless it says `Unsure`. One in pieces that fails in the midst, also
///   because its caller may not go on, has changed a part, and says that.
/// - Users take turns: what one asks for, however much and however large, has others wait for a commit or two. What a user
///   submits keeps its order.
/// - A method that nobody waits for any more is not carried out, if it has not begun.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    // ---- users

    /// Creates a user.
    ///
    /// # Errors
    /// `AccountTaken` if the account is taken, compared by [`rim_core::account::fold`]; `AccountConfusable` if people cannot
    /// tell it from one that exists, by [`rim_core::account::confuses`].
    async fn create_user(&self, user: NewUser, now: Timestamp) -> Result<UserId>;

    /// What a login to `account` is checked against; compared by [`rim_core::account::fold`], and before that by
    /// [`rim_core::account::keys`], so that accounts that were two before text was normalised stay two.
    async fn credentials(&self, account: &str) -> Result<Option<Credentials>>;

    /// What a change of the user's password is checked against.
    async fn credentials_of(&self, user: UserId) -> Result<Option<Credentials>>;

    /// Sets the password and ends every session of the user; those who do it themselves keep the one they do it in.
    ///
    /// # Errors
    /// `NoSuchUser`; where there is a proof, `SessionEnded` if its session has ended, and `PasswordChanged` if its
    /// password is no longer the user's.
    async fn set_password(&self, user: UserId, password_hash: String, proof: Option<Proof>) -> Result<()>;

    /// Replaces the hash of an unchanged password by a stronger one, if it is still `old`. Ends no session.
    async fn rehash_password(&self, user: UserId, old: &str, new: String) -> Result<()>;

    /// Disables or enables a user. Disabling ends all his sessions; he keeps his memberships.
    ///
    /// # Errors
    /// `NoSuchUser`.
    async fn set_disabled(&self, user: UserId, disabled: bool, now: Timestamp) -> Result<()>;

    async fn user(&self, user: UserId) -> Result<Option<User>>;

    /// `other`, and what they are to `user`.
    async fn look_up(&self, user: UserId, other: UserId) -> Result<Option<(User, Contact)>>;

    /// The user of that account, compared as by [`Self::credentials`].
    async fn user_by_account(&self, account: &str) -> Result<Option<User>>;

    /// Users above `after` by id, at most `limit`.
    async fn list_users(&self, after: UserId, limit: u32) -> Result<Vec<UserRecord>>;

    /// Changes the profile; takes the user's next own `rev` and publishes `Profile`. Values that are as they were
    /// are no change.
    ///
    /// A new name or picture concerns others, too: it takes a `rev` in every group that the user is a member of,
    /// and the next own `rev` of everybody who is, or is asked to be, the user's friend. Published are a `Profile`
    /// each, by id, and then a [`rim_core::event::GroupChange::Profile`] a group, by id. Beyond
    /// [`rim_core::user::MAX_TOLD_FRIENDS`] and [`rim_core::user::MAX_TOLD_GROUPS`] nobody is told.
    ///
    /// # Errors
    /// `NoSuchUser`.
    async fn update_profile(&self, user: UserId, change: ProfileChange, now: Timestamp) -> Result<()>;

    // ---- sessions

    /// Opens a session, in one transaction with the look at whether the user may have one: so none outlives the end of
    /// them all, however long a password took to be verified. Of more than [`NewSession::most`] those of
    /// [`rim_core::session::surplus`] end.
    ///
    /// # Errors
    /// `NoSuchUser`, `Disabled`; `PasswordChanged` if the password that was verified is no longer the user's.
    async fn create_session(&self, session: NewSession) -> Result<SessionId>;

    /// The session of that token: not if it has expired at `now`, was ended, or its user is disabled.
    async fn session_by_token(&self, token_hash: TokenHash, now: Timestamp) -> Result<Option<Session>>;

    /// Notes that the session was used. Does nothing for one that has ended.
    async fn touch_session(
        &self,
        session: SessionId,
        address: String,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()>;

    /// The user's sessions that have not expired at `now`, by id.
    async fn sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>>;

    /// Ends a session of the user.
    ///
    /// # Errors
    /// `NoSuchSession`, also if it is another user's.
    async fn end_session(&self, user: UserId, session: SessionId) -> Result<()>;

    /// Ends every session of the user but `keep`, and returns how many.
    async fn end_other_sessions(&self, user: UserId, keep: SessionId) -> Result<u64>;

    /// Deletes sessions that have expired at `now` and returns how many.
    async fn purge_sessions(&self, now: Timestamp) -> Result<u64>;

    /// When a session was last noted as used: the newest of all; `None` where there is none.
    async fn last_seen(&self) -> Result<Option<Timestamp>>;

    // ---- friends

    /// Asks, accepts or declines by [`rim_core::friend::act`]; `false` where the action applied to nothing.
    /// Takes the next own `rev` of both users where something changed.
    ///
    /// # Errors
    /// For `Ask`: `SelfFriend`, `UnknownUser`, and where nobody has asked the other way those of
    /// [`rim_core::friend::may_ask_another`].
    async fn befriend(
        &self,
        user: UserId,
        other: UserId,
        action: FriendAction,
        bounds: AskBounds,
        now: Timestamp,
    ) -> Result<bool>;

    /// Users above `after` whose relation to `user` is one of `states`, by id: as many as fit into so many bytes.
    async fn friends_part(
        &self,
        user: UserId,
        states: &[Friendship],
        after: UserId,
        bytes: usize,
    ) -> Result<Part<User, UserId>>;

    /// All of them, however many: for tests and tools. Answers are made of parts.
    async fn friends(&self, user: UserId, states: &[Friendship]) -> Result<Vec<User>> {
        let (mut friends, mut after) = (Vec::new(), Some(UserId(0)));
        while let Some(from) = after {
            let part = self.friends_part(user, states, from, PART_BYTES).await?;
            friends.extend(part.rows);
            after = part.rest;
        }
        Ok(friends)
    }

    /// Those of `others` to whom `user` is no stranger, by id: his friends, and whoever has written in their single
    /// chat since he joined it last, and has not left it. Costs what `others` are, not what he has.
    async fn acquaintances(&self, user: UserId, others: Vec<UserId>) -> Result<Vec<UserId>>;

    // ---- groups

    /// Creates a group with [`NewGroup::founders`], or finds the single chat of two who have one already
    /// and brings both back into it (as [`Self::add_members`] would).
    ///
    /// Each founder's joining takes a `rev`, in order, from 1. Of more than [`rim_core::group::PIECE`] the others come after
    /// that, as if they were added ([`Self::add_members`]), in the roles they were to have.
    ///
    /// # Errors
    /// `UnknownUser`, also of those whom the creator may not look up; `TooManyMembers`, and of a group chat those of
    /// [`rim_core::contact::may_join`].
    async fn create_group(&self, group: NewGroup, bounds: Bounds, now: Timestamp) -> Result<GroupId>;

    /// Changes name and avatar. Values that are as they were are no change.
    ///
    /// # Errors
    /// `NoSuchGroup`, and those of [`rim_core::group::may_update`].
    async fn update_group(
        &self,
        caller: UserId,
        group: GroupId,
        name: String,
        avatar: String,
        now: Timestamp,
    ) -> Result<()>;

    /// The groups above `after` that the user is a member of, by id: as many as fit into so many bytes.
    async fn groups_part(&self, user: UserId, after: GroupId, bytes: usize) -> Result<Part<Group, GroupId>>;

    /// All of them, however many: for tests and tools. Answers are made of parts.
    async fn groups_of(&self, user: UserId) -> Result<Vec<Group>> {
        let (mut groups, mut after) = (Vec::new(), Some(GroupId(0)));
        while let Some(from) = after {
            let part = self.groups_part(user, from, PART_BYTES).await?;
            groups.extend(part.rows);
            after = part.rest;
        }
        Ok(groups)
    }

    /// Their ids alone, by id: what a login binds the connection to.
    async fn group_ids_of(&self, user: UserId) -> Result<Vec<GroupId>>;

    /// A page of the current members by order of joining; empty where the caller is not one of them.
    async fn members_page(&self, caller: UserId, group: GroupId, query: MembersQuery) -> Result<MembersPage>;

    /// All of them, however many: for tests and tools. Answers are made of pages.
    async fn members(&self, caller: UserId, group: GroupId) -> Result<Vec<(User, Role)>> {
        let (mut members, mut after) = (Vec::new(), Some(Rev(0)));
        while let Some(from) = after {
            let query = MembersQuery { after: from, size: u32::MAX, named: None, bytes: PART_BYTES };
            let page = self.members_page(caller, group, query).await?;
            members.extend(page.members.into_iter().map(|member| (member.user, member.role)));
            after = page.next;
        }
        Ok(members)
    }

    /// Adds users as common members. Those who are members already are left as they are. One who comes
    /// back sees his earlier part and what follows, never the gap, joins anew in the order of joining,
    /// and has role common. More than [`rim_core::group::PIECE`] join in pieces, each told by itself, once all of them are looked at.
    ///
    /// # Errors
    /// `NoSuchGroup`, `UnknownUser`, also of those whom the caller may not look up, `TooManyMembers`, and those of
    /// [`rim_core::group::may_add`] and [`rim_core::contact::may_join`].
    async fn add_members(
        &self,
        caller: UserId,
        group: GroupId,
        users: Vec<UserId>,
        bounds: Bounds,
        now: Timestamp,
    ) -> Result<()>;

    /// Removes users, in pieces like those of [`Self::add_members`]; those who are no members are passed over. If the creator
    /// is among them the heir of [`rim_core::group::needs_heir`] becomes creator and admin (published as `Creator`, after `Removed`).
    ///
    /// # Errors
    /// `NoSuchGroup`, and those of [`rim_core::group::may_remove`].
    async fn remove_members(
        &self,
        caller: UserId,
        group: GroupId,
        users: Vec<UserId>,
        now: Timestamp,
    ) -> Result<()>;

    /// Gives a member another role. The role he has already is no change.
    ///
    /// # Errors
    /// `NoSuchGroup`, and those of [`rim_core::group::may_change_role`].
    async fn set_role(
        &self,
        caller: UserId,
        group: GroupId,
        user: UserId,
        role: Role,
        now: Timestamp,
    ) -> Result<()>;

    /// Makes `user` creator and admin; the caller stays an admin. To oneself is no change.
    ///
    /// # Errors
    /// `NoSuchGroup`, and those of [`rim_core::group::may_hand_over`].
    async fn hand_over_group(
        &self,
        caller: UserId,
        group: GroupId,
        user: UserId,
        now: Timestamp,
    ) -> Result<()>;

    /// Everybody leaves, for good. Each still reads his part.
    ///
    /// # Errors
    /// `NoSuchGroup`, and those of [`rim_core::group::may_dissolve`].
    async fn dissolve_group(&self, caller: UserId, group: GroupId, now: Timestamp) -> Result<()>;

    // ---- uploads

    /// Notes that a user has uploaded a file; the caller keeps the file itself, after this. The same file again is one,
    /// and was used now.
    ///
    /// # Errors
    /// `QuotaExceeded` if the user would keep more than `quota_bytes`.
    async fn keep_upload(&self, upload: NewUpload, quota_bytes: u64, now: Timestamp) -> Result<()>;

    /// The names of files that no user, no group and no message names, and that nobody has uploaded or named since
    /// `before`; at most `limit`. An avatar names one where its hash stands behind `/media/avatars/`, a message by
    /// [`rim_core::upload::named`]; what a message has named once stays for ever.
    async fn unused_uploads(&self, before: Timestamp, limit: u32) -> Result<Vec<String>>;

    /// Forgets those of these that nobody has uploaded or named since `before`, not even a moment ago, and returns them;
    /// the caller removes the files. Where files are in the store they go, too.
    async fn forget_uploads(&self, names: Vec<String>, before: Timestamp) -> Result<Vec<String>>;

    // ---- messages

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

    /// Deletes a chat from the user's list by [`rim_core::message::delete`]; they stay a member, if they are one, and its
    /// messages stay theirs. Takes their next own `rev`. A new message brings it back, and so does a new membership.
    /// A group that they have left is forgotten by [`rim_core::message::is_forgotten`]: nothing lists it for them any more,
    /// and nothing that they ask has to look at it. Whoever knows it still reads their own part.
    ///
    /// # Errors
    /// `NoSuchGroup`, `NotMember` where they never were a member.
    async fn delete_chat(
        &self,
        user: UserId,
        group: GroupId,
        seen: Option<Seq>,
        now: Timestamp,
    ) -> Result<()>;

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

    /// What the user missed.
    ///
    /// Groups the query does not name count as `rev` 0. Repeating the query with the answer's `rev`s until
    /// `more` is false ends exactly up to date, with `after` the answer's `next` or without it. Groups the user was
    /// never in are passed over.
    async fn sync(&self, user: UserId, query: SyncQuery) -> Result<SyncPage>;

    // ---- the store itself

    /// Which store this is; the same as long as it is open.
    fn identity(&self) -> &Identity;

    /// Whether it can read and write now.
    ///
    /// # Errors
    /// What keeps it from that.
    async fn ready(&self) -> Result<()>;

    /// Writes waiting to be committed.
    fn queue_depth(&self) -> usize;

    /// How full their queue is, from 0 to 1: the larger part of its bounds in number and bytes. Waits for
    /// nothing, as it is asked for every message.
    fn queue_fill(&self) -> f32;

    /// Commits what is queued and closes. Everything submitted later is `Busy`; the feed ends.
    async fn close(&self);
}
