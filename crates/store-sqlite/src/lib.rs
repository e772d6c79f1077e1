//! rim's embedded store: SQLite with one writer and group commit.
//!
//! One thread writes (`writer`): whatever waits in its bounded queue shares one transaction (`batch`) and one
//! sync of the disk, and is answered after it. Reads run beside it, each on a snapshot (`readers`). The rules
//! are those of `rim-core`; this crate carries out what they answer, and makes none of its own.
//!
//! A read costs little, however many groups its user is in: memory tells which of them to read (`published_heads`).
//!
//! A message costs little because a commit writes few pages for it: counters are written once a batch
//! (`heads`), and the tables that find a message, when it is sent again (`client_ids`) or by its place in its
//! group (`places`), are written late (`tail`).

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use rim_core::group_event::GroupEvent;
use rim_core::message::{Chat, HistoryPart, ShownChat, WantedChats, WantedMessages, Write};
use rim_core::session::{Session, TokenHash};
use rim_core::sync::{SyncPage, SyncQuery};
use rim_core::user::User;
use rim_core::{GroupId, Identity, Seq, Timestamp, UserId};
use rim_store::database::THE_SERVER;
use rim_store::{CommitObserver, Done, Feed, Logins, Messages, Part, Result, Store, StoreError};

use crate::file::DatabaseFile;
use crate::health::Health;
use crate::published_heads::PublishedHeads;
use crate::readers::Readers;
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
#[cfg(test)]
mod cost;
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
mod moved;
mod open_error;
mod places;
mod port;
mod published_heads;
mod queue;
mod readers;
mod restore;
mod row;
mod sessions;
mod sights;
mod snapshot;
mod statements;
mod sync;
mod tail;
mod uploads;
mod users;
mod wipe;
mod writer;

pub use archive::SqliteArchive;
pub use backup::{BackupError, backup};
pub use check::{check, fill_checksums, known_blobs, pictures_named};
pub use file::has_database;
pub use open_error::OpenError;
pub use restore::{RestoreError, restore};

/// How to open a store.
pub struct Options {
    /// The database file, created if there is none. SQLite keeps two more beside it: `-wal` and `-shm`.
    pub path: PathBuf,
    /// Connections that read at the same time, at least one.
    pub readers: usize,
    pub observer: Arc<dyn CommitObserver>,
}

/// Everything rim remembers, in one file.
pub struct SqliteStore {
    writer: Writer,
    readers: Arc<Readers>,
    published: Arc<PublishedHeads>,
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
        let published = Arc::new(PublishedHeads::load(&db)?);
        let tail = Tail::load(&db, size)?;
        let health = Health::new(Arc::clone(&options.observer));
        let readers = Readers::open(file.path(), options.readers, tail.oldest(), health)?;
        let (writer, feed) = Writer::start(db, file, tail, Arc::clone(&published), options.observer)?;
        Ok((Self { writer, readers, published, identity }, feed))
    }
}

#[async_trait]
impl Logins for SqliteStore {
    async fn session_by_token(&self, token_hash: TokenHash, now: Timestamp) -> Result<Option<Session>> {
        self.readers.read(move |db| sessions::by_token(db, token_hash, now)).await
    }

    async fn group_ids_of(&self, user: UserId) -> Result<Vec<GroupId>> {
        self.readers.read(move |db| groups::ids_of(db, user)).await
    }

    async fn sync(&self, user: UserId, query: SyncQuery) -> Result<SyncPage> {
        let published = Arc::clone(&self.published);
        self.readers.read(move |db| sync::page(db, &published, user, &query)).await
    }
}

#[async_trait]
impl Messages for SqliteStore {
    fn submit(&self, write: Write, done: Done) -> Result<()> {
        self.writer.submit(write, done)
    }

    async fn mark_all_read(&self, user: UserId, group: GroupId, now: Timestamp) -> Result<()> {
        self.writer.call(user, port::FEW_ROWS, move |batch| batch.mark_all_read(user, group, now)).await
    }

    async fn chats_part(
        &self,
        user: UserId,
        wanted: WantedChats,
        bytes: usize,
    ) -> Result<Part<Chat, Vec<ShownChat>>> {
        let published = Arc::clone(&self.published);
        self.readers.read(move |db| chats::part(db, &published, user, wanted, bytes)).await
    }

    async fn history_part(
        &self,
        user: UserId,
        group: GroupId,
        wanted: WantedMessages,
        bytes: usize,
    ) -> Result<Option<HistoryPart>> {
        self.readers.read(move |db| history::part(db, user, group, wanted, bytes)).await
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
        self.readers.read(move |db| events::between(db, user, group, (from, to), limit, bytes)).await
    }

    fn queue_depth(&self) -> usize {
        self.writer.queue_depth()
    }

    fn queue_fill(&self) -> f32 {
        self.writer.queue_fill()
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    async fn ready(&self) -> Result<()> {
        // What is in the cache is no proof, so some of it lies anywhere.
        self.readers.read(history::sample).await?;
        if self.readers.health.fails() {
            return Err(StoreError::Fault("most reads fail".into()));
        }
        self.writer.call(THE_SERVER, port::FEW_ROWS, |batch| migrations::rewrite_version(batch.db)).await
    }

    async fn close(&self) {
        self.readers.close();
        self.writer.close().await;
    }
}

#[cfg(test)]
mod tests;
mod use_cases;
