//! Which part of a file is asked for: RFC 9110, one range of bytes. Players ask for nothing else.

use std::ops::Range;

use http::HeaderMap;
use http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};

/// What of a file a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// All of it; also where several ranges are asked for, which a server need not answer, or what is no range.
    Whole,
    /// These bytes, at least one.
    Part(Range<u64>),
    /// Bytes behind its end.
    Nothing,
}

/// What is asked for of `size_bytes` that are known by `etag`.
pub(super) fn asked(headers: &HeaderMap, size_bytes: u64, etag: &str) -> Asked {
    let mut ranges = headers.get_all(RANGE).iter();
    let (Some(range), None) = (ranges.next(), ranges.next()) else { return Asked::Whole };
    // Whoever has a part of something else is to get all of this. A date is no ETag, and there are no dates here.
    if headers.get(IF_RANGE).is_some_and(|known| known != etag) {
        return Asked::Whole;
    }
    range.to_str().ok().and_then(|range| part(range, size_bytes)).unwrap_or(Asked::Whole)
}

/// One range; `None` for what is none.
fn part(range: &str, size_bytes: u64) -> Option<Asked> {
    let (unit, range) = range.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let part = if first.is_empty() {
        size_bytes.saturating_sub(number(last)?)..size_bytes
    } else {
        let (first, last) = (number(first)?, if last.is_empty() { u64::MAX } else { number(last)? });
        if last < first {
            return None;
        }
        first..last.saturating_add(1).min(size_bytes)
    };
    Some(if part.is_empty() { Asked::Nothing } else { Asked::Part(part) })
}

/// Digits alone. What is larger than any file is behind its end.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Whether whoever asks has what is known by `etag` already.
pub(super) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let lists = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut known = lists.flat_map(|list| list.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const ETAG: &str = "\"ab\"";

    fn headers(pairs: &[(http::HeaderName, &str)]) -> HeaderMap {
        let value = |value: &str| HeaderValue::from_str(value).expect("a value");
        pairs.iter().map(|(name, text)| (name.clone(), value(text))).collect()
    }

    fn asked_by(range: &str) -> Asked {
        asked(&headers(&[(RANGE, range)]), 100, ETAG)
    }

    #[test]
    fn one_range_is_answered_as_far_as_there_are_bytes() {
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-", 0..100),
            ("bytes=10-19", 10..20),
            ("bytes=90-1000", 90..100),
            ("bytes=99-99999999999999999999999", 99..100),
            ("bytes=-1", 99..100),
            ("bytes=-1000", 0..100),
            ("Bytes = 5-5", 5..6),
        ] {
            assert_eq!(asked_by(range), Asked::Part(part), "{range}");
        }
    }

    #[test]
    fn what_begins_behind_the_end_is_nothing() {
        for range in ["bytes=100-", "bytes=100-200", "bytes=99999999999999999999999-", "bytes=-0"] {
            assert_eq!(asked_by(range), Asked::Nothing, "{range}");
        }
        assert_eq!(asked(&headers(&[(RANGE, "bytes=0-")]), 0, ETAG), Asked::Nothing, "of an empty file");
    }

    #[test]
    fn several_ranges_and_what_is_no_range_is_the_whole() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5",
            "bytes=5-4",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=0-1,5-6",
            "bytes=0-0,-1",
            "lines=0-1",
            "bytes=1 - 2",
        ] {
            assert_eq!(asked_by(range), Asked::Whole, "{range:?}");
        }
        assert_eq!(asked(&HeaderMap::new(), 100, ETAG), Asked::Whole);
        let mut twice = headers(&[(RANGE, "bytes=0-1")]);
        twice.append(RANGE, HeaderValue::from_static("bytes=2-3"));
        assert_eq!(asked(&twice, 100, ETAG), Asked::Whole);
    }

    #[test]
    fn who_has_a_part_of_something_else_gets_all_of_this() {
        let with = |known| asked(&headers(&[(RANGE, "bytes=1-1"), (IF_RANGE, known)]), 100, ETAG);
        assert_eq!(with(ETAG), Asked::Part(1..2));
        for other in ["\"cd\"", "W/\"ab\"", "ab", "Wed, 21 Oct 2015 07:28:00 GMT", ""] {
            assert_eq!(with(other), Asked::Whole, "{other}");
        }
    }

    #[test]
    fn what_somebody_has_is_known_by_its_etag() {
        for list in [ETAG, "\"x\", \"ab\"", "W/\"ab\"", "*"] {
            assert!(is_known(&headers(&[(IF_NONE_MATCH, list)]), ETAG), "{list}");
        }
        for list in ["\"x\"", "ab", ""] {
            assert!(!is_known(&headers(&[(IF_NONE_MATCH, list)]), ETAG), "{list}");
        }
    }
}
