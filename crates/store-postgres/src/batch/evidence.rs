//! Whether a batch was committed whose COMMIT was not answered.
//!
//! It is a whole: if one thing is there that it alone can have written, everything is.

use deadpool_postgres::Client;
use rim_core::event::Change;
use rim_core::{GroupId, MessageId};

use super::Outcome;
use crate::changes;
use crate::failure::Result;
use crate::queue::Wanted;
use crate::row::{self, Sql};

/// One thing that only this batch can have written.
#[derive(Debug)]
pub(crate) enum Evidence {
    /// No other message is ever given this id.
    Message { group: GroupId, id: MessageId },
    /// The record of a receipt. If another batch should write the very same, it is all the same.
    Receipt { group: GroupId, change: Change },
}

impl Evidence {
    /// `None` if the batch writes nothing.
    pub(super) fn of(writes: &[Wanted], outcomes: &[Outcome]) -> Option<Self> {
        let mut evidence = None;
        for (wanted, outcome) in writes.iter().zip(outcomes) {
            match outcome {
                Outcome::Appended { id, .. } => {
                    return Some(Self::Message { group: wanted.group(), id: *id });
                }
                Outcome::Marked { .. } => {
                    let group = wanted.group();
                    evidence = outcome.receipt(wanted).map(|change| Self::Receipt { group, change });
                }
                Outcome::Resent { .. } | Outcome::Unmarked | Outcome::Refused(_) => {}
            }
        }
        evidence
    }

    /// Looks for it in a transaction that it leaves open, and waits until the batch is over.
    pub(super) async fn is_there(&self, db: &Client) -> Result<bool> {
        db.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        let (Self::Message { group, .. } | Self::Receipt { group, .. }) = self;
        // The batch had this lock when its COMMIT was sent: whoever has it after that sees how it ended.
        let sql = "SELECT id FROM groups WHERE id = $1 FOR NO KEY UPDATE";
        row::first(db, sql, &[&group.sql()], |_| Ok(())).await?;
        match self {
            Self::Message { group, id } => {
                let sql = "SELECT id FROM messages WHERE group_id = $1 AND id = $2";
                Ok(row::first(db, sql, &[&group.sql(), &id.sql()], |_| Ok(())).await?.is_some())
            }
            Self::Receipt { change, .. } => changes::is_recorded(db, change).await,
        }
    }
}
