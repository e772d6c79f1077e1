//! (to be written)
pub fn run() {}
