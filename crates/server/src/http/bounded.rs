//! Answers that may be large: an object that says itself whether there is more, and a list that is read and written
//! piece by piece.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use rim_core::UserId;
use rim_core::size::{ANSWER_BYTES, PART_BYTES};
use rim_protocol::Envelope;
use rim_protocol::limits::MAX_CONTENT_BYTES;
use rim_store::Part;
use serde::Serialize;

use super::error::ApiError;
use crate::App;
use crate::unsent::SMALL_BYTES;

/// What a piece may come to: what is aimed at, and one row beyond it. A control character takes six bytes as JSON;
/// names and addresses of the row are small beside its content.
const MAX_PIECE_BYTES: u32 = (PART_BYTES + 6 * MAX_CONTENT_BYTES + 32 * 1024) as u32;

/// Answers with what `read` has for so many bytes. Where there is no room for a large answer it is a small one, and the
/// caller asks on.
///
/// # Errors
/// Those of `read`; `Busy` if even one row is too much at the moment.
pub async fn object<T, Fut>(
    app: &Arc<App>,
    user: UserId,
    read: impl Fn(Arc<App>, usize) -> Fut,
) -> Result<Response, ApiError>
where
    T: Serialize,
    Fut: Future<Output = Result<T, ApiError>>,
{
    for bytes in [ANSWER_BYTES, SMALL_BYTES] {
        if bytes > SMALL_BYTES && !app.unsent.has_room(user, bytes) {
            continue;
        }
        let body = {
            let _turn = app.unsent.make(user).await;
            json(&Envelope::success(read(Arc::clone(app), bytes).await?))
        };
        if let Some(body) = app.unsent.keep(user, body) {
            return Ok(ok(Body::from(body)));
        }
    }
    Err(ApiError::Busy)
}

/// Answers with a list: the rows of `read` from `start` on, which reads at most so many bytes, and at least one row.
///
/// A list that fits into a piece is an answer like any other. Of a longer one the next piece is read when the one before
/// is on its way, so that a list costs the memory of a piece, however long it is and however slowly it is read.
///
/// # Errors
/// Those of `read`, for the first piece; `Busy` if it is too large at the moment. A later piece that fails breaks the
/// answer off, which the client sees.
pub async fn list<T, R, F, Fut>(app: &Arc<App>, user: UserId, start: R, read: F) -> Result<Response, ApiError>
where
    T: Serialize,
    R: Send + 'static,
    F: Fn(R, usize) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Part<T, R>, ApiError>> + Send,
{
    let (body, rest) = {
        let _turn = app.unsent.make(user).await;
        let part = read(start, PART_BYTES).await?;
        (json(&Envelope::success(&part.rows)), part.rest)
    };
    let Some(rest) = rest else {
        let body = app.unsent.keep(user, body).ok_or(ApiError::Busy)?;
        return Ok(ok(Body::from(body)));
    };
    let mut first = body;
    first.truncate(first.len() - END.len());
    let first = app.unsent.keep(user, first).ok_or(ApiError::Busy)?;
    let (app, read) = (Arc::clone(app), Arc::new(read));
    let pieces = stream::try_unfold(Next::First(first, rest), move |next| {
        let (app, read) = (Arc::clone(&app), Arc::clone(&read));
        async move {
            match next {
                Next::First(first, rest) => Ok(Some((first, Next::Rest(rest)))),
                Next::Rest(from) => piece(&app, user, from, &*read).await.map(Some),
                Next::Nothing => Ok(None),
            }
        }
    });
    Ok(ok(Body::from_stream(pieces)))
}

/// How a list ends, after its rows.
const END: &[u8] = b"]}";

/// What comes next of a list that is longer than a piece.
enum Next<R> {
    First(Bytes, R),
    Rest(R),
    Nothing,
}

async fn piece<T: Serialize, R, Fut>(
    app: &App,
    user: UserId,
    from: R,
    read: &impl Fn(R, usize) -> Fut,
) -> io::Result<(Bytes, Next<R>)>
where
    Fut: Future<Output = Result<Part<T, R>, ApiError>>,
{
    // Whoever waits here holds nothing.
    let room = app.unsent.room(user, MAX_PIECE_BYTES);
    let room = app.time.within(app.config.request_timeout, room).await;
    let room = room.ok_or_else(|| broken_off("others leave too much unread"))?;
    let _turn = app.unsent.make(user).await;
    let part = match app.time.within(app.config.request_timeout, read(from, PART_BYTES)).await {
        Some(Ok(part)) => part,
        Some(Err(error)) => return Err(broken_off(&format!("{error:?}"))),
        None => return Err(broken_off("the store takes too long")),
    };
    let mut body = json(&part.rows);
    // Between the brackets, behind a comma.
    body.pop();
    if let Some(start) = body.first_mut() {
        *start = b',';
    }
    if part.rows.is_empty() {
        body.clear();
    }
    let next = match part.rest {
        Some(rest) => Next::Rest(rest),
        None => {
            body.extend_from_slice(END);
            Next::Nothing
        }
    };
    Ok((room.keep(body), next))
}

fn broken_off(why: &str) -> io::Error {
    tracing::error!(why, "an answer breaks off");
    io::Error::other("the rest cannot be read")
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("strings, numbers and lists always have a JSON form")
}

fn ok(body: Body) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::to_bytes;
    use tempfile::TempDir;

    use super::*;
    use crate::fixture;

    /// The body of a list of so many numbers, of which a part has so many.
    async fn listed(count: u32, in_part: u32) -> (bool, String) {
        let data = TempDir::new().expect("a folder");
        let (app, _feed) = fixture::app(fixture::config(&data, &[]));
        let read = move |from: u32, _| async move {
            let to = count.min(from + in_part);
            Ok(Part { rows: (from..to).collect::<Vec<_>>(), rest: (to < count).then_some(to) })
        };
        let answer = list(&app, UserId(1), 0, read).await.expect("an answer");
        let (head, body) = answer.into_parts();
        assert_eq!(head.headers[CONTENT_TYPE], "application/json");
        let whole = axum::body::HttpBody::size_hint(&body).exact().is_some();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        (whole, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }

    #[tokio::test]
    async fn a_list_in_pieces_has_the_bytes_of_a_whole_one() {
        for count in [0, 1, 2, 3, 10] {
            let (whole, expected) = listed(count, 100).await;
            assert!(whole, "its length is told");
            let numbers: Vec<_> = (0..count).map(|number| number.to_string()).collect();
            assert_eq!(
                expected,
                format!(r#"{{"ok":true,"code":200,"msg":null,"data":[{}]}}"#, numbers.join(","))
            );
            for in_part in [1, 2, 3, 9] {
                assert_eq!(listed(count, in_part).await.1, expected, "in parts of {in_part}");
            }
        }
    }

    #[tokio::test]
    async fn a_piece_that_cannot_be_read_breaks_the_answer_off() {
        let data = TempDir::new().expect("a folder");
        let (app, _feed) = fixture::app(fixture::config(&data, &[]));
        let read = |from: u32, _| async move {
            let fault = ApiError::Fault("the disk is gone".to_owned());
            if from > 0 { Err(fault) } else { Ok(Part { rows: vec![1], rest: Some(1) }) }
        };
        let answer = list(&app, UserId(1), 0, read).await.expect("it begins well");
        assert!(to_bytes(answer.into_body(), usize::MAX).await.is_err());
    }

    #[tokio::test]
    async fn a_list_for_which_no_room_comes_breaks_off() {
        let data = TempDir::new().expect("a folder");
        let mut config = fixture::config(&data, &[]);
        config.request_timeout = Duration::ZERO;
        let (app, _feed) = fixture::app(config);
        let read =
            |from: u32, _| async move { Ok(Part { rows: vec![from], rest: (from < 1).then_some(from + 1) }) };
        let _others = app.unsent.room(UserId(1), 8 * 1024 * 1024).await;
        let answer = list(&app, UserId(1), 0, read).await.expect("it begins well");
        assert!(to_bytes(answer.into_body(), usize::MAX).await.is_err());
    }

    #[tokio::test]
    async fn where_there_is_no_room_an_object_is_small_or_has_to_wait() {
        let data = TempDir::new().expect("a folder");
        let (app, _feed) = fixture::app(fixture::config(&data, &[]));
        let read = |_, bytes: usize| async move { Ok("x".repeat(bytes - 100)) };
        let mut unread = Vec::new();
        let lengths = loop {
            let answer = object(&app, UserId(1), read).await.expect("an answer").into_body();
            let length = axum::body::HttpBody::size_hint(&answer).exact().expect("a length") as usize;
            unread.push(answer);
            if length < ANSWER_BYTES / 2 {
                break (unread.len(), length);
            }
        };
        assert!(lengths.0 == 5 && lengths.1 <= SMALL_BYTES, "{lengths:?}");
        let large = |_, _| async { Ok("x".repeat(ANSWER_BYTES / 2)) };
        assert!(matches!(object(&app, UserId(1), large).await, Err(ApiError::Busy)));
        unread.clear();
        assert!(object(&app, UserId(1), large).await.is_ok());
    }
}
