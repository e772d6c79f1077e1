//! The picture of a page, kept as a file of the server's: whoever reads the message asks nobody else for it.

use axum::body::Bytes;
use rim_store::database::THE_SERVER;

use super::Links;
use super::fetch::Found;
use crate::files::{About, Coming};
use crate::pace::Pace;

impl Links {
    /// Keeps a picture; gives back the id of its file. What is none, or has no end, is not kept.
    pub(super) async fn keep(&self, found: Found) -> Option<String> {
        if !found.is_whole {
            return None;
        }
        // What cannot be shown is not kept either.
        rim_media::Format::of(&found.bytes)?;
        let about = About {
            owner: THE_SERVER,
            name: String::from("preview"),
            claimed: String::new(),
            as_file: false,
            transfer: None,
        };
        let filing = &*self.filing;
        let mut coming = Coming::begin(filing).await.ok()?;
        if coming.write(Bytes::from(found.bytes)).await.is_err() {
            coming.give_up().await;
            return None;
        }
        let (staged, seen) = coming.end().await.ok()?;
        let Ok(file) = filing.make(&staged, seen?, about, &Pace::default()).await else {
            filing.discard(&staged).await;
            return None;
        };
        file.facts.width.map(|_| file.id.to_string())
    }
}
