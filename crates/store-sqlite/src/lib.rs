//! rim's embedded store: SQLite with one writer and group commit.
//!
//! One thread writes (`writer`): whatever waits in its bounded queue shares one transaction (`batch`) and one
//! sync of the disk, and is answered after it. Reads run beside it, each on a snapshot (`readers`). The rules
//! are those of `rim-core`; this crate carries out what they answer, and makes none of its own.
//!
//! A read costs little, however many groups its user is in: memory tells which of them to read (`directory`).
//!
//! A message costs little because a commit writes few pages for it: counters are written once a batch
//! (`heads`), and the tables that find a message, when it is sent again (`client_ids`) or by its place in its
//! group (`places`), are written late (`tail`).

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use rim_core::contact::{AskBounds, Bounds, Contact};
use rim_core::event::Ended;
use rim_core::friend::{FriendAction, Friendship};
use rim_core::group::{Group, NewGroup, Role};
use rim_core::group_event::GroupEvent;
use rim_core::member_list::{MembersPage, MembersQuery};
use rim_core::message::{Chat, HistoryPart, ShownChat, WantedChats, WantedMessages, Write};
use rim_core::session::{NewSession, Proof, Session, TokenHash};
use rim_core::sync::{SyncPage, SyncQuery};
use rim_core::upload::NewUpload;
use rim_core::user::{Credentials, NewUser, ProfileChange, User, UserRecord};
use rim_core::{GroupId, Identity, Seq, SessionId, Timestamp, UserId, account};
use rim_store::{CommitObserver, Done, Feed, Part, Result, Store, StoreError};
use rusqlite::ErrorCode;

use crate::batch::{Batch, Piece};
use crate::directory::Directory;
use crate::failure::Failure;
use crate::file::DatabaseFile;
use crate::groups::{Adding, Creating, Removing};
use crate::health::Health;
use crate::readers::{Readers, Snapshot};
use crate::tail::{Size, Tail};
use crate::writer::Writer;

mod accounts;
mod append;
mod archive;
mod backup;
mod batch;
mod chats;
mod check;
mod checkpoint;
mod checksum;
mod client_ids;
mod connection;
mod contacts;
#[cfg(test)]
mod cost;
mod directory;
mod ended;
mod events;
mod failure;
mod file;
mod friends;
mod groups;
mod heads;
mod health;
mod history;
mod identity;
mod membership;
mod migrations;
mod places;
mod queue;
mod readers;
mod restore;
mod row;
mod sessions;
mod snapshot;
mod statements;
mod sync;
mod tail;
mod uploads;
mod users;
mod writer;

pub use archive::SqliteArchive;
pub use backup::{BackupError, backup};
pub use check::{check, fill_checksums, pictures_named};
pub use file::has_database;
pub use restore::{RestoreError, restore};

/// What one use case among messages costs, in rows: it has a savepoint and its own statements.
const FEW_ROWS: usize = 4;
/// One that is cut into no pieces, as it is one whole: it has a commit for itself.
const MANY_ROWS: usize = 1024;

/// Who asks for what the server does by itself.
const THE_SERVER: UserId = UserId(0);
/// Who asks for an account.
const STRANGERS: UserId = UserId(u64::MAX);

/// How to open a store.
pub struct Options {
    /// The database file, created if there is none. SQLite keeps two more beside it: `-wal` and `-shm`.
    pub path: PathBuf,
    /// Connections that read at the same time, at least one.
    pub readers: usize,
    pub observer: Arc<dyn CommitObserver>,
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Going back to an older rim needs a backup from before the update.
    #[error("the database was written by a newer rim: it has version {found}, this rim knows {known}")]
    Newer { found: u32, known: u32 },
    /// For what does not bring it up to date, as a server does when it starts.
    #[error(
        "the database was written by an older rim: it has version {found}, this rim checks {known}; start the server once"
    )]
    Older { found: u32, known: u32 },
    #[error("the file is not a database")]
    NotADatabase,
    #[error("the database is damaged; restore a backup")]
    Damaged,
    /// It can be read, and says what no rim writes.
    #[error("the database is damaged: {0}; restore a backup")]
    Corrupt(String),
    #[error("the file is a database of another program")]
    NotOurs,
    /// `rim migrate` was broken off; the same command goes on with it.
    #[error("moving {origin} here has not come to its end: run `rim migrate` again, or remove the database")]
    Unfinished { origin: String },
    /// Another process has it open, and must be the only one or is in the way of one that must.
    #[error("another process has the database open")]
    InUse,
    /// SQLite would begin a new database and delete it.
    #[error("the database is missing or empty, and what was last written to it is still in {}: put the database back, restore a backup, or move that file away", .0.display())]
    LogAlone(PathBuf),
    #[error("the database is cut off: it has {found} bytes of {expected}; restore a backup")]
    CutOff { found: u64, expected: u64 },
    #[error("cannot open the file: {0}")]
    File(#[source] std::io::Error),
    #[error("cannot lock the file: {0}; the database must be on a file system that has locks")]
    Lock(#[source] std::io::Error),
    #[error("sqlite: {0}")]
    Sqlite(#[source] rusqlite::Error),
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            _ => Self::Sqlite(error),
        }
    }
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Sqlite(error) => error.into(),
            other => Self::Corrupt(other.to_string()),
        }
    }
}

/// Everything rim remembers, in one file.
pub struct SqliteStore {
    writer: Writer,
    readers: Arc<Readers>,
    directory: Arc<Directory>,
    identity: Identity,
}

impl SqliteStore {
    /// Opens or creates the database and brings it up to date. What is committed comes out of the feed.
    ///
    /// Nobody else may have it open for writing: the file is locked until the store is closed. Whoever drains the feed
    /// must not wait for a write of this store while doing so: a full feed makes the writer wait for them.
    ///
    /// # Errors
    /// See [`OpenError`]; the database is as it was, or stands at a whole step of its migration.
    pub fn open(options: Options) -> std::result::Result<(Self, Feed), OpenError> {
        Self::open_sized(options, Size::STANDARD)
    }

    fn open_sized(options: Options, size: Size) -> std::result::Result<(Self, Feed), OpenError> {
        let file = DatabaseFile::take(&options.path)?;
        let mut db = connection::read_write(file.path())?;
        migrations::version(&db)?;
        archive::must_be_whole(&db)?;
        connection::make_durable(&db)?;
        migrations::run(&mut db)?;
        accounts::bring_up_to_date(&mut db)?;
        let identity = identity::open(&db)?;
        let directory = Arc::new(Directory::load(&db)?);
        let tail = Tail::load(&db, size)?;
        let health = Health::new(Arc::clone(&options.observer));
        let readers = Readers::open(file.path(), options.readers, tail.oldest(), health)?;
        let (writer, feed) = Writer::start(db, file, tail, Arc::clone(&directory), options.observer)?;
        Ok((Self { writer, readers, directory, identity }, feed))
    }

    /// A use case that writes a handful of rows.
    async fn write<T: Send + 'static>(
        &self,
        by: UserId,
        work: impl FnOnce(&mut Batch<'_>) -> failure::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.call(by, FEW_ROWS, work).await
    }

    /// One that may write thousands, and is one whole.
    async fn write_many<T: Send + 'static>(
        &self,
        by: UserId,
        work: impl FnOnce(&mut Batch<'_>) -> failure::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.call(by, MANY_ROWS, work).await
    }

    async fn write_in_pieces<T: Send + 'static>(
        &self,
        by: UserId,
        cost: usize,
        work: impl FnMut(&mut Batch<'_>) -> failure::Result<Piece<T>> + Send + 'static,
    ) -> Result<T> {
        self.writer.call_in_pieces(by, cost.max(FEW_ROWS), work).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Snapshot<'_>) -> failure::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.readers.read(work).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_user(&self, user: NewUser, now: Timestamp) -> Result<UserId> {
        self.write(STRANGERS, move |batch| users::create(batch, &user, now)).await
    }

    async fn credentials(&self, account: &str) -> Result<Option<Credentials>> {
        let keys = account::keys(account);
        self.read(move |db| users::credentials(db, &keys)).await
    }

    async fn credentials_of(&self, user: UserId) -> Result<Option<Credentials>> {
        self.read(move |db| users::credentials_of(db, user)).await
    }

    async fn set_password(&self, user: UserId, password_hash: String, proof: Option<Proof>) -> Result<()> {
        self.write(user, move |batch| users::set_password(batch, user, &password_hash, proof.as_ref())).await
    }

    async fn rehash_password(&self, user: UserId, old: &str, new: String) -> Result<()> {
        let old = old.to_owned();
        self.write(user, move |batch| users::rehash_password(batch, user, &old, &new)).await
    }

    async fn set_disabled(&self, user: UserId, disabled: bool, now: Timestamp) -> Result<()> {
        self.write(user, move |batch| users::set_disabled(batch, user, disabled, now)).await
    }

    async fn user(&self, user: UserId) -> Result<Option<User>> {
        self.read(move |db| users::find(db, user)).await
    }

    async fn look_up(&self, user: UserId, other: UserId) -> Result<Option<(User, Contact)>> {
        self.read(move |db| {
            let Some(found) = users::find(db, other)? else { return Ok(None) };
            Ok(Some((found, contacts::find(db, user, other)?)))
        })
        .await
    }

    async fn user_by_account(&self, account: &str) -> Result<Option<User>> {
        let keys = account::keys(account);
        self.read(move |db| users::by_account(db, &keys)).await
    }

    async fn list_users(&self, after: UserId, limit: u32) -> Result<Vec<UserRecord>> {
        self.read(move |db| users::list(db, after, limit)).await
    }

    async fn update_profile(&self, user: UserId, change: ProfileChange, now: Timestamp) -> Result<()> {
        self.write_many(user, move |batch| users::update_profile(batch, user, change, now)).await
    }

    async fn create_session(&self, session: NewSession) -> Result<SessionId> {
        self.write(session.user, move |batch| sessions::create(batch, &session)).await
    }

    async fn session_by_token(&self, token_hash: TokenHash, now: Timestamp) -> Result<Option<Session>> {
        self.read(move |db| sessions::by_token(db, token_hash, now)).await
    }

    async fn touch_session(
        &self,
        session: SessionId,
        address: String,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        self.write(THE_SERVER, move |batch| sessions::touch(batch, session, &address, now, expires_at)).await
    }

    async fn sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
        self.read(move |db| sessions::of(db, user, now)).await
    }

    async fn end_session(&self, user: UserId, session: SessionId) -> Result<()> {
        self.write(user, move |batch| sessions::end(batch, user, session)).await
    }

    async fn end_other_sessions(&self, user: UserId, keep: SessionId) -> Result<u64> {
        self.write(user, move |batch| sessions::end_all(batch, user, Some(keep), Ended::Revoked)).await
    }

    async fn purge_sessions(&self, now: Timestamp) -> Result<u64> {
        let (mut purged, mut after) = (0, SessionId(0));
        let purging = move |batch: &mut Batch<'_>| {
            let (deleted, last) = sessions::purge(batch, now, after)?;
            purged += deleted;
            Ok(match last {
                Some(last) => {
                    after = last;
                    Piece::More { cost: sessions::PURGED_AT_ONCE }
                }
                None => Piece::Last(purged),
            })
        };
        self.write_in_pieces(THE_SERVER, sessions::PURGED_AT_ONCE, purging).await
    }

    async fn last_seen(&self) -> Result<Option<Timestamp>> {
        self.read(|db| sessions::last_seen(db)).await
    }

    async fn befriend(
        &self,
        user: UserId,
        other: UserId,
        action: FriendAction,
        bounds: AskBounds,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(user, move |batch| friends::befriend(batch, user, other, action, &bounds, now)).await
    }

    async fn friends_part(
        &self,
        user: UserId,
        states: &[Friendship],
        after: UserId,
        bytes: usize,
    ) -> Result<Part<User, UserId>> {
        let states = states.to_vec();
        self.read(move |db| friends::part(db, user, &states, after, bytes)).await
    }

    async fn acquaintances(&self, user: UserId, others: Vec<UserId>) -> Result<Vec<UserId>> {
        self.read(move |db| friends::acquaintances(db, user, others)).await
    }

    async fn create_group(&self, group: NewGroup, bounds: Bounds, now: Timestamp) -> Result<GroupId> {
        let (creator, mut creating) = (group.creator, Creating::new(group, bounds, now));
        self.write_in_pieces(creator, creating.cost(), move |batch| creating.next(batch)).await
    }

    async fn update_group(
        &self,
        caller: UserId,
        group: GroupId,
        name: String,
        avatar: String,
        now: Timestamp,
    ) -> Result<()> {
        self.write(caller, move |batch| groups::update(batch, caller, group, &name, &avatar, now)).await
    }

    async fn groups_part(&self, user: UserId, after: GroupId, bytes: usize) -> Result<Part<Group, GroupId>> {
        self.read(move |db| groups::part(db, user, after, bytes)).await
    }

    async fn group_ids_of(&self, user: UserId) -> Result<Vec<GroupId>> {
        self.read(move |db| groups::ids_of(db, user)).await
    }

    async fn members_page(&self, caller: UserId, group: GroupId, query: MembersQuery) -> Result<MembersPage> {
        self.read(move |db| groups::members_page(db, caller, group, &query)).await
    }

    async fn add_members(
        &self,
        caller: UserId,
        group: GroupId,
        users: Vec<UserId>,
        bounds: Bounds,
        now: Timestamp,
    ) -> Result<()> {
        let mut adding = Adding::new(caller, group, &users, bounds, now);
        self.write_in_pieces(caller, adding.cost(), move |batch| adding.next(batch)).await
    }

    async fn remove_members(
        &self,
        caller: UserId,
        group: GroupId,
        users: Vec<UserId>,
        now: Timestamp,
    ) -> Result<()> {
        let mut removing = Removing::new(caller, group, &users, now);
        self.write_in_pieces(caller, removing.cost(), move |batch| removing.next(batch)).await
    }

    async fn set_role(
        &self,
        caller: UserId,
        group: GroupId,
        user: UserId,
        role: Role,
        now: Timestamp,
    ) -> Result<()> {
        self.write(caller, move |batch| groups::set_role(batch, caller, group, user, role, now)).await
    }

    async fn hand_over_group(
        &self,
        caller: UserId,
        group: GroupId,
        user: UserId,
        now: Timestamp,
    ) -> Result<()> {
        self.write(caller, move |batch| groups::hand_over(batch, caller, group, user, now)).await
    }

    async fn dissolve_group(&self, caller: UserId, group: GroupId, now: Timestamp) -> Result<()> {
        self.write_many(caller, move |batch| groups::dissolve(batch, caller, group, now)).await
    }

    async fn keep_upload(&self, upload: NewUpload, quota_bytes: u64, now: Timestamp) -> Result<()> {
        self.write(upload.user, move |batch| uploads::keep(batch, &upload, quota_bytes, now)).await
    }

    async fn unused_uploads(&self, before: Timestamp, limit: u32) -> Result<Vec<String>> {
        self.read(move |db| uploads::unused(db, before, limit)).await
    }

    async fn forget_uploads(&self, names: Vec<String>, before: Timestamp) -> Result<Vec<String>> {
        self.write(THE_SERVER, move |batch| uploads::forget(batch, names, before)).await
    }

    fn submit(&self, write: Write, done: Done) -> Result<()> {
        self.writer.submit(write, done)
    }

    async fn mark_all_read(&self, user: UserId, group: GroupId, now: Timestamp) -> Result<()> {
        self.write(user, move |batch| batch.mark_all_read(user, group, now)).await
    }

    async fn delete_chat(
        &self,
        user: UserId,
        group: GroupId,
        seen: Option<Seq>,
        now: Timestamp,
    ) -> Result<()> {
        self.write(user, move |batch| chats::delete(batch, user, group, seen, now)).await
    }

    async fn chats_part(
        &self,
        user: UserId,
        wanted: WantedChats,
        bytes: usize,
    ) -> Result<Part<Chat, Vec<ShownChat>>> {
        let directory = Arc::clone(&self.directory);
        self.read(move |db| chats::part(db, &directory, user, wanted, bytes)).await
    }

    async fn history_part(
        &self,
        user: UserId,
        group: GroupId,
        wanted: WantedMessages,
        bytes: usize,
    ) -> Result<Option<HistoryPart>> {
        self.read(move |db| history::part(db, user, group, wanted, bytes)).await
    }

    async fn group_events(
        &self,
        user: UserId,
        group: GroupId,
        from: Seq,
        to: Seq,
        limit: u32,
        bytes: usize,
    ) -> Result<(Vec<GroupEvent>, Vec<User>, bool)> {
        self.read(move |db| events::between(db, user, group, (from, to), limit, bytes)).await
    }

    async fn sync(&self, user: UserId, query: SyncQuery) -> Result<SyncPage> {
        let directory = Arc::clone(&self.directory);
        self.read(move |db| sync::page(db, &directory, user, &query)).await
    }

    fn identity(&self) -> &Identity {
        &self.identity
    }

    async fn ready(&self) -> Result<()> {
        // What is in the cache is no proof, so some of it lies anywhere.
        self.read(history::sample).await?;
        if self.readers.health.fails() {
            return Err(StoreError::Fault("most reads fail".into()));
        }
        self.write(THE_SERVER, |batch| migrations::rewrite_version(batch.db)).await
    }

    fn queue_depth(&self) -> usize {
        self.writer.queue_depth()
    }

    fn queue_fill(&self) -> f32 {
        self.writer.queue_fill()
    }

    async fn close(&self) {
        self.readers.close();
        self.writer.close().await;
    }
}

#[cfg(test)]
mod tests;
