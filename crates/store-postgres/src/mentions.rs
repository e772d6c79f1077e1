//! How many messages that they have not read mention a user.

use std::collections::HashMap;

use deadpool_postgres::GenericClient;
use futures_util::future::try_join_all;
use rim_core::sight::{Counting, EVERYBODY, MAX_MENTIONS, Sight, at};
use rim_core::{GroupId, Seq, UserId};
use rim_store::former;

use crate::failure::Result;
use crate::history::{self, Stated};
use crate::row::{self, Sql};

/// Messages that are read together.
const AT_ONCE: usize = 100;

/// How many messages in their sight that they have not read mention a user: of groups that have some, with what they have
/// read of each and see of it.
pub(crate) async fn unread(
    db: &impl GenericClient,
    user: UserId,
    groups: &[(GroupId, Seq, &Sight)],
) -> Result<HashMap<GroupId, u64>> {
    // Each of the two by its key, and no further than is counted.
    let sql = "SELECT g.group_id, x.seq
               FROM unnest($2::bigint[], $3::bigint[]) AS g (group_id, after_seq),
                    LATERAL ((SELECT seq FROM mentions
                              WHERE user_id = $1 AND group_id = g.group_id AND seq > g.after_seq
                              ORDER BY seq LIMIT $5)
                             UNION
                             (SELECT seq FROM mentions
                              WHERE user_id = $4 AND group_id = g.group_id AND seq > g.after_seq
                              ORDER BY seq LIMIT $5)
                             ORDER BY seq LIMIT $5) AS x
               ORDER BY x.seq";
    let (left, groups): (Vec<_>, Vec<_>) = groups.iter().partition(|(.., sight)| sight.as_of.is_some());
    let mut counts: HashMap<_, _> =
        try_join_all(left.iter().map(|of| former_unread(db, user, of))).await?.into_iter().collect();
    let mut counting: HashMap<_, _> =
        groups.iter().map(|(group, read, sight)| (*group, Counting::new(sight, *read))).collect();
    loop {
        let wanted =
            counting.iter().filter_map(|(group, counting)| Some((group.sql(), counting.after()?.sql())));
        let (ids, after): (Vec<i64>, Vec<i64>) = wanted.unzip();
        if ids.is_empty() {
            break;
        }
        let params: row::Params<'_> = &[&user.sql(), &ids, &after, &EVERYBODY.sql(), &MAX_MENTIONS.sql()];
        let mut found: HashMap<GroupId, Vec<Seq>> = HashMap::new();
        for (group, seq) in row::all::<(GroupId, Seq)>(db, sql, params, row::read).await? {
            found.entry(group).or_default().push(seq);
        }
        for (group, counting) in counting.iter_mut().filter(|(_, counting)| counting.after().is_some()) {
            counting.take(found.get(group).map_or(&[], Vec::as_slice));
        }
    }
    counts.extend(counting.into_iter().map(|(group, counting)| (group, counting.count())));
    Ok(counts)
}

/// The same of one who has left, when they did: as [`former::unread_mentions`].
async fn former_unread(
    db: &impl GenericClient,
    user: UserId,
    (group, read, sight): &(GroupId, Seq, &Sight),
) -> Result<(GroupId, u64)> {
    let (mut count, mut after) = (0, *read);
    let until = sight.as_of.unwrap_or_default().sql();
    while let Some(next) = sight.next(after) {
        let from = Seq(next.0 - 1).sql();
        let params: row::Params<'_> = &[&user.sql(), &group.sql(), &from, &until, &MAX_MENTIONS.sql()];
        let places = row::all(db, former::MAY_HAVE_MENTIONED, params, |row| {
            Ok((row.number::<Seq>(0)?, u64::from(row.get::<i32>(1)? == 1)))
        });
        let places = places.await?;
        let (sure, unsure) = former::sorted_by_sight(sight, &places);
        count += sure;
        for unsure in unsure.chunks(AT_ONCE) {
            let spans: Vec<_> = unsure.iter().map(|seq| (*group, at(*seq))).collect();
            let read = history::runs(db, &spans, &Stated::all(&spans, sight.as_of), usize::MAX).await?;
            count += read.iter().filter(|message| former::mentions(message, user)).count() as u64;
        }
        match places.last() {
            Some((last, _)) if count < MAX_MENTIONS && places.len() as u64 >= MAX_MENTIONS => after = *last,
            _ => break,
        }
    }
    Ok((*group, count.min(MAX_MENTIONS)))
}
