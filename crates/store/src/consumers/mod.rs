//! What reads along behind the commits, for work in the background: every message and every note, at least once, in their
//! order in each group.
//!
//! A consumer has a position in each group, which is the `rev` up to which it has seen everything. What it is given of a
//! group is what sync tells: the messages above that, and those of before that have changed since, each as it is now. So it
//! sees what came of many changes, not each of them. A position moves on in the transaction in which the consumer writes what it
//! made of it: what it does in the store happens exactly once, all else at least once.
//!
//! Who runs it holds it, with a lease; and each of these transactions looks whether they still do. So one that was asleep for
//! long changes nothing any more.
//!
//! Which groups have something new is known without looking at all of them: databases tell which have moved
//! ([`Database::commits_since`]). Where they cannot, the heads of all groups are compared with the positions, page by page.

mod portion;
mod unseen;

use std::sync::Arc;

use async_trait::async_trait;
use rim_core::{GroupId, MessageId, Timestamp};

use crate::database::{Database, Read, THE_SERVER, Tx};
use crate::failure::Result as Step;
use crate::table::{Table, integer, optional, text};
use crate::{Result, params};

pub use self::portion::{Portion, Position, Room};
pub use self::unseen::{position, positions};
pub use crate::moved::{Mark, Moved};

pub(crate) const TABLE: Table = Table {
    name: "consumers",
    key: 1,
    columns: &[
        integer("id"),
        text("name"),
        integer("began"),
        integer("holder"),
        integer("held_until"),
        optional(text("seen")),
        integer("passed_over"),
    ],
};

pub(crate) const POSITIONS: Table = Table {
    name: "consumer_positions",
    key: 2,
    columns: &[integer("consumer"), integer("group_id"), integer("rev"), integer("seq")],
};

/// Positions of a consumer that is gone, deleted at once.
const FORGOTTEN_AT_ONCE: u64 = 1000;
/// Numbers of groups that are looked at together to find those that are behind.
const WINDOW: u64 = 4096;

/// Where a consumer begins that the store does not know yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// With the first message of each group.
    First,
    /// With the messages that are sent from now on. Of what happens to older ones it may hear or not.
    Now,
}

/// A consumer that somebody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The number that its positions have.
    pub consumer: u64,
    pub holder: u64,
}

/// A consumer that was taken, and where it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub hold: Hold,
    /// What the database calls the commits of which everything is in the positions. `None`: of no group it is known.
    pub seen: Option<Mark>,
}

/// What is written in the transaction in which positions move on.
pub type Work = Box<dyn FnOnce(&mut dyn Tx) -> Step<()> + Send>;

/// What a consumer writes of what it was given.
pub struct InStore {
    /// How long it takes, in rows that are written.
    pub rows: usize,
    pub work: Work,
}

impl InStore {
    /// It does all its work elsewhere.
    pub fn nothing() -> Self {
        Self { rows: 0, work: Box::new(|_| Ok(())) }
    }

    /// It has failed for good of so many messages.
    pub fn failed(Hold { consumer, .. }: Hold, messages: u64) -> Self {
        let sql = "UPDATE consumers SET passed_over = passed_over + $2 WHERE id = $1";
        let work = move |tx: &mut dyn Tx| tx.execute(sql, &params![consumer, messages]).map(drop);
        Self { rows: 1, work: Box::new(work) }
    }
}

/// Groups that a consumer has not seen all of: the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// By id.
    pub groups: Vec<GroupId>,
    /// Behind which group it goes on, if it does.
    pub next: Option<GroupId>,
}

/// Durable readers of what was committed.
#[async_trait]
pub trait Consumers: Send + Sync {
    /// Has the consumer begin, if it has not: nobody holds it by that.
    async fn begin_consumer(&self, name: &'static str, begin: Begin) -> Result<()>;

    /// Takes the consumer for `holder`, or holds it for longer; one that is not known yet begins as it says. `None`: another
    /// has it, until a time that is not over. Nothing is written where `holder` has it until then already.
    async fn hold_consumer(
        &self,
        name: &'static str,
        begin: Begin,
        holder: u64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Held>>;

    /// Leaves it to others.
    async fn let_go_consumer(&self, hold: Hold) -> Result<()>;

    /// Has the consumer begin anew, as it says: whoever holds it holds it no more. Nothing happens where there is none.
    async fn restart_consumer(&self, name: &'static str, begin: Begin) -> Result<()>;

    /// Forgets the consumer: the next that takes it begins.
    async fn forget_consumer(&self, name: &'static str) -> Result<()>;

    /// Deletes some of what consumers have left that began anew or were forgotten; whether there is more.
    async fn forget_positions(&self) -> Result<bool>;

    /// In which groups something was said or done in commits that who saw everything up to `since` may not have seen. Some
    /// may be told again.
    async fn moved(&self, since: Option<Mark>) -> Result<Moved>;

    /// Waits until there may be more of that. It comes some 100 ms after the first, so that much is read together.
    async fn until_moved(&self, since: &Mark);

    /// Notes up to where everything is in the positions of the consumer, for whoever takes it next. `false`: it is not
    /// held any more.
    async fn note_seen(&self, hold: Hold, seen: &Mark) -> Result<bool>;

    /// Deletes what is kept for [`Self::moved`] and nobody needs any more: what all that are held have noted as seen; and what is
    /// minutes old, of which consumers that have not seen it are to look at all groups instead.
    async fn forget_moved(&self) -> Result<()>;

    /// Groups above `after` that the consumer has not seen all of: all of them, page by page.
    async fn behind(&self, hold: Hold, after: GroupId) -> Result<Behind>;

    /// What the consumer has not seen of these groups, of each at most its share of the room. Where there is no room the
    /// last have an empty portion, with `more`. Groups of which it has seen all have none.
    async fn unseen(&self, hold: Hold, groups: Vec<GroupId>, room: Room) -> Result<Vec<Portion>>;

    /// Does what the consumer writes, and moves its positions on behind these portions, as one. `false`: it is not held any more, or
    /// is elsewhere already, and nothing has happened.
    async fn consume(&self, hold: Hold, portions: Arc<Vec<Portion>>, write: InStore) -> Result<bool>;

    /// How far the consumer has come in these groups, in their order. Nowhere if there is none.
    async fn consumed(&self, name: &'static str, groups: Vec<GroupId>) -> Result<Vec<Position>>;
}

#[async_trait]
impl<D: Database> Consumers for D {
    async fn hold_consumer(
        &self,
        name: &'static str,
        begin: Begin,
        holder: u64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Held>> {
        self.write(THE_SERVER, move |tx| hold(tx, name, begin, holder, now, until)).await
    }

    async fn begin_consumer(&self, name: &'static str, begin: Begin) -> Result<()> {
        self.write(THE_SERVER, move |tx| {
            tx.lock_name("consumers")?;
            if number_of(tx.reader(), name)?.is_none() {
                insert(tx, name, begin)?;
            }
            Ok(())
        })
        .await
    }

    async fn let_go_consumer(&self, Hold { consumer, holder }: Hold) -> Result<()> {
        self.write(THE_SERVER, move |tx| {
            let sql = "UPDATE consumers SET holder = 0, held_until = 0 WHERE id = $1 AND holder = $2";
            tx.execute(sql, &params![consumer, holder]).map(drop)
        })
        .await
    }

    async fn restart_consumer(&self, name: &'static str, begin: Begin) -> Result<()> {
        self.write(THE_SERVER, move |tx| restart(tx, name, begin)).await
    }

    async fn forget_consumer(&self, name: &'static str) -> Result<()> {
        self.write(THE_SERVER, move |tx| forget(tx, name).map(drop)).await
    }

    async fn forget_positions(&self) -> Result<bool> {
        if !self.read(|db| db.exists(GONE, &[])).await? {
            return Ok(false);
        }
        self.write_rows(THE_SERVER, FORGOTTEN_AT_ONCE as usize, forget_positions).await
    }

    async fn moved(&self, since: Option<Mark>) -> Result<Moved> {
        self.commits_since(since).await
    }

    async fn until_moved(&self, since: &Mark) {
        self.until_commits(since).await;
    }

    async fn note_seen(&self, Hold { consumer, holder }: Hold, seen: &Mark) -> Result<bool> {
        let Some(seen) = self.lasting(seen) else { return Ok(true) };
        self.write(THE_SERVER, move |tx| {
            let sql = "UPDATE consumers SET seen = $3 WHERE id = $1 AND holder = $2";
            Ok(tx.execute(sql, &params![consumer, holder, &seen.0])? > 0)
        })
        .await
    }

    async fn forget_moved(&self) -> Result<()> {
        self.forget_commits().await
    }

    async fn behind(&self, hold: Hold, after: GroupId) -> Result<Behind> {
        self.read_at_once(move |db| behind(db, hold.consumer, after)).await
    }

    async fn unseen(&self, hold: Hold, groups: Vec<GroupId>, room: Room) -> Result<Vec<Portion>> {
        self.read_at_once(move |db| unseen::portions(db, hold.consumer, groups, room)).await
    }

    async fn consume(&self, hold: Hold, portions: Arc<Vec<Portion>>, write: InStore) -> Result<bool> {
        let InStore { rows, work } = write;
        let rows = rows + portions.len();
        self.write_rows(THE_SERVER, rows, move |tx| {
            if !is_held(tx, hold)? || !are_where_they_were(tx.reader(), hold.consumer, &portions)? {
                return Ok(false);
            }
            work(tx)?;
            move_on(tx, hold.consumer, &portions)?;
            Ok(true)
        })
        .await
    }

    async fn consumed(&self, name: &'static str, groups: Vec<GroupId>) -> Result<Vec<Position>> {
        self.read_at_once(move |db| match number_of(db, name)? {
            Some(consumer) => positions(db, consumer, &groups),
            None => Ok(vec![Position::default(); groups.len()]),
        })
        .await
    }
}

/// The number of a consumer, if it was ever held.
///
/// # Errors
/// Those of the database.
pub fn number_of(db: &dyn Read, name: &str) -> Step<Option<u64>> {
    db.first("SELECT id FROM consumers WHERE name = $1", &params![name], |row| row.get("id"))
}

fn hold(
    tx: &mut dyn Tx,
    name: &str,
    begin: Begin,
    holder: u64,
    now: Timestamp,
    until: Timestamp,
) -> Step<Option<Held>> {
    // Two that see that there is none make one.
    tx.lock_name("consumers")?;
    let sql = "SELECT id, holder, held_until, seen FROM consumers WHERE name = $1 FOR NO KEY UPDATE";
    let found = tx.reader().first(sql, &params![name], |row| {
        let seen: Option<String> = row.get("seen")?;
        let held: (u64, Timestamp) = (row.get("holder")?, row.get("held_until")?);
        Ok((row.get("id")?, held, seen.map(Mark)))
    })?;
    let (consumer, (held_by, held_until), seen) = match found {
        Some(found) => found,
        None => (insert(tx, name, begin)?, (0, Timestamp(0)), None),
    };
    if held_by != holder && held_until > now {
        return Ok(None);
    }
    if (held_by, held_until) != (holder, until) {
        let sql = "UPDATE consumers SET holder = $2, held_until = $3 WHERE id = $1";
        tx.execute(sql, &params![consumer, holder, until])?;
    }
    Ok(Some(Held { hold: Hold { consumer, holder }, seen }))
}

fn insert(tx: &mut dyn Tx, name: &str, begin: Begin) -> Step<u64> {
    let began = match begin {
        Begin::First => MessageId(0),
        Begin::Now => tx.newest_message()?,
    };
    let sql = "SELECT id FROM consumers ORDER BY id DESC LIMIT 1";
    let last: Option<u64> = tx.reader().first(sql, &[], |row| row.get("id"))?;
    let consumer = last.unwrap_or(0) + 1;
    let sql = "INSERT INTO consumers (id, name, began, holder, held_until, seen, passed_over) VALUES ($1, $2, $3, 0, 0, NULL, 0)";
    tx.execute(sql, &params![consumer, name, began])?;
    Ok(consumer)
}

/// See [`Consumers::restart_consumer`].
pub(crate) fn restart(tx: &mut dyn Tx, name: &str, begin: Begin) -> Step<()> {
    if forget(tx, name)? {
        insert(tx, name, begin)?;
    }
    Ok(())
}

/// See [`Consumers::forget_consumer`]. Whether there was one.
pub(crate) fn forget(tx: &dyn Tx, name: &str) -> Step<bool> {
    tx.lock_name("consumers")?;
    let sql = "UPDATE consumers SET name = '~' || CAST(id AS text), holder = 0 WHERE name = $1";
    Ok(tx.execute(sql, &params![name])? > 0)
}

/// Those that are gone, but for their positions.
const GONE: &str = "SELECT id FROM consumers WHERE name >= '~' ORDER BY name LIMIT 1";

fn forget_positions(tx: &mut dyn Tx) -> Step<bool> {
    let Some(consumer) = tx.reader().first(GONE, &[], |row| row.get::<u64>("id"))? else { return Ok(false) };
    let sql = "DELETE FROM consumer_positions WHERE consumer = $1 AND group_id IN
               (SELECT group_id FROM consumer_positions WHERE consumer = $1 ORDER BY group_id LIMIT $2)";
    if tx.execute(sql, &params![consumer, FORGOTTEN_AT_ONCE])? < FORGOTTEN_AT_ONCE {
        tx.execute("DELETE FROM consumers WHERE id = $1", &params![consumer])?;
    }
    Ok(true)
}

/// Who takes it waits until this transaction has ended.
fn is_held(tx: &dyn Tx, Hold { consumer, holder }: Hold) -> Step<bool> {
    let sql = "SELECT id FROM consumers WHERE id = $1 AND holder = $2 FOR NO KEY UPDATE";
    tx.reader().exists(sql, &params![consumer, holder])
}

fn are_where_they_were(db: &dyn Read, consumer: u64, portions: &[Portion]) -> Step<bool> {
    let keys: Vec<_> = portions.iter().map(|portion| params![consumer, portion.group].to_vec()).collect();
    let sql = "SELECT rev, seq FROM consumer_positions WHERE consumer = $1 AND group_id = $2";
    let found =
        db.first_of_each(sql, &keys, |row| Ok(Position { rev: row.get("rev")?, seq: row.get("seq")? }))?;
    Ok(portions.iter().zip(found).all(|(portion, found)| match found {
        Some(found) => !portion.is_first && found == portion.from,
        None => portion.is_first,
    }))
}

fn move_on(tx: &dyn Tx, consumer: u64, portions: &[Portion]) -> Step<()> {
    let moved = portions.iter().filter(|portion| portion.to != portion.from);
    let rows: Vec<_> =
        moved.map(|Portion { group, to, .. }| params![consumer, *group, to.rev, to.seq].to_vec()).collect();
    let sql = "INSERT INTO consumer_positions (consumer, group_id, rev, seq) VALUES ($1, $2, $3, $4)
               ON CONFLICT (consumer, group_id) DO UPDATE SET rev = excluded.rev, seq = excluded.seq";
    tx.execute_each(sql, &rows).map(drop)
}

fn behind(db: &dyn Read, consumer: u64, GroupId(after): GroupId) -> Step<Behind> {
    // A group that only its receipts or members have moved has nothing new.
    let sql = "SELECT g.id
               FROM groups AS g
                    JOIN consumers AS c ON c.id = $1
                    LEFT JOIN consumer_positions AS p ON p.consumer = $1 AND p.group_id = g.id
               WHERE g.id > $2 AND g.id <= $3 AND CASE
                   WHEN p.rev IS NULL THEN g.last_message_id > c.began
                   WHEN g.last_rev = p.rev THEN false
                   WHEN g.last_seq > p.seq THEN true
                   ELSE EXISTS (SELECT 1 FROM states AS s WHERE s.group_id = g.id AND s.rev > p.rev)
                        OR EXISTS (SELECT 1 FROM expired AS e WHERE e.group_id = g.id AND e.rev > p.rev) END
               ORDER BY g.id";
    let to = after + WINDOW;
    let groups = db.all(sql, &params![consumer, after, to], |row| row.get("id"))?;
    let more = db.exists("SELECT id FROM groups WHERE id > $1 ORDER BY id LIMIT 1", &params![to])?;
    Ok(Behind { groups, next: more.then_some(GroupId(to)) })
}
