//! `POST /api/file/upload`

use std::sync::Arc;

use axum::body::HttpBody;
use axum::extract::{Request, State};
use http::header::CONTENT_TYPE;
use rim_core::Refusal;
use rim_protocol::rest::{File, UploadQuery};

use super::receive::{Arriving, Broken};
use super::wire;
use crate::files::{About, Coming, Filing};
use crate::http::answer::{Answer, Data};
use crate::http::caller::{Bodies, Caller};
use crate::http::error::ApiError;
use crate::http::query::Query;
use crate::intake::{Full, Intake};
use crate::limits::RateLimits;
use crate::metrics::FileMetrics;
use crate::pace::Pace;

/// Upload a file
///
/// The body is the file as it is. Its first bytes tell what it is; what `Content-Type` says counts only where these cannot
/// tell sound from film. Of a picture what it says
/// of the place and the camera is taken out, and smaller pictures are made of it, unless `asFile` is 1: then its bytes stay
/// as they are. What may break off is better sent by tus, at `/api/file/tus`. A file that nothing has used for a day
/// is removed.
#[utoipa::path(
    post,
    path = "/api/file/upload",
    tag = "file",
    params(UploadQuery),
    request_body(content(("application/octet-stream"))),
    responses((status = 200, body = File, description = "The file, to be named in a message.")),
)]
pub(super) async fn upload_file(
    State(filing): State<Arc<Filing>>,
    State(intake): State<Arc<Intake>>,
    State(limits): State<Arc<RateLimits>>,
    State(bodies): State<Bodies>,
    Query(query): Query<UploadQuery>,
    caller: Caller,
    request: Request,
) -> Answer<File> {
    if query.as_file > 1 {
        return Err(ApiError::InvalidRequest);
    }
    limits.file(caller.user)?;
    let _slot = filing.slot(caller.user)?;
    let most = filing.limits().max_bytes;
    let claimed = request.headers().get(CONTENT_TYPE).and_then(|mime| mime.to_str().ok());
    let claimed = claimed.unwrap_or_default().to_owned();
    let announced = request.body().size_hint().lower();
    filing.may_upload(caller.user, announced).await?;

    let pace = request.extensions().get::<Pace>().cloned().unwrap_or_default();
    let mut coming = Coming::begin(&filing).await?;
    let arriving = Arriving::new(request.into_body(), &intake, caller.user, most);
    let arrived = match arriving.all(&mut coming).await {
        // It has taken its time: the session may have ended meanwhile.
        Ok(()) => bodies.goes_on(&caller).await,
        Err(broken) => Err(failure(broken, most, filing.metrics())),
    };
    if let Err(error) = arrived {
        coming.give_up().await;
        return Err(error);
    }
    let begun = coming.staged().clone();
    let (staged, seen) = match coming.end().await {
        Ok(ended) => ended,
        Err(error) => {
            filing.discard(&begun).await;
            return Err(error.into());
        }
    };
    let seen = seen.expect("it has seen all bytes, and the storage has not failed");
    let about =
        About { owner: caller.user, name: query.name, claimed, as_file: query.as_file == 1, transfer: None };
    let made = filing.make(&staged, seen, about, &pace).await;
    if made.is_err() {
        filing.discard(&staged).await;
    }
    Ok(Data(wire::file(caller.user, made?)))
}

fn failure(broken: Broken, most: u64, metrics: &FileMetrics) -> ApiError {
    match broken {
        Broken::TooSlow => ApiError::TimedOut,
        Broken::Off(why) => ApiError::Malformed(format!("the body did not arrive: {why}")),
        Broken::TooMuch => metrics.refused(Refusal::FileTooLarge(most).into()).into(),
        Broken::Full(Full::User) => ApiError::TooMuchAtOnce,
        Broken::Full(Full::All) => ApiError::Busy,
        Broken::Store(error) => error.into(),
    }
}
