//! What one user may see of one group.

use deadpool_postgres::GenericClient;
use rim_core::delta;
use rim_core::message::Span;
use rim_core::{GroupId, Seq, UserId};

use crate::failure::Result;
use crate::row::{self, Columns, Fields, Sql};

/// A user who is or was a member.
#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(crate) is: delta::Membership,
    /// What they saw before they came back, ascending.
    earlier: Vec<Span>,
}

/// The columns of a [`Membership`], of a member `m`.
macro_rules! columns {
    () => {
        "m.joined_at, m.join_seq, m.read_seq, m.sent_seq, m.left_seq, m.left_rev,
         ARRAY(SELECT e.after_seq FROM earlier_spans AS e
               WHERE e.group_id = m.group_id AND e.user_id = m.user_id ORDER BY e.after_seq),
         ARRAY(SELECT e.to_seq FROM earlier_spans AS e
               WHERE e.group_id = m.group_id AND e.user_id = m.user_id ORDER BY e.after_seq)"
    };
}
pub(crate) use columns;

/// Whether the members `m` and `o` of a group were members of it at the same time, which is what makes them known to each
/// other in it: see [`rim_core::sync::Stay::overlaps`].
///
/// Nobody bounds how often somebody comes and goes, so no stay is held against each of the other's: one's own follow each
/// other, and of those that began before the other's ended the last ended last.
macro_rules! shared {
    () => {
        "((o.left_rev IS NULL OR m.join_rev <= o.left_rev) AND (m.left_rev IS NULL OR o.join_rev <= m.left_rev)
          OR EXISTS (SELECT FROM earlier_stays AS e WHERE e.group_id = o.group_id AND e.user_id = o.user_id
                     AND m.join_rev <= e.left_rev AND (m.left_rev IS NULL OR e.join_rev <= m.left_rev))
          OR EXISTS (SELECT FROM earlier_stays AS e WHERE e.group_id = m.group_id AND e.user_id = m.user_id
                     AND (o.left_rev IS NULL OR e.join_rev <= o.left_rev) AND o.join_rev <= e.left_rev)
          OR EXISTS (SELECT FROM earlier_stays AS f WHERE f.group_id = o.group_id AND f.user_id = o.user_id
                     AND f.join_rev <= (SELECT e.left_rev FROM earlier_stays AS e
                                        WHERE e.group_id = m.group_id AND e.user_id = m.user_id
                                          AND e.join_rev <= f.left_rev ORDER BY e.join_rev DESC LIMIT 1)))"
    };
}
pub(crate) use shared;

/// What the group `g` was when `m` left it, if they did: see [`rim_core::group::Departure`].
macro_rules! departure {
    () => {
        "LEFT JOIN LATERAL (SELECT * FROM departures AS d WHERE d.group_id = g.id AND d.rev <= m.left_rev
                            ORDER BY d.rev DESC LIMIT 1) AS d ON true"
    };
}
pub(crate) use departure;

/// The columns of a [`rim_core::group::Group`], of a group `g` as it is told to one for whom it is what it was in `d`.
macro_rules! seen {
    () => {
        "g.id, coalesce(d.name, g.name), coalesce(d.avatar, g.avatar), g.mode,
         coalesce(d.creator_id, g.creator_id), g.single"
    };
}
pub(crate) use seen;

/// The columns of a membership.
macro_rules! all_columns {
    () => {
        "group_id, user_id, role, join_rev, joined_at, join_seq, left_seq, left_rev, read_seq, delivered_seq, sent_seq,
         rev, profile_rev, left_message_id"
    };
}
pub(crate) use all_columns;

/// The memberships of a user in some groups, also those that were forgotten: parameters of the statement.
macro_rules! ever {
    ($user:literal, $groups:literal) => {
        concat!(
            "(SELECT ",
            $crate::membership::all_columns!(),
            " FROM members WHERE user_id = ",
            $user,
            " AND group_id = ANY(",
            $groups,
            ") UNION ALL SELECT ",
            $crate::membership::all_columns!(),
            " FROM forgotten_members WHERE user_id = ",
            $user,
            " AND group_id = ANY(",
            $groups,
            "))"
        )
    };
}
pub(crate) use ever;

impl Membership {
    /// With the last place of the group. Also of one that was forgotten.
    pub(crate) async fn find(
        db: &impl GenericClient,
        group: GroupId,
        user: UserId,
    ) -> Result<Option<(Self, Seq)>> {
        let sql = concat!(
            "SELECT m.group_id, g.last_seq, ",
            columns!(),
            " FROM ",
            ever!("$1", "$2"),
            " AS m JOIN groups AS g ON g.id = m.group_id"
        );
        let found = row::first(db, sql, &[&user.sql(), &vec![group.sql()]], row::behind_key).await?;
        Ok(found.map(|(last_seq, membership)| (membership, last_seq)))
    }

    /// What they may see of a group that is at `last_seq`: ascending, each span holding at least one place.
    pub(crate) fn spans(&self, last_seq: Seq) -> Vec<Span> {
        self.is.spans(self.earlier.clone(), last_seq)
    }
}

impl Columns for Membership {
    const COUNT: usize = 8;

    fn read(row: Fields<'_>, first: usize) -> Result<Self> {
        let (joined_at, join_seq, read_seq, sent_seq, left_seq, left_rev, after, to) =
            Columns::read(row, first)?;
        let (after, to): (Vec<Seq>, Vec<Seq>) = (after, to);
        let earlier = after.into_iter().zip(to).map(|(after, to)| Span { after, to }).collect();
        let left = Option::zip(left_seq, left_rev);
        Ok(Self { is: delta::Membership { joined_at, join_seq, read_seq, sent_seq, left }, earlier })
    }
}
