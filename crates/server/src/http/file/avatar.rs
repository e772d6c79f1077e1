//! `POST /api/file/avatar`

use std::io;
use std::sync::Arc;

use axum::extract::{Request, State};
use rim_core::upload::NewUpload;
use rim_protocol::limits::{Invalid, MAX_AVATAR_FILE_BYTES};

use crate::App;
use crate::http::answer::{Answer, Data};
use crate::http::caller::{self, Caller};
use crate::http::error::ApiError;
use crate::http::media;
use crate::media::{AvatarName, measure};

/// Upload a picture of a user or group
///
/// The body is the picture itself: PNG, JPEG, GIF or WebP, up to 512 KiB and 2048 × 2048 pixels. Its first bytes tell
/// which, whatever `Content-Type` says. An animation has 500 pictures and 64 million pixels in all at the most. The answer is the address to be set as somebody's `avatar`; until then nobody sees the
/// picture, and after a day in which nothing shows it, it is removed: no user, no group, and no message ever sent. Whoever
/// keeps more than the setting `upload-quota` gets status 413. The address is open to everybody who knows it, and shows the same picture for ever. The same
/// picture again gets the same address.
#[utoipa::path(
    post,
    path = "/api/file/avatar",
    tag = "file",
    request_body(content(("image/png"), ("image/jpeg"), ("image/gif"), ("image/webp"))),
    responses((
        status = 200,
        body = String,
        description = "The address on this server, `/media/avatars/…`.",
        example = "/media/avatars/9f86d081….png",
    )),
)]
pub(super) async fn upload_avatar(
    State(app): State<Arc<App>>,
    caller: Caller,
    request: Request,
) -> Answer<String> {
    app.limits.upload(caller.user)?;
    let picture = caller::read_body(&app, request, MAX_AVATAR_FILE_BYTES).await?;
    let format = measure(&picture).map_err(|unfit| Invalid::new("avatar", unfit.to_string()))?;
    let name = AvatarName::of(format, &picture);
    let cannot_keep = |error: io::Error| match error.kind() {
        io::ErrorKind::WouldBlock => ApiError::Busy,
        _ => ApiError::Fault(format!("cannot keep a picture: {error}")),
    };
    let was_there = app.avatars.has(&app.tasks, name.clone()).await.map_err(cannot_keep)?;
    let (name, size_bytes) = (name.to_string(), picture.len() as u64);
    let upload = NewUpload { user: caller.user, name, size_bytes, was_there };
    app.store.keep_upload(upload, app.config.upload_quota_bytes, app.clock.now()).await?;
    let kept = app.avatars.keep(&app.tasks, format, picture).await;
    let name = kept.map_err(cannot_keep)?;
    Ok(Data(media::address(&name)))
}
