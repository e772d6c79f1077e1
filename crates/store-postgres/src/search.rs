//! The index of words: what messages say as sets of terms that are made elsewhere, and an index of these.
//!
//! A row has a run of messages of a group, as they came to be listed together, so that what they have in common takes its room
//! once; or an edit. Its messages are the candidates.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::ControlFlow;

use rim_core::message::{MessageKind, Span};
use rim_core::search::Term;
use rim_core::{GroupId, MessageId, Seq, Timestamp, UserId};
use rim_store::listing::{Asked, Candidate, EachCandidate, Entry, terms_of};
use rim_store::{Read, Tx, params, search};

use crate::row::Sql;

type Result<T> = std::result::Result<T, rim_store::Failure>;

/// Messages of one run, and the bytes of their terms: each is looked at where one is a candidate.
const RUN: usize = 16;
const RUN_BYTES: usize = 32 * 1024;

/// Runs that are read together at first; each time that these were not enough, eight times as many.
const FIRST: u64 = 64;
const MOST: u64 = 4096;

/// Runs that have terms. Without the first step the planner may think that some of the newest rows have them, and reads them
/// all. The groups are read in a step of their own, which else is done once more for each run.
const BY_TERMS: &str = "WITH found AS MATERIALIZED (
        SELECT last_message, group_id, after_seq, to_seq FROM search
        WHERE terms @@ $1::text::tsquery AND edit_rev = 0
          AND first_message < $2 AND last_message > $3 AND last_message < $4
          AND group_id = ANY ((SELECT string_to_array($5, ' ')::bigint[])::bigint[]))
    SELECT last_message, group_id, after_seq, to_seq FROM found
    ORDER BY last_message DESC LIMIT $6";

/// All runs.
const BY_GROUPS: &str = "SELECT last_message, group_id, after_seq, to_seq FROM search
    WHERE $1 = '' AND edit_rev = 0 AND first_message < $2 AND last_message > $3 AND last_message < $4
      AND group_id = ANY ((SELECT string_to_array($5, ' ')::bigint[])::bigint[])
    ORDER BY last_message DESC LIMIT $6";

/// Edits that have terms.
const EDITED: &str = "WITH found AS MATERIALIZED (
        SELECT last_message, group_id, after_seq, to_seq FROM search
        WHERE terms @@ $1::text::tsquery AND edit_rev > 0 AND last_message < $2 AND last_message > $3
          AND group_id = ANY ((SELECT string_to_array($4, ' ')::bigint[])::bigint[]))
    SELECT last_message, group_id, after_seq, to_seq FROM found ORDER BY last_message DESC LIMIT $5";

/// Messages of a group that were sent one after the other.
struct Run {
    group: GroupId,
    places: Span,
    first: MessageId,
    last: MessageId,
    terms: BTreeSet<String>,
    bytes: usize,
}

impl Run {
    fn new(entry: &Entry) -> Self {
        let places = Span { after: Seq(entry.seq.0.saturating_sub(1)), to: entry.seq };
        let (first, last) = (entry.message, entry.message);
        Self { group: entry.group, places, first, last, terms: BTreeSet::new(), bytes: 0 }
    }

    /// Whether the entry stands behind it, and there is room.
    fn goes_on_with(&self, entry: &Entry) -> bool {
        self.group == entry.group
            && self.places.to < entry.seq
            && (entry.seq.0 - self.places.after.0) as usize <= RUN
            && self.bytes + entry.terms.len() <= RUN_BYTES
    }

    fn add(&mut self, entry: &Entry) {
        (self.places.to, self.last) = (entry.seq, entry.message);
        self.bytes += entry.terms.len();
        self.terms.extend(entry.terms.split(' ').map(str::to_owned));
    }

    fn terms(&self) -> String {
        self.terms.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

pub(crate) fn list(tx: &dyn Tx, mut entries: Vec<Entry>) -> Result<()> {
    entries.sort_by_key(|entry| (entry.edit.is_some(), entry.group, entry.seq));
    let (mut runs, mut rows) = (Vec::<Run>::new(), Vec::new());
    for entry in &entries {
        match entry.edit {
            Some(rev) => {
                let after = Seq(entry.seq.0.saturating_sub(1));
                let (group, message, terms) = (entry.group, entry.message, entry.terms.as_str());
                rows.push(params![message, rev, message, group, after, entry.seq, terms].to_vec());
            }
            None => {
                if runs.last().is_none_or(|run| !run.goes_on_with(entry)) {
                    runs.push(Run::new(entry));
                }
                runs.last_mut().expect("one was just put in").add(entry);
            }
        }
    }
    rows.extend(runs.iter().map(|run| {
        let Span { after, to } = run.places;
        params![run.last, 0_u64, run.first, run.group, after, to, run.terms()].to_vec()
    }));
    let sql = "INSERT INTO search (last_message, edit_rev, first_message, group_id, after_seq, to_seq, terms)
               VALUES ($1, $2, $3, $4, $5, $6, array_to_tsvector(string_to_array($7, ' ')))
               ON CONFLICT (last_message, edit_rev) DO UPDATE SET terms = excluded.terms";
    tx.execute_each(sql, &rows).map(drop)
}

pub(crate) fn unlist(tx: &dyn Tx, entries: &[Entry]) -> Result<()> {
    let edits = entries.iter().filter_map(|entry| Some(params![entry.message, entry.edit?].to_vec()));
    let sql = "DELETE FROM search WHERE last_message = $1 AND edit_rev = $2";
    tx.execute_each(sql, &edits.collect::<Vec<_>>()).map(drop)
}

pub(crate) fn clear(tx: &dyn Tx) -> Result<()> {
    tx.execute("TRUNCATE search", &[]).map(drop)
}

/// Takes these messages of a group out, whose rows were wiped.
pub(crate) fn wiped(tx: &dyn Tx, group: GroupId, messages: &[MessageId]) -> Result<()> {
    search::lock(tx, group)?;
    let keys: Vec<_> = messages.iter().map(|message| params![group, *message].to_vec()).collect();
    let sql = "DELETE FROM search WHERE group_id = $1 AND last_message = $2 AND edit_rev > 0";
    tx.execute_each(sql, &keys)?;
    let sql = "SELECT s.last_message, s.after_seq, s.to_seq FROM messages AS m
                      JOIN search AS s ON s.group_id = m.group_id AND s.edit_rev = 0
                           AND s.to_seq >= m.seq AND s.to_seq < m.seq + 16 AND s.after_seq < m.seq
               WHERE m.group_id = $1 AND m.id = $2";
    let mut runs: BTreeMap<MessageId, Span> = BTreeMap::new();
    tx.rows_of_each(sql, &keys, &mut |_, row| {
        let places = Span { after: row.get("after_seq")?, to: row.get("to_seq")? };
        runs.insert(row.get("last_message")?, places);
        Ok(())
    })?;
    let sql = "SELECT m.id, m.sender_id, m.kind, m.content FROM messages AS m
               WHERE m.group_id = $1 AND m.seq > $2 AND m.seq <= $3 AND m.content <> ''";
    for (last, Span { after, to }) in runs {
        let said: Vec<(UserId, MessageKind, String)> =
            tx.reader().all(sql, &params![group, after, to], |row| {
                let kind = row.parse("kind", MessageKind::from_code)?;
                Ok((row.get("sender_id")?, kind, row.get("content")?))
            })?;
        let terms: Vec<_> =
            said.iter().map(|(sender, kind, content)| terms_of(group, *sender, *kind, content)).collect();
        if terms.is_empty() {
            tx.execute("DELETE FROM search WHERE last_message = $1 AND edit_rev = 0", &params![last])?;
            continue;
        }
        let sql = "UPDATE search SET terms = array_to_tsvector(string_to_array($2, ' '))
                   WHERE last_message = $1 AND edit_rev = 0";
        tx.execute(sql, &params![last, terms.join(" ")])?;
    }
    Ok(())
}

pub(crate) fn candidates(db: &dyn Read, asked: &Asked, each: EachCandidate<'_>) -> Result<()> {
    let question = question(asked);
    bound(db)?;
    let sql = if question.is_empty() { BY_GROUPS } else { BY_TERMS };
    let groups = groups(asked);
    let (mut to, mut limit) = (MessageId(i64::MAX as u64), FIRST);
    loop {
        let params = params![&question, asked.below, asked.above, to, &groups, limit];
        let mut found = Vec::new();
        db.rows(sql, &params, &mut |row| {
            found.push(candidate(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        let is_last = (found.len() as u64) < limit;
        for candidate in found {
            to = candidate.last;
            if each(candidate)?.is_break() {
                return Ok(());
            }
        }
        if is_last {
            return Ok(());
        }
        limit = MOST.min(limit * 8);
    }
}

pub(crate) fn edited_candidates(
    db: &dyn Read,
    asked: &Asked,
    limit: u64,
    each: EachCandidate<'_>,
) -> Result<()> {
    let question = question(asked);
    // An edit that has nothing that is asked for is no candidate either.
    if question.is_empty() {
        return Ok(());
    }
    bound(db)?;
    let groups = groups(asked);
    db.rows(EDITED, &params![&question, asked.below, asked.above, &groups, limit], &mut |row| {
        each(candidate(row)?)
    })
}

/// No statement of this read holds a connection for longer than a second, whatever the planner makes of it.
fn bound(db: &dyn Read) -> Result<()> {
    db.rows("SET LOCAL statement_timeout = 1000", &[], &mut |_| Ok(ControlFlow::Break(())))
}

fn candidate(row: rim_store::database::Fields<'_>) -> Result<Candidate> {
    let places = Span { after: row.get("after_seq")?, to: row.get("to_seq")? };
    Ok(Candidate { group: row.get("group_id")?, places, last: row.get("last_message")? })
}

fn groups(asked: &Asked) -> String {
    asked.groups.iter().map(|group| group.sql().to_string()).collect::<Vec<_>>().join(" ")
}

/// What is asked for in the language of the index; empty of what has nothing that it knows.
fn question(asked: &Asked) -> String {
    let mut question = String::new();
    for clause in asked.all_clauses() {
        question.push_str(if question.is_empty() { "(" } else { " & (" });
        for (at, term) in clause.iter().enumerate() {
            let or = if at > 0 { " | " } else { "" };
            // Terms have no quotes.
            let written = match term {
                Term::Whole(term) => write!(question, "{or}'{term}'"),
                Term::Beginning(begin) => write!(question, "{or}'{begin}':*"),
            };
            written.expect("a text takes all");
        }
        question.push(')');
    }
    question
}

pub(crate) fn newest_listed(db: &dyn Read) -> Result<Option<MessageId>> {
    db.first("SELECT last_message FROM search ORDER BY last_message DESC LIMIT 1", &[], |row| {
        row.get("last_message")
    })
}

/// By the runs: messages alone are in no order of their ids.
pub(crate) fn listed_from(db: &dyn Read, message: MessageId) -> Result<Option<(MessageId, Timestamp)>> {
    let sql = "SELECT s.last_message, m.created_at
               FROM (SELECT last_message, group_id FROM search WHERE last_message >= $1 ORDER BY last_message LIMIT 1) AS s
                    JOIN messages AS m ON m.group_id = s.group_id AND m.id = s.last_message";
    db.first(sql, &params![message], |row| Ok((row.get("last_message")?, row.get("created_at")?)))
}

pub(crate) fn has_entries(db: &dyn Read) -> Result<bool> {
    db.exists("SELECT last_message FROM search LIMIT 1", &[])
}

pub(crate) fn bytes(db: &dyn Read) -> Result<u64> {
    if !has_entries(db)? {
        return Ok(0);
    }
    db.count("SELECT pg_total_relation_size('search') AS count", &[])
}

#[cfg(test)]
mod tests {
    use tokio_postgres::NoTls;

    use super::*;

    #[tokio::test]
    async fn the_groups_of_a_question_are_read_once_and_not_for_each_run() {
        let postgres = rim_testbed::postgres();
        let (client, connection) = tokio_postgres::connect(&postgres.url(), NoTls).await.expect("connected");
        let connection = tokio::spawn(connection);
        let tables = include_str!("../../store/migrations/postgres/0018_search.sql");
        let words =
            "CREATE TABLE words (group_id bigint, rev bigint); SET plan_cache_mode = force_generic_plan;";
        client.batch_execute(&format!("{words} {tables}")).await.expect("tables");
        for (name, sql, params) in [
            ("by_terms", BY_TERMS, "'x', 9, 0, 9, '1 2', 5"),
            ("by_groups", BY_GROUPS, "'', 9, 0, 9, '1 2', 5"),
            ("edited", EDITED, "'x', 9, 0, '1 2', 5"),
        ] {
            client.batch_execute(&format!("PREPARE {name} AS {sql}")).await.expect("it is prepared");
            let plan =
                client.simple_query(&format!("EXPLAIN EXECUTE {name} ({params})")).await.expect("a plan");
            let lines = plan.iter().filter_map(|line| match line {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            });
            let plan = lines.collect::<Vec<_>>().join("\n");
            assert!(plan.contains("InitPlan") && !plan.contains("string_to_array"), "{name}:\n{plan}");
        }
        drop(client);
        connection.await.expect("it ends").expect("without a fault");
    }
}
