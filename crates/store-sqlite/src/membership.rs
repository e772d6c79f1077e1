//! What one user may see of one group.

use rim_core::delta;
use rim_core::message::Span;
use rim_core::sync::Stay;
use rim_core::{GroupId, Rev, Seq, UserId};
use rusqlite::Connection;

use crate::failure::Result;
use crate::row::{self, Sql};

/// A user who is or was a member.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Membership {
    pub(crate) is: delta::Membership,
    pub(crate) join_rev: Rev,
    /// Whether the user has left the group and deleted it.
    pub(crate) forgotten: bool,
}

macro_rules! find_in {
    ($table:literal) => {
        concat!(
            "SELECT group_id, join_rev, joined_at, join_seq, read_seq, sent_seq, left_seq, left_rev FROM ",
            $table,
            " WHERE group_id = ?1 AND user_id = ?2"
        )
    };
}

impl Membership {
    pub(crate) fn find(db: &Connection, group: GroupId, user: UserId) -> Result<Option<Self>> {
        Self::read(db, find_in!("members"), group, user)
    }

    /// Also one that was forgotten.
    pub(crate) fn find_any(db: &Connection, group: GroupId, user: UserId) -> Result<Option<Self>> {
        if let Some(found) = Self::find(db, group, user)? {
            return Ok(Some(found));
        }
        let found = Self::read(db, find_in!("forgotten_members"), group, user)?;
        Ok(found.map(|found| Self { forgotten: true, ..found }))
    }

    fn read(db: &Connection, sql: &str, group: GroupId, user: UserId) -> Result<Option<Self>> {
        let found = row::first(db, sql, [group.sql(), user.sql()], row::behind_key("members"))?;
        Ok(found.map(|(join_rev, joined_at, join_seq, read_seq, sent_seq, left_seq, left_rev)| {
            let left = Option::zip(left_seq, left_rev);
            let is = delta::Membership { joined_at, join_seq, read_seq, sent_seq, left };
            Self { is, join_rev, forgotten: false }
        }))
    }

    /// The parts of the membership after `since`, up to `until`, ascending.
    pub(crate) fn stays(
        &self,
        db: &Connection,
        group: GroupId,
        user: UserId,
        since: Rev,
        until: Rev,
    ) -> Result<Vec<Stay>> {
        let sql = "SELECT group_id, join_rev, left_rev FROM earlier_stays
                   WHERE group_id = ?1 AND user_id = ?2 AND left_rev > ?3 ORDER BY join_rev";
        let params = [group.sql(), user.sql(), since.sql()];
        let earlier = row::all(db, sql, params, row::behind_key("earlier_stays"))?;
        let mut stays: Vec<_> = earlier.into_iter().map(|(from, to)| Stay { from, to }).collect();
        stays.push(Stay { from: self.join_rev, to: self.is.left_rev().unwrap_or(until) });
        for stay in &mut stays {
            *stay = Stay { from: stay.from.max(Rev(since.0 + 1)), to: stay.to.min(until) };
        }
        stays.retain(|stay| stay.from <= stay.to);
        Ok(stays)
    }

    /// What of a group that is at `last_seq` was theirs as a member: ascending, each span holding at least one place.
    pub(crate) fn spans(
        &self,
        db: &Connection,
        group: GroupId,
        user: UserId,
        last_seq: Seq,
    ) -> Result<Vec<Span>> {
        let sql = "SELECT group_id, after_seq, to_seq FROM earlier_spans
                   WHERE group_id = ?1 AND user_id = ?2 ORDER BY after_seq";
        let earlier = row::all(db, sql, [group.sql(), user.sql()], row::behind_key("earlier_spans"))?;
        let earlier = earlier.into_iter().map(|(after, to)| Span { after, to }).collect();
        Ok(self.is.spans(earlier, last_seq))
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, StatementStatus};

    /// Somebody and another who take turns in a group so often: whether they met, and how many steps it took to see it.
    fn looked_at(stays: u64, meet: bool) -> (bool, i32) {
        let db = Connection::open_in_memory().expect("memory");
        db.execute_batch(
            "CREATE TABLE members (group_id, user_id, join_rev, left_rev);
             CREATE TABLE earlier_stays (group_id, user_id, join_rev, left_rev,
                                         PRIMARY KEY (group_id, user_id, join_rev)) WITHOUT ROWID;",
        )
        .expect("tables");
        let mut stay = db.prepare("INSERT INTO earlier_stays VALUES (1, ?1, ?2, ?3)").expect("SQL");
        for turn in 0..stays {
            let (from, longer) = (turn * 10, u64::from(meet && turn == stays / 2) * 5);
            stay.execute([1, from, from + 3 + longer]).expect("a stay");
            stay.execute([2, from + 5, from + 8]).expect("a stay");
        }
        let end = stays * 10;
        let mut member = db.prepare("INSERT INTO members VALUES (1, ?1, ?2, ?3)").expect("SQL");
        member.execute([1, end, end + 3]).expect("a member");
        member.execute([2, end + 5, end + 8]).expect("a member");
        let sql = concat!(
            "SELECT ",
            rim_store::were_together!(),
            " FROM members AS m JOIN members AS o ON o.group_id = m.group_id WHERE m.user_id = 1 AND o.user_id = 2"
        );
        let mut shared = db.prepare(sql).expect("SQL");
        let met = shared.query_row([], |row| row.get(0)).expect("a row");
        (met, shared.get_status(StatementStatus::VmStep))
    }

    #[test]
    fn two_who_came_and_went_often_are_not_compared_stay_by_stay() {
        assert!(looked_at(100, true).0);
        let ((met, few), (_, many)) = (looked_at(100, false), looked_at(1_000, false));
        assert!(!met);
        assert!(many < 11 * few, "ten times as many take ten times as long: {few}, {many}");
    }
}
