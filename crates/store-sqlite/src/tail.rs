//! The newest messages, and the two tables that are written late.
//!
//! Messages are found by what their senders call them (`client_ids`) and by where they are in their group
//! (`places`). Neither follows the order in which they come: the messages of one commit would touch nearly as
//! many pages of each table as they are, and every page goes to the log whole. So the tables are written late:
//! the newest messages are in memory, and go to the tables in long runs sorted by key, whose rows share pages.
//! Of 45 messages in 50 groups that share a commit, one costs 1.3 KB of the log; with `places` kept up it
//! costs 4.8 KB, and three and a half times as many writes.
//!
//! Nothing depends on the memory: `messages` holds everything, and `settled` says up to which message both
//! tables are complete. The rest is read again at the start.

use std::sync::Arc;

use foldhash::HashMap;
use rim_core::{GroupId, MessageId, Seq, UserId, sight};
use rusqlite::{Connection, Params};

use crate::failure::{Failure, Result};
use crate::places::{self, Oldest, Place, Recent};
use crate::row::{self, Sql};

/// Rows moved for each new message, which adds two: a run is moved when the next is half full.
const PACE: usize = 4;

/// How much goes to the tables at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Messages in a run. More share more pages; twice as many are in memory at most, and read at the start:
    /// 5 MB a run if they are of 50 groups, 12 MB if each is of another.
    pub(crate) run: usize,
    /// Rows of a run that are moved at a time, at least: neighbours share a page.
    pub(crate) step: usize,
}

impl Size {
    pub(crate) const STANDARD: Self = Self { run: 64 * 1024, step: 256 };
}

/// A message, as far as the tables have it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) message: MessageId,
    pub(crate) group: GroupId,
    pub(crate) seq: Seq,
    pub(crate) sender: UserId,
    pub(crate) client_hash: i64,
}

/// By which `client_ids` finds a message.
pub(crate) type ClientKey = (GroupId, UserId, i64);

impl Entry {
    fn client_key(&self) -> ClientKey {
        (self.group, self.sender, self.client_hash)
    }

    fn place(&self) -> Place {
        Place { group: self.group, seq: self.seq, message: self.message }
    }
}

/// The writer's side of it.
pub(crate) struct Tail {
    /// The newest messages, a run that grows: by client id, for the writer,
    client_ids: HashMap<ClientKey, MessageId>,
    /// and by place, for the readers.
    places: Arc<Recent>,
    /// The run before it, on its way to the tables.
    run: Option<Run>,
    /// Readers begin at the places of that run, or else at those of the one that grows.
    oldest: Oldest,
    /// Of the open batch.
    uncommitted: Vec<Entry>,
    /// Rows that may be moved now.
    due: usize,
    size: Size,
}

impl Tail {
    pub(crate) fn load(db: &Connection, size: Size) -> Result<Self> {
        let sql = "SELECT id, group_id, seq, sender_id, client_hash FROM messages
                   WHERE id > (SELECT up_to_message_id FROM settled) ORDER BY id";
        let newest = row::all(db, sql, [], |row| {
            let (message, group, seq, sender, client_hash) = row::of("messages")(row)?;
            Ok(Entry { message, group, seq, sender, client_hash })
        })?;
        let oldest = Oldest::default();
        let places = oldest.hold();
        places.extend(newest.iter().map(Entry::place)).map_err(|place| Failure::Corrupt {
            table: "messages".into(),
            column: "seq".into(),
            row: place.message.to_string(),
            value: format!("{} does not follow on the place of the message before it", place.seq),
        })?;
        let client_ids = newest.iter().map(|entry| (entry.client_key(), entry.message)).collect();
        Ok(Self { client_ids, places, run: None, oldest, uncommitted: Vec::new(), due: 0, size })
    }

    /// Where readers find the places that are not in the table.
    pub(crate) fn oldest(&self) -> Oldest {
        self.oldest.clone()
    }

    /// The message of that key, if it is one of the newest; those of the open batch included.
    pub(crate) fn message_of(&self, key: ClientKey) -> Option<MessageId> {
        self.client_ids.get(&key).copied().or_else(|| self.run.as_ref()?.message_of(key))
    }

    /// The message at a place of the group, if there is one; those of the open batch included.
    pub(crate) fn message_at(&self, db: &Connection, group: GroupId, seq: Seq) -> Result<Option<MessageId>> {
        let is_there = |entry: &&Entry| entry.group == group && entry.seq == seq;
        if let Some(entry) = self.uncommitted.iter().find(is_there) {
            return Ok(Some(entry.message));
        }
        match self.oldest.hold().within(group, sight::at(seq)).first() {
            Some(newest) => Ok(Some(*newest)),
            None => places::in_table(db, group, seq),
        }
    }

    /// Adds a message that the open batch has stored.
    pub(crate) fn insert(&mut self, entry: Entry) {
        self.client_ids.insert(entry.client_key(), entry.message);
        self.uncommitted.push(entry);
        self.due += PACE;
    }

    /// To come back to.
    pub(crate) fn mark(&self) -> usize {
        self.uncommitted.len()
    }

    /// What the open batch has inserted since then is rolled back.
    pub(crate) fn take_back(&mut self, to: usize) {
        for entry in self.uncommitted.drain(to..) {
            self.client_ids.remove(&entry.client_key());
        }
    }

    /// Moves to the tables what is due, and shows the readers the open batch, of which they see nothing before
    /// its commit. Nothing is inserted between the two.
    pub(crate) fn before_commit(&mut self, db: &Connection) -> Result<()> {
        match &mut self.run {
            Some(run) if self.due >= self.size.step => run.advance(db, std::mem::take(&mut self.due))?,
            Some(_) => {}
            None => self.due = 0,
        }
        self.places.extend(self.uncommitted.iter().map(Entry::place)).map_err(|place| Failure::Corrupt {
            table: "groups".into(),
            column: "last_seq".into(),
            row: place.group.to_string(),
            value: format!("{} is not where its messages end", place.seq),
        })
    }

    /// The batch is committed.
    pub(crate) fn committed(&mut self) {
        self.uncommitted.clear();
        if let Some(run) = &mut self.run {
            run.committed = run.moved;
            if run.committed == run.rows() {
                self.run = None;
                self.oldest.move_on();
            }
        }
        if self.run.is_none() && self.client_ids.len() >= self.size.run {
            self.run = Some(Run::of(std::mem::take(&mut self.client_ids), &self.places));
            self.places = self.places.end();
        }
    }

    /// The batch has failed, and the next message will be `next`: those from there on never were.
    pub(crate) fn rolled_back(&mut self, next: MessageId) {
        let lost = |entry: &&Entry| entry.message >= next;
        for entry in self.uncommitted.iter().filter(lost) {
            self.client_ids.remove(&entry.client_key());
        }
        self.places.retract(self.uncommitted.iter().filter(lost).map(Entry::place));
        self.uncommitted.clear();
        if let Some(run) = &mut self.run {
            run.moved = run.committed;
        }
    }
}

/// Messages on their way to the tables.
struct Run {
    /// The rows of each table, by its key.
    client_ids: Vec<[i64; 4]>,
    places: Vec<[i64; 3]>,
    up_to: MessageId,
    /// How many of these rows, first the one and then the other, the tables have: with the open batch,
    moved: usize,
    /// and without it.
    committed: usize,
}

impl Run {
    fn of(client_ids: HashMap<ClientKey, MessageId>, places: &Recent) -> Self {
        let up_to = client_ids.values().copied().max().unwrap_or_default();
        let row_of =
            |(key, message): (ClientKey, MessageId)| [key.0.sql(), key.1.sql(), key.2, message.sql()];
        let mut client_ids: Vec<_> = client_ids.into_iter().map(row_of).collect();
        client_ids.sort_unstable();
        Self { client_ids, places: places.rows(), up_to, moved: 0, committed: 0 }
    }

    fn message_of(&self, key: ClientKey) -> Option<MessageId> {
        let key = [key.0.sql(), key.1.sql(), key.2];
        let index = self.client_ids.binary_search_by(|row| row[..3].cmp(&key)).ok()?;
        Some(MessageId(self.client_ids[index][3].unsigned_abs()))
    }

    fn advance(&mut self, db: &Connection, count: usize) -> Result<()> {
        let (from, to) = (self.moved, self.rows().min(self.moved + count));
        // Some may be there already: a run that was broken off by a restart begins again.
        let sql =
            "INSERT INTO client_ids (group_id, sender_id, client_hash, message_id) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT DO NOTHING";
        let first = self.client_ids.len();
        insert(db, sql, &self.client_ids[from.min(first)..to.min(first)])?;
        let sql = "INSERT INTO places (group_id, seq, message_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        insert(db, sql, &self.places[from.saturating_sub(first)..to.saturating_sub(first)])?;
        self.moved = to;
        if to == self.rows() {
            row::execute(db, "UPDATE settled SET up_to_message_id = ?1", [self.up_to.sql()])?;
        }
        Ok(())
    }

    fn rows(&self) -> usize {
        self.client_ids.len() + self.places.len()
    }
}

fn insert<const N: usize>(db: &Connection, sql: &str, rows: &[[i64; N]]) -> Result<()>
where
    [i64; N]: Params,
{
    let mut insert = db.prepare_cached(sql)?;
    for row in rows {
        insert.execute(*row)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_ids::hash;
    use crate::history;
    use crate::readers::Snapshot;
    use crate::statements::Statements;
    use rim_core::message::Span;

    const SENDER: UserId = UserId(1);
    /// Messages go to one after the other.
    const GROUPS: u64 = 3;
    const SMALL: Size = Size { run: 16, step: 4 };
    /// Enough for several runs.
    const MANY: u64 = 100;

    struct House {
        db: Connection,
        tail: Tail,
    }

    impl House {
        fn new() -> Self {
            let mut db = Connection::open_in_memory().expect("memory");
            crate::migrations::run(&mut db).expect("a schema");
            let tail = Tail::load(&db, SMALL).expect("loaded");
            Self { db, tail }
        }

        /// As after a kill.
        fn restart(&mut self) {
            self.tail = Tail::load(&self.db, SMALL).expect("loaded");
        }

        /// Stores messages in a batch, up to its commit.
        fn batch(&mut self, messages: impl IntoIterator<Item = u64>) {
            self.db.execute_batch("BEGIN").expect("begun");
            for number in messages {
                let entry = entry(number);
                let sql = "INSERT INTO messages (id, group_id, seq, rev, sender_id, client_msg_id, client_hash, kind,
                                                 content, created_at)
                           VALUES (?1, ?2, ?3, ?3, 1, ?1, ?4, 1, '', 0)";
                let params = [number.sql(), entry.group.sql(), entry.seq.sql(), entry.client_hash];
                row::execute(&self.db, sql, params).expect("stored");
                self.tail.insert(entry);
            }
            self.tail.before_commit(&self.db).expect("moved on");
        }

        fn send(&mut self, message: u64) {
            self.batch([message]);
            self.db.execute_batch("COMMIT").expect("committed");
            // From now on readers may see it.
            let snapshot = Snapshot::open(&self.db, &self.tail.oldest).expect("begun");
            check_place(&snapshot, message);
            drop(snapshot);
            self.tail.committed();
        }

        /// Every message up to `last` is found, and none after it.
        fn check(&self, last: u64) {
            let snapshot = Snapshot::open(&self.db, &self.tail.oldest).expect("begun");
            check_places(&snapshot, last);
            for number in 1..=last + 1 {
                let entry = entry(number);
                let in_memory = self.tail.message_of(entry.client_key());
                let found = in_memory.or_else(|| self.in_table(&entry));
                assert_eq!(found, (number <= last).then_some(entry.message), "of {last}");
            }
        }

        fn in_table(&self, entry: &Entry) -> Option<MessageId> {
            let mut statements = Statements::prepare(&self.db).expect("compiled");
            let key = [entry.group.sql(), entry.sender.sql(), entry.client_hash];
            let found = row::first_of(&mut statements.find_client_id, key, row::behind_key("client_ids"));
            found.expect("no fault")
        }

        fn settled(&self) -> u64 {
            let sql = "SELECT up_to_message_id FROM settled";
            let up_to = row::first(&self.db, sql, [], |row| Ok(row.get(0)?));
            up_to.expect("no fault").expect("one row")
        }
    }

    fn entry(number: u64) -> Entry {
        Entry {
            message: MessageId(number),
            group: GroupId(number % GROUPS + 1),
            seq: Seq((number - 1) / GROUPS + 1),
            sender: SENDER,
            client_hash: hash(&number.to_string(), 0),
        }
    }

    fn check_place(snapshot: &Snapshot<'_>, number: u64) {
        let Entry { group, seq, message, .. } = entry(number);
        assert_eq!(snapshot.message_at(group, seq).expect("no fault"), Some(message));
    }

    fn check_places(snapshot: &Snapshot<'_>, last: u64) {
        (1..=last).for_each(|number| check_place(snapshot, number));
        for group in 1..=GROUPS.min(last) {
            let all: Vec<_> = (1..=last).map(entry).filter(|entry| entry.group.0 == group).collect();
            let to = all.last().map(|entry| entry.seq).unwrap_or_default();
            for after in 0..=to.0 {
                for limit in [1, 5, u64::MAX] {
                    let span = Span { after: Seq(after), to };
                    let found = history::run(snapshot, GroupId(group), span, None, limit, &mut |_| Ok(false));
                    let found = found.expect("no fault").into_iter().map(|message| message.id);
                    let expected = all.iter().filter(|entry| entry.seq > span.after).take(limit as usize);
                    assert!(found.eq(expected.map(|entry| entry.message)), "above {after} of {last}");
                }
            }
        }
    }

    #[test]
    fn a_message_is_found_wherever_it_is_on_its_way_to_the_tables() {
        let mut house = House::new();
        for number in 1..=MANY {
            house.send(number);
            house.check(number);
        }
        assert!(house.settled() > 2 * SMALL.run as u64);
    }

    #[test]
    fn a_message_is_found_whenever_the_process_ended() {
        for killed_after in 1..=MANY / 2 {
            let mut house = House::new();
            (1..=killed_after).for_each(|number| house.send(number));
            house.restart();
            house.check(killed_after);
            // What was broken off is done again.
            (killed_after + 1..=killed_after + MANY / 2).for_each(|number| house.send(number));
            house.check(killed_after + MANY / 2);
            assert!(house.settled() > killed_after.saturating_sub(SMALL.run as u64));
        }
    }

    #[test]
    fn of_a_batch_that_is_rolled_back_nothing_is_found() {
        let mut house = House::new();
        for number in 1..=MANY {
            house.batch(number..number + 5);
            house.db.execute_batch("ROLLBACK").expect("rolled back");
            house.tail.rolled_back(MessageId(number));
            house.check(number - 1);
            house.send(number);
        }
        house.check(MANY);
        assert!(house.settled() > 2 * SMALL.run as u64);
    }

    #[test]
    fn a_reader_who_is_slow_to_open_their_snapshot_finds_what_came_meanwhile() {
        let mut house = House::new();
        (1..=MANY / 2).for_each(|number| house.send(number));
        let recent = house.tail.oldest.hold();
        (MANY / 2 + 1..=MANY).for_each(|number| house.send(number));
        check_places(&Snapshot::with(&house.db, recent).expect("begun"), MANY);
    }

    #[test]
    fn what_is_in_the_tables_is_in_memory_no_more() {
        let mut house = House::new();
        let first = Arc::downgrade(&house.tail.oldest.hold());
        (1..=MANY).for_each(|number| house.send(number));
        assert!(house.settled() > SMALL.run as u64);
        assert!(first.upgrade().is_none());
        assert!(house.tail.client_ids.len() <= 2 * SMALL.run);
    }

    #[test]
    fn a_gap_in_the_places_of_a_group_is_damage() {
        let mut house = House::new();
        (1..=10).for_each(|number| house.send(number));
        house.db.execute("DELETE FROM messages WHERE id = 5", []).expect("deleted");
        let Err(error) = Tail::load(&house.db, SMALL) else { panic!("a gap") };
        assert_eq!(
            error.to_string(),
            "table messages, column seq, row 8: a value that means nothing: \
             3 does not follow on the place of the message before it"
        );
    }
}
