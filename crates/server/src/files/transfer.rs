//! Transfers: uploads that may break off and go on, at whichever node.
//!
//! Whoever goes on with one has it for itself: at this node by its turn ([`super::going`]), among all nodes by a hold, which
//! lasts for seconds and is renewed with what has become durable. So a node that died keeps nobody waiting.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::StreamExt;
use rim_core::file::{File, FileId, Hold, NewTransfer, Transfer, TransferId};
use rim_core::{Refusal, UserId};
use rim_store::StoreError;
use rim_store::files::Progress;
use tokio_util::sync::CancellationToken;

use super::going::Turn;
use super::seen::Seen;
use super::{About, Coming, Filing, random};
use crate::pace::Pace;
use crate::storage::Staged;

/// A transfer is given up if nothing comes for so long.
const RESTS: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a hold lasts, and how often what has come is made durable and it is renewed.
const HOLD: Duration = Duration::from_secs(10);
pub const RENEW_EVERY: Duration = Duration::from_secs(3);

/// What a client says of a transfer when it begins one.
pub struct Begun {
    pub name: String,
    pub mime: String,
    pub as_file: bool,
    pub size_bytes: u64,
}

/// Why nobody goes on with a transfer now.
#[derive(Debug)]
pub enum Stopped {
    /// There is none, of that user.
    Unknown,
    /// Somebody else does, on another node.
    Held,
    Store(StoreError),
}

impl<E: Into<StoreError>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

/// A transfer that one has for oneself.
pub struct Held {
    filing: Arc<Filing>,
    pub transfer: Transfer,
    turn: Turn,
}

impl Filing {
    /// Begins a transfer, of which nothing has come.
    ///
    /// # Errors
    /// Those of [`Self::may_upload`].
    pub async fn begin_transfer(&self, user: UserId, begun: Begun) -> Result<TransferId, StoreError> {
        self.may_upload(user, begun.size_bytes).await?;
        let id = TransferId::new(random()?);
        let Begun { name, mime, as_file, size_bytes } = begun;
        let now = self.life.clock.now();
        let expires_at = now.plus_ms(ms(RESTS));
        let new = NewTransfer { id, user, name, mime, as_file, size_bytes, notes: String::new(), expires_at };
        let begun = self.store.begin_transfer(new, self.limits, now).await;
        begun.map_err(|error| self.metrics.refused(error))?;
        Ok(id)
    }

    /// Takes a transfer for oneself, from whoever goes on with it here.
    ///
    /// # Errors
    /// It is unknown, or held by another node; `TooManyTransfers`.
    pub async fn hold(self: &Arc<Self>, user: UserId, id: TransferId) -> Result<Held, Stopped> {
        let turn = self.going.turn(id).await;
        let now = self.life.clock.now();
        let until = now.plus_ms(ms(HOLD));
        let held = self.store.hold_transfer(user, id, self.holder, until, self.limits.transfers, now).await;
        match held.map_err(|error| self.metrics.refused(error))? {
            None => Err(Stopped::Unknown),
            Some(Hold::Held(_)) => Err(Stopped::Held),
            Some(Hold::Yours(transfer)) => Ok(Held { filing: Arc::clone(self), transfer, turn }),
        }
    }

    /// Removes a transfer and what has come of it.
    ///
    /// # Errors
    /// It is unknown.
    pub async fn drop_transfer(&self, user: UserId, id: TransferId) -> Result<(), Stopped> {
        let _turn = self.going.turn(id).await;
        let dropped = self.store.drop_transfer(user, id).await?.ok_or(Stopped::Unknown)?;
        self.discard(&staged_of(&dropped)).await;
        Ok(())
    }
}

impl Held {
    /// Cancelled as soon as somebody else wants to go on with it here.
    pub fn stop(&self) -> CancellationToken {
        self.turn.stop.clone()
    }

    pub fn is_whole(&self) -> bool {
        self.transfer.received == self.transfer.size_bytes
    }

    /// Goes on where it is.
    ///
    /// # Errors
    /// The storage's. What it has lost is dropped.
    pub async fn coming<'a>(&self, filing: &'a Filing) -> Result<Coming<'a>, StoreError> {
        let Transfer { id, received, .. } = self.transfer;
        let seen = filing.going.take_seen(id, received);
        match Coming::go_on(filing, staged_of(&self.transfer), seen).await {
            Err(StoreError::Refused(refusal @ Refusal::NoSuchFile)) => Err(self.drop_for(refusal).await?),
            coming => coming,
        }
    }

    /// It is refused, and so it is dropped with what has come of it.
    async fn drop_for(&self, refusal: Refusal) -> Result<StoreError, StoreError> {
        let Self { filing, transfer, .. } = self;
        if filing.store.drop_transfer(transfer.user, transfer.id).await?.is_some() {
            filing.discard(&staged_of(transfer)).await;
        }
        Ok(refusal.into())
    }

    /// Notes how much is durable, and renews the hold.
    ///
    /// # Errors
    /// `Held` where another node has it by now.
    pub async fn advance(&mut self, staged: &Staged) -> Result<(), Stopped> {
        let moved = staged.length > self.transfer.received;
        self.transfer.received = staged.length;
        self.transfer.notes.clone_from(&staged.notes);
        if moved {
            self.transfer.expires_at = self.filing.life.clock.now().plus_ms(ms(RESTS));
        }
        self.renew().await
    }

    /// Renews the hold, of what is durable already.
    ///
    /// # Errors
    /// `Held` where another node has it by now.
    pub async fn renew(&self) -> Result<(), Stopped> {
        let Transfer { id, received, ref notes, expires_at, .. } = self.transfer;
        let until = self.filing.life.clock.now().plus_ms(ms(HOLD));
        let (holder, notes) = (self.filing.holder, notes.clone());
        let progress = Progress { id, holder, received, notes, held_until: until, expires_at };
        let ours = self.filing.store.advance_transfer(progress).await?;
        if ours { Ok(()) } else { Err(Stopped::Held) }
    }

    /// Keeps what is known of what has come, for who goes on.
    pub fn rests(&self, seen: Option<Seen>) {
        if let Some(seen) = seen {
            self.filing.going.keep_seen(self.transfer.id, self.transfer.received, seen);
        }
    }

    /// Lets others have it, who else would wait until the hold is over. How far it is.
    pub async fn let_go(self) -> Transfer {
        let Self { filing, transfer, turn } = self;
        if let Err(error) = filing.store.let_go_of_transfer(transfer.id, filing.holder).await {
            tracing::warn!(%error, "whoever goes on with an upload at another node has to wait");
        }
        // Whoever waits for it here holds it next.
        drop(turn);
        transfer
    }

    /// Makes the file of a transfer that is whole; one that was made is the same again.
    ///
    /// # Errors
    /// Those of [`Filing::make`]. What is refused is dropped, and so is what the storage has lost: it can only be begun anew.
    pub async fn make(&mut self, pace: &Pace, seen: Option<Seen>) -> Result<File, Stopped> {
        if let Some(file) = self.transfer.file {
            return self.file(file).await;
        }
        let filing = Arc::clone(&self.filing);
        let mut staged = staged_of(&self.transfer);
        if staged.length == 0 {
            // Nothing has come, so nothing is there yet.
            (staged, _) = self.coming(&filing).await?.end().await?;
        }
        let known = seen.or_else(|| filing.going.take_seen(self.transfer.id, staged.length));
        let mut making = std::pin::pin!(filing.make_whole(&staged, known, self.about(), pace));
        let made = loop {
            tokio::select! {
                made = making.as_mut() => break made,
                // What is made goes on while the hold is renewed.
                () = filing.life.time.sleep(RENEW_EVERY) => match self.renew().await {
                    // Until the hold is over there are other times.
                    Ok(()) | Err(Stopped::Store(StoreError::Busy | StoreError::Unsure)) => {}
                    Err(stopped) => return self.made_meanwhile().await?.ok_or(stopped),
                },
            }
        };
        match made {
            // A full disk may have room again.
            Err(StoreError::Refused(refusal)) if refusal != Refusal::DiskNearlyFull => {
                Err(self.drop_for(refusal).await?.into())
            }
            made => Ok(made?),
        }
    }

    /// The file, if it was added a moment ago: then nobody holds the transfer any more.
    async fn made_meanwhile(&self) -> Result<Option<File>, Stopped> {
        let Transfer { user, id, .. } = self.transfer;
        let now = self.filing.life.clock.now();
        match self.filing.store.transfer(user, id, now).await?.and_then(|transfer| transfer.file) {
            Some(file) => self.file(file).await.map(Some),
            None => Ok(None),
        }
    }

    fn about(&self) -> About {
        let Transfer { id, user, ref name, ref mime, as_file, .. } = self.transfer;
        About { owner: user, name: name.clone(), claimed: mime.clone(), as_file, transfer: Some(id) }
    }

    async fn file(&self, id: FileId) -> Result<File, Stopped> {
        // It may be gone: nothing has used it for a day.
        self.filing.store.file(id).await?.ok_or(Stopped::Unknown)
    }
}

impl Filing {
    /// Makes a file of what is staged. Where not all of it was seen it is read once more.
    ///
    /// # Errors
    /// Those of [`Self::make`].
    async fn make_whole(
        &self,
        staged: &Staged,
        seen: Option<Seen>,
        about: About,
        pace: &Pace,
    ) -> Result<File, StoreError> {
        let seen = match seen {
            Some(seen) => seen,
            None => self.read_again(staged, pace).await.map_err(|error| self.fault(&error))?,
        };
        self.make(staged, seen, about, pace).await
    }

    async fn read_again(&self, staged: &Staged, pace: &Pace) -> std::io::Result<Seen> {
        let mut pieces = self.storage.read_staged(staged).await?;
        let mut seen = Seen::default();
        while let Some(piece) = pieces.next().await {
            let piece: Bytes = piece?;
            seen.update(&piece);
            pace.goes_on();
        }
        Ok(seen)
    }
}

/// What the storage knows a transfer by.
pub(super) fn staged_of(transfer: &Transfer) -> Staged {
    let Transfer { id, received, notes, .. } = transfer;
    Staged { id: id.to_string(), length: *received, notes: notes.clone() }
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).expect("days")
}
