//! What is listed in the index, and when.
//!
//! Everything that was said up to the position of the consumer in a group, and was not wiped, has an entry. The consumer writes
//! its entries in the transaction that moves its position; who wipes a message takes out what is there by then, and what comes
//! later is left out.

use std::collections::BTreeMap;

use rim_core::message::{DAMAGED, Message, MessageKind, Span};
use rim_core::sight::spans_of;
use rim_core::{GroupId, MessageId, Rev, Seq};

use super::index::{self, Entry, Made, terms_of};
use super::place::lock;
use crate::consumers::{InStore, Portion};
use crate::database::{Read, Tx};
use crate::failure::Result as Step;
use crate::params;

/// Whether its row says what it said first, as far as one sees from here.
fn is_as_it_was_sent(message: &Message) -> bool {
    !message.says_what_its_state_has() && message.content != DAMAGED
}

/// What is to be listed of portions. All that takes long is done when it is made, and nobody waits for that.
pub(super) struct ToList {
    portions: Vec<Listed>,
    entries: Vec<Entry>,
    made: Made,
}

impl ToList {
    pub(super) fn of(db: &dyn Read, portions: &[Portion]) -> Step<Self> {
        let mut entries = Vec::new();
        let portions: Vec<_> = portions.iter().map(|portion| Listed::new(portion, &mut entries)).collect();
        for portion in &portions {
            for (message, seq) in &portion.others {
                entries.extend(of_row(db, portion.group, *message, *seq)?);
            }
        }
        entries.extend(edits(db, &portions)?);
        let made = Made::of(&entries);
        Ok(Self { portions, entries, made })
    }

    /// What the consumer writes.
    pub(super) fn in_store(self) -> InStore {
        InStore { rows: self.made.rows(), work: Box::new(move |tx| self.list(tx)) }
    }

    /// What was wiped since it was read is left out.
    fn list(mut self, tx: &mut dyn Tx) -> Step<()> {
        let count = self.entries.len();
        lock(tx, self.portions.iter().map(|portion| portion.group))?;
        let gone = gone_since(tx.reader(), &self.portions)?;
        if !gone.is_empty() {
            let is_gone = |entry: &Entry| {
                let gone = gone.iter().filter(|(group, _)| *group == entry.group);
                gone.into_iter().any(|(_, span)| span.after < entry.seq && entry.seq <= span.to)
            };
            self.entries.retain(|entry| !is_gone(entry));
        }
        leave_out_wiped_edits(tx.reader(), &mut self.entries)?;
        let made = if self.entries.len() == count { self.made } else { Made::of(&self.entries) };
        made.write(tx)
    }
}

/// A portion that is listed.
struct Listed {
    group: GroupId,
    from: Rev,
    to: Rev,
    /// New messages that say something else by now, or that cannot be read.
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

/// Which places of portions were wiped behind them.
fn gone_since(db: &dyn Read, portions: &[Listed]) -> Step<Vec<(GroupId, Span)>> {
    let keys: Vec<_> = portions.iter().map(|portion| params![portion.group, portion.to].to_vec()).collect();
    let mut gone = Vec::new();
    let sql = "SELECT seq FROM notes WHERE group_id = $1 AND kind = 2 AND rev > $2";
    db.rows_of_each(sql, &keys, &mut |at, row| {
        gone.push((portions[at].group, rim_core::sight::at(row.get("seq")?)));
        Ok(())
    })?;
    let sql = "SELECT after_seq, to_seq FROM expired WHERE group_id = $1 AND rev > $2";
    db.rows_of_each(sql, &keys, &mut |at, row| {
        let span = Span { after: row.get("after_seq")?, to: row.get("to_seq")? };
        gone.push((portions[at].group, span));
        Ok(())
    })?;
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

/// Takes out what these messages of a group say, and have said by edits, and what their rows say of it.
///
/// # Errors
/// Those of the database.
pub(crate) fn wipe(tx: &mut dyn Tx, group: GroupId, messages: &[(MessageId, Seq)]) -> Step<()> {
    lock(tx, [group])?;
    for (message, seq) in messages {
        index::bury(tx, group, *message, *seq)?;
    }
    tx.wipe_messages(group, &messages.iter().map(|(message, _)| *message).collect::<Vec<_>>())
}

/// Takes out what a message said by its edits, but for so many of the newest: their words are about to be wiped.
///
/// # Errors
/// Those of the database.
pub(crate) fn forget_words(tx: &dyn Tx, group: GroupId, message: MessageId, seq: Seq, kept: u64) -> Step<()> {
    lock(tx, [group])?;
    index::bury_edits(tx, group, message, seq, kept)
}
