//! By which a request is known if it comes again.

use rim_protocol::limits;

use crate::http::error::ApiError;

/// The one that a client gives, or one that nobody else has: then a repetition is not known.
///
/// # Errors
/// It is too long, or empty; the system has no randomness.
pub(super) fn given_or_drawn(given: Option<String>) -> Result<String, ApiError> {
    if let Some(given) = given {
        limits::client_msg_id(&given)?;
        return Ok(given);
    }
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| ApiError::Fault(error.to_string()))?;
    Ok(format!("rest-{:032x}", u128::from_be_bytes(random)))
}
