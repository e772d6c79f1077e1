//! The notes on one message, as the rules ask for them.

use rim_core::note::{Ledger, Members, NoteKind};
use rim_core::{GroupId, Seq, UserId};

use crate::database::Read;
use crate::failure::{Failure, Result as Step};
use crate::{groups, params};

pub(super) struct Book<'d> {
    pub(super) db: &'d dyn Read,
    pub(super) group: GroupId,
    pub(super) seq: Seq,
    /// Whether it is a single chat. Both of its people are in it whenever one of them writes.
    pub(super) single: bool,
}

impl Members for Book<'_> {
    type Failure = Failure;

    fn members(&self, users: &[UserId]) -> Step<Vec<UserId>> {
        if self.single {
            return Ok(groups::ever_among(self.db, self.group, users)?.into_iter().collect());
        }
        groups::among(self.db, self.group, users)
    }
}

impl Ledger for Book<'_> {
    fn has(&self, kind: NoteKind, key: &str, by: UserId) -> Step<bool> {
        let sql = "SELECT group_id FROM notes
                   WHERE group_id = $1 AND kind = $2 AND seq = $3 AND key = $4 AND by_id = $5";
        self.db.exists(sql, &params![self.group, kind, self.seq, key, by])
    }

    fn newest(&self, kind: NoteKind, key: &str, most: usize) -> Step<Vec<UserId>> {
        let sql =
            "SELECT group_id, by_id FROM notes WHERE group_id = $1 AND kind = $2 AND seq = $3 AND key = $4
                   ORDER BY rev DESC LIMIT $5";
        self.db.all(sql, &params![self.group, kind, self.seq, key, most as u64], |row| row.get("by_id"))
    }

    fn in_group(&self, kind: NoteKind, most: u64) -> Step<u64> {
        let sql =
            "SELECT count(*) AS count FROM (SELECT 1 AS one FROM notes WHERE group_id = $1 AND kind = $2
                                                  LIMIT $3) AS counted";
        self.db.count(sql, &params![self.group, kind, most])
    }

    fn on_message(&self, kind: NoteKind, most: u64) -> Step<u64> {
        let sql = "SELECT count(*) AS count FROM (SELECT 1 AS one FROM notes
                                                  WHERE group_id = $1 AND kind = $2 AND seq = $3 LIMIT $4) AS counted";
        self.db.count(sql, &params![self.group, kind, self.seq, most])
    }
}
