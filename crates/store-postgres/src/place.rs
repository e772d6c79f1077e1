//! The place of the last message up to a `rev`.
//!
//! `rev - seq` counts the changes before a message that are no messages, so it never falls as `seq` rises: the place
//! is found by halving, in the database, without an index of `rev`.

use deadpool_postgres::GenericClient;
use rim_core::{GroupId, MessageId, Rev, Seq};

use crate::failure::Result;
use crate::row::{self, Sql};

/// As a part of other statements: of each group `g` with a client that has everything up to `since.rev`.
macro_rules! halving {
    () => {
        "WITH RECURSIVE halving (low, high) AS (
             SELECT least(greatest(since.rev - (g.last_rev - g.last_seq), 0), g.last_seq), least(since.rev, g.last_seq)
             UNION ALL
             SELECT CASE WHEN m.rev <= since.rev THEN m.seq ELSE low END,
                    CASE WHEN m.rev <= since.rev THEN high ELSE m.seq - 1 END
             FROM halving, LATERAL (SELECT seq, rev FROM messages
                                    WHERE group_id = g.id AND seq = low + (high - low + 1) / 2) AS m
             WHERE low < high
         )
         SELECT low FROM halving WHERE low >= high"
    };
}
pub(crate) use halving;

/// Everything up to `rev` lies at this place or before it; 0 for a group that does not exist.
pub(crate) async fn after(db: &impl GenericClient, group: GroupId, rev: Rev) -> Result<Seq> {
    let sql = concat!(
        "SELECT place.low FROM (SELECT $2::bigint AS rev) AS since, groups AS g, LATERAL (",
        halving!(),
        ") AS place WHERE g.id = $1"
    );
    Ok(row::first(db, sql, &[&group.sql(), &rev.sql()], row::read).await?.unwrap_or_default())
}

/// The last place of the group whose message is no newer than this one; 0 if there is none.
pub(crate) async fn up_to(db: &impl GenericClient, group: GroupId, message: MessageId) -> Result<Seq> {
    let sql = "SELECT seq FROM messages WHERE group_id = $1 AND id <= $2 ORDER BY id DESC LIMIT 1";
    Ok(row::first(db, sql, &[&group.sql(), &message.sql()], row::read).await?.unwrap_or_default())
}
