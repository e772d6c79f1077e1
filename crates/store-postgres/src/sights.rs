//! What users may see of groups, and what else most have nothing of: what they have taken out of their sight, and what has
//! happened to messages. It is asked for only where the statement that reads memberships has found that there is some.

use std::collections::HashMap;

use deadpool_postgres::GenericClient;
use rim_core::message::{Message, Span};
use rim_core::sync::KeptRow;
use rim_core::{GroupId, Rev, UserId};
use rim_store::sights::{KEPT, kept_limit, kept_row};

use crate::failure::Result;
use crate::row::{self, Sql, array};
use crate::text::Text;

/// Whether there is a row. Written so that it is looked for by an index, however small the table is now.
macro_rules! any {
    ($from:literal) => {
        concat!("(SELECT true FROM ", $from, " LIMIT 1) IS NOT NULL")
    };
}
pub(crate) use any;

/// Whether something may be cut out of what the user `$1` saw of the group `g`.
macro_rules! has_holes {
    () => {
        concat!(
            "(",
            crate::sights::any!("cleared AS x WHERE x.user_id = $1 AND x.group_id = g.id"),
            " OR ",
            crate::sights::any!("hidden AS x WHERE x.user_id = $1 AND x.group_id = g.id"),
            " OR ",
            crate::sights::any!("expired AS x WHERE x.group_id = g.id"),
            ")"
        )
    };
}
pub(crate) use has_holes;

/// Whether messages of the group `g` mention the user `$1`, of the membership `m`, behind what they have read; or, where they
/// have left, may have done so then.
macro_rules! has_mentions {
    () => {
        concat!(
            "(",
            crate::sights::any!(
                "mentions AS x WHERE x.user_id = $1 AND x.group_id = g.id
                                 AND x.seq > greatest(m.join_seq, m.read_seq, m.sent_seq)"
            ),
            " OR ",
            crate::sights::any!(
                "mentions AS x WHERE x.user_id = 0 AND x.group_id = g.id
                                 AND x.seq > greatest(m.join_seq, m.read_seq, m.sent_seq)"
            ),
            " OR m.left_rev IS NOT NULL AND ",
            crate::sights::any!(
                "former_mentions AS x WHERE x.user_id IN ($1, 0) AND x.group_id = g.id
                                        AND x.seq > greatest(m.join_seq, m.read_seq, m.sent_seq)"
            ),
            ")"
        )
    };
}
pub(crate) use has_mentions;

/// What is cut out of what a user saw of these groups.
pub(crate) async fn holes(
    db: &impl GenericClient,
    user: UserId,
    groups: impl IntoIterator<Item = GroupId>,
) -> Result<HashMap<GroupId, Vec<Span>>> {
    let groups = array(groups);
    let mut holes: HashMap<GroupId, Vec<Span>> = HashMap::new();
    if groups.is_empty() {
        return Ok(holes);
    }
    let sql = "SELECT group_id, 0::bigint, seq FROM cleared WHERE user_id = $1 AND group_id = ANY($2)
               UNION ALL SELECT group_id, seq - 1, seq FROM hidden WHERE user_id = $1 AND group_id = ANY($2)
               UNION ALL SELECT group_id, after_seq, to_seq FROM expired WHERE group_id = ANY($2)";
    for (group, after, to) in row::all(db, sql, &[&user.sql(), &groups], row::read).await? {
        holes.entry(group).or_default().push(Span { after, to });
    }
    Ok(holes)
}

/// Says of what was done with messages whether the user did it: reacted, or opened them.
pub(crate) async fn mine(db: &impl GenericClient, user: UserId, messages: Vec<&mut Message>) -> Result<()> {
    let (mut groups, mut kinds, mut places) = (Vec::new(), Vec::new(), Vec::new());
    let (mut keys, mut unsure) = (Vec::new(), Vec::new());
    for message in messages {
        let (group, seq) = (message.group.sql(), message.seq.sql());
        for own in message.mark_mine(user) {
            groups.push(group);
            kinds.push(i16::from(own.kind.code()));
            places.push(seq);
            keys.push(Text(own.key));
            unsure.push(own.mine);
        }
    }
    if unsure.is_empty() {
        return Ok(());
    }
    let sql = "SELECT r.place FROM unnest($2::bigint[], $3::smallint[], $4::bigint[], $5::text[]) WITH ORDINALITY
                                   AS r (group_id, kind, seq, key, place)
                    JOIN notes AS n ON n.group_id = r.group_id AND n.kind = r.kind AND n.seq = r.seq AND n.key = r.key
                                   AND n.by_id = $1";
    let params: row::Params<'_> = &[&user.sql(), &groups, &kinds, &places, &keys];
    let found: Vec<u64> = row::all(db, sql, params, row::read).await?;
    for place in found {
        if let Some(mine) = usize::try_from(place - 1).ok().and_then(|at| unsure.get_mut(at)) {
            **mine = true;
        }
    }
    Ok(())
}

/// What the user did for themselves alone after `rev`, by its order: the first `limit`, and of each rev all.
pub(crate) async fn kept(
    db: &impl GenericClient,
    user: UserId,
    rev: Rev,
    limit: usize,
) -> Result<Vec<(Rev, GroupId, KeptRow)>> {
    let params: row::Params<'_> = &[&user.sql(), &rev.sql(), &kept_limit(limit).sql()];
    row::all(db, KEPT, params, |row| {
        let what: i32 = row.get(2)?;
        let kept = u64::try_from(what).ok().zip(row.number(3).ok());
        let kept = kept.and_then(|(what, value)| kept_row(what, value));
        Ok((row.number(0)?, row.number(1)?, kept.ok_or_else(|| row.meaningless(2, what))?))
    })
    .await
}
