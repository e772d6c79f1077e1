//! Takes in the bytes of a transfer, and makes its file when they are whole.

use std::sync::Arc;

use axum::extract::{FromRef, Request};
use rim_core::file::File;

use crate::files::Filing;
use crate::files::{Coming, Held, RENEW_EVERY};
use crate::http::caller::{Bodies, Caller};
use crate::http::file::receive::{Arriving, Broken};
use crate::http::parts::Api;
use crate::http::tus::TusError;
use crate::http::tus::headers::Checksum;
use crate::intake::{Full, Intake};
use crate::life::Life;
use crate::pace::Pace;

/// What it takes to take something in.
pub(super) struct Receiver {
    filing: Arc<Filing>,
    intake: Arc<Intake>,
    bodies: Bodies,
    life: Life,
}

impl FromRef<Api> for Receiver {
    fn from_ref(api: &Api) -> Self {
        Self {
            filing: Arc::from_ref(api),
            intake: Arc::from_ref(api),
            bodies: Bodies::from_ref(api),
            life: Life::from_ref(api),
        }
    }
}

impl Receiver {
    /// The body goes on with the transfer. However it ends, what came of it is durable when this returns, and noted; but for a
    /// body with a checksum, of which all counts or nothing.
    pub(super) async fn receive(
        &self,
        caller: &Caller,
        held: &mut Held,
        request: Request,
        checksum: Option<Checksum>,
    ) -> Result<Option<File>, TusError> {
        let _slot = self.filing.slot(caller.user)?;
        let pace = request.extensions().get::<Pace>().cloned().unwrap_or_default();
        let mut seen = None;
        if !held.is_whole() {
            let most = held.transfer.size_bytes - held.transfer.received;
            let arriving = Arriving::new(request.into_body(), &self.intake, caller.user, most);
            let mut coming = held.coming(&self.filing).await?;
            seen = match self.all(arriving, &mut coming, held, checksum).await {
                Ok(()) => {
                    let (staged, seen) = coming.end().await?;
                    held.advance(&staged).await?;
                    seen
                }
                Err((error, true)) => {
                    let (staged, seen) = coming.end().await?;
                    held.advance(&staged).await?;
                    held.rests(seen);
                    return Err(error);
                }
                Err((error, false)) => return Err(error),
            };
        }
        if !held.is_whole() {
            held.rests(seen);
            return Ok(None);
        }
        // It has taken its time: the session may have ended meanwhile.
        self.bodies.goes_on(caller).await.map_err(|_| TusError::LoginRequired)?;
        Ok(Some(held.make(&pace, seen).await?))
    }

    /// Takes in what comes. An error says whether what came counts.
    async fn all(
        &self,
        mut arriving: Arriving,
        coming: &mut Coming<'_>,
        held: &mut Held,
        mut checksum: Option<Checksum>,
    ) -> Result<(), (TusError, bool)> {
        let counts = checksum.is_none();
        let stop = held.stop();
        let mut renew = std::pin::pin!(self.life.time.sleep(RENEW_EVERY));
        loop {
            let noted = coming.staged().length;
            // Each arm may be dropped while it waits: a piece that has not come is still to come.
            tokio::select! {
                biased;
                () = stop.cancelled() => return Err((TusError::Held, counts)),
                () = renew.as_mut() => {
                    coming.sync().await.map_err(|error| (error.into(), counts))?;
                    renew.set(self.life.time.sleep(RENEW_EVERY));
                }
                piece = arriving.next() => {
                    let Some(piece) = piece.map_err(|broken| (failure(broken), counts))? else { break };
                    if let Some(checksum) = &mut checksum {
                        checksum.add(&piece);
                    }
                    coming.write(piece).await.map_err(|error| (error.into(), counts))?;
                    if coming.staged().length == noted {
                        continue;
                    }
                }
            }
            // Held elsewhere by now, or lost: nothing of ours counts any more.
            let renewed = if counts { held.advance(coming.staged()).await } else { held.renew().await };
            renewed.map_err(|stopped| (stopped.into(), false))?;
        }
        if checksum.is_none_or(Checksum::holds) { Ok(()) } else { Err((TusError::Mismatch, false)) }
    }
}

fn failure(broken: Broken) -> TusError {
    match broken {
        Broken::TooSlow => TusError::TooSlow,
        Broken::Off(why) => TusError::Broken(why),
        Broken::TooMuch => TusError::TooMuch,
        Broken::Full(Full::User) => TusError::TooMuchAtOnce,
        Broken::Full(Full::All) => rim_store::StoreError::Busy.into(),
        Broken::Store(error) => error.into(),
    }
}
