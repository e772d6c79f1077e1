//! What a user may see of what is asked for, and how much of it is answered.

use rim_core::message::Message;
use rim_core::{GroupId, MessageId, Refusal, Rev, UserId};

use crate::database::Read;
use crate::failure::Result as Step;
use crate::sights;

/// Rows of one answer, at the most.
pub const MAX_ROWS: u32 = 200;

/// A message that the user may see, as it is to them.
///
/// # Errors
/// `NoSuchMessage`.
pub(super) fn seen(db: &dyn Read, user: UserId, group: GroupId, message: MessageId) -> Step<Message> {
    Ok(seen_as_of(db, user, group, message)?.0)
}

/// The same, and when they left, if they did.
///
/// # Errors
/// As above.
pub(super) fn seen_as_of(
    db: &dyn Read,
    user: UserId,
    group: GroupId,
    message: MessageId,
) -> Step<(Message, Option<Rev>)> {
    let sight = sights::of(db, user, group)?.ok_or(Refusal::NoSuchMessage)?;
    let found = db.message(group, message, sight.as_of)?.filter(|message| sight.sees(message.seq));
    Ok((found.ok_or(Refusal::NoSuchMessage)?, sight.as_of))
}
