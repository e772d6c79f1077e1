//! `POST /api/message/search`

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use governor::clock::{Clock as _, Reference as _};
use jiff::ToSpan;
use jiff::civil;
use jiff::tz::TimeZone;
use rim_core::message::MessageKind;
use rim_core::search::{self, Date, Filter, MAX_HITS, MAX_ZONE_CHARS, Query, Search, Test};
use rim_core::{GroupId, MessageId, Refusal, Timestamp, UserId};
use rim_protocol::Id;
use rim_protocol::Kind;
use rim_protocol::rest::{Group, Message, User};
use rim_store::search::Found;
use rim_store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::Config;
use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::life::Life;
use crate::limits::RateLimits;
use crate::metrics::{Metrics, Outcome, SearchMetrics};
use crate::time::Time;
use crate::wire;

/// How long one search may look. What it has by then is answered.
const PATIENCE: Duration = Duration::from_millis(300);

const DEFAULT_SIZE: u32 = 20;

/// `POST /api/message/search`.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"q": "plan from:anna", "size": 20}))]
#[serde(rename_all = "camelCase")]
pub struct SearchRequest {
    /// Words, phrases in quotes, and operators; 256 characters and 10 of these at the most. The last word may be the beginning of
    /// one, unless a blank stands behind it.
    #[serde(default)]
    q: Option<String>,
    /// In this group alone.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    gid: Option<Id>,
    /// Of this sender alone.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    uid: Option<Id>,
    /// Of one of these kinds.
    #[serde(default)]
    kinds: Vec<Kind>,
    /// With one of these.
    #[serde(default)]
    has: Vec<SearchedFor>,
    /// Sent before that, Unix milliseconds.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    before: Option<Id>,
    /// Sent then or later, Unix milliseconds.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    after: Option<Id>,
    /// Only older ones: the `next` of the answer before.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    before_id: Option<Id>,
    /// 20 where left out, 50 at the most.
    #[serde(default)]
    size: Option<u32>,
    /// The zone of the dates in `q`, such as `Europe/Berlin`; the server's where left out or unknown.
    #[serde(default)]
    zone: Option<String>,
}

/// What a message may have.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SearchedFor {
    Link,
    Image,
    Video,
    Audio,
    File,
}

/// A message that was looked for.
#[derive(Serialize, ToSchema)]
pub struct SearchHit {
    msg: Message,
    group: Group,
    /// Its sender.
    user: User,
    /// What was looked at, where that is not the content: names of files and what is said of them, one a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    text: Option<String>,
    /// Where it has what was asked for: from and to in UTF-16 units of `text`, or of the content where there is none.
    ranges: Vec<[u32; 2]>,
}

/// What was found, the newest first.
#[derive(Serialize, ToSchema)]
pub struct SearchAnswer {
    hits: Vec<SearchHit>,
    /// Whether there may be more.
    more: bool,
    /// Whether some messages were not looked at, as that would have taken long.
    partial: bool,
    /// Where more begin.
    next: Option<u64>,
}

/// Search the messages that one may see
#[utoipa::path(
    post,
    path = "/api/message/search",
    tag = "message",
    responses((status = 200, body = SearchAnswer, description = "A page, the newest first.")),
)]
#[expect(clippy::too_many_arguments, reason = "what axum hands to it")]
pub(super) async fn search_messages(
    State(store): State<Arc<dyn Store>>,
    State(config): State<Arc<Config>>,
    State(limits): State<Arc<RateLimits>>,
    State(life): State<Life>,
    State(bounded): State<Bounded>,
    State(metrics): State<Arc<Metrics>>,
    caller: Caller,
    Json(body): Json<SearchRequest>,
) -> Result<Response, ApiError> {
    if !config.search {
        return Err(ApiError::InvalidRequest);
    }
    let metrics = &metrics.searches;
    let asked = || {
        limits.search(caller.user)?;
        asked(body, &config.time_zone)
    };
    let search = asked().inspect_err(|_: &ApiError| metrics.ended(Outcome::Refused))?;
    let (user, zone) = (caller.user, &config.time_zone);
    let looking = Looking { store: &*store, time: &life.time, metrics };
    let (looking, search) = (&looking, &search);
    bounded
        .object(user, |bytes| async move {
            if says_nothing(search) {
                return Ok(SearchAnswer { hits: Vec::new(), more: false, partial: false, next: None });
            }
            let found = looking.look(user, search, bytes).await?;
            Ok(answer(found, user, zone))
        })
        .await
}

struct Looking<'l> {
    store: &'l dyn Store,
    time: &'l Time,
    metrics: &'l SearchMetrics,
}

impl Looking<'_> {
    async fn look(&self, user: UserId, search: &Search, bytes: usize) -> Result<Found, StoreError> {
        let (time, begun, is_late) = (self.time.clone(), self.time.now(), Arc::new(AtomicBool::new(false)));
        let ended = Arc::clone(&is_late);
        let enough = move || {
            let is_enough = Duration::from(time.now().duration_since(begun)) >= PATIENCE;
            ended.fetch_or(is_enough, Ordering::Relaxed);
            is_enough
        };
        let found = self.store.search(user, search.clone(), bytes, Arc::new(enough)).await;
        let elapsed = Duration::from(self.time.now().duration_since(begun));
        match &found {
            Ok(found) => {
                let outcome = match (found.partial, is_late.load(Ordering::Relaxed)) {
                    (false, _) => Outcome::Whole,
                    (true, false) => Outcome::Partial,
                    (true, true) => Outcome::Late,
                };
                self.metrics.answered(outcome, elapsed, found.looked_at);
            }
            Err(StoreError::Refused(_)) => self.metrics.ended(Outcome::Refused),
            Err(_) => self.metrics.ended(Outcome::Failed),
        }
        found
    }
}

fn asked(body: SearchRequest, zone: &TimeZone) -> Result<Search, ApiError> {
    if body.kinds.len() > MessageKind::ALL.len() || body.has.len() > search::Has::ALL.len() {
        return Err(ApiError::WrongField("kinds and has name each once".into()));
    }
    if body.zone.as_ref().is_some_and(|zone| zone.trim().chars().count() > MAX_ZONE_CHARS) {
        return Err(ApiError::WrongField(format!("zone has at most {MAX_ZONE_CHARS} characters")));
    }
    let query = Query::parse(body.q.as_deref().unwrap_or_default());
    let query = query.map_err(|refusal| match refusal {
        Refusal::QueryTooLong(_) => ApiError::WrongField(refusal.to_string()),
        refusal => ApiError::Refused(refusal.to_string()),
    })?;
    let mut search = Search {
        group: body.gid.map(|gid| GroupId(gid.get())),
        sender: body.uid.map(|uid| UserId(uid.get())),
        kinds: body.kinds.into_iter().map(wire::stored_kind).collect(),
        has: body.has.into_iter().map(has).collect(),
        since: body.after.map(time),
        before: body.before.map(time),
        below: body.before_id.map(|id| MessageId(id.get())),
        limit: body.size.unwrap_or(DEFAULT_SIZE).clamp(1, MAX_HITS),
        query,
    };
    let zone = body.zone.and_then(|name| TimeZone::get(&name).ok()).unwrap_or_else(|| zone.clone());
    let (mut since, mut before) = (search.since, search.before);
    for Filter { test, .. } in &search.query.filters {
        let (Test::Before(date) | Test::After(date) | Test::On(date)) = test else { continue };
        let (begin, end) = times(*date, &zone)?;
        if !matches!(test, Test::Before(_)) {
            since = since.max(Some(begin));
        }
        let until = match test {
            Test::Before(_) => Some(begin),
            Test::On(_) => Some(end),
            _ => None,
        };
        before = [before, until].into_iter().flatten().min();
    }
    (search.since, search.before) = (since, before);
    Ok(search)
}

/// When a day, month or year begins and ends.
fn times(Date { year, month, day }: Date, zone: &TimeZone) -> Result<(Timestamp, Timestamp), ApiError> {
    let times = || {
        let first = civil::Date::new(year, month.unwrap_or(1), day.unwrap_or(1))?;
        let length = match (month, day) {
            (_, Some(_)) => 1.day(),
            (Some(_), None) => 1.month(),
            (None, None) => 1.year(),
        };
        let at = |date: civil::Date| {
            date.to_zoned(zone.clone()).map(|at| Timestamp(at.timestamp().as_millisecond()))
        };
        Ok::<_, jiff::Error>((at(first)?, at(first.checked_add(length)?)?))
    };
    times().map_err(|_| ApiError::Refused("there is no such date: it is written as 2026-11-22".into()))
}

fn says_nothing(search: &Search) -> bool {
    let Search { query, group: _, sender, kinds, has, since, before, .. } = search;
    query.says_nothing()
        && sender.is_none()
        && kinds.is_empty()
        && has.is_empty()
        && since.is_none()
        && before.is_none()
}

fn time(ms: Id) -> Timestamp {
    Timestamp(i64::try_from(ms.get()).unwrap_or(i64::MAX))
}

const fn has(wanted: SearchedFor) -> search::Has {
    match wanted {
        SearchedFor::Link => search::Has::Link,
        SearchedFor::Image => search::Has::Image,
        SearchedFor::Video => search::Has::Video,
        SearchedFor::Audio => search::Has::Audio,
        SearchedFor::File => search::Has::File,
    }
}

fn answer(found: Found, viewer: UserId, zone: &TimeZone) -> SearchAnswer {
    let hits = found.hits.into_iter().filter_map(|hit| {
        let group = found.groups.iter().find(|group| group.id == hit.message.group)?;
        let user = found.users.iter().find(|user| user.id == hit.message.sender)?;
        Some(SearchHit {
            msg: wire::message(&hit.message, zone),
            group: wire::group(group),
            user: wire::user(user, viewer),
            text: hit.text,
            ranges: hit.ranges.into_iter().map(|(from, to)| [from, to]).collect(),
        })
    });
    SearchAnswer {
        hits: hits.collect(),
        more: found.next.is_some(),
        partial: found.partial,
        next: found.next.map(|id| id.0),
    }
}
