//! Bringing a schema up to date.

use deadpool_postgres::{Client, Transaction};
use rim_core::Identity;
use rim_store::migrations::POSTGRES as STEPS;

use crate::{OpenError, identity};

/// The version this rim reads and writes.
pub(crate) const VERSION: i64 = STEPS.len() as i64;

/// Nodes of a rim that knew only an older version than this write what newer ones take for granted otherwise (the key of
/// an account, where a chat that was left stands, what a group was that was left and what of it was forgotten, who has
/// joined lately, which uploads a message names), or do not take what is recalled out of the index of words: they may not
/// live beside those that do.
const ALONE_BELOW: i64 = 19;

/// A node that was not seen for so long is gone.
pub(crate) const GONE_AFTER_MS: i64 = 20_000;

/// The oldest server that is known to do what is asked of it, in `server_version_num`.
const OLDEST_SERVER: i32 = 150_000;

/// "rim1" in ASCII: with the schema's name it is the lock of those who bring it up to date.
pub(crate) const LOCK: i32 = 0x7269_6d31;

/// Brings the schema that the connection writes to up to [`VERSION`], in one transaction: several nodes may do so at
/// once, and the first does it. Gives back the number by which buses tell this database from others, and which store it is.
pub(crate) async fn run(client: &mut Client) -> Result<(u64, Identity), OpenError> {
    check_server(client).await?;
    let tx = client.transaction().await?;
    // A step may take as long as the tables are large, and the other nodes wait for it.
    tx.batch_execute(
        "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
         SET LOCAL idle_in_transaction_session_timeout = 0",
    )
    .await?;
    tx.execute("SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))", &[&LOCK]).await?;
    let (version, id) = match version(&tx).await? {
        Some(found) => found,
        None => create(&tx).await?,
    };
    if version > VERSION {
        return Err(OpenError::Newer { found: version, known: VERSION });
    }
    if (1..ALONE_BELOW).contains(&version) {
        must_be_alone(&tx).await?;
    }
    for step in STEPS.iter().skip(usize::try_from(version).map_err(|_| OpenError::NotOurs)?) {
        tx.batch_execute(step).await?;
    }
    if version < VERSION {
        tx.execute("UPDATE rim_schema SET version = $1", &[&VERSION]).await?;
    }
    let identity = identity::open(&tx).await?;
    tx.commit().await?;
    Ok((id.cast_unsigned(), identity))
}

/// What all versions have in common.
async fn create(tx: &Transaction<'_>) -> Result<(i64, i64), OpenError> {
    tx.batch_execute("CREATE TABLE rim_schema (version bigint NOT NULL, id bigint NOT NULL)").await?;
    let id = fastrand::u64(..).cast_signed();
    tx.execute("INSERT INTO rim_schema (version, id) VALUES (0, $1)", &[&id]).await?;
    Ok((0, id))
}

/// By the clock of the database, as those of the nodes may be apart.
async fn must_be_alone(tx: &Transaction<'_>) -> Result<(), OpenError> {
    let sql = "SELECT string_agg(name, ', ' ORDER BY name) FROM nodes
               WHERE seen_at > extract(epoch FROM now()) * 1000 - $1::bigint";
    match tx.query_one(sql, &[&GONE_AFTER_MS]).await?.get(0) {
        Some(names) => Err(OpenError::OldNodes { names }),
        None => Ok(()),
    }
}

async fn check_server(client: &Client) -> Result<(), OpenError> {
    let sql = "SELECT current_setting('server_version_num')::int, current_setting('server_version'),
                      current_setting('server_encoding'), current_schema()::text";
    let row = client.query_one(sql, &[]).await?;
    let encoding: String = row.get(2);
    if row.get::<_, i32>(0) < OLDEST_SERVER {
        return Err(OpenError::OldServer(row.get(1)));
    }
    if encoding != "UTF8" {
        return Err(OpenError::Encoding(encoding));
    }
    if row.get::<_, Option<String>>(3).is_none() {
        return Err(OpenError::NoSchema);
    }
    Ok(())
}

/// The version of a schema of ours, and its number; `None` for an empty one.
async fn version(tx: &Transaction<'_>) -> Result<Option<(i64, i64)>, OpenError> {
    let sql = "SELECT to_regclass(quote_ident(current_schema()) || '.rim_schema') IS NOT NULL,
                      EXISTS (SELECT FROM pg_class
                              WHERE relnamespace = quote_ident(current_schema())::regnamespace
                                AND relkind IN ('r', 'p', 'v', 'm', 'f'))";
    let row = tx.query_one(sql, &[]).await?;
    match (row.get(0), row.get(1)) {
        (true, _) => {
            let row = tx.query_opt("SELECT version, id FROM rim_schema", &[]).await?;
            let row = row.ok_or(OpenError::NotOurs)?;
            Ok(Some((row.get(0), row.get(1))))
        }
        (false, true) => Err(OpenError::NotOurs),
        (false, false) => Ok(None),
    }
}
