//! What happened in groups, kept to be told among their messages.

use std::collections::BTreeSet;

use deadpool_postgres::GenericClient;
use rim_core::group_event::{GroupEvent, MAX_ROWS};
use rim_core::user::User;
use rim_core::{GroupId, Rev, Seq, UserId};

use crate::failure::Result;
use crate::row::{self, Sql, array};
use crate::{membership, users};

/// Whether an event `e` is seen by the member `m`.
macro_rules! seen {
    () => {
        "((e.place >= m.join_rev AND (m.left_rev IS NULL OR e.place <= m.left_rev))
          OR EXISTS (SELECT FROM earlier_stays AS s WHERE s.group_id = m.group_id AND s.user_id = m.user_id
                     AND s.join_rev <= e.place AND e.place <= s.left_rev))"
    };
}

/// The group of an event `e`, and the columns of a [`GroupEvent`].
macro_rules! columns {
    () => {
        "e.group_id, e.place, e.seq, e.kind, e.actor_id, e.user_ids, e.user_count, e.name, e.created_at"
    };
}

/// The statement of [`of_groups`], with the end of a group from which it reads.
macro_rules! of_groups {
    ($order:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS view (group_id, since, until)
                   JOIN ",
            membership::ever!("$1", "$2"),
            " AS m ON m.group_id = view.group_id,
                   LATERAL (SELECT * FROM group_events AS e
                            WHERE e.group_id = view.group_id AND e.place > view.since AND e.place <= view.until AND ",
            seen!(),
            " ORDER BY e.place ",
            $order,
            " LIMIT $5) AS e ORDER BY e.group_id, e.place LIMIT $6"
        )
    };
}

/// Of each of these groups, after and up to these revs, the first `limit` that the user may know of, or the last ones;
/// of all of them the first `total`.
pub(crate) async fn of_groups(
    db: &impl GenericClient,
    user: UserId,
    views: &[(GroupId, Rev, Rev)],
    (limit, total): (usize, usize),
    newest: bool,
) -> Result<Vec<(GroupId, GroupEvent)>> {
    if views.is_empty() {
        return Ok(Vec::new());
    }
    let groups = array(views.iter().map(|(group, _, _)| *group));
    let since = array(views.iter().map(|(_, since, _)| *since));
    let until = array(views.iter().map(|(_, _, until)| *until));
    let (limit, total) = ((limit as u64).sql(), (total as u64).sql());
    let params: row::Params<'_> = &[&user.sql(), &groups, &since, &until, &limit, &total];
    row::all(db, if newest { of_groups!("DESC") } else { of_groups!("ASC") }, params, row::read).await
}

/// See [`rim_store::Store::group_events`].
pub(crate) async fn between(
    db: &impl GenericClient,
    user: UserId,
    group: GroupId,
    from: Seq,
    to: Seq,
    limit: u32,
    bytes: usize,
) -> Result<(Vec<GroupEvent>, Vec<User>, bool)> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM ",
        membership::ever!("$2", "$1"),
        " AS m JOIN group_events AS e ON e.group_id = m.group_id
          WHERE e.seq >= $3 AND e.seq <= $4 AND ",
        seen!(),
        " ORDER BY e.seq DESC, e.place DESC LIMIT $5"
    );
    let params: row::Params<'_> =
        &[&vec![group.sql()], &user.sql(), &from.sql(), &to.sql(), &(i64::from(limit) + 1)];
    let events: Vec<(GroupId, GroupEvent)> = row::all(db, sql, params, row::read).await?;
    let mut events: Vec<_> = events.into_iter().map(|(_, event)| event).collect();
    let mut more = events.len() > limit as usize;
    events.truncate(limit as usize);
    events.reverse();
    more |= GroupEvent::keep_newest(&mut events, MAX_ROWS);
    let named: BTreeSet<UserId> = events.iter().flat_map(GroupEvent::named).collect();
    let mut users = users::find_all(db, named.into_iter().collect()).await?;
    more |= GroupEvent::keep_small(&mut events, &mut users, bytes);
    Ok((events, users, more))
}
