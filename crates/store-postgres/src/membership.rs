//! What one user may see of one group.

use deadpool_postgres::GenericClient;
use rim_core::delta;
use rim_core::message::Span;
use rim_core::{GroupId, Seq, UserId};
use rim_store::columns::Columns;

use crate::failure::Result;
use crate::row::{self, Fields, Sql};
use crate::sights;

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
         coalesce(d.creator_id, g.creator_id), g.single, g.who_pins, g.who_mentions_all, g.expire_seconds"
    };
}
pub(crate) use seen;

/// The memberships of a user in some groups, also those that were forgotten: parameters of the statement.
macro_rules! ever {
    ($user:literal, $groups:literal) => {
        concat!(
            "(SELECT ",
            rim_store::membership_columns!(""),
            " FROM members WHERE user_id = ",
            $user,
            " AND group_id = ANY(",
            $groups,
            ") UNION ALL SELECT ",
            rim_store::membership_columns!(""),
            " FROM forgotten_members WHERE user_id = ",
            $user,
            " AND group_id = ANY(",
            $groups,
            "))"
        )
    };
}
pub(crate) use ever;

/// A membership, and what else says what they may see.
pub(crate) struct Seen {
    pub(crate) is: Membership,
    /// The last place of the group.
    pub(crate) last_seq: Seq,
    /// Whether something may be cut out of it.
    pub(crate) has_holes: bool,
    /// Whether something has happened to any of its messages.
    pub(crate) has_states: bool,
}

impl Seen {
    /// Also of one that was forgotten.
    pub(crate) async fn find(db: &impl GenericClient, group: GroupId, user: UserId) -> Result<Option<Self>> {
        let sql = concat!(
            "SELECT m.group_id, g.last_seq, ",
            sights::has_holes!(),
            ", ",
            sights::any!("states AS x WHERE x.group_id = g.id"),
            ", ",
            columns!(),
            " FROM ",
            ever!("$1", "$2"),
            " AS m JOIN groups AS g ON g.id = m.group_id"
        );
        let found = row::first(db, sql, &[&user.sql(), &vec![group.sql()]], row::behind_key).await?;
        Ok(found.map(|(last_seq, has_holes, has_states, is)| Self { is, last_seq, has_holes, has_states }))
    }
}

impl Membership {
    /// What of a group that is at `last_seq` was theirs as a member: ascending, each span holding at least one place.
    pub(crate) fn spans(&self, last_seq: Seq) -> Vec<Span> {
        self.is.spans(self.earlier.clone(), last_seq)
    }
}

impl<'r> Columns<Fields<'r>> for Membership {
    const COUNT: usize = 8;

    fn read(row: Fields<'r>, first: usize) -> Result<Self> {
        let (joined_at, join_seq, read_seq, sent_seq, left_seq, left_rev, Places(after), Places(to)) =
            Columns::read(row, first)?;
        let earlier = after.into_iter().zip(to).map(|(after, to)| Span { after, to }).collect();
        let left = Option::zip(left_seq, left_rev);
        Ok(Self { is: delta::Membership { joined_at, join_seq, read_seq, sent_seq, left }, earlier })
    }
}

/// An array of places.
struct Places(Vec<Seq>);

impl<'r> Columns<Fields<'r>> for Places {
    fn read(row: Fields<'r>, at: usize) -> Result<Self> {
        let places: Vec<i64> = row.get(at)?;
        Ok(Self(places.into_iter().map(|place| Seq(place.unsigned_abs())).collect()))
    }
}
