//! The bytes of files, in chunks.

use async_trait::async_trait;
use deadpool_postgres::GenericClient;
use futures_util::FutureExt;
use rim_core::Timestamp;
use rim_store::Result;
use rim_store::objects::{CHUNK_BYTES, Objects, PICTURES};

use crate::PostgresStore;
use crate::failure;
use crate::row::{self, Sql};
use crate::text::{OwnedText, Text};

const CHUNK: i64 = CHUNK_BYTES as i64;

#[async_trait]
impl Objects for PostgresStore {
    async fn put_object(&self, name: String, chunks: Vec<Vec<u8>>) -> Result<()> {
        self.database.change(move |db| async move { put(db, &name, chunks).await }.boxed()).await
    }

    async fn object_size(&self, name: String) -> Result<Option<u64>> {
        self.database.one(move |db| async move { size(db, &name).await }.boxed()).await
    }

    async fn object_chunk(&self, name: String, number: u64) -> Result<Option<Vec<u8>>> {
        self.database.one(move |db| async move { chunk(db, &name, number).await }.boxed()).await
    }

    async fn remove_objects(&self, names: Vec<String>) -> Result<()> {
        let sql = "WITH gone AS (DELETE FROM media WHERE name = ANY($1)) DELETE FROM media_chunks WHERE name = ANY($2)";
        self.database
            .change(move |db| {
                async move {
                    let pictures: Vec<_> = names.iter().filter_map(|name| picture(name)).map(Text).collect();
                    let names: Vec<_> = names.iter().map(|name| Text(name)).collect();
                    row::execute(db, sql, &[&pictures, &names]).await
                }
                .boxed()
            })
            .await?;
        Ok(())
    }

    async fn objects(&self, above: String, limit: u32) -> Result<Vec<(String, u64)>> {
        self.database.read(move |db| async move { list(db, above, limit).await }.boxed()).await
    }

    async fn begin_staging(&self, id: String, writer: u64, from: u64, now: Timestamp) -> Result<()> {
        // It waits for a write that is under way, whose chunk the second statement sees.
        let sql = "INSERT INTO staged (id, writer, written_at) VALUES ($1, $2, $3)
                   ON CONFLICT (id) DO UPDATE SET writer = excluded.writer, written_at = excluded.written_at";
        let cut = "DELETE FROM staged_chunks WHERE id = $1 AND number >= $2";
        self.database
            .change(move |db| {
                async move {
                    let id = Text(&id);
                    row::execute(db, sql, &[&id, &writer.cast_signed(), &now.0]).await?;
                    row::execute(db, cut, &[&id, &from.sql()]).await
                }
                .boxed()
            })
            .await?;
        Ok(())
    }

    async fn stage_chunk(
        &self,
        id: String,
        writer: u64,
        number: u64,
        chunk: Vec<u8>,
        now: Timestamp,
    ) -> Result<bool> {
        let sql =
            "WITH mine AS (UPDATE staged SET written_at = $3 WHERE id = $1 AND writer = $2 RETURNING id)
                   INSERT INTO staged_chunks (id, number, bytes) SELECT id, $4, $5 FROM mine
                   ON CONFLICT (id, number) DO UPDATE SET bytes = excluded.bytes";
        let kept = self.database.change(move |db| {
            async move {
                let number = number.sql();
                row::execute(db, sql, &[&Text(&id), &writer.cast_signed(), &now.0, &number, &chunk]).await
            }
            .boxed()
        });
        Ok(kept.await? > 0)
    }

    async fn staged_chunk(&self, id: String, number: u64) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT bytes FROM staged_chunks WHERE id = $1 AND number = $2";
        self.database
            .one(move |db| {
                async move { row::first(db, sql, &[&Text(&id), &number.sql()], |row| row.get(0)).await }
                    .boxed()
            })
            .await
    }

    async fn staged_size(&self, id: String, below: u64) -> Result<u64> {
        let sql = "SELECT coalesce(sum(octet_length(bytes)), 0)::bigint FROM staged_chunks
                   WHERE id = $1 AND number < $2";
        let size = self.database.one(move |db| {
            async move { row::first(db, sql, &[&Text(&id), &below.sql()], |row| row.number(0)).await }.boxed()
        });
        Ok(size.await?.unwrap_or(0))
    }

    async fn keep_staged(&self, id: String, name: String, length: u64) -> Result<bool> {
        // In one order, as others may keep the same bytes.
        let sql = "INSERT INTO media_chunks (name, number, bytes)
                   SELECT $2, number, substr(bytes, 1, least(octet_length(bytes), $3 - number * $4)::int)
                   FROM staged_chunks WHERE id = $1 AND (number * $4 < $3 OR number = 0) ORDER BY number
                   ON CONFLICT (name, number) DO NOTHING";
        self.database
            .change(move |db| {
                async move {
                    let to = Text(&name);
                    row::execute(db, sql, &[&Text(&id), &to, &length.sql(), &CHUNK]).await?;
                    size(db, &name).await.map(|size| size == Some(length))
                }
                .boxed()
            })
            .await
    }

    async fn discard_staged(&self, id: String) -> Result<()> {
        let sql = "WITH gone AS (DELETE FROM staged WHERE id = $1) DELETE FROM staged_chunks WHERE id = $1";
        self.database
            .change(move |db| async move { row::execute(db, sql, &[&Text(&id)]).await }.boxed())
            .await?;
        Ok(())
    }

    async fn stale_staged(&self, before: Timestamp, limit: u32) -> Result<Vec<String>> {
        let sql = "SELECT id FROM staged WHERE written_at < $1 ORDER BY id LIMIT $2";
        self.database
            .one(move |db| {
                async move {
                    let text = |row: row::Fields<'_>| Ok(row.get::<OwnedText>(0)?.0);
                    row::all(db, sql, &[&before.0, &i64::from(limit)], text).await
                }
                .boxed()
            })
            .await
    }
}

/// What a picture of a user or group is called in its table.
fn picture(name: &str) -> Option<&str> {
    name.strip_prefix(PICTURES)
}

async fn put(db: &impl GenericClient, name: &str, chunks: Vec<Vec<u8>>) -> failure::Result<()> {
    match picture(name) {
        Some(picture) => {
            let sql = "INSERT INTO media (name, content) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
            row::execute(db, sql, &[&Text(picture), &chunks.concat()]).await?;
        }
        None => {
            let sql = "INSERT INTO media_chunks (name, number, bytes)
                       SELECT $1, number - 1, bytes FROM unnest($2::bytea[]) WITH ORDINALITY AS chunks (bytes, number)
                       ON CONFLICT (name, number) DO NOTHING";
            row::execute(db, sql, &[&Text(name), &chunks]).await?;
        }
    }
    Ok(())
}

async fn size(db: &impl GenericClient, name: &str) -> failure::Result<Option<u64>> {
    if let Some(picture) = picture(name) {
        let sql = "SELECT octet_length(content)::bigint FROM media WHERE name = $1";
        return row::first(db, sql, &[&Text(picture)], |row| row.number(0)).await;
    }
    let sql = "SELECT number * $2 + octet_length(bytes) FROM media_chunks WHERE name = $1
               ORDER BY number DESC LIMIT 1";
    row::first(db, sql, &[&Text(name), &CHUNK], |row| row.number(0)).await
}

async fn chunk(db: &impl GenericClient, name: &str, number: u64) -> failure::Result<Option<Vec<u8>>> {
    if let Some(picture) = picture(name) {
        let sql = "SELECT substr(content, ($2 * $3::bigint + 1)::int, ($3::bigint)::int) FROM media
                   WHERE name = $1 AND ($2 = 0::bigint OR octet_length(content) > $2 * $3::bigint)";
        return row::first(db, sql, &[&Text(picture), &number.sql(), &CHUNK], |row| row.get(0)).await;
    }
    let sql = "SELECT bytes FROM media_chunks WHERE name = $1 AND number = $2";
    row::first(db, sql, &[&Text(name), &number.sql()], |row| row.get(0)).await
}

/// Pictures come first, as their names do.
async fn list(db: &impl GenericClient, above: String, limit: u32) -> failure::Result<Vec<(String, u64)>> {
    let mut found = Vec::new();
    let read = |row: row::Fields<'_>| Ok((row.get::<OwnedText>(0)?.0, row.number(1)?));
    let past = match picture(&above) {
        Some(name) => Some(name),
        None => (*above < *PICTURES).then_some(""),
    };
    if let Some(past) = past {
        let sql = "SELECT $3 || name, octet_length(content)::bigint FROM media WHERE name > $1 ORDER BY name LIMIT $2";
        found = row::all(db, sql, &[&Text(past), &i64::from(limit), &Text(PICTURES)], read).await?;
    }
    let rest = i64::from(limit) - i64::try_from(found.len()).unwrap_or(i64::MAX);
    if rest > 0 {
        let sql = "SELECT DISTINCT ON (name) name, number * $3 + octet_length(bytes) FROM media_chunks
                   WHERE name > $1 ORDER BY name, number DESC LIMIT $2";
        found.extend(row::all(db, sql, &[&Text(&above), &rest, &CHUNK], read).await?);
    }
    Ok(found)
}
