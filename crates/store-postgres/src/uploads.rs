//! What messages name of what was uploaded.

use deadpool_postgres::GenericClient;
use rim_core::file::FileId;
use rim_core::{GroupId, Seq, Timestamp};

use crate::failure::Result;
use crate::row::{self, Sql};
use crate::text::Text;

/// Messages are stored: what they name stays for ever.
pub(crate) async fn pin(db: &impl GenericClient, hashes: &[Text<'_>], now: Timestamp) -> Result<()> {
    // In one order, so that nobody waits for one who waits for them.
    let sql = "WITH mine AS (SELECT hash, user_id FROM uploads WHERE hash = ANY($1) ORDER BY hash, user_id FOR UPDATE)
               UPDATE uploads AS u SET used_at = greatest(u.used_at, $2) FROM mine
               WHERE u.hash = mine.hash AND u.user_id = mine.user_id";
    row::execute(db, sql, &[&hashes, &now.0]).await?;
    let sql = "INSERT INTO pinned_uploads (hash) SELECT DISTINCT hash FROM uploads WHERE hash = ANY($1)
               ON CONFLICT DO NOTHING";
    row::execute(db, sql, &[&hashes]).await?;
    Ok(())
}

/// Which files messages name.
#[derive(Default)]
pub(crate) struct Uses<'f> {
    files: Vec<Text<'f>>,
    groups: Vec<i64>,
    seqs: Vec<i64>,
}

impl<'f> Uses<'f> {
    pub(crate) fn push(&mut self, files: &'f [FileId], group: GroupId, seq: Seq) {
        for file in files {
            self.files.push(Text(file.as_str()));
            self.groups.push(group.sql());
            self.seqs.push(seq.sql());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The messages are stored with it; the files are locked.
    pub(crate) async fn store(&self, db: &impl GenericClient) -> Result<()> {
        let sql = "INSERT INTO file_uses (file_id, group_id, seq)
                   SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])";
        row::execute(db, sql, &[&self.files, &self.groups, &self.seqs]).await?;
        let sql = "UPDATE files SET unused_at = NULL WHERE id = ANY($1) AND unused_at IS NOT NULL";
        row::execute(db, sql, &[&self.files]).await?;
        Ok(())
    }
}
