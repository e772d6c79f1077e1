//! `POST /api/file/avatar`

use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRef, Request, State};
use rim_core::upload::NewUpload;
use rim_core::{Clock, UserId};
use rim_media::clean::{AVATAR, clean};
use rim_protocol::limits::{Invalid, MAX_AVATAR_FILE_BYTES};
use rim_store::Store;

use crate::avatars::Avatars;
use crate::config::Config;
use crate::http::answer::{Answer, Data};
use crate::http::caller::{Bodies, Caller};
use crate::http::error::ApiError;
use crate::http::media;
use crate::http::parts::Api;
use crate::limits::RateLimits;
use crate::media::AvatarName;

/// Upload a picture of a user or group
///
/// The body is the picture itself: PNG, JPEG, GIF or WebP, up to 512 KiB and 2048 × 2048 pixels. Its first bytes tell
/// which, whatever `Content-Type` says. An animation has 500 pictures and 64 million pixels in all at the most. The answer is the address to be set as somebody's `avatar`; until then nobody sees the
/// picture, and after a day in which nothing shows it, it is removed: no user, no group, and no message ever sent. Whoever
/// keeps more than the setting `upload-quota` gets status 413. The address is open to everybody who knows it, and shows the same picture for ever. The same
/// picture again gets the same address. It is kept without what it tells beside its pixels, such as where it was taken.
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
    State(limits): State<Arc<RateLimits>>,
    State(bodies): State<Bodies>,
    State(uploads): State<Uploads>,
    caller: Caller,
    request: Request,
) -> Answer<String> {
    limits.upload(caller.user)?;
    let picture = bodies.read(request, MAX_AVATAR_FILE_BYTES).await?;
    let name = uploads.keep(caller.user, picture).await?;
    Ok(Data(media::address(&name)))
}

/// Where pictures go, and what says whose they are.
pub(super) struct Uploads {
    store: Arc<dyn Store>,
    avatars: Avatars,
    clock: Arc<dyn Clock>,
    quota_bytes: u64,
}

impl FromRef<Api> for Uploads {
    fn from_ref(api: &Api) -> Self {
        Self {
            store: Arc::from_ref(api),
            avatars: Avatars::from_ref(api),
            clock: Arc::from_ref(api),
            quota_bytes: Arc::<Config>::from_ref(api).upload_quota_bytes,
        }
    }
}

impl Uploads {
    async fn keep(&self, user: UserId, picture: Bytes) -> Result<AvatarName, ApiError> {
        let cleaned = clean(&picture, AVATAR);
        let (format, picture) = cleaned.map_err(|unfit| Invalid::new("avatar", unfit.to_string()))?;
        let picture = Bytes::from(picture);
        let name = AvatarName::of(format, &picture);
        let cannot_keep = |error: io::Error| match error.kind() {
            io::ErrorKind::ResourceBusy => ApiError::Busy,
            _ => ApiError::Fault(format!("cannot keep a picture: {error}")),
        };
        let was_there = self.avatars.has(name.clone()).await.map_err(cannot_keep)?;
        let (name, size_bytes) = (name.to_string(), picture.len() as u64);
        let upload = NewUpload { user, name, size_bytes, was_there };
        self.store.keep_upload(upload, self.quota_bytes, self.clock.now()).await?;
        self.avatars.keep(format, picture).await.map_err(cannot_keep)
    }
}
