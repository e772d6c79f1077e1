//! What messages are sent with beside their content: the part of the message path that plain messages have no need of.

use rim_core::group::{Group, Member, Role};
use rim_core::message::{Extras, Message, MessageState, NewMessage};
use rim_core::note::Sending;
use rim_core::{Seq, Timestamp};

use super::act::{MENTION, mentioned};
use super::ledger::Book;
use super::seen::seen;
use crate::database::{Read, Tx};
use crate::failure::Result as Step;
use crate::groups::{self, Room};
use crate::params;

/// The state that a message begins with which is to be sent at this time; `None` of one that turns out to be plain. Asked
/// of one that has extras, or is sent to a group whose messages expire, after it was looked up whether it was sent
/// before. Whether its sender may write at all is for others to say: in a single chat they may be brought back first.
///
/// # Errors
/// `NoSuchGroup`, and those of [`Extras::state`].
pub fn admit(db: &dyn Read, new: &NewMessage, at: Timestamp) -> Step<Option<Box<MessageState>>> {
    Writing::look(db, new)?.admit(db, new, at)
}

/// Somebody who writes in a group, as both are now: looked at once for all messages of theirs that come together.
pub struct Writing {
    group: Group,
    sender: Member,
}

impl Writing {
    /// # Errors
    /// `NoSuchGroup`.
    pub fn look(db: &dyn Read, new: &NewMessage) -> Step<Self> {
        let group = Room::look(db, new.group)?.group;
        let sender = groups::current(db, new.group, new.sender)?;
        let sender = sender.unwrap_or(Member { user: new.sender, role: Role::Common });
        Ok(Self { group, sender })
    }

    /// See [`admit`].
    ///
    /// # Errors
    /// Those of [`Extras::state`].
    pub fn admit(&self, db: &dyn Read, new: &NewMessage, at: Timestamp) -> Step<Option<Box<MessageState>>> {
        let Self { group, sender } = self;
        let plain = Extras::default();
        let extras = new.extras.as_deref().unwrap_or(&plain);
        let target = match extras.reply_to {
            Some(target) => Some(seen(db, new.sender, new.group, target)?),
            None => None,
        };
        let book = Book { db, group: group.id, seq: Seq(0), single: group.single };
        let sending = Sending { group, settings: group.settings, sender: *sender, now: at };
        Ok(extras.state(&sending, target.as_ref(), &book)?.map(Box::new))
    }
}

/// Stores what a new message, whose row is stored, has beside its content.
///
/// # Errors
/// Those of the database.
pub fn store_extras(tx: &dyn Tx, message: &Message) -> Step<()> {
    let Message { id, group, seq, rev, .. } = *message;
    let Some(state) = message.state.as_deref() else { return Ok(()) };
    let sql = "INSERT INTO states (group_id, seq, rev, body) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, &params![group, seq, rev, state.text()])?;
    for user in mentioned(Some(state)) {
        tx.execute(MENTION, &params![user, group, seq, id])?;
    }
    if let Some(to) = state.reply_to {
        let sql = "INSERT INTO replies (group_id, root_seq, seq, parent_seq) VALUES ($1, $2, $3, $4)";
        tx.execute(sql, &params![group, to.root, seq, to.seq])?;
    }
    if let Some(at) = state.expires_at {
        let sql = "INSERT INTO expiring (group_id, seq, message_id, expires_at) VALUES ($1, $2, $3, $4)";
        tx.execute(sql, &params![group, seq, id, at])?;
    }
    Ok(())
}
