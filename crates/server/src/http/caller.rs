//! Who asks: the token of a request, and the session it opens.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRef, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, Reference as _};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Extensions, HeaderMap, Method};
use rim_core::UserId;
use rim_core::session::Session;

use super::body;
use super::error::ApiError;
use super::parts::Api;
use super::tus::{self, TusError};
use crate::accounts::Accounts;
use crate::address::{Proxies, RemoteAddress};
use crate::intake::Intake;
use crate::life::Life;
use crate::limits::RateLimits;
use crate::time::Time;

/// The user who asks, and the session of their token.
#[derive(Debug, Clone)]
pub struct Caller {
    pub user: UserId,
    pub session: Session,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // Absent only on the open paths, none of which asks for it.
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::LoginRequired)
    }
}

/// Where the request comes from, proxies that are trusted looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<Api> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Self::Rejection> {
        Ok(Self(address(&Arc::from_ref(api), &parts.extensions, &parts.headers)))
    }
}

/// Lets through who has a session. It runs before routing and before a byte of the body is read, so a
/// stranger learns nothing about which routes exist and makes the server hold nothing.
pub async fn require(
    State(accounts): State<Arc<Accounts>>,
    State(limits): State<Arc<RateLimits>>,
    State(proxies): State<Arc<Proxies>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    // What a server of tus can do it says to whoever asks.
    if is_open(path) || (request.method() == Method::OPTIONS && tus::is_tus(path)) {
        return next.run(request).await;
    }
    let address = address(&proxies, request.extensions(), request.headers());
    match identify(&accounts, &limits, request.headers(), address).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(ApiError::LoginRequired) if tus::is_tus(request.uri().path()) => {
            TusError::LoginRequired.into_response()
        }
        Err(error) => error.into_response(),
    }
}

/// A body that takes longer to come than this was not sent with its head.
const AT_ONCE: Duration = Duration::from_millis(50);

/// How the bodies of requests are read.
pub struct Bodies {
    accounts: Arc<Accounts>,
    intake: Arc<Intake>,
    time: Time,
}

impl FromRef<Api> for Bodies {
    fn from_ref(api: &Api) -> Self {
        Self { accounts: Arc::from_ref(api), intake: Arc::from_ref(api), time: Life::from_ref(api).time }
    }
}

impl Bodies {
    /// The body of a request, as [`body::read`] has it. Who lets it wait is asked again who they are once it is there:
    /// a session may end meanwhile, and nothing is carried out for it after that was answered.
    ///
    /// # Errors
    /// Those of [`body::read`]; `LoginRequired` where the session has ended.
    pub async fn read(&self, request: Request, limit_bytes: usize) -> Result<Bytes, ApiError> {
        let user = request.extensions().get::<Caller>().map(|caller| caller.user);
        let token = user.and_then(|_| bearer(request.headers()).map(str::to_owned));
        let began = self.time.now();
        let body = body::read(&self.intake, user, request, limit_bytes).await?;
        if let Some(token) = token
            && Duration::from(self.time.now().duration_since(began)) > AT_ONCE
            && self.accounts.authenticate(&token).await?.is_none()
        {
            return Err(ApiError::LoginRequired);
        }
        Ok(body)
    }

    /// Asks again who they are whose body has taken its time.
    ///
    /// # Errors
    /// `LoginRequired` where the session has ended.
    pub async fn goes_on(&self, caller: &Caller) -> Result<(), ApiError> {
        let Caller { user, session } = caller;
        self.accounts.session(*user, session.id).await?.map(drop).ok_or(ApiError::LoginRequired)
    }
}

/// The only paths under `/api` that need no token. What else begins with them is not among them.
fn is_open(path: &str) -> bool {
    matches!(
        path,
        "/api/user/login"
            | "/api/user/create"
            | "/api/server/info"
            | "/api/openapi.json"
            | "/api/docs"
            | "/api/docs/style.css"
    )
}

async fn identify(
    accounts: &Accounts,
    limits: &RateLimits,
    headers: &HeaderMap,
    address: IpAddr,
) -> Result<Caller, ApiError> {
    let token = bearer(headers).ok_or(ApiError::LoginRequired)?;
    let session = accounts.authenticate(token).await?;
    let session = session.ok_or(ApiError::LoginRequired)?;
    limits.request(session.user)?;
    accounts.touch(&session, address);
    Ok(Caller { user: session.user, session })
}

/// The token of `Authorization: Bearer <token>`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

fn address(proxies: &Proxies, extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
    let RemoteAddress(remote) = extensions.get().expect("the accept loop puts it into every request");
    proxies.client(remote.ip(), headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        let bearer_of = |value: &'static str| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, http::HeaderValue::from_static(value))]);
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(bearer_of("Bearer rim_x").as_deref(), Some("rim_x"));
        assert_eq!(bearer_of("bearer  rim_x ").as_deref(), Some("rim_x"));
        assert_eq!(bearer_of("Basic rim_x"), None);
        assert_eq!(bearer_of("rim_x"), None);
        assert_eq!(bearer_of(""), None);
    }

    #[test]
    fn nothing_near_an_open_path_is_open() {
        assert!(is_open("/api/user/login"));
        for path in
            ["/api", "/api/", "/api/user/login/", "/api/user/Login", "/api/user", "/api/docs/", "/api/server"]
        {
            assert!(!is_open(path), "{path}");
        }
    }
}
