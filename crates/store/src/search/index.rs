//! What is listed in the index, and when.
//!
//! Everything that was said up to the position of the consumer in a group, and was not wiped, has an entry. The consumer writes
//! its entries in the transaction that moves its position; who wipes a message takes out what is there by then.

use std::collections::BTreeMap;

use rim_core::message::{DAMAGED, Message, MessageKind, Span};
use rim_core::sight::spans_of;
use rim_core::{GroupId, MessageId, Rev, Seq};

use super::place::{is_listed, lock};
use crate::consumers::{InStore, Portion};
use crate::database::{Read, Tx};
use crate::failure::Result as Step;
use crate::listing::{Entry, terms_of};
use crate::params;

/// Whether its row says what it said first, as far as one sees from here.
fn is_as_it_was_sent(message: &Message) -> bool {
    !message.says_what_its_state_has() && message.content != DAMAGED
}

/// What the consumer writes of portions: messages that nothing was done with, which are nearly all, and what was edited. To make
/// the first takes longer than to write them, and is done here; the others are read where they are written.
pub fn write(portions: &[Portion]) -> InStore {
    let mut entries = Vec::new();
    let portions: Vec<_> = portions.iter().map(|portion| Listed::new(portion, &mut entries)).collect();
    InStore { rows: entries.len(), work: Box::new(move |tx| list(tx, &portions, entries)) }
}

/// A portion that is listed.
struct Listed {
    group: GroupId,
    from: Rev,
    to: Rev,
    /// New messages with whom something was done already, or that cannot be read.
    others: Vec<(MessageId, Seq)>,
}

impl Listed {
    fn new(portion: &Portion, entries: &mut Vec<Entry>) -> Self {
        let Portion { group, from, to, .. } = *portion;
        let mut others = Vec::new();
        for message in portion.messages.iter().filter(|message| message.seq > from.seq) {
            if !is_as_it_was_sent(message) {
                others.push((message.id, message.seq));
            } else if !message.content.is_empty() {
                let terms = terms_of(group, message.sender, message.kind, &message.content);
                entries.push(Entry { group, seq: message.seq, message: message.id, edit: None, terms });
            }
        }
        Self { group, from: from.rev, to: to.rev, others }
    }
}

/// What was wiped since the portions were read is left out.
fn list(tx: &mut dyn Tx, portions: &[Listed], mut entries: Vec<Entry>) -> Step<()> {
    for portion in portions {
        lock(tx, portion.group)?;
        let gone = gone_since(tx.reader(), portion)?;
        let is_gone = |seq: Seq| gone.iter().any(|span| span.after < seq && seq <= span.to);
        if !gone.is_empty() {
            entries.retain(|entry| entry.group != portion.group || !is_gone(entry.seq));
        }
        for (message, seq) in portion.others.iter().filter(|(_, seq)| !is_gone(*seq)) {
            entries.extend(of_row(tx.reader(), portion.group, *message, *seq)?);
        }
        entries.extend(edits(tx.reader(), portion)?);
    }
    tx.list(entries)
}

/// Which of the places of a portion were wiped behind it.
fn gone_since(db: &dyn Read, portion: &Listed) -> Step<Vec<Span>> {
    let (group, rev) = (portion.group, portion.to);
    let sql = "SELECT seq FROM notes WHERE group_id = $1 AND kind = 2 AND rev > $2 ORDER BY rev";
    let recalled: Vec<Seq> = db.all(sql, &params![group, rev], |row| row.get("seq"))?;
    let sql = "SELECT after_seq, to_seq FROM expired WHERE group_id = $1 AND rev > $2";
    let mut gone = db.all(sql, &params![group, rev], |row| {
        Ok(Span { after: row.get("after_seq")?, to: row.get("to_seq")? })
    })?;
    gone.extend(recalled.into_iter().map(rim_core::sight::at));
    Ok(gone)
}

/// The entry of a message by what its row says; none of what was wiped.
fn of_row(db: &dyn Read, group: GroupId, message: MessageId, seq: Seq) -> Step<Option<Entry>> {
    let sql = "SELECT id, sender_id, kind, content FROM messages WHERE group_id = $1 AND id = $2";
    let found = db.first(sql, &params![group, message], |row| {
        let kind = row.parse("kind", MessageKind::from_code)?;
        Ok((row.get("sender_id")?, kind, row.get::<String>("content")?))
    })?;
    let said = found.filter(|(_, _, content)| !content.is_empty());
    Ok(said.map(|(sender, kind, content)| Entry {
        group,
        seq,
        message,
        edit: None,
        terms: terms_of(group, sender, kind, &content),
    }))
}

/// The entries of edits that a portion has.
fn edits(db: &dyn Read, portion: &Listed) -> Step<Vec<Entry>> {
    let group = portion.group;
    let sql = "SELECT seq, rev, content FROM words
               WHERE group_id = $1 AND rev > $2 AND rev <= $3 AND content <> '' ORDER BY rev";
    let words: Vec<(Seq, Rev, String)> = db.all(sql, &params![group, portion.from, portion.to], |row| {
        Ok((row.get("seq")?, row.get("rev")?, row.get("content")?))
    })?;
    words_entries(db, group, words)
}

fn words_entries(db: &dyn Read, group: GroupId, words: Vec<(Seq, Rev, String)>) -> Step<Vec<Entry>> {
    let places: BTreeMap<Seq, ()> = words.iter().map(|(seq, ..)| (*seq, ())).collect();
    let messages = db.messages_at(group, &spans_of(places.into_keys()), None, usize::MAX)?;
    let messages: BTreeMap<_, _> = messages.into_iter().map(|message| (message.seq, message)).collect();
    let entry = |(seq, rev, content): (Seq, Rev, String)| {
        let message = messages.get(&seq)?;
        // Pictures and files stay what they are, and texts are one kind.
        let terms = terms_of(group, message.sender, message.kind, &content);
        Some(Entry { group, seq, message: message.id, edit: Some(rev), terms })
    };
    Ok(words.into_iter().filter_map(entry).collect())
}

/// Takes out what a message said by its edits, but for so many of the newest: their words are about to be wiped.
///
/// # Errors
/// Those of the database.
pub fn forget_words(tx: &mut dyn Tx, group: GroupId, seq: Seq, kept: u64) -> Step<()> {
    let sql = "SELECT rev, content FROM words WHERE group_id = $1 AND seq = $2 AND content <> ''
               ORDER BY rev DESC LIMIT 1000 OFFSET $3";
    let words: Vec<(Seq, Rev, String)> = tx
        .reader()
        .all(sql, &params![group, seq, kept], |row| Ok((seq, row.get("rev")?, row.get("content")?)))?;
    if words.is_empty() {
        return Ok(());
    }
    lock(tx, group)?;
    let mut listed = Vec::new();
    for entry in words_entries(tx.reader(), group, words)? {
        if is_listed(tx.reader(), group, entry.edit.unwrap_or_default())? {
            listed.push(entry);
        }
    }
    tx.unlist(listed)
}
