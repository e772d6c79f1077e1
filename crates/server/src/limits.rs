//! (to be written)
pub struct RateLimits;
