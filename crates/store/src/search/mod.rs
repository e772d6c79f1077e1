//! Search: which messages somebody may find, and the index that finds them.
//!
//! `rim_core::search` says what matches. The index of a database only finds candidates, by the terms of their texts, and each is
//! looked at as its reader sees it. What the index does not have yet is looked at as well, so a message is found once it is
//! sent.
//!
//! A text is listed as it was sent, and what edits made of it each by itself. So each entry is made of what never changes, and
//! is taken out, by the very terms that put it in, once that is wiped. Who has left finds what a message said to them, and
//! members what it says now: both are entries, and who looks at the message decides.

mod find;
mod index;
mod list;
mod place;

use std::sync::Arc;

use async_trait::async_trait;
use rim_core::UserId;
use rim_core::search::Search;

use crate::consumers::{self, Begin, InStore, Portion};
use crate::database::{Database, THE_SERVER};
use crate::{Result, params};

pub use self::find::{Found, STEP};
#[cfg(feature = "suite")]
pub use self::index::STATEMENTS;
pub use self::index::{Chore, next_chore};
use self::list::ToList;
pub(crate) use self::list::{forget_words, wipe};
pub use self::place::CONSUMER;
use self::place::is_whole;

/// Whether somebody has waited long enough.
pub type Enough = Arc<dyn Fn() -> bool + Send + Sync>;

/// How far the index has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexStatus {
    pub messages: u64,
    /// Those that are not in it yet.
    pub waiting: u64,
    /// Those that it was given and failed of: they are not in it before it is made anew.
    pub passed_over: u64,
    /// What it takes on the disk, about.
    pub bytes: u64,
}

#[async_trait]
pub trait Searches: Send + Sync {
    /// What somebody finds among the messages that they see: as many as fit into so many bytes, and what was found by when it
    /// was enough.
    ///
    /// # Errors
    /// `NoSuchGroup`, `NotMember` where one group is named that the user never was in.
    async fn search(&self, user: UserId, search: Search, bytes: usize, enough: Enough) -> Result<Found>;

    /// What the consumer that keeps the index up writes of portions. All that takes long is done by then; so is what was left to do
    /// in the index.
    async fn entries(&self, portions: Arc<Vec<Portion>>) -> Result<InStore>;

    /// Does what is left to do in the index: nothing is left on the disk of what was taken out, and what was listed becomes less
    /// to look through.
    async fn tidy_index(&self) -> Result<()>;

    /// Empties the index, which is then made anew; but one that is as this rim makes it only where it `must`. Whether it was.
    async fn rebuild_index(&self, must: bool) -> Result<bool>;

    async fn index_status(&self) -> Result<IndexStatus>;
}

#[async_trait]
impl<D: Database> Searches for D {
    async fn search(&self, user: UserId, search: Search, bytes: usize, enough: Enough) -> Result<Found> {
        self.read_at_once(move |db| find::find(db, user, &search, bytes, &*enough)).await
    }

    async fn entries(&self, portions: Arc<Vec<Portion>>) -> Result<InStore> {
        self.tidy_index().await?;
        let to_list = self.read_at_once(move |db| ToList::of(db, &portions)).await?;
        Ok(to_list.in_store())
    }

    async fn tidy_index(&self) -> Result<()> {
        let mut leaves_room = false;
        while let Some(chore) = self.read_at_once(next_chore).await? {
            leaves_room |= chore.leaves_room();
            self.write_in_pieces(THE_SERVER, chore).await?;
        }
        if leaves_room {
            self.reuse_room_of_index().await;
        }
        Ok(())
    }

    async fn rebuild_index(&self, must: bool) -> Result<bool> {
        self.write_many(THE_SERVER, move |tx| {
            tx.lock_name(CONSUMER)?;
            let sql = "SELECT name FROM consumers WHERE name >= 'search-' AND name < 'search.'";
            let names: Vec<String> = tx.reader().all(sql, &[], |row| row.get("name"))?;
            if !must && names.iter().all(|name| name == CONSUMER) && is_whole(tx.reader())? {
                return Ok(false);
            }
            // First nobody holds it any more: who lists messages has locked that before the index.
            for name in &names {
                if name == CONSUMER {
                    consumers::restart(tx, name, Begin::First)?;
                } else {
                    consumers::forget(tx, name)?;
                }
            }
            index::clear(tx)?;
            Ok(true)
        })
        .await
    }

    async fn index_status(&self) -> Result<IndexStatus> {
        self.read_at_once(|db| {
            let consumer = consumers::number_of(db, CONSUMER)?.unwrap_or(0);
            let sql = "SELECT CAST(coalesce(sum(last_seq), 0) AS bigint) AS count FROM groups";
            let messages = db.count(sql, &[])?;
            let sql = "SELECT CAST(coalesce(sum(seq), 0) AS bigint) AS count FROM consumer_positions WHERE consumer = $1";
            let seen = db.count(sql, &params![consumer])?;
            let sql = "SELECT passed_over FROM consumers WHERE id = $1";
            let passed_over: Option<u64> = db.first(sql, &params![consumer], |row| row.get("passed_over"))?;
            Ok(IndexStatus {
                messages,
                waiting: messages.saturating_sub(seen),
                passed_over: passed_over.unwrap_or(0),
                bytes: db.index_bytes()?,
            })
        })
        .await
    }
}
