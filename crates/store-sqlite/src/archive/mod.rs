//! The store as rows, to be moved to another kind of store or from one.
//!
//! Whoever has it open has the file alone. A new one gets its write-ahead log when a server first opens it:
//! until then it only grows, and a journal of the few old pages that change is less to write.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use rim_core::node::Node;
use rim_core::{Identity, Timestamp};
use rim_store::archive::{Archive, ArchiveError, Key, Result, Row, State, StoreArchive, Table, Value};
use rusqlite::{Connection, OptionalExtension};

use crate::failure::Failure;
use crate::file::DatabaseFile;
use crate::{OpenError, accounts, client_ids, connection, identity, migrations};

mod late;
mod rows;

/// A table that is there as long as not everything is. Its one row says where it comes from.
const MARK: &str = "unfinished_migration";

/// A database that nobody else has open.
pub struct SqliteArchive {
    /// A plain mutex: it is held by the one thread that works on it, never across an await.
    db: Arc<Mutex<Connection>>,
    /// After it, as it is to be let go of later.
    _file: DatabaseFile,
}

impl SqliteArchive {
    /// Opens or creates the database, and brings it up to date.
    ///
    /// # Errors
    /// See [`OpenError`]; `InUse` while another process has it open.
    pub fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        let file = DatabaseFile::take(path)?;
        let mut db = connection::read_write(file.path())?;
        migrations::version(&db)?;
        // Whoever has it open has it for longer than one would wait.
        db.busy_timeout(Duration::ZERO)?;
        db.execute_batch("PRAGMA locking_mode = exclusive; BEGIN EXCLUSIVE; COMMIT")?;
        db.pragma_update(None, "synchronous", "full")?;
        db.pragma_update(None, "cache_size", -64 * 1024)?; // KiB, if negative
        // What is sorted may be larger than memory.
        db.pragma_update(None, "temp_store", "file")?;
        migrations::run(&mut db)?;
        // What is being moved here has its keys already, and not all of it is here.
        if unfinished(&db)?.is_none() {
            accounts::bring_up_to_date(&mut db)?;
        }
        Ok(Self { db: Arc::new(Mutex::new(db)), _file: file })
    }

    /// Works on the database, off the runtime's threads.
    async fn call<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> crate::failure::Result<T> + Send + 'static,
    {
        let db = Arc::clone(&self.db);
        let answer = tokio::task::spawn_blocking(move || work(&mut db.lock()));
        answer.await.unwrap_or(Err(Failure::Panicked)).map_err(|failure| ArchiveError(failure.to_string()))
    }
}

/// Where what is in the database was being moved from, if not all of it has come.
pub(crate) fn unfinished(db: &Connection) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1)";
    if !db.query_row(sql, [MARK], |row| row.get(0))? {
        return Ok(None);
    }
    db.query_row(&format!("SELECT source FROM {MARK}"), [], |row| row.get(0)).optional()
}

/// # Errors
/// `Unfinished`.
pub(crate) fn must_be_whole(db: &Connection) -> std::result::Result<(), OpenError> {
    unfinished(db)?.map_or(Ok(()), |from| Err(OpenError::Unfinished { from }))
}

#[async_trait]
impl Archive for SqliteArchive {
    async fn count(&mut self, table: &'static Table) -> Result<u64> {
        self.call(move |db| rows::count(db, table)).await
    }

    async fn last_key(&mut self, table: &'static Table) -> Result<Option<Key>> {
        self.call(move |db| rows::last_key(db, table)).await
    }

    async fn rows(&mut self, table: &'static Table, above: Option<&[Value]>) -> Result<Vec<Row>> {
        let above = above.map(<[Value]>::to_vec);
        self.call(move |db| rows::above(db, table, above)).await
    }

    async fn add(&mut self, table: &'static Table, rows: Vec<Row>) -> Result<()> {
        self.call(move |db| rows::add(db, table, &rows)).await
    }
}

#[async_trait]
impl StoreArchive for SqliteArchive {
    async fn state(&mut self) -> Result<State> {
        self.call(|db| {
            Ok(match unfinished(db)? {
                Some(source) => State::Unfinished { source },
                None if rows::are_none(db)? => State::Empty,
                None => State::InUse,
            })
        })
        .await
    }

    /// The machine's.
    async fn now(&mut self) -> Result<Timestamp> {
        let sql = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)";
        self.call(move |db| Ok(Timestamp(db.query_row(sql, [], |row| row.get(0))?))).await
    }

    /// None: nobody else has the file open.
    async fn nodes(&mut self, _since: Timestamp) -> Result<Vec<Node>> {
        Ok(Vec::new())
    }

    async fn last_session_id(&mut self) -> Result<i64> {
        let sql = "SELECT max(seq) FROM sqlite_sequence WHERE name = 'sessions'";
        self.call(|db| Ok(db.query_row(sql, [], |row| row.get::<_, Option<i64>>(0))?.unwrap_or(0))).await
    }

    async fn identity(&mut self) -> Result<Identity> {
        self.call(|db| Ok(identity::find(db)?)).await
    }

    async fn begin(&mut self, source: &str) -> Result<()> {
        let source = source.to_owned();
        self.call(move |db| {
            let tx = db.transaction()?;
            tx.execute_batch(&format!("CREATE TABLE {MARK} (source TEXT NOT NULL) STRICT"))?;
            tx.execute(&format!("INSERT INTO {MARK} (source) VALUES (?1)"), [source])?;
            Ok(tx.commit()?)
        })
        .await
    }

    async fn finish(&mut self, last_session_id: i64, identity: &Identity) -> Result<()> {
        let identity = identity.clone();
        self.call(move |db| {
            let tx = db.transaction()?;
            late::fill(&tx, client_ids::hash)?;
            tx.execute("DELETE FROM sqlite_sequence WHERE name = 'sessions'", [])?;
            let sql = "INSERT INTO sqlite_sequence (name, seq) VALUES ('sessions', ?1)";
            tx.execute(sql, [last_session_id])?;
            identity::set(&tx, &identity)?;
            Ok(tx.commit()?)
        })
        .await
    }

    async fn complete(&mut self) -> Result<()> {
        // With the lock the journal goes, which is kept for its holder.
        self.call(|db| Ok(db.execute_batch(&format!("PRAGMA locking_mode = normal; DROP TABLE {MARK}"))?))
            .await
    }
}
