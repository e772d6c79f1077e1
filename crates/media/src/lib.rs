//! What people upload, by its bytes: what it is, without what it should not tell, and smaller pictures of it. And what a
//! web page says of itself.
//!
//! Everything here is given bytes and gives bytes: no disk, no network, no clock. It may take long (a picture of 50 million
//! pixels: a second or two) and much memory ([`Reading::memory_bytes`](clean::Reading)), so who calls it has a thread and a
//! budget for that.

pub mod clean;
mod draw;
mod format;
#[cfg(test)]
mod hostile;
mod inspect;
mod page;
#[cfg(test)]
mod samples;
mod sniff;
pub mod whereabouts;

pub use clean::{begins_tiff, clean, surely_names_a_location};
pub use format::Format;
pub use inspect::{Inspected, MAX_MEMORY_BYTES, MAX_PICTURE_BYTES, Measured, inspect, measure};
pub use page::{Page, page};
pub use sniff::{OTHER, SNIFF_BYTES, TEXT, as_claimed, sniff};
pub use whereabouts::Whereabouts;
