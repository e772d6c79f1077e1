//! Messages: the chat list, the history of a group, marking it read, and all that is done with a message.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::parts::Api;

mod acts;
mod around;
mod chats;
mod clear;
mod client_msg_id;
mod edit;
mod edits;
mod forward;
mod get;
mod hide;
mod history;
mod media;
mod mentions;
mod open;
mod page;
mod pin;
mod pins;
mod react;
mod reactions;
mod read;
mod readers;
mod recall;
mod replies;
mod schedule;
mod search;
mod send;
mod star;
mod stars;
mod unpin;
mod unreact;
mod unstar;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(chats::list_chats))
        .routes(routes!(history::read_history))
        .routes(routes!(read::mark_group_read))
        .routes(routes!(send::send_message))
        .routes(routes!(get::get_message))
        .routes(routes!(around::read_around))
        .routes(routes!(edit::edit_message))
        .routes(routes!(recall::recall_message))
        .routes(routes!(react::react))
        .routes(routes!(unreact::unreact))
        .routes(routes!(pin::pin_message))
        .routes(routes!(unpin::unpin_message))
        .routes(routes!(open::open_message))
        .routes(routes!(edits::list_edits))
        .routes(routes!(pins::list_pins))
        .routes(routes!(reactions::list_reactions))
        .routes(routes!(readers::list_readers))
        .routes(routes!(replies::list_replies))
        .routes(routes!(mentions::list_mentions))
        .routes(routes!(media::list_media))
        .routes(routes!(search::search_messages))
        .routes(routes!(forward::forward_messages))
        .merge(schedule::routes())
        .routes(routes!(hide::hide_messages))
        .routes(routes!(clear::clear_chat))
        .routes(routes!(star::star_message))
        .routes(routes!(unstar::unstar_message))
        .routes(routes!(stars::list_stars))
}
