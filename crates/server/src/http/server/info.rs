//! `GET /api/server/info`

use std::sync::Arc;

use axum::extract::State;
use rim_core::contact;
use rim_core::note::{MAX_PINS, MAX_REACTIONS};
use rim_protocol::limits;
use rim_protocol::rest::{Directory, Registration, RemotePictures, ServerInfo, ServerLimits};

use crate::accounts::Accounts;
use crate::config;
use crate::config::Config;
use crate::files::Filing;
use crate::http::answer::{Answer, Data};

/// What this server can do that another of the same protocol may not.
const FEATURES: [&str; 20] = [
    "avatars",
    "friends",
    "presence",
    "receipts",
    "sync",
    "edit",
    "expire",
    "files",
    "forward",
    "hide",
    "mentions",
    "pins",
    "reactions",
    "readers",
    "recall",
    "replies",
    "schedule",
    "send",
    "stars",
    "typing",
];

/// What the server is
///
/// Which version runs, what it can do and what it accepts; whether anybody may create an account, and whether nobody
/// has one yet. It needs no token, as it is asked before there is one.
#[utoipa::path(
    get,
    path = "/api/server/info",
    tag = "server",
    security(()),
    responses((status = 200, body = ServerInfo, description = "The same for everybody who asks.")),
)]
pub(super) async fn server_info(
    State(accounts): State<Arc<Accounts>>,
    State(config): State<Arc<Config>>,
    State(filing): State<Arc<Filing>>,
) -> Answer<ServerInfo> {
    let files = filing.limits();
    Ok(Data(ServerInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        features: FEATURES.into_iter().chain(config.search.then_some("search")).map(str::to_owned).collect(),
        limits: ServerLimits {
            account_bytes: limits::MAX_ACCOUNT_BYTES as u64,
            name_chars: limits::MAX_NAME_CHARS as u64,
            password_bytes: limits::MAX_PASSWORD_BYTES as u64,
            content_bytes: limits::MAX_CONTENT_BYTES as u64,
            frame_bytes: limits::MAX_FRAME_BYTES as u64,
            body_bytes: config.max_body_bytes as u64,
            picture_bytes: limits::MAX_AVATAR_FILE_BYTES as u64,
            users_per_request: limits::MAX_USERS_PER_REQUEST as u64,
            group_members: limits::MAX_GROUP_MEMBERS,
            watched_users: limits::MAX_WATCHED as u64,
            page_size: u64::from(limits::MAX_PAGE_SIZE),
            upload_quota: config.upload_quota_bytes,
            edit_window_ms: config.windows.edit_ms,
            recall_window_ms: config.windows.recall_ms,
            mentions: limits::MAX_MENTIONS as u64,
            reactions: MAX_REACTIONS as u64,
            pins: MAX_PINS,
            max_file_bytes: files.max_bytes,
            file_quota: files.stored_bytes,
            file_day: files.day_bytes,
            transfers: files.transfers,
        },
        registration: if config.registration { Registration::Open } else { Registration::Closed },
        empty: accounts.nobody_has_one().await?,
        remote_pictures: match config.remote_pictures {
            config::RemotePictures::Ask => RemotePictures::Ask,
            config::RemotePictures::Never => RemotePictures::Never,
        },
        directory: match config.directory {
            contact::Directory::Everybody => Directory::Everybody,
            contact::Directory::Contacts => Directory::Contacts,
        },
    }))
}
