//! Files as clients see them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rim_core::{UserId, file};
use rim_protocol::rest::File;

/// As a user sees it.
pub(super) fn file(user: UserId, file: file::File) -> File {
    let has_location = (file.owner == user && file.facts.has_location).then_some(true);
    let facts = file.facts;
    File {
        id: file.id.to_string(),
        name: file.name,
        size: file.size_bytes,
        mime: file.mime,
        width: facts.width,
        height: facts.height,
        duration_ms: facts.duration_ms,
        thumbhash: facts.thumbhash.map(|hash| STANDARD.encode(hash)),
        thumbs: facts.thumbs.sides().collect(),
        has_location,
    }
}
