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

/// What is to be listed of portions, and what is known of it from them: all but edits and what was edited before it was
/// listed. To make entries takes longer than to write them, so they are made before, and nobody waits for that.
pub(super) struct ToList {
    portions: Vec<Listed>,
    entries: Vec<Entry>,
}

/// A portion that is listed.
struct Listed {
    group: GroupId,
    from: Rev,
    to: Rev,
    /// New messages that say something else by now, or that cannot be read.
    others: Vec<(MessageId, Seq)>,
}

impl ToList {
    pub(super) fn of(portions: &[Portion]) -> Self {
        let mut entries = Vec::new();
        let portions = portions.iter().map(|portion| Listed::new(portion, &mut entries)).collect();
        Self { portions, entries }
    }

    /// Adds what is to be read for it.
    pub(super) fn with_edits(mut self, db: &dyn Read) -> Step<Self> {
        for portion in &self.portions {
            for (message, seq) in &portion.others {
                self.entries.extend(of_row(db, portion.group, *message, *seq)?);
            }
        }
        let edits = edits(db, &self.portions)?;
        self.entries.extend(edits);
        Ok(self)
    }

    /// What the consumer writes.
    pub(super) fn in_store(self) -> InStore {
        let Self { portions, entries } = self;
        InStore { rows: entries.len(), work: Box::new(move |tx| list(tx, &portions, entries)) }
    }
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

/// What was wiped since it was read is left out.
fn list(tx: &mut dyn Tx, portions: &[Listed], mut entries: Vec<Entry>) -> Step<()> {
    for portion in portions {
        lock(tx, portion.group)?;
        let gone = gone_since(tx.reader(), portion)?;
        let is_gone = |seq: Seq| gone.iter().any(|span| span.after < seq && seq <= span.to);
        if !gone.is_empty() {
            entries.retain(|entry| entry.group != portion.group || !is_gone(entry.seq));
        }
    }
    leave_out_wiped_edits(tx.reader(), &mut entries)?;
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

/// The words of an edit go when many others come behind it, too.
fn leave_out_wiped_edits(db: &dyn Read, entries: &mut Vec<Entry>) -> Step<()> {
    let edits = entries.iter().filter_map(|entry| Some((entry, entry.edit?)));
    let keys: Vec<_> = edits.map(|(entry, rev)| params![entry.group, entry.seq, rev].to_vec()).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let sql = "SELECT seq FROM words WHERE group_id = $1 AND seq = $2 AND rev = $3 AND content <> ''";
    let mut found = db.first_of_each(sql, &keys, |_| Ok(()))?.into_iter();
    entries.retain(|entry| entry.edit.is_none() || found.next().flatten().is_some());
    Ok(())
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

/// The entries of edits that portions have.
fn edits(db: &dyn Read, portions: &[Listed]) -> Step<Vec<Entry>> {
    let keys: Vec<_> =
        portions.iter().map(|portion| params![portion.group, portion.from, portion.to].to_vec()).collect();
    let sql = "SELECT seq, rev, content FROM words
               WHERE group_id = $1 AND rev > $2 AND rev <= $3 AND content <> '' ORDER BY rev";
    let mut words: Vec<Vec<(Seq, Rev, String)>> = vec![Vec::new(); portions.len()];
    db.rows_of_each(sql, &keys, &mut |at, row| {
        words[at].push((row.get("seq")?, row.get("rev")?, row.get("content")?));
        Ok(())
    })?;
    let mut entries = Vec::new();
    for (portion, words) in portions.iter().zip(words).filter(|(_, words)| !words.is_empty()) {
        entries.extend(words_entries(db, portion.group, words)?);
    }
    Ok(entries)
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
