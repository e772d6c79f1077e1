//! Reads bodies as JSON, and says what is wrong with those that are none.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequest, Request};
use rim_protocol::limits::MAX_STRANGERS_BODY_BYTES;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::caller::{Bodies, Caller};
use super::error::ApiError;
use super::parts::Api;
use crate::config::Config;

/// The body of a request, whatever its `Content-Type` says.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Api> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let most = Arc::<Config>::from_ref(api).max_body_bytes;
        // Whoever has no session yet has little to say.
        let known = request.extensions().get::<Caller>().is_some();
        let limit = if known { most } else { MAX_STRANGERS_BODY_BYTES };
        let body = Bodies::from_ref(api).read(request, limit.min(most)).await?;
        parse(&body).map(Self)
    }
}

/// Tells apart what is no JSON (400) from JSON of the wrong shape (422).
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let malformed = |error: &dyn std::fmt::Display| ApiError::Malformed(format!("malformed JSON: {error}"));
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error))?.trim_ascii();
    if text.is_empty() {
        return Err(ApiError::Malformed("the body is empty, and should be a JSON object".to_owned()));
    }
    // Serde would read a struct from an array, too; the protocol knows objects alone.
    let result = match text.strip_prefix('{') {
        Some(_) => object(text),
        None => Err((true, "expected a JSON object".to_owned())),
    };
    result.map_err(|(is_data, what)| {
        // A wrong field is found before the rest was read, which must be JSON all the same.
        match serde_json::from_str::<IgnoredAny>(text) {
            // A number that no type of ours holds is JSON all the same.
            Ok(_) if is_data || what.contains("number out of range") => ApiError::WrongField(what),
            Ok(_) => malformed(&what),
            Err(error) => malformed(&error),
        }
    })
}

/// Reads an object. The error begins with the field that is wrong, and tells whether it is JSON at all.
fn object<T: DeserializeOwned>(text: &str) -> Result<T, (bool, String)> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (path, what) = (error.path().to_string(), error.inner());
        let what = if path == "." { what.to_string() } else { format!("{path}: {what}") };
        (error.inner().is_data(), what)
    })?;
    json.end().map_err(|error| (false, error.to_string()))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use rim_protocol::rest::GroupRef;

    use super::*;

    fn status(body: &[u8]) -> u16 {
        match parse::<GroupRef>(body) {
            Ok(_) => 200,
            Err(ApiError::Malformed(_)) => 400,
            Err(ApiError::WrongField(_)) => 422,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn json_of_the_right_shape_is_taken_with_keys_nobody_knows() {
        assert_eq!(status(br#" {"gid":1,"deep":[{"x":null}]} "#), 200);
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for body in
            [&b""[..], b"  ", b"{", b"gid=1", b"{\"gid\":1}}", b"{\"gid\":\"x\",", b"{\"x\":\"\xff\"}"]
        {
            assert_eq!(status(body), 400, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn json_of_the_wrong_shape_names_the_field() {
        for body in
            [r#"{}"#, r#"{"gid":"1"}"#, r#"{"gid":-1}"#, r#"{"gid":9007199254740992}"#, "[1]", "null", "1"]
        {
            assert_eq!(status(body.as_bytes()), 422, "{body}");
        }
        let Err(ApiError::WrongField(what)) = parse::<GroupRef>(b"{}") else { panic!("no gid") };
        assert!(what.contains("`gid`"), "{what}");
        let Err(ApiError::WrongField(what)) = parse::<GroupRef>(br#"{"gid":null}"#) else { panic!("no gid") };
        assert!(what.starts_with("gid: invalid type: null, expected a whole number from 0 to"), "{what}");
    }
}
