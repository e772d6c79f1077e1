//! (to be written)
pub struct Hub;
