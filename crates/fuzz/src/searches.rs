//! What people search for, and texts that it is looked for in: the index finds whatever matches, and what is marked is there.

use rim_core::search::{Query, Term, terms};

/// A line that is asked for, and behind it the text.
pub fn search(bytes: &[u8]) {
    let both = String::from_utf8_lossy(bytes);
    let (asked, text) = both.split_once('\n').unwrap_or((&both, &both));
    let Ok(query) = Query::parse(asked) else { return };
    let Some(ranges) = query.matches(text) else { return };
    let known = terms(text);
    for term in query.terms() {
        assert!(match &term {
            Term::Whole(term) => known.contains(term),
            Term::Beginning(begin) => known.iter().any(|term| term.starts_with(begin)),
        });
    }
    let units: Vec<_> = text.encode_utf16().collect();
    let mut last = 0;
    for (from, to) in ranges {
        assert!(last <= from && from < to);
        assert!(String::from_utf16(&units[from as usize..to as usize]).is_ok());
        last = to;
    }
}
