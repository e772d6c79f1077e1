//! (to be written)
pub struct Accounts;
