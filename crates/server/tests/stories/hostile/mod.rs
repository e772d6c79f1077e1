//! Bad input at both doors: it is refused in words that help, nobody else notices, and nothing is lost.
//!
//! Beside every attack two bystanders chat.

pub mod bystanders;
pub mod bytes;
mod door;
mod endings;
mod fields;
mod floods;
mod frames;
mod guesses;
mod half;
mod rubbish;
pub mod socket;
mod strangers;
mod uploads;
