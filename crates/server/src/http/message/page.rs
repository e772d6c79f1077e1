//! Pages, as clients count them.

use rim_core::message::Page;
use rim_protocol::limits::MAX_PAGE_SIZE;

/// A page as a client counts it. A larger size is cut before the offset is computed, so that walking the
/// pages meets every row.
pub(super) fn page(number: u32, size: u32) -> Page {
    Page { number: u64::from(number.max(1)), size: size.min(MAX_PAGE_SIZE) }
}

/// The same of a request that may leave out either.
pub(super) fn optional_page(number: Option<u32>, size: Option<u32>) -> Page {
    page(number.unwrap_or(1), size.unwrap_or(DEFAULT_SIZE))
}

/// Rows of a page, where a request says nothing else.
const DEFAULT_SIZE: u32 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_count_from_one_and_their_size_is_cut_before_the_offset() {
        assert_eq!(page(0, 20), Page { number: 1, size: 20 });
        assert_eq!(page(2, 1000).offset(), 200);
        assert_eq!(page(u32::MAX, 0).offset(), 0);
    }
}
