//! Whether messages may have the extras that they are sent with: whom they answer and whom they mention. Each is looked at by itself,
//! as `rim-store` does it for every store; but several at a time, so that their questions are on their way together. How
//! many a batch has is bounded by what they cost (`rim_store::waiting`).

use std::sync::Arc;

use futures_util::future::try_join_all;
use rim_core::Timestamp;
use rim_core::message::{NewMessage, Write};
use rim_store::Read;
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
        let is_told_already = loaded.resent.contains_key(&number);
        (new.extras.is_some() && !is_told_already).then(|| (number, without_content(new), head.time(new.now)))
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

/// So many are looked at together, each on a thread.
const TOGETHER: usize = 16;

/// Looks at them, in the transaction that is open on this connection.
pub(super) async fn admit(
    lease: Lease,
    asked: Vec<(usize, NewMessage, Timestamp)>,
) -> Result<(Lease, Admitted)> {
    let lease = Arc::new(lease);
    let patience = Arc::new(Patience::new(Handle::current(), ROUND_TRIP));
    let each = asked.len().div_ceil(TOGETHER);
    let mut asked = asked.into_iter();
    let mut looking = Vec::new();
    while asked.len() > 0 {
        let some: Vec<_> = asked.by_ref().take(each).collect();
        let (lease, patience) = (Arc::clone(&lease), Arc::clone(&patience));
        looking.push(async move {
            let look = move || look(&Reader { db: lease.db(), patience: &patience }, some);
            tokio::task::spawn_blocking(look).await.unwrap_or(Err(Failure::Panicked))
        });
    }
    let admitted = try_join_all(looking).await?.into_iter().flatten().collect();
    // Each thread has ended, and given it back.
    let lease = Arc::into_inner(lease).ok_or(Failure::Panicked)?;
    Ok((lease, admitted))
}

fn look(db: &dyn Read, asked: Vec<(usize, NewMessage, Timestamp)>) -> Result<Admitted> {
    let mut admitted = Admitted::default();
    for (number, new, at) in asked {
        let state = match rim_store::notes::admit(db, &new, at) {
            Ok(state) => Ok(state),
            Err(rim_store::Failure::Refused(refusal)) => Err(refusal),
            Err(failure) => return Err(failure.into()),
        };
        admitted.insert(number, state);
    }
    Ok(admitted)
}
