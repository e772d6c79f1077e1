//! What tus 1.0 says, both ways: its headers, and how it is answered. What is done is in [`super::file::tus`].
//!
//! It has statuses and headers of its own and no envelope; so it is not in the OpenAPI document, but in
//! `docs/protocol.md`.

pub mod answer;
pub mod headers;

pub use answer::TusError;

/// Where uploads begin; each is below.
pub const PATH: &str = "/api/file/tus";

/// Whether a path is answered as tus has it.
pub fn is_tus(path: &str) -> bool {
    path.strip_prefix(PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
