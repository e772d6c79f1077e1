//! `rim check`: everything in a database is looked at, on one snapshot, whether or not a server runs on it.
//!
//! Three kinds of fault are looked for: pages that do not fit together, which SQLite knows; rows that are not what was
//! written, by their checksums; and rows that contradict each other, such as places with a gap.

use std::path::Path;

use foldhash::{HashMap, HashMapExt};
use rim_core::message::{Message, is_state};
use rim_core::{GroupId, MessageId, Rev, Seq};
use rim_store::check::{KNOWN_BLOBS, KnownBlob, RULES, Report, Rule, STATES, TOLD};
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use crate::failure::{Failure, Result};
use crate::file::DatabaseFile;
use crate::row::{Checked, Sql};
use crate::{OpenError, archive, checksum, connection, migrations, row};

/// Checksums added in one transaction.
const FILLED_AT_ONCE: usize = 10_000;

/// Looks at everything, beside a server, too: as with a backup, its write-ahead log grows meanwhile.
///
/// # Errors
/// It is no database of this rim. What is wrong with one is in the report.
pub fn check(path: &Path) -> std::result::Result<Report, OpenError> {
    let db = connection::read_only(path)?;
    let version = migrations::version(&db)?;
    if version < migrations::VERSION {
        return Err(OpenError::Older { found: version, known: migrations::VERSION });
    }
    archive::must_be_whole(&db)?;
    let snapshot = db.unchecked_transaction()?;
    let mut report = Report::default();
    let failed = |what: &str, outcome: Result<()>, report: &mut Report| {
        if let Err(failure) = outcome {
            report.found(format_args!("{what} cannot be read: {failure}"));
        }
    };
    let outcome = pages(&snapshot, &mut report);
    failed("the pages", outcome, &mut report);
    let outcome = messages(&snapshot, &mut report);
    failed("the messages", outcome, &mut report);
    let outcome = states(&snapshot, &mut report);
    failed("the states of messages", outcome, &mut report);
    for rule in RULES {
        let outcome = check_rule(rule, &snapshot, &mut report);
        failed(rule.what, outcome, &mut report);
    }
    Ok(report)
}

/// The names of uploaded pictures that users and groups have.
///
/// # Errors
/// The database cannot be read.
pub fn pictures_named(path: &Path) -> std::result::Result<Vec<String>, OpenError> {
    let db = connection::read_only(path)?;
    let sql =
        "SELECT DISTINCT substr(avatar, 16) FROM (SELECT avatar FROM users UNION SELECT avatar FROM groups)
               WHERE avatar GLOB '/media/avatars/*.*' AND length(avatar) BETWEEN 83 AND 84";
    Ok(row::all(&db, sql, [], |row| Ok(row.get(0)?))?)
}

/// The bytes of files that the database knows of.
///
/// # Errors
/// The database cannot be read.
pub fn known_blobs(path: &Path) -> std::result::Result<Vec<KnownBlob>, OpenError> {
    let db = connection::read_only(path)?;
    let read = |row: &rusqlite::Row<'_>| {
        let hash: String = row.get(0)?;
        let known = KnownBlob::of_row(&hash, row.get(1)?, row.get(2)?, row.get(3)?);
        known.ok_or_else(|| Failure::Corrupt {
            table: "blobs".into(),
            column: "hash or thumbs".into(),
            row: hash.clone(),
            value: "what no rim writes".into(),
        })
    };
    Ok(row::all(&db, KNOWN_BLOBS, [], read)?)
}

/// Gives those messages a checksum that have none, being from before there were any, and returns how many. What they
/// say now is taken for what was written, so check before.
///
/// # Errors
/// A server runs on the database, or it cannot be written.
pub fn fill_checksums(path: &Path) -> std::result::Result<u64, OpenError> {
    let file = DatabaseFile::take(path)?;
    let mut db = connection::read_write(file.path())?;
    migrations::version(&db)?;
    connection::make_durable(&db)?;
    migrations::run(&mut db)?;
    let (mut filled, mut above) = (0, 0_i64);
    loop {
        let tx = db.transaction()?;
        let sql = format!("{ALL} WHERE id > ?1 AND checksum IS NULL ORDER BY id LIMIT ?2");
        let rows =
            row::all(&tx, &sql, params![above, FILLED_AT_ONCE as i64], row::of::<Checked>("messages"))?;
        let Some((last, _)) = rows.last() else { break };
        above = last.id.sql();
        for (message, _) in &rows {
            let sql = "UPDATE messages SET checksum = ?1 WHERE id = ?2";
            row::execute(&tx, sql, params![checksum::of(message), message.id.sql()])?;
        }
        filled += rows.len() as u64;
        tx.commit()?;
        // The log would have all of the database in the end.
        db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    }
    Ok(filled)
}

const ALL: &str =
    "SELECT id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at, checksum
                   FROM messages";

/// SQLite's own check: pages, indexes, and the types of what is in them.
fn pages(db: &Connection, report: &mut Report) -> Result<()> {
    let found = row::all(db, "PRAGMA integrity_check(100)", [], |row| Ok(row.get::<_, String>(0)?))?;
    for finding in found.iter().filter(|finding| *finding != "ok") {
        report.found(finding.lines().collect::<Vec<_>>().join(" "));
    }
    Ok(())
}

/// What the messages say of their group.
struct Seen {
    seq: Seq,
    rev: Rev,
    last: MessageId,
}

/// Each message by itself, in its group, and in the tables that find it.
fn messages(db: &Connection, report: &mut Report) -> Result<()> {
    let settled: i64 = db.query_row("SELECT up_to_message_id FROM settled", [], |row| row.get(0))?;
    let mut groups: HashMap<GroupId, Seen> = HashMap::new();
    let (mut count, mut unknown, mut damaged) = (0_u64, 0_u64, 0_u64);
    let (mut places, mut client_ids) = (Bag::default(), Bag::default());
    let mut statement = db.prepare(
        "SELECT id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at, checksum, client_hash
         FROM messages ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        count += 1;
        let (message, expected) = match row::of::<Checked>("messages")(row) {
            Ok(read) => read,
            Err(failure @ Failure::Corrupt { .. }) => {
                damaged += 1;
                report.found(failure);
                continue;
            }
            Err(failure) => return Err(failure),
        };
        match expected {
            None => unknown += 1,
            Some(expected) if expected != checksum::of(&message) => {
                damaged += 1;
                report.found(format_args!("message {} does not match its checksum", message.id));
            }
            Some(_) => {}
        }
        if message.id.0 <= settled.unsigned_abs() {
            let (group, id) = (message.group.sql(), message.id.sql());
            places.add([group, message.seq.sql(), id, 0]);
            client_ids.add([group, message.sender.sql(), row.get(row::CHECKED_COLUMNS)?, id]);
        }
        follow(&mut groups, &message, report);
    }
    report.note(format_args!("{count} messages of {} groups", groups.len()));
    if unknown > 0 {
        report.note(format_args!(
            "{unknown} messages have no checksum, being from before there were any: `rim check --fill` adds them"
        ));
    }
    heads(db, &groups, report)?;
    // Where rows are damaged their keys may be, and the tables are right to differ.
    if damaged == 0 {
        late_tables(db, settled, places, client_ids, report)?;
    }
    Ok(())
}

/// What messages have beside their content means something.
fn states(db: &Connection, report: &mut Report) -> Result<()> {
    let mut statement = db.prepare(STATES)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (group, seq, text): (GroupId, Seq, String) = row::of("states")(row)?;
        if !is_state(&text) {
            report.unreadable_state(group, seq);
        }
    }
    Ok(())
}

/// Places have no gap, and revs rise.
fn follow(groups: &mut HashMap<GroupId, Seen>, message: &Message, report: &mut Report) {
    let before = groups.insert(message.group, Seen { seq: message.seq, rev: message.rev, last: message.id });
    let (seq, rev) = before.map_or((Seq(0), Rev(0)), |seen| (seen.seq, seen.rev));
    if message.seq.0 != seq.0 + 1 {
        report.found(format_args!(
            "message {} is at place {} of group {}, and the one before it at {seq}",
            message.id, message.seq, message.group
        ));
    }
    if message.rev <= rev {
        report.found(format_args!(
            "message {} of group {} has rev {}, and the one before it {rev}",
            message.id, message.group, message.rev
        ));
    }
}

/// Where the groups say that they are.
fn heads(db: &Connection, seen: &HashMap<GroupId, Seen>, report: &mut Report) -> Result<()> {
    let mut known = 0;
    let sql = "SELECT id, last_seq, last_rev, last_message_id FROM groups";
    let heads: Vec<(GroupId, Seq, Rev, MessageId)> = row::all(db, sql, [], row::of("groups"))?;
    for (group, last_seq, last_rev, last) in heads {
        let none = Seen { seq: Seq(0), rev: Rev(0), last: MessageId(0) };
        let messages = seen.get(&group).inspect(|_| known += 1).unwrap_or(&none);
        if (last_seq, last) != (messages.seq, messages.last) || last_rev < messages.rev {
            report.found(format_args!(
                "group {group} says that it ends with message {last} at place {last_seq} and rev {last_rev}, and \
                 ends with {} at {} and {}",
                messages.last, messages.seq, messages.rev
            ));
        }
    }
    if known < seen.len() {
        report.found(format_args!("{} groups have messages and no row", seen.len() - known));
    }
    Ok(())
}

/// The tables that are written late have exactly the messages that they are said to have.
fn late_tables(
    db: &Connection,
    settled: i64,
    places: Bag,
    client_ids: Bag,
    report: &mut Report,
) -> Result<()> {
    let bag_of = |sql: &str| -> Result<Bag> {
        let mut bag = Bag::default();
        let mut statement = db.prepare(sql)?;
        let mut rows = statement.query([settled])?;
        while let Some(row) = rows.next()? {
            bag.add([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]);
        }
        Ok(bag)
    };
    let in_places = "SELECT group_id, seq, message_id, 0 FROM places WHERE message_id <= ?1";
    if bag_of(in_places)? != places {
        report.found("the table `places` does not have the messages that there are, each at its place");
        let sql = "SELECT m.id, m.group_id, m.seq FROM messages AS m
                   LEFT JOIN places AS p ON p.group_id = m.group_id AND p.seq = m.seq
                   WHERE m.id <= ?1 AND p.message_id IS NOT m.id ORDER BY m.id LIMIT ?2";
        let missing = row::all(db, sql, params![settled, TOLD], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })?;
        for (message, group, seq) in missing {
            report.found(format_args!("message {message} is not found at place {seq} of group {group}"));
        }
    }
    let in_client_ids =
        "SELECT group_id, sender_id, client_hash, message_id FROM client_ids WHERE message_id <= ?1";
    if bag_of(in_client_ids)? != client_ids {
        report.found(
            "the table `client_ids`, which finds messages that are sent again, has not those that there are",
        );
    }
    Ok(())
}

/// Rows in any order, to be compared with others: nobody could hold all of them, so it is the sum of their hashes.
#[derive(Default, PartialEq, Eq)]
struct Bag {
    count: u64,
    sum: u128,
}

impl Bag {
    fn add(&mut self, row: [i64; 4]) {
        let mut hash = Sha256::new();
        row.iter().for_each(|number| hash.update(number.to_le_bytes()));
        let hash = hash.finalize();
        self.count += 1;
        self.sum = self
            .sum
            .wrapping_add(u128::from_le_bytes(hash[..16].try_into().expect("a SHA-256 has 32 bytes")));
    }
}

fn check_rule(rule: &Rule, db: &Connection, report: &mut Report) -> Result<()> {
    for name in row::all(db, &rule.query(), [], |row| Ok(row.get::<_, String>(0)?))? {
        report.contradiction(rule, &name);
    }
    Ok(())
}
