//! A store and the people who use it: what makes a claim short to tell.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedMutexGuard, oneshot};
use tokio::task::JoinHandle;

use super::Fixture;
use crate::{Acting, Committed, Feed, Result, Store, StoreError, callback};
use rim_core::contact::{AskBounds, Bounds};
use rim_core::event::{Change, ChatChange, Ended, GroupChange};
use rim_core::friend::{Friend, FriendAction, Friendship};
use rim_core::group::{Group, NewGroup, Role};
use rim_core::message::{
    Chat, Extras, History, Mark, Message, MessageKind, NewMessage, Page, Receipt, Write, Written,
};
use rim_core::note::{Act, Noted, Windows};
use rim_core::session::{NewSession, Proof, TokenHash};
use rim_core::sync::{GroupDelta, MemberState, SyncPage, SyncQuery};
use rim_core::user::NewUser;
use rim_core::{ConnectionId, GroupId, MessageId, Refusal, Rev, Seq, SessionId, Timestamp, UserId};

/// When every story begins.
pub const DAWN: Timestamp = Timestamp(1_700_000_000_000);

/// More members than any story has.
pub const MANY: Bounds = Bounds::of_members(10_000);

/// A page that holds everything.
pub const ALL: Page = Page { number: 1, size: 10_000 };

/// Ids that no store has given out.
pub const NO_USER: UserId = UserId((1 << 53) - 1);
pub const NO_GROUP: GroupId = GroupId((1 << 53) - 1);
pub const NO_MESSAGE: MessageId = MessageId((1 << 53) - 1);

/// The place of a stored message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    pub id: MessageId,
    pub seq: Seq,
}

/// One entry of the feed, as it was heard.
#[derive(Debug, Clone)]
pub enum Heard {
    Answer(Result<Written>),
    Change(Change),
}

/// One store, its feed, a clock that moves when it is asked, and short words for what people do.
///
/// Words that can be refused return the store's `Result`; those that only look expect to succeed. What
/// a story says about refusals, concurrency or odd values it says to [`World::store`] directly.
pub struct World {
    pub store: Arc<dyn Store>,
    fixture: Box<dyn Fixture>,
    drain: JoinHandle<()>,
    /// Held for a push or a take, never across an `.await`.
    heard: Arc<Mutex<Vec<Heard>>>,
    /// Whoever has it keeps the feed from being drained. A lock of tokio's, as it is held while waiting.
    ear: Arc<tokio::sync::Mutex<()>>,
    clock: AtomicI64,
    ids: AtomicU64,
}

impl World {
    pub async fn new(mut fixture: Box<dyn Fixture>) -> Self {
        let (store, feed) = fixture.open().await;
        let (heard, ear) = (Arc::default(), Arc::default());
        let drain = tokio::spawn(drain(feed, Arc::clone(&heard), Arc::clone(&ear)));
        Self { store, fixture, drain, heard, ear, clock: AtomicI64::new(DAWN.0), ids: AtomicU64::new(1) }
    }

    /// Closes the store and opens it again on what it has written.
    pub async fn reopen(&mut self) {
        self.close().await;
        let (store, feed) = self.fixture.open().await;
        self.store = store;
        self.drain = tokio::spawn(drain(feed, Arc::clone(&self.heard), Arc::clone(&self.ear)));
    }

    /// Closes the store and hears its feed to the end.
    pub async fn close(&mut self) {
        self.store.close().await;
        if !self.drain.is_finished() {
            (&mut self.drain).await.expect("the feed is drained to its end");
        }
    }

    /// Nothing is taken from the feed for as long as the answer lives.
    pub async fn stop_listening(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.ear).lock_owned().await
    }

    /// The time, which moves on by a millisecond whenever it is read.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.clock.fetch_add(1, Ordering::Relaxed))
    }

    /// Somebody has set the clock.
    pub fn set_clock(&self, to: Timestamp) {
        self.clock.store(to.0, Ordering::Relaxed);
    }

    /// A number this world has not used yet.
    pub fn fresh(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    // ---- the feed

    /// What the feed brought since it was last asked.
    ///
    /// A write that can only be refused goes through the queue; entries come in commit order, so its
    /// answer is heard after everything that was done before.
    pub async fn heard(&self) -> Vec<Heard> {
        let fence = Write::Mark(Mark {
            group: NO_GROUP,
            user: NO_USER,
            message: NO_MESSAGE,
            receipt: Receipt::Read,
            session: None,
            now: DAWN,
            connection: ConnectionId(0),
        });
        assert_eq!(refusal(write(&self.store, fence).await), Refusal::NoSuchGroup);
        let mut heard = std::mem::take(&mut *self.heard.lock().expect("no holder panics"));
        let fence = heard.pop();
        assert!(matches!(fence, Some(Heard::Answer(Err(_)))), "answers come in order: {fence:?}");
        heard
    }

    /// The changes among what the feed brought since it was last asked.
    pub async fn changes(&self) -> Vec<Change> {
        let change = |heard| match heard {
            Heard::Change(change) => Some(change),
            Heard::Answer(_) => None,
        };
        self.heard().await.into_iter().filter_map(change).collect()
    }

    /// The one change that the feed brought since it was last asked.
    pub async fn change(&self) -> Change {
        let mut changes = self.changes().await;
        assert_eq!(changes.len(), 1, "one change: {changes:?}");
        changes.remove(0)
    }

    // ---- users and sessions

    /// A new user of this name and account.
    pub async fn user(&self, name: &str) -> UserId {
        self.store.create_user(new_user(name), self.now()).await.expect("a free account")
    }

    pub async fn users<const N: usize>(&self, names: [&str; N]) -> [UserId; N] {
        let mut users = [NO_USER; N];
        for (user, name) in users.iter_mut().zip(names) {
            *user = self.user(name).await;
        }
        users
    }

    /// A login that lasts for an hour; its token is made of `token`.
    pub async fn login(&self, user: UserId, token: u8) -> SessionId {
        let password_hash = self.password_hash(user).await;
        self.login_by(user, token, password_hash).await.expect("a session is created")
    }

    /// The same of one whose password was verified against `password_hash`.
    pub async fn login_by(
        &self,
        user: UserId,
        token: u8,
        password_hash: Option<String>,
    ) -> Result<SessionId> {
        let now = self.now();
        let session = NewSession {
            user,
            password_hash,
            token_hash: hash(token),
            device: format!("device {token}"),
            address: "192.0.2.1".into(),
            now,
            expires_at: now.plus_ms(3_600_000),
            most: u64::MAX,
        };
        self.store.create_session(session).await
    }

    /// What the user's password is verified against.
    pub async fn password_hash(&self, user: UserId) -> Option<String> {
        let credentials = self.store.credentials_of(user).await.expect("credentials are read");
        credentials.expect("somebody").password_hash
    }

    /// What shows that the user knows their password, in this session.
    pub async fn proof(&self, user: UserId, session: SessionId) -> Proof {
        Proof { session, password_hash: self.password_hash(user).await.expect("a password") }
    }

    /// The session that this token belongs to now.
    pub async fn session(&self, token: u8) -> Option<SessionId> {
        let session = self.store.session_by_token(hash(token), self.now()).await;
        session.expect("a token is looked up").map(|session| session.id)
    }

    pub async fn befriend(&self, user: UserId, other: UserId, action: FriendAction) -> Result<bool> {
        self.store.befriend(user, other, action, AskBounds::NONE, self.now()).await
    }

    // ---- groups

    /// A group chat of `creator` and `others`, who are common members.
    pub async fn group(&self, creator: UserId, others: &[UserId]) -> GroupId {
        let group = new_group(creator, 2, others);
        self.store.create_group(group, MANY, self.now()).await.expect("a group is created")
    }

    /// The single chat of the two.
    pub async fn single(&self, user: UserId, other: UserId) -> GroupId {
        let group = new_group(user, rim_core::group::SINGLE_MODE, &[other]);
        self.store.create_group(group, MANY, self.now()).await.expect("a single chat is opened")
    }

    pub async fn add(&self, caller: UserId, group: GroupId, users: &[UserId]) -> Result<()> {
        self.store.add_members(caller, group, users.to_vec(), MANY, self.now()).await
    }

    pub async fn remove(&self, caller: UserId, group: GroupId, users: &[UserId]) -> Result<()> {
        self.store.remove_members(caller, group, users.to_vec(), self.now()).await
    }

    pub async fn leave(&self, user: UserId, group: GroupId) -> Result<()> {
        self.remove(user, group, &[user]).await
    }

    pub async fn set_role(&self, caller: UserId, group: GroupId, user: UserId, role: Role) -> Result<()> {
        self.store.set_role(caller, group, user, role, self.now()).await
    }

    pub async fn hand_over(&self, caller: UserId, group: GroupId, user: UserId) -> Result<()> {
        self.store.hand_over_group(caller, group, user, self.now()).await
    }

    pub async fn dissolve(&self, caller: UserId, group: GroupId) -> Result<()> {
        self.store.dissolve_group(caller, group, self.now()).await
    }

    pub async fn rename(&self, caller: UserId, group: GroupId, name: &str) -> Result<()> {
        let avatar = format!("{name}.png");
        self.store.update_group(caller, group, name.into(), avatar, self.now()).await
    }

    /// The group as this member sees it.
    pub async fn group_of(&self, user: UserId, group: GroupId) -> Group {
        let groups = self.store.groups_of(user).await.expect("groups are listed");
        groups.into_iter().find(|found| found.id == group).expect("they are a member")
    }

    /// The members and their roles, as the caller is told.
    pub async fn members(&self, caller: UserId, group: GroupId) -> Vec<(UserId, Role)> {
        let members = self.store.members(caller, group).await.expect("members are listed");
        members.into_iter().map(|(user, role)| (user.id, role)).collect()
    }

    // ---- messages

    /// A new text.
    pub async fn send(&self, sender: UserId, group: GroupId, content: &str) -> Result<Sent> {
        let client_msg_id = format!("message {}", self.fresh());
        self.send_as(sender, group, &client_msg_id, content).await
    }

    /// A text under an id of the sender's choice: new, or sent again.
    pub async fn send_as(
        &self,
        sender: UserId,
        group: GroupId,
        client_msg_id: &str,
        content: &str,
    ) -> Result<Sent> {
        append(&self.store, text(sender, group, client_msg_id, content, self.now())).await
    }

    /// A voice message.
    pub async fn send_voice(&self, sender: UserId, group: GroupId) -> Result<Sent> {
        let content = r#"{"url":"/voice","durationMs":1000}"#;
        let message = text(sender, group, &format!("message {}", self.fresh()), content, self.now());
        append(&self.store, NewMessage { kind: MessageKind::Audio, ..message }).await
    }

    /// A text that has more than its content.
    pub async fn send_with(
        &self,
        sender: UserId,
        group: GroupId,
        content: &str,
        extras: Extras,
    ) -> Result<Sent> {
        let client_msg_id = format!("message {}", self.fresh());
        let plain = text(sender, group, &client_msg_id, content, self.now());
        append(&self.store, NewMessage { extras: Some(Box::new(extras)), ..plain }).await
    }

    /// Does something with a message, with all the time in the world.
    pub async fn act(&self, user: UserId, group: GroupId, message: MessageId, act: Act) -> Result<Message> {
        self.store.act(self.acting(user, group, message, act)).await
    }

    pub fn acting(&self, user: UserId, group: GroupId, message: MessageId, act: Act) -> Acting {
        let windows = Windows { edit_ms: None, recall_ms: None };
        let (now, connection) = (self.now(), ConnectionId(0));
        Acting { user, group, message, act, windows, session: None, now, connection }
    }

    /// A message as the user sees it now.
    pub async fn message(&self, user: UserId, group: GroupId, message: MessageId) -> Message {
        let messages = self.messages(user, group).await;
        messages.into_iter().find(|found| found.id == message).expect("they see it")
    }

    pub async fn delivered(&self, user: UserId, group: GroupId, message: MessageId) -> Result<()> {
        self.mark(user, group, message, Receipt::Delivered).await
    }

    pub async fn read(&self, user: UserId, group: GroupId, message: MessageId) -> Result<()> {
        self.mark(user, group, message, Receipt::Read).await
    }

    pub async fn mark(
        &self,
        user: UserId,
        group: GroupId,
        message: MessageId,
        receipt: Receipt,
    ) -> Result<()> {
        let mark = Mark {
            group,
            user,
            message,
            receipt,
            session: None,
            now: self.now(),
            connection: ConnectionId(0),
        };
        let written = write(&self.store, Write::Mark(mark)).await?;
        assert_eq!(written, Written::Marked);
        Ok(())
    }

    pub async fn read_all(&self, user: UserId, group: GroupId) -> Result<()> {
        self.store.mark_all_read(user, group, self.now()).await
    }

    pub async fn delete_chat(&self, user: UserId, group: GroupId, seen: Option<Seq>) -> Result<()> {
        self.store.delete_chat(user, group, seen, self.now()).await
    }

    pub async fn chats(&self, user: UserId) -> Vec<Chat> {
        self.store.chats(user, ALL).await.expect("chats are listed")
    }

    /// The user's chat of that group.
    pub async fn chat(&self, user: UserId, group: GroupId) -> Chat {
        let chats = self.chats(user).await;
        chats.into_iter().find(|chat| chat.group.id == group).expect("the chat is in the list")
    }

    pub async fn unread(&self, user: UserId, group: GroupId) -> u64 {
        self.chat(user, group).await.unread
    }

    pub async fn history(
        &self,
        user: UserId,
        group: GroupId,
        page: Page,
        below: Option<Seq>,
    ) -> Option<History> {
        self.store.history(user, group, page, below).await.expect("history is read")
    }

    /// Every message of the group that the user may see.
    pub async fn messages(&self, user: UserId, group: GroupId) -> Vec<Message> {
        self.history(user, group, ALL, None).await.expect("they are or were a member").messages
    }

    /// What they say.
    pub async fn texts(&self, user: UserId, group: GroupId) -> Vec<String> {
        texts(&self.messages(user, group).await)
    }

    // ---- sync

    pub async fn sync(&self, user: UserId, query: SyncQuery) -> SyncPage {
        self.store.sync(user, query).await.expect("a query is answered")
    }

    /// Everything, as a client that has nothing yet would get it.
    pub async fn everything(&self, user: UserId) -> SyncPage {
        let page = self.sync(user, query(Rev(0), &[])).await;
        assert!(!page.more, "one page holds it all");
        page
    }

    /// What the user may know of the group.
    pub async fn delta(&self, user: UserId, group: GroupId) -> GroupDelta {
        let page = self.everything(user).await;
        page.groups.into_iter().find(|delta| delta.group_id == group).expect("they are or were a member")
    }

    /// How far the group's changes have come, told by one of its members.
    pub async fn rev(&self, member: UserId, group: GroupId) -> Rev {
        self.delta(member, group).await.rev
    }

    /// How far the user's own changes have come.
    pub async fn own_rev(&self, user: UserId) -> Rev {
        self.everything(user).await.rev
    }

    /// A member as another one is told of them.
    pub async fn member(&self, viewer: UserId, group: GroupId, user: UserId) -> MemberState {
        let members = self.delta(viewer, group).await.members;
        members.into_iter().find(|member| member.user == user).expect("they are a member")
    }
}

/// Does what the owner of a feed must: calls each `done`, in order, and tells of the changes.
async fn drain(mut feed: Feed, heard: Arc<Mutex<Vec<Heard>>>, ear: Arc<tokio::sync::Mutex<()>>) {
    let hear = |entry| heard.lock().expect("no holder panics").push(entry);
    while let Some(commit) = feed.recv().await {
        let _listening = ear.lock().await;
        for entry in commit {
            match entry {
                Committed::Answer { done, result } => {
                    hear(Heard::Answer(result.clone()));
                    done(result).wake();
                }
                Committed::Change(change) => hear(Heard::Change(change)),
            }
        }
    }
}

/// Submits a write and waits for its answer.
pub async fn write(store: &Arc<dyn Store>, write: Write) -> Result<Written> {
    let (answer, answered) = oneshot::channel();
    store.submit(
        write,
        callback(move |result| {
            // Whoever asked may have gone.
            let _ = answer.send(result);
        }),
    )?;
    answered.await.expect("done is called exactly once")
}

/// Appends a message and waits for its place.
pub async fn append(store: &Arc<dyn Store>, message: NewMessage) -> Result<Sent> {
    match write(store, Write::Append(message)).await? {
        Written::Appended { id, seq } => Ok(Sent { id, seq }),
        Written::Marked => panic!("an append is answered with its place"),
    }
}

pub fn text(
    sender: UserId,
    group: GroupId,
    client_msg_id: &str,
    content: &str,
    now: Timestamp,
) -> NewMessage {
    NewMessage {
        extras: None,
        group,
        sender,
        client_msg_id: client_msg_id.into(),
        kind: MessageKind::Text,
        content: content.into(),
        session: None,
        now,
        connection: ConnectionId(0),
    }
}

/// A user whose account is their name.
pub fn new_user(name: &str) -> NewUser {
    NewUser {
        account: name.into(),
        name: name.into(),
        avatar: format!("{name}.png"),
        email: format!("{name}@example.org"),
        password_hash: Some(format!("hash of {name}")),
    }
}

pub fn new_group(creator: UserId, mode: u8, others: &[UserId]) -> NewGroup {
    NewGroup {
        creator,
        name: "a group".into(),
        avatar: "group.png".into(),
        mode,
        members: others.iter().map(|user| (*user, Role::Common)).collect(),
    }
}

/// Asks for everything after these places, on one page.
pub fn query(rev: Rev, groups: &[(GroupId, Rev)]) -> SyncQuery {
    SyncQuery {
        rev,
        groups: groups.to_vec(),
        limit: 100_000,
        bytes: Some(usize::MAX),
        ..SyncQuery::default()
    }
}

/// As sync tells one whom the user calls by their own name.
pub fn friend(user: UserId, state: Friendship) -> Friend {
    Friend { user, state, remark: String::new() }
}

pub fn hash(token: u8) -> TokenHash {
    [token; 32]
}

pub fn texts(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| message.content.clone()).collect()
}

pub fn seqs(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.seq.0).collect()
}

/// The rule that refused it.
#[track_caller]
pub fn refusal<T: std::fmt::Debug>(result: Result<T>) -> Refusal {
    match result {
        Err(StoreError::Refused(refusal)) => refusal,
        other => panic!("should be refused: {other:?}"),
    }
}

/// The sessions that ended, ascending, and why.
#[track_caller]
pub fn ended(change: Change) -> (UserId, Vec<SessionId>, Ended) {
    match change {
        Change::SessionsEnded { user, mut sessions, why } => {
            sessions.sort();
            (user, sessions, why)
        }
        other => panic!("sessions ended: {other:?}"),
    }
}

/// The group, its `rev`, who did it, and what.
#[track_caller]
pub fn group_change(change: Change) -> (GroupId, Rev, UserId, GroupChange) {
    match change {
        Change::Group { group, rev, actor, what, .. } => (group, rev, actor, what),
        other => panic!("a group changed: {other:?}"),
    }
}

/// The message, the `rev`, who did it, what, and who may not see it.
#[track_caller]
pub fn noted(change: Change) -> (Message, Rev, UserId, Noted, Vec<UserId>) {
    match change {
        Change::Noted { message, rev, actor, what, mut blind, .. } => {
            blind.sort_unstable();
            ((*message).clone(), rev, actor, what, blind)
        }
        other => panic!("something happened to a message: {other:?}"),
    }
}

/// A text that takes the place of a message's, under a `client_msg_id` of the sender's choice.
pub fn edit(client_msg_id: &str, content: &str) -> Act {
    Act::Edit {
        client_msg_id: client_msg_id.into(),
        kind: None,
        content: content.into(),
        mentions: Vec::new(),
        mention_all: false,
    }
}

pub fn reply_to(message: MessageId) -> Extras {
    Extras { reply_to: Some(message), ..Extras::default() }
}

pub fn mention(users: &[UserId]) -> Extras {
    Extras { mentions: users.to_vec(), ..Extras::default() }
}

pub fn mention_all() -> Extras {
    Extras { mention_all: true, ..Extras::default() }
}

pub fn react(emoji: &str) -> Act {
    Act::React { emoji: emoji.into() }
}

pub fn unreact(emoji: &str) -> Act {
    Act::Unreact { emoji: emoji.into() }
}

/// The user, their own `rev`, the group, and what.
#[track_caller]
pub fn chat_change(change: Change) -> (UserId, Rev, GroupId, ChatChange) {
    match change {
        Change::Chat { user, rev, group, what, .. } => (user, rev, group, what),
        other => panic!("a chat changed: {other:?}"),
    }
}
