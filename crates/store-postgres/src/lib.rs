//! rim's shared store: several nodes on one PostgreSQL, with batched appends.
//!
//! Messages and receipts of a node go through one task (`writer`): whatever waits in its bounded queue shares one
//! transaction of two round trips (`batch`), and is answered after its commit. Every other use case is a transaction
//! of its own on a pooled connection (`database`). Both take the lock of a group's row before they read anything of
//! it, so nodes agree on its `seq` and `rev`; what a node commits it tells on its feed in the order of its commits
//! (`publisher`). The rules are those of `rim-core`; this crate carries out what they answer, and makes none of its own.
//!
//! The bus of a few nodes is here, too, as PostgreSQL brings one ([`NotifyBus`]).

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::FutureExt;
use rim_core::group_event::GroupEvent;
use rim_core::message::{Chat, HistoryPart, ShownChat, WantedChats, WantedMessages, Write};
use rim_core::session::{Session, TokenHash};
use rim_core::sync::{SyncPage, SyncQuery};
use rim_core::user::User;
use rim_core::{GroupId, Identity, Refusal, Seq, Timestamp, UserId};
use rim_store::{CommitObserver, Done, Feed, Logins, Messages, Part, Result, Store, StoreError};
use tokio::sync::oneshot;

use crate::connection::Server;
use crate::database::Database;
use crate::pools::Pools;
use crate::publisher::Publisher;
use crate::queue::{Asker, Item, Wanted};
use crate::writer::Writer;

mod accounts;
mod append;
mod archive;
mod batch;
mod bound;
mod bus;
mod causes;
mod changes;
mod chats;
mod check;
mod connection;
mod database;
mod each;
mod events;
mod failure;
mod friends;
mod groups;
mod history;
mod identity;
mod membership;
mod mentions;
mod migrations;
mod moved;
mod names;
mod nodes;
mod objects;
mod open_error;
mod place;
mod pools;
mod port;
mod publisher;
mod queue;
mod row;
mod sessions;
mod shared;
mod sights;
mod sync;
mod text;
mod tls;
mod transaction;
mod turns;
mod uploads;
mod use_cases;
mod users;
mod writer;

pub use archive::{PostgresArchive, must_exist};
pub use bus::{BusOptions, NotifyBus};
pub use check::{check, known_blobs};
pub use open_error::OpenError;

/// How to open a store.
pub struct Options {
    /// `postgres://user:password@host:port/database?…`, or `key=value` pairs, as libpq has them. The store is in the
    /// first schema of the `search_path`.
    ///
    /// `sslmode`: `disable`; `prefer`, the default, which is encrypted if the server can; `require`; `verify-full`
    /// (and `verify-ca`, which is taken for it), which knows the server by the system's authorities, or by those in
    /// the file that `sslrootcert` names. With `sslrootcert` every encrypted mode does.
    pub url: String,
    /// Connections for use cases, at least one, and at most these. Messages and receipts have one more of their own.
    pub connections: usize,
    pub observer: Arc<dyn CommitObserver>,
}

/// Everything rim remembers, in a database that several nodes may have open.
pub struct PostgresStore {
    database: Arc<Database>,
    writer: Writer,
    publisher: Arc<Publisher>,
    pools: Arc<Pools>,
    /// Of the database.
    id: u64,
    identity: Identity,
}

impl PostgresStore {
    /// Connects, and creates the tables or brings them up to date. What this node commits comes out of the feed.
    ///
    /// Whoever drains the feed must not wait for a write of this store while doing so: a full feed makes writes wait
    /// for them.
    ///
    /// # Errors
    /// See [`OpenError`]; the database is as it was.
    pub async fn open(options: Options) -> std::result::Result<(Self, Feed), OpenError> {
        let server = Server::new(&options.url)?;
        let pools = Arc::new(Pools::new(&server, options.connections));
        let mut client = pools.first().await.map_err(connection::why_not)?;
        // Both are kept: a node that has started can store messages, however many others come.
        drop(pools.for_messages().await.map_err(connection::why_not)?);
        let (id, identity) = migrations::run(&mut client).await?;
        archive::must_be_whole(&client).await?;
        accounts::bring_up_to_date(&mut client).await.map_err(OpenError::of_accounts)?;
        nodes::look_at_room(&client, options.connections).await?;
        drop(client);
        let (publisher, feed) = Publisher::new();
        let publisher = Arc::new(publisher);
        let writer = Writer::start(Arc::clone(&pools), Arc::clone(&publisher), Arc::clone(&options.observer));
        let database = Arc::new(Database::new(Arc::clone(&pools), Arc::clone(&publisher), options.observer));
        Ok((Self { database, writer, publisher, pools, id, identity }, feed))
    }
}

#[async_trait]
impl Logins for PostgresStore {
    async fn session_by_token(&self, token_hash: TokenHash, now: Timestamp) -> Result<Option<Session>> {
        self.database.one(move |db| sessions::by_token(db, token_hash, now).boxed()).await
    }

    async fn group_ids_of(&self, user: UserId) -> Result<Vec<GroupId>> {
        self.database.one(move |db| groups::ids_of(db, user).boxed()).await
    }

    async fn sync(&self, user: UserId, query: SyncQuery) -> Result<SyncPage> {
        self.database.read(move |db| sync::page(db, user, query).boxed()).await
    }
}

#[async_trait]
impl Messages for PostgresStore {
    fn submit(&self, write: Write, done: Done) -> Result<()> {
        self.writer.queue.push(Item { wanted: Wanted::Write(write), asker: Asker::Feed(done) })
    }

    async fn mark_all_read(&self, user: UserId, group: GroupId, now: Timestamp) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.writer
            .queue
            .push(Item { wanted: Wanted::ReadAll { user, group, now }, asker: Asker::Caller(reply) })?;
        match answer.await.unwrap_or_else(|_| Err(StoreError::Fault("the writer has died".into()))) {
            Err(StoreError::Refused(Refusal::NotMember)) => {
                self.database
                    .write(move |tx| rim_store::chats::read_after_leaving(tx, user, group, now))
                    .await
            }
            answered => answered,
        }
    }

    async fn chats_part(
        &self,
        user: UserId,
        wanted: WantedChats,
        bytes: usize,
    ) -> Result<Part<Chat, Vec<ShownChat>>> {
        self.database.read(move |db| chats::part(db, user, wanted, bytes).boxed()).await
    }

    async fn history_part(
        &self,
        user: UserId,
        group: GroupId,
        wanted: WantedMessages,
        bytes: usize,
    ) -> Result<Option<HistoryPart>> {
        self.database.read(move |db| history::part(db, user, group, wanted, bytes).boxed()).await
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
        self.database.read(move |db| events::between(db, user, group, from, to, limit, bytes).boxed()).await
    }

    fn queue_depth(&self) -> usize {
        self.writer.queue.len()
    }

    fn queue_fill(&self) -> f32 {
        self.writer.queue.fill()
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    async fn ready(&self) -> Result<()> {
        // Told in its own words: whoever asks wants to know why.
        self.writer.ready().await.map_err(|failure| StoreError::Fault(failure.to_string()))
    }

    async fn close(&self) {
        self.database.close().await;
        self.writer.close().await;
        self.publisher.close();
    }
}
