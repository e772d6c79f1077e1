//! Whether somebody sees places of groups, read for many of them at once.

use foldhash::{HashMap, HashMapExt};
use rim_core::Seq;
use rim_core::message::Span;
use rim_core::sight::Sight;

/// The query that reads [`Cut`]s: where users were members, and which holes are at the very places. It is given the query that
/// names those, as `item, group_id, user_id, seq`.
macro_rules! sights {
    ($asked:expr) => {
        concat!(
            "WITH asked AS MATERIALIZED (",
            $asked,
            ")
    SELECT asked.item, false, m.join_seq, coalesce(m.left_seq, g.last_seq)
    FROM asked JOIN groups AS g ON g.id = asked.group_id, LATERAL (
        SELECT join_seq, left_seq FROM members WHERE group_id = asked.group_id AND user_id = asked.user_id
        UNION ALL
        SELECT join_seq, left_seq FROM forgotten_members
        WHERE group_id = asked.group_id AND user_id = asked.user_id
    ) AS m
    UNION ALL SELECT asked.item, false, e.after_seq, e.to_seq FROM asked, LATERAL (
        SELECT after_seq, to_seq FROM earlier_spans
        WHERE group_id = asked.group_id AND user_id = asked.user_id AND after_seq < asked.seq
        ORDER BY after_seq DESC LIMIT 1
    ) AS e
    UNION ALL SELECT asked.item, true, 0, c.seq FROM asked, LATERAL (
        SELECT seq FROM cleared WHERE user_id = asked.user_id AND group_id = asked.group_id
    ) AS c
    UNION ALL SELECT asked.item, true, h.seq - 1, h.seq FROM asked, LATERAL (
        SELECT seq FROM hidden WHERE user_id = asked.user_id AND group_id = asked.group_id AND seq = asked.seq
    ) AS h
    UNION ALL SELECT asked.item, true, x.after_seq, x.to_seq FROM asked, LATERAL (
        SELECT after_seq, to_seq FROM expired WHERE group_id = asked.group_id AND after_seq < asked.seq
        ORDER BY after_seq DESC LIMIT 1
    ) AS x"
        )
    };
}
pub(super) use sights;

/// Of an item: whether these places are cut out of its sight or are what was seen.
pub(super) type Cut = (u64, bool, Seq, Seq);

/// The sights of the items, as far as they concern these.
pub(super) fn sights_of(rows: Vec<Cut>) -> HashMap<usize, Sight> {
    let mut spans: HashMap<usize, (Vec<Span>, Vec<Span>)> = HashMap::new();
    for (item, is_hole, after, to) in rows {
        let (member, holes) = spans.entry(item as usize).or_default();
        (if is_hole { holes } else { member }).push(Span { after, to });
    }
    let sights = spans.into_iter().map(|(item, (mut member, holes))| {
        member.retain(|span| span.after < span.to);
        member.sort_unstable_by_key(|span| span.after);
        (item, Sight::new(member, holes))
    });
    sights.collect()
}
