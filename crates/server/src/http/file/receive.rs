//! Takes in the body of an upload as it comes.

use std::sync::Arc;

use axum::body::Body;
use rim_core::UserId;
use rim_store::StoreError;

use crate::files::Coming;
use crate::intake::{Full, Intake};
use crate::pace::{next_piece, was_too_slow};

/// Why a body did not come to its end.
#[derive(Debug)]
pub(super) enum Broken {
    /// It came too slowly.
    TooSlow,
    /// The line broke, or what came is no body. Says why.
    Off(String),
    /// More came than may.
    TooMuch,
    /// There is no room for what is on its way.
    Full(Full),
    Store(StoreError),
}

/// A body on its way, of which one piece is held at a time.
pub(super) struct Arriving {
    body: Body,
    held: crate::intake::Held,
    /// How many bytes there may be.
    most: u64,
}

impl Arriving {
    pub(super) fn new(body: Body, intake: &Arc<Intake>, user: UserId, most: u64) -> Self {
        Self { body, held: intake.hold(Some(user)), most }
    }

    /// Waits for the next piece; none is left at the end. To be cancelled without loss.
    pub(super) async fn next(&mut self) -> Result<Option<bytes::Bytes>, Broken> {
        self.held.set(0).expect("nothing is less than there was");
        let Some(piece) = next_piece(&mut self.body).await else { return Ok(None) };
        let piece = piece.map_err(|error| {
            if was_too_slow(&error) { Broken::TooSlow } else { Broken::Off(error.to_string()) }
        })?;
        let length = piece.len() as u64;
        if length > self.most {
            return Err(Broken::TooMuch);
        }
        self.held.set(piece.len()).map_err(Broken::Full)?;
        self.most -= length;
        Ok(Some(piece))
    }

    /// All that comes.
    pub(super) async fn all(mut self, coming: &mut Coming<'_>) -> Result<(), Broken> {
        while let Some(piece) = self.next().await? {
            coming.write(piece).await.map_err(Broken::Store)?;
        }
        Ok(())
    }
}
