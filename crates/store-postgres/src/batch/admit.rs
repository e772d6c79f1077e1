//! Whether messages that are more than plain ones may be so: those that answer others, or mention somebody, and those of
//! groups whose messages expire. They are few, so each is looked at by itself, as `rim-store` does it for every store.

use rim_core::Timestamp;
use rim_core::message::{NewMessage, Write};
use tokio::runtime::Handle;

use super::lease::{Lease, ROUND_TRIP};
use super::load::{Admitted, Loaded};
use crate::failure::{Failure, Result};
use crate::port::{Patience, Reader};
use crate::queue::Wanted;

/// Those that are to be looked at, and when they are sent. Without their content, which says nothing of it.
pub(super) fn asked(writes: &[Wanted], loaded: &Loaded) -> Vec<(usize, NewMessage, Timestamp)> {
    let asked = writes.iter().enumerate().filter_map(|(number, wanted)| {
        let Wanted::Write(Write::Append(new)) = wanted else { return None };
        let mut head = *loaded.heads.get(&new.group)?;
        let is_plain = new.extras.is_none() && !head.has_timer;
        let is_told_already = loaded.resent.contains_key(&number);
        (!is_plain && !is_told_already).then(|| (number, without_content(new), head.time(new.now)))
    });
    asked.collect()
}

fn without_content(new: &NewMessage) -> NewMessage {
    NewMessage {
        group: new.group,
        sender: new.sender,
        client_msg_id: String::new(),
        kind: new.kind,
        content: String::new(),
        extras: new.extras.clone(),
        session: new.session,
        now: new.now,
        connection: new.connection,
    }
}

/// Looks at them, in the transaction that is open on this connection.
pub(super) async fn admit(
    lease: Lease,
    asked: Vec<(usize, NewMessage, Timestamp)>,
) -> Result<(Lease, Admitted)> {
    let patience = Patience::new(Handle::current(), ROUND_TRIP);
    let looking = tokio::task::spawn_blocking(move || {
        let reader = Reader { db: lease.db(), patience: &patience };
        let mut admitted = Admitted::default();
        for (number, new, at) in asked {
            let state = match rim_store::notes::admit(&reader, &new, at) {
                Ok(state) => Ok(state),
                Err(rim_store::Failure::Refused(refusal)) => Err(refusal),
                Err(failure) => return Err(failure.into()),
            };
            admitted.insert(number, state);
        }
        Ok((lease, admitted))
    });
    looking.await.unwrap_or(Err(Failure::Panicked))
}
