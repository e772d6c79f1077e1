//! The store as rows, to be moved to another kind of store or from one.

use std::pin::Pin;

use async_trait::async_trait;
use deadpool_postgres::{GenericClient, Object};
use futures_util::stream::Fuse;
use futures_util::{StreamExt, TryStreamExt};
use rim_core::node::Node;
use rim_core::{Identity, Timestamp};
use rim_store::archive::{
    Archive, ArchiveError, Chunk, Key, Result, Row, State, StoreArchive, TABLES, Table, Value,
};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{RowStream, Statement};

use self::value::{Found, Param};
use crate::connection::{self, Server};
use crate::failure::Failure;
use crate::{OpenError, accounts, causes, identity, migrations, nodes};

mod value;

/// A table that is there as long as not everything is. Its one row says where it comes from.
const MARK: &str = "unfinished_migration";

/// "rimm" in ASCII: with the schema's name it is the lock of the one who fills it.
const LOCK: i32 = 0x7269_6d6d;

/// Statements that read whole tables and take as long as they take, unlike those of a store.
const SETTINGS: &str = "
    SET statement_timeout = 0;
    SET lock_timeout = 0;
    SET idle_in_transaction_session_timeout = 0;
    SET plan_cache_mode = auto;
    SET enable_seqscan = on";

/// Where the server can, it looks every so often whether the other end of a connection is there, also during a statement:
/// of a process that was killed nothing goes on for longer.
const NOTICE_THE_DEAD: &str = "SET client_connection_check_interval = '1s'";

/// How long one who wants to fill it waits for another to have gone. What was done for one that was killed is ended, or
/// ends by itself, within that.
const PATIENCE: &str = "5s";

/// The sequences of ids, and what has them.
const SEQUENCES: [(&str, &str); 3] = [
    ("pg_get_serial_sequence('users', 'id')", "users"),
    ("'group_ids'", "groups"),
    ("'message_ids'", "messages"),
];

const SESSION_IDS: &str = "pg_get_serial_sequence('sessions', 'id')";

/// A database on one connection.
pub struct PostgresArchive {
    db: Object,
    /// Rows on their way: the server has been asked for all of them.
    reading: Option<Reading>,
}

struct Reading {
    table: &'static Table,
    /// Of the last row that was given out.
    above: Option<Key>,
    rows: Pin<Box<Fuse<RowStream>>>,
}

impl PostgresArchive {
    /// Connects to a store that is there, and reads it as it is at this moment, whatever happens to it later. What
    /// `url` may be see [`crate::Options::url`].
    ///
    /// # Errors
    /// See [`OpenError`]; `Nothing` where there is none.
    pub async fn source(url: &str) -> std::result::Result<Self, OpenError> {
        let mut db = connect(url).await?;
        if !has_table(&db, "rim_schema").await? {
            return Err(OpenError::Nothing);
        }
        migrations::run(&mut db).await?;
        if unfinished(&db).await?.is_none() {
            accounts::bring_up_to_date(&mut db).await.map_err(OpenError::of_accounts)?;
        }
        db.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
        Ok(Self { db, reading: None })
    }

    /// Connects, and creates the tables or brings them up to date.
    ///
    /// # Errors
    /// See [`OpenError`]; `BeingFilled` while another process fills it.
    pub async fn target(url: &str) -> std::result::Result<Self, OpenError> {
        let mut db = connect(url).await?;
        migrations::run(&mut db).await?;
        // Held until the connection ends.
        db.batch_execute(&format!("SET lock_timeout = '{PATIENCE}'")).await?;
        let sql = "SELECT pg_advisory_lock($1, hashtext(current_schema()))";
        db.execute(sql, &[&LOCK]).await.map_err(|error| match error.code() {
            Some(&SqlState::LOCK_NOT_AVAILABLE) => OpenError::BeingFilled,
            _ => error.into(),
        })?;
        db.batch_execute("SET lock_timeout = 0").await?;
        Ok(Self { db, reading: None })
    }

    /// Connects to a store that was restored by other means.
    ///
    /// # Errors
    /// See [`OpenError`]; `Nothing` where there is none.
    pub async fn restored(url: &str) -> std::result::Result<Self, OpenError> {
        let mut db = connect(url).await?;
        if !has_table(&db, "rim_schema").await? {
            return Err(OpenError::Nothing);
        }
        migrations::run(&mut db).await?;
        must_be_whole(&db).await?;
        Ok(Self { db, reading: None })
    }

    /// Makes it another epoch of its store: the next server draws one.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn forget_epoch(&mut self) -> Result<()> {
        identity::forget_epoch(&*self.at_rest()).await.map_err(fault)
    }

    /// Nothing is read any more, so that something else can be done on the connection.
    fn at_rest(&mut self) -> &mut Object {
        self.reading = None;
        &mut self.db
    }

    /// Begins to read the rows above the key.
    async fn read(&self, table: &'static Table, above: Option<&[Value]>) -> crate::failure::Result<Reading> {
        let key = table.key_names();
        let condition = match above {
            Some(_) => format!("WHERE ({key}) > ({})", placeholders(table.key)),
            None => String::new(),
        };
        let sql = format!("SELECT {} FROM {} {condition} ORDER BY {key}", table.column_names(), table.name);
        let rows = self.db.query_raw(&sql, above.unwrap_or_default().iter().map(Param)).await?;
        Ok(Reading { table, above: above.map(<[Value]>::to_vec), rows: Box::pin(rows.fuse()) })
    }

    async fn first<T>(&mut self, sql: &str) -> Result<T>
    where
        T: for<'a> tokio_postgres::types::FromSql<'a>,
    {
        let row = self.at_rest().query_one(sql, &[]).await.map_err(fault)?;
        row.try_get(0).map_err(fault)
    }

    async fn execute(&mut self, sql: &str) -> Result<()> {
        self.at_rest().batch_execute(sql).await.map_err(fault)
    }
}

impl Reading {
    fn goes_on(&self, table: &'static Table, above: Option<&[Value]>) -> bool {
        self.table == table && self.above.as_deref() == above
    }

    async fn next(&mut self) -> Result<Vec<Row>> {
        let mut chunk = Chunk::default();
        while !chunk.is_full()
            && let Some(row) = self.rows.try_next().await.map_err(fault)?
        {
            chunk.push(values(&row, self.table)?);
        }
        if let Some(last) = chunk.rows.last() {
            self.above = Some(last[..self.table.key].to_vec());
        }
        Ok(chunk.rows)
    }
}

/// Looks whether a store is there, and changes nothing.
///
/// # Errors
/// See [`OpenError`]; `Nothing` where there is none.
pub async fn must_exist(url: &str) -> std::result::Result<(), OpenError> {
    let db = connect(url).await?;
    if has_table(&db, "rim_schema").await? { Ok(()) } else { Err(OpenError::Nothing) }
}

pub(crate) async fn connect(url: &str) -> std::result::Result<Object, OpenError> {
    let db = Server::new(url)?.pool(1).get().await.map_err(connection::why_not)?;
    db.batch_execute(SETTINGS).await?;
    if let Err(error) = db.batch_execute(NOTICE_THE_DEAD).await {
        tracing::debug!(%error, "the server cannot look whether others are there");
    }
    Ok(db)
}

/// # Errors
/// `Unfinished`, where not all has come that is being moved there.
pub(crate) async fn must_be_whole(db: &impl GenericClient) -> std::result::Result<(), OpenError> {
    unfinished(db).await?.map_or(Ok(()), |from| Err(OpenError::Unfinished { from }))
}

/// Where what is in the database was being moved from, if not all of it has come.
async fn unfinished(db: &impl GenericClient) -> std::result::Result<Option<String>, tokio_postgres::Error> {
    if !has_table(db, MARK).await? {
        return Ok(None);
    }
    db.query_opt(&format!("SELECT source FROM {MARK}"), &[]).await?.map(|row| row.try_get(0)).transpose()
}

pub(crate) async fn has_table(
    db: &impl GenericClient,
    name: &str,
) -> std::result::Result<bool, tokio_postgres::Error> {
    let sql = "SELECT to_regclass(quote_ident(current_schema()) || '.' || $1) IS NOT NULL";
    db.query_one(sql, &[&name]).await?.try_get(0)
}

fn placeholders(count: usize) -> String {
    (1..=count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

fn values(row: &tokio_postgres::Row, table: &'static Table) -> Result<Row> {
    let value = |(index, column): (usize, &rim_store::archive::Column)| {
        let Found(value) = row.try_get(index).map_err(fault)?;
        let wrong =
            || ArchiveError(format!("{}.{} is {value}, which means nothing", table.name, column.name));
        if value.fits(column) { Ok(value) } else { Err(wrong()) }
    };
    table.columns.iter().enumerate().map(value).collect()
}

fn fault(error: tokio_postgres::Error) -> ArchiveError {
    ArchiveError(format!("postgres: {}", causes::describe(&error)))
}

fn failure(failure: Failure) -> ArchiveError {
    ArchiveError(failure.to_string())
}

#[async_trait]
impl Archive for PostgresArchive {
    async fn count(&mut self, table: &'static Table) -> Result<u64> {
        let count: i64 = self.first(&format!("SELECT count(*) FROM {}", table.name)).await?;
        Ok(count.unsigned_abs())
    }

    async fn last_key(&mut self, table: &'static Table) -> Result<Option<Key>> {
        let key = table.key_names();
        let descending = key.replace(',', " DESC,") + " DESC";
        let sql = format!("SELECT {key} FROM {} ORDER BY {descending} LIMIT 1", table.name);
        let row = self.at_rest().query_opt(&sql, &[]).await.map_err(fault)?;
        let value =
            |row: &tokio_postgres::Row, index| row.try_get(index).map(|Found(value)| value).map_err(fault);
        row.map(|row| (0..table.key).map(|index| value(&row, index)).collect()).transpose()
    }

    async fn rows(&mut self, table: &'static Table, above: Option<&[Value]>) -> Result<Vec<Row>> {
        let reading = match self.reading.take() {
            Some(reading) if reading.goes_on(table, above) => reading,
            _ => self.read(table, above).await.map_err(failure)?,
        };
        self.reading.insert(reading).next().await
    }

    /// By COPY, which is a transaction of its own.
    async fn add(&mut self, table: &'static Table, rows: Vec<Row>) -> Result<()> {
        let (db, columns) = (self.at_rest(), table.column_names());
        let all: Statement =
            db.prepare_cached(&format!("SELECT {columns} FROM {}", table.name)).await.map_err(fault)?;
        let types: Vec<Type> = all.columns().iter().map(|column| column.type_().clone()).collect();
        let sink =
            db.copy_in(&format!("COPY {} ({columns}) FROM STDIN BINARY", table.name)).await.map_err(fault)?;
        let mut writer = std::pin::pin!(BinaryCopyInWriter::new(sink, &types));
        for row in &rows {
            let params: Vec<_> = row.iter().map(Param).collect();
            let params: Vec<_> = params.iter().map(|param| param as &(dyn ToSql + Sync)).collect();
            writer.as_mut().write(&params).await.map_err(fault)?;
        }
        writer.finish().await.map_err(fault)?;
        Ok(())
    }
}

#[async_trait]
impl StoreArchive for PostgresArchive {
    async fn state(&mut self) -> Result<State> {
        if let Some(source) = unfinished(&*self.at_rest()).await.map_err(fault)? {
            return Ok(State::Unfinished { source });
        }
        let any =
            TABLES.iter().map(|table| format!("EXISTS (SELECT FROM {})", table.name)).collect::<Vec<_>>();
        let any: bool = self.first(&format!("SELECT {}", any.join(" OR "))).await?;
        Ok(if any { State::InUse } else { State::Empty })
    }

    async fn now(&mut self) -> Result<Timestamp> {
        nodes::now(&*self.at_rest()).await.map_err(failure)
    }

    async fn nodes(&mut self, since: Timestamp) -> Result<Vec<Node>> {
        nodes::all(&*self.at_rest(), since).await.map_err(failure)
    }

    async fn last_session_id(&mut self) -> Result<i64> {
        let sequence: String = self.first(&format!("SELECT {SESSION_IDS}")).await?;
        self.first(&format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")).await
    }

    async fn identity(&mut self) -> Result<Identity> {
        identity::find(&*self.at_rest()).await.map_err(fault)
    }

    async fn begin(&mut self, source: &str) -> Result<()> {
        let begin = async {
            let tx = self.at_rest().transaction().await?;
            tx.batch_execute(&format!("CREATE TABLE {MARK} (source text NOT NULL)")).await?;
            tx.execute(&format!("INSERT INTO {MARK} (source) VALUES ($1)"), &[&source]).await?;
            tx.commit().await
        };
        begin.await.map_err(fault)
    }

    async fn finish(&mut self, last_session_id: i64, identity: &Identity) -> Result<()> {
        identity::set(&*self.at_rest(), identity).await.map_err(fault)?;
        for (sequence, table) in SEQUENCES {
            // One that has given out nothing is left as it is.
            self.execute(&format!("SELECT setval({sequence}, max(id)) FROM {table} HAVING max(id) > 0"))
                .await?;
        }
        if last_session_id > 0 {
            self.execute(&format!("SELECT setval({SESSION_IDS}, {last_session_id})")).await?;
        }
        let tables = TABLES.iter().map(|table| table.name).collect::<Vec<_>>();
        self.execute(&format!("ANALYZE {}", tables.join(", "))).await
    }

    async fn complete(&mut self) -> Result<()> {
        self.execute(&format!("DROP TABLE {MARK}")).await
    }
}
