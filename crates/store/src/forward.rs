//! Forwarding messages to other groups.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rim_core::message::forward::{self, Copy, Forward, MAX_BYTES};
use rim_core::message::{Extras, Message, NewMessage, Span};
use rim_core::size::Size;
use rim_core::{GroupId, Refusal, Seq};

use crate::database::{Appended, Database, Read, Stored, Tx};
use crate::failure::Result as Step;
use crate::{Result, groups, params, people, sights};

/// So many copies at the most are a small change, which shares its commit with others.
const FEW: usize = 4;

/// What was said is said again elsewhere.
#[async_trait]
pub trait Forwarding: Send + Sync {
    /// Sends copies of messages, by [`forward::copies`], to each of the groups: all of them or none, in the order of their
    /// places. Each is a message of the forwarder. Answered are the copies of each group, in the order of `to`. Copies
    /// that were stored before are not stored again; if all were, nothing else is looked at.
    ///
    /// # Errors
    /// `NoSuchMessage` of what they do not see; `ForwardTooLarge`, and those of [`forward::copies`]; of the groups
    /// `NoSuchGroup`, `NotMember`; `SessionEnded`.
    async fn forward(&self, forward: Forward) -> Result<Vec<Vec<Message>>>;
}

#[async_trait]
impl<D: Database> Forwarding for D {
    async fn forward(&self, mut forward: Forward) -> Result<Vec<Vec<Message>>> {
        // Ids ascend in a group as places do, so the number of a copy is the same whenever it is asked for again.
        forward.messages.sort_unstable();
        forward.messages.dedup();
        let mut groups = BTreeSet::new();
        forward.to.retain(|group| groups.insert(*group));
        let user = forward.user;
        if forward.copies() * forward.to.len() <= FEW {
            self.write(user, move |tx| run(tx, &forward)).await
        } else {
            self.write_many(user, move |tx| run(tx, &forward)).await
        }
    }
}

fn run(tx: &mut dyn Tx, forward: &Forward) -> Step<Vec<Vec<Message>>> {
    let Forward { user, from, to, .. } = forward;
    lock(tx, forward)?;
    let ids: Vec<_> = (0..forward.copies()).map(|number| forward.client_msg_id(number)).collect();
    let keys: Vec<_> = to.iter().flat_map(|group| ids.iter().map(|id| (*group, id.as_str()))).collect();
    let stored = tx.stored_messages(*user, &keys)?;
    if let Some(stored) = stored.into_iter().collect::<Option<Vec<_>>>() {
        return again(tx.reader(), forward, &stored);
    }
    let messages = sources(tx.reader(), forward)?;
    let senders: BTreeSet<_> = messages.iter().map(|message| message.sender).collect();
    let people = people::find_all(tx.reader(), senders)?;
    let group = groups::as_seen(tx.reader(), *user, [*from])?.pop().ok_or(Refusal::NoSuchMessage)?;
    let copies = forward::copies(forward, &group, &messages, &people)?;
    if copies.iter().map(Size::size_bytes).sum::<usize>() * to.len() > MAX_BYTES {
        return Err(Refusal::ForwardTooLarge.into());
    }
    let new = to
        .iter()
        .flat_map(|group| copies.iter().zip(&ids).map(|(copy, id)| new_message(forward, *group, copy, id)));
    let appended = tx.append_messages(new.collect())?;
    appended.chunks(copies.len()).zip(to).map(|(copies, group)| told(tx.reader(), *group, copies)).collect()
}

/// Locks the groups that copies go to, so that all come at one moment; and the one that they come from, so that nothing
/// is forwarded that is being recalled.
fn lock(tx: &mut dyn Tx, forward: &Forward) -> Step<()> {
    let mut groups: BTreeSet<GroupId> = forward.to.iter().copied().collect();
    // Of one that does not exist nothing is seen, and that is said.
    if tx.reader().exists("SELECT id FROM groups WHERE id = $1", &params![forward.from])? {
        groups.insert(forward.from);
    }
    tx.lock_groups(&groups.into_iter().collect::<Vec<_>>()).map(drop)
}

/// What is forwarded, as its reader sees it.
///
/// # Errors
/// `NoSuchMessage`.
fn sources(db: &dyn Read, forward: &Forward) -> Step<Vec<Message>> {
    let sight = sights::of(db, forward.user, forward.from)?.ok_or(Refusal::NoSuchMessage)?;
    let found = forward.messages.iter().map(|id| {
        let message = db.message(forward.from, *id, sight.as_of)?.filter(|message| sight.sees(message.seq));
        Ok(message.ok_or(Refusal::NoSuchMessage)?)
    });
    found.collect()
}

fn new_message(forward: &Forward, group: GroupId, copy: &Copy, client_msg_id: &str) -> NewMessage {
    let extras = Extras { forwarded_from: copy.origin.clone(), ..Extras::default() };
    NewMessage {
        group,
        sender: forward.user,
        client_msg_id: client_msg_id.to_owned(),
        kind: copy.kind,
        content: copy.content.clone(),
        extras: (!extras.is_empty()).then(|| Box::new(extras)),
        session: forward.session,
        now: forward.now,
        connection: forward.connection,
    }
}

/// Everything was stored before.
fn again(db: &dyn Read, forward: &Forward, stored: &[Stored]) -> Step<Vec<Vec<Message>>> {
    let of_groups = stored.chunks(forward.copies()).zip(&forward.to);
    let read = of_groups.map(|(stored, group)| {
        let at = |Stored { seq, .. }: &Stored| Span { after: Seq(seq.0 - 1), to: *seq };
        let places: Vec<_> = stored.iter().map(at).collect();
        let mut messages = db.messages_at(*group, &places, None, usize::MAX)?;
        sights::mine(db, forward.user, &mut messages)?;
        Ok(messages)
    });
    read.collect()
}

/// The copies in one group, of which some may have been stored before.
fn told(db: &dyn Read, group: GroupId, copies: &[Appended]) -> Step<Vec<Message>> {
    let told = copies.iter().map(|copy| match &copy.message {
        Some(message) => Ok(Message::clone(message)),
        None => Ok(db.message(group, copy.stored.id, None)?.ok_or(Refusal::NoSuchMessage)?),
    });
    told.collect()
}
