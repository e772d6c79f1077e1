//! Answers that may be large: an object that says itself whether there is more, and a list that is read and written
//! piece by piece.

use std::io;
use std::sync::Arc;
use std::time::Duration;

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
use crate::time::Time;
use crate::unsent::{SMALL_BYTES, Unsent};

/// What a piece may come to: what is aimed at, and one row beyond it. A control character takes six bytes as JSON;
/// names and addresses of the row are small beside its content.
const MAX_PIECE_BYTES: u32 = (PART_BYTES + 6 * MAX_CONTENT_BYTES + 32 * 1024) as u32;

/// How answers are made that may be large; a clone is the same.
#[derive(Clone)]
pub struct Bounded {
    /// What answers hold that were not read yet.
    unsent: Arc<Unsent>,
    time: Time,
    /// How long a piece may wait for room, and for the store.
    patience: Duration,
}

impl Bounded {
    pub fn new(time: Time, patience: Duration) -> Self {
        Self { unsent: Arc::default(), time, patience }
    }

    /// Answers with what `read` has for so many bytes. Where there is no room for a large answer it is a small one, and the
    /// caller asks on.
    ///
    /// # Errors
    /// Those of `read`; `Busy` if even one row is too much at the moment.
    pub async fn object<T, Fut>(
        &self,
        user: UserId,
        read: impl Fn(usize) -> Fut,
    ) -> Result<Response, ApiError>
    where
        T: Serialize,
        Fut: Future<Output = Result<T, ApiError>>,
    {
        for bytes in [ANSWER_BYTES, SMALL_BYTES] {
            if bytes > SMALL_BYTES && !self.unsent.has_room(user, bytes) {
                continue;
            }
            let body = {
                let _turn = self.unsent.make(user).await;
                json(&Envelope::success(read(bytes).await?))
            };
            if let Some(body) = self.unsent.keep(user, body) {
                return Ok(ok(Body::from(body)));
            }
        }
        Err(ApiError::Busy)
    }

    /// Answers with what `make` comes to, which is not more than so many bytes. There is room for it before it is made, as it
    /// changes something and is not made twice.
    ///
    /// # Errors
    /// Those of `make`; `Busy` if there is no room in time, and then nothing was made.
    pub async fn once<T: Serialize>(
        &self,
        user: UserId,
        bytes: usize,
        make: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<Response, ApiError> {
        let bytes = u32::try_from(bytes).map_err(|_| ApiError::Busy)?;
        let room = self.time.within(self.patience, self.unsent.room(user, bytes)).await;
        let room = room.ok_or(ApiError::Busy)?;
        let body = {
            let _turn = self.unsent.make(user).await;
            json(&Envelope::success(make.await?))
        };
        Ok(ok(Body::from(room.keep(body))))
    }

    /// Answers with a list: the rows of `read` from `start` on, which reads at most so many bytes, and at least one row.
    ///
    /// A list that fits into a piece is an answer like any other. Of a longer one the next piece is read when the one before
    /// is on its way, so that a list costs the memory of a piece, however long it is and however slowly it is read.
    ///
    /// # Errors
    /// Those of `read`, for the first piece; `Busy` if it is too large at the moment. A later piece that fails breaks the
    /// answer off, which the client sees.
    pub async fn list<T, R, F, Fut>(&self, user: UserId, start: R, read: F) -> Result<Response, ApiError>
    where
        T: Serialize,
        R: Send + 'static,
        F: Fn(R, usize) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Part<T, R>, ApiError>> + Send,
    {
        let (body, rest) = {
            let _turn = self.unsent.make(user).await;
            let part = read(start, PART_BYTES).await?;
            (json(&Envelope::success(&part.rows)), part.rest)
        };
        let Some(rest) = rest else {
            let body = self.unsent.keep(user, body).ok_or(ApiError::Busy)?;
            return Ok(ok(Body::from(body)));
        };
        let mut first = body;
        first.truncate(first.len() - END.len());
        let first = self.unsent.keep(user, first).ok_or(ApiError::Busy)?;
        let (bounded, read) = (self.clone(), Arc::new(read));
        let pieces = stream::try_unfold(Next::First(first, rest), move |next| {
            let (bounded, read) = (bounded.clone(), Arc::clone(&read));
            async move {
                match next {
                    Next::First(first, rest) => Ok(Some((first, Next::Rest(rest)))),
                    Next::Rest(from) => piece(&bounded, user, from, &*read).await.map(Some),
                    Next::Nothing => Ok(None),
                }
            }
        });
        Ok(ok(Body::from_stream(pieces)))
    }
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
    bounded: &Bounded,
    user: UserId,
    from: R,
    read: &impl Fn(R, usize) -> Fut,
) -> io::Result<(Bytes, Next<R>)>
where
    Fut: Future<Output = Result<Part<T, R>, ApiError>>,
{
    // Whoever waits here holds nothing.
    let room = bounded.unsent.room(user, MAX_PIECE_BYTES);
    let room = bounded.time.within(bounded.patience, room).await;
    let room = room.ok_or_else(|| broken_off("others leave too much unread"))?;
    let _turn = bounded.unsent.make(user).await;
    let part = match bounded.time.within(bounded.patience, read(from, PART_BYTES)).await {
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
    use axum::body::to_bytes;

    use super::*;

    fn bounded() -> Bounded {
        Bounded::new(Time::default(), Duration::from_secs(60))
    }

    /// The body of a list of so many numbers, of which a part has so many.
    async fn listed(count: u32, in_part: u32) -> (bool, String) {
        let bounded = bounded();
        let read = move |from: u32, _| async move {
            let to = count.min(from + in_part);
            Ok(Part { rows: (from..to).collect::<Vec<_>>(), rest: (to < count).then_some(to) })
        };
        let answer = bounded.list(UserId(1), 0, read).await.expect("an answer");
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
        let bounded = bounded();
        let read = |from: u32, _| async move {
            let fault = ApiError::Fault("the disk is gone".to_owned());
            if from > 0 { Err(fault) } else { Ok(Part { rows: vec![1], rest: Some(1) }) }
        };
        let answer = bounded.list(UserId(1), 0, read).await.expect("it begins well");
        assert!(to_bytes(answer.into_body(), usize::MAX).await.is_err());
    }

    #[tokio::test]
    async fn a_list_for_which_no_room_comes_breaks_off() {
        let bounded = Bounded::new(Time::default(), Duration::ZERO);
        let read =
            |from: u32, _| async move { Ok(Part { rows: vec![from], rest: (from < 1).then_some(from + 1) }) };
        let _others = bounded.unsent.room(UserId(1), 8 * 1024 * 1024).await;
        let answer = bounded.list(UserId(1), 0, read).await.expect("it begins well");
        assert!(to_bytes(answer.into_body(), usize::MAX).await.is_err());
    }

    #[tokio::test]
    async fn where_there_is_no_room_an_object_is_small_or_has_to_wait() {
        let bounded = bounded();
        let read = |bytes: usize| async move { Ok("x".repeat(bytes - 100)) };
        let mut unread = Vec::new();
        let lengths = loop {
            let answer = bounded.object(UserId(1), read).await.expect("an answer").into_body();
            let length = axum::body::HttpBody::size_hint(&answer).exact().expect("a length") as usize;
            unread.push(answer);
            if length < ANSWER_BYTES / 2 {
                break (unread.len(), length);
            }
        };
        assert!(lengths.0 == 5 && lengths.1 <= SMALL_BYTES, "{lengths:?}");
        let large = |_| async { Ok("x".repeat(ANSWER_BYTES / 2)) };
        assert!(matches!(bounded.object(UserId(1), large).await, Err(ApiError::Busy)));
        unread.clear();
        assert!(bounded.object(UserId(1), large).await.is_ok());
    }
}
