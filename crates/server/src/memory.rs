//! Gives free memory back to the system.
//!
//! The allocator does that in passing, at some of the calls that ask for memory or free some. At a server at rest there are
//! none, and what a login or a rush has taken would stay for hours.

/// Of all that is free and has been for a moment. It takes some ten microseconds where there is nothing to be given.
pub(crate) fn give_back() {
    // SAFETY: it may be called at any time, by any thread. Where the allocator is another one there is nothing to be found.
    unsafe { libmimalloc_sys::mi_collect(true) };
}
