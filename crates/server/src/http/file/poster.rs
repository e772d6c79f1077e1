//! `POST /api/file/poster`

use std::sync::Arc;

use axum::extract::{Request, State};
use rim_core::Refusal;
use rim_core::file::FileId;
use rim_protocol::limits::MAX_POSTER_BYTES;
use rim_protocol::rest::{File, FileQuery};

use super::wire;
use crate::files::Filing;
use crate::http::answer::{Answer, Data};
use crate::http::caller::{Bodies, Caller};
use crate::http::query::Query;
use crate::limits::RateLimits;

/// Give a video its poster
///
/// The body is a picture, up to 2 MiB, that stands for the video from now on; smaller ones are made of it. Whoever has
/// uploaded the video may, once.
#[utoipa::path(
    post,
    path = "/api/file/poster",
    tag = "file",
    params(FileQuery),
    request_body(content(("image/png"), ("image/jpeg"), ("image/webp"))),
    responses((status = 200, body = File, description = "The video, with the previews that it has now.")),
)]
pub(super) async fn set_poster(
    State(filing): State<Arc<Filing>>,
    State(limits): State<Arc<RateLimits>>,
    State(bodies): State<Bodies>,
    Query(query): Query<FileQuery>,
    caller: Caller,
    request: Request,
) -> Answer<File> {
    limits.file(caller.user)?;
    let id = FileId::parse(&query.id).ok_or(Refusal::NoSuchFile)?;
    let picture = bodies.read(request, MAX_POSTER_BYTES).await?;
    Ok(Data(wire::file(caller.user, filing.set_poster(caller.user, id, picture).await?)))
}
