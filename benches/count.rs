//! Marks what `make bench-check` counts the instructions of. Files called `cost.rs` include it.

use std::hint::black_box;

/// Does `work`, which is so many operations of one kind. What it makes is dropped after the counting, and
/// whatever it needs is made and warmed up before.
pub fn count<T>(operations: usize, work: impl FnOnce() -> T) -> T {
    println!("operations: {operations}");
    counted_work(work)
}

/// Callgrind counts inside of this function and nowhere else: `scripts/bench_check.py` knows its name.
#[inline(never)]
fn counted_work<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}
