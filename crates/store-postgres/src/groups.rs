//! Groups, as they are read along with other things, and who has come into them.

use deadpool_postgres::GenericClient;
use rim_core::group::Group;
use rim_core::{GroupId, Rev, Seq, Timestamp, UserId};
use rim_store::SeenUpTo;
use rim_store::groups::FORGET_LEAVING;

use crate::failure::{Failure, Result};
use crate::membership;
use crate::row::{self, Sql, array};

/// When something happened in a group `g` last.
macro_rules! last_at {
    () => {
        "CASE WHEN g.last_at > 0 OR g.last_seq = 0 THEN g.last_at
              ELSE (SELECT m.created_at FROM messages AS m WHERE m.group_id = g.id AND m.seq = g.last_seq) END"
    };
}
pub(crate) use last_at;

/// Those of the groups that the user is or was in, as they are told of each.
pub(crate) async fn seen(
    db: &impl GenericClient,
    user: UserId,
    groups: impl IntoIterator<Item = GroupId>,
) -> Result<Vec<Group>> {
    let groups = array(groups);
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let sql = concat!(
        "SELECT ",
        membership::seen!(),
        " FROM ",
        membership::ever!("$1", "$2"),
        " AS m JOIN groups AS g ON g.id = m.group_id ",
        membership::departure!(),
    );
    row::all(db, sql, &[&user.sql(), &groups], row::read).await
}

pub(crate) async fn ids_of(db: &impl GenericClient, user: UserId) -> Result<Vec<GroupId>> {
    let sql = "SELECT group_id FROM members WHERE user_id = $1 AND left_rev IS NULL ORDER BY group_id";
    row::all(db, sql, &[&user.sql()], row::read).await
}

/// See [`rim_store::SharedStore::joined`]. On a snapshot.
pub(crate) async fn joined(
    db: &impl GenericClient,
    since: Option<SeenUpTo>,
) -> Result<(SeenUpTo, Vec<(UserId, GroupId, Rev)>)> {
    // Whatever has a smaller number has ended, and is seen if it was committed.
    let sql = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
    let seen = row::first(db, sql, &[], row::read).await?;
    let seen = SeenUpTo(seen.ok_or_else(|| Failure::Away("the server does not say where it is".into()))?);
    let Some(SeenUpTo(since)) = since else { return Ok((seen, Vec::new())) };
    let sql = "SELECT j.user_id, j.group_id, j.rev
               FROM joinings AS j JOIN members AS m ON m.group_id = j.group_id AND m.user_id = j.user_id
               WHERE j.xact >= $1::text::xid8 AND m.join_rev = j.rev AND m.left_rev IS NULL";
    Ok((seen, row::all(db, sql, &[&since.to_string()], row::read).await?))
}

/// Brings a user back into a single chat that they have left and whose row is locked, as the other writes in it: as
/// `rim-store` does it, but in the transaction of the messages.
pub(crate) async fn come_back(
    db: &impl GenericClient,
    group: GroupId,
    user: UserId,
    rev: Rev,
    join_seq: Seq,
    now: Timestamp,
) -> Result<()> {
    let (group, user, rev, join_seq) = (group.sql(), user.sql(), rev.sql(), join_seq.sql());
    for sql in FORGET_LEAVING {
        row::execute(db, sql, &[&group, &user]).await?;
    }
    let sql = "UPDATE members SET role = 1, join_rev = $3, joined_at = $4, join_seq = $5, left_seq = NULL,
                                  left_rev = NULL, rev = $3
               WHERE group_id = $1 AND user_id = $2";
    row::execute(db, sql, &[&group, &user, &rev, &now.0, &join_seq]).await?;
    let sql = "INSERT INTO joinings (group_id, user_id, rev) VALUES ($1, $2, $3)";
    row::execute(db, sql, &[&group, &user, &rev]).await?;
    let sql = "UPDATE groups SET member_count = member_count + 1 WHERE id = $1";
    row::execute(db, sql, &[&group]).await?;
    Ok(())
}
