//! Messages: the chat list, the history of a group, and marking it read.

use std::sync::Arc;

use rim_core::message::Page;
use rim_protocol::limits::MAX_PAGE_SIZE;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

mod chats;
mod history;
mod read;

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(chats::list_chats))
        .routes(routes!(history::read_history))
        .routes(routes!(read::mark_group_read))
}

/// A page as a client counts it. A larger size is cut before the offset is computed, so that walking the
/// pages meets every row.
fn page(number: u32, size: u32) -> Page {
    Page { number: u64::from(number.max(1)), size: size.min(MAX_PAGE_SIZE) }
}

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
