//! What people call something.

use serde::{Deserialize, Serialize};

use crate::limits::{self, Invalid, MAX_NAME_CHARS};

/// A name as a client sends it. It may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(max_length = 64))]
#[serde(transparent)]
pub struct Name(String);

/// The derive takes literals alone.
const _: () = assert!(MAX_NAME_CHARS == 64);

impl Name {
    /// The name as it is kept: trimmed and in NFC.
    ///
    /// # Errors
    /// It is too long, or has control characters, or nobody sees it; in the name of its field.
    pub fn checked(&self, field: &'static str) -> Result<String, Invalid> {
        limits::name(field, &self.0)
    }
}
