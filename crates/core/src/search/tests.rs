use super::*;
use crate::Refusal;

fn query(text: &str) -> Query {
    Query::parse(text).expect("it is short")
}

fn finds(asked: &str, text: &str) -> bool {
    query(asked).matches(text).is_some()
}

/// What the ranges of a text are.
fn shown(asked: &str, text: &str) -> Vec<String> {
    let units: Vec<_> = text.encode_utf16().collect();
    let ranges = query(asked).matches(text).unwrap_or_default();
    let cut = |&(from, to): &Range| String::from_utf16(&units[from as usize..to as usize]).expect("whole");
    ranges.iter().map(cut).collect()
}

fn has_term(terms: &[String], term: &Term) -> bool {
    match term {
        Term::Whole(term) => terms.contains(term),
        Term::Beginning(begin) => terms.iter().any(|term| term.starts_with(begin.as_str())),
    }
}

#[test]
fn scripts_without_blanks_are_found_by_any_part_of_a_text() {
    for (asked, text) in [
        ("会", "明天开会议"),
        ("会议", "明天开会议"),
        ("开会议", "明天开会议"),
        ("𠮷野", "去𠮷野家吃饭"),
        ("ラーメン", "今日はラーメンを食べた"),
        ("ﾗｰﾒﾝ", "ラーメン"),
        ("ｶﾞｷﾞ", "ガギグ"),
        ("가나", "오늘은 가나다"),
        ("\u{1112}\u{1161}\u{11ab}", "한글"),
        ("ภาษา", "ฉันพูดภาษาไทย"),
        ("重跑", "重跑gen-itgc后"),
        ("itgc", "重跑gen-itgc后"),
        ("后", "重跑gen-itgc后"),
        ("🎉", "好🎉🎉"),
        ("⏰", "好⏰"),
        ("▶️", "▶ play"),
    ] {
        assert!(finds(asked, text), "{asked} in {text}");
    }
    for (asked, text) in [("会议", "会 议"), ("议会", "会议"), ("gen后", "gen-itgc后"), ("🎈", "🎉")]
    {
        assert!(!finds(asked, text), "{asked} in {text}");
    }
}

#[test]
fn words_are_whole_but_for_the_one_that_is_being_typed() {
    assert!(finds("meet", "Meeting at noon") && finds("meeting ", "Meeting at noon"));
    assert!(!finds("meet ", "Meeting at noon") && !finds("eeting", "Meeting at noon"));
    assert!(!finds("meet noon", "Meeting at noon") && finds("at noo", "Meeting at noon"));
    assert!(!finds("\"at noo\"", "Meeting at noon") && finds("\"at noo", "Meeting at noon"));
    assert!(finds("a", "An apple") && !finds("a ", "An apple"));
}

#[test]
fn marks_and_case_and_forms_make_no_difference_where_people_leave_them_out() {
    for (asked, text) in [
        ("zoe ", "Zoë"),
        ("ZOË ", "zoe"),
        ("strasse ", "Straße"),
        ("οδος ", "ΟΔΌΣ"),
        ("istanbul ", "İstanbul"),
        ("lodz ", "Łódź"),
        ("tieng viet ", "Tiếng Việt"),
        ("елка ", "Ёлка"),
        ("ANNA ", "ａｎｎａ"),
        ("finn ", "ﬁnn"),
        ("كتاب ", "كِتَابٌ"),
        ("احمد ", "أحمد"),
        ("كتابي ", "کتابی"),
        ("علی ", "على"),
        ("1405 ", "۱۴۰۵"),
        ("۲۶ ", "٢٦"),
        ("שלום ", "שָׁלוֹם"),
        ("anna ", "an\u{200B}na\u{200E}"),
        ("soft ", "so\u{AD}ft"),
    ] {
        assert!(finds(asked, text), "{asked} in {text}");
    }
    for (asked, text) in [("мои ", "мой"), ("हिंद ", "हिंदी"), ("か", "が")] {
        assert!(!finds(asked, text), "{asked} in {text}");
    }
}

#[test]
fn identifiers_and_addresses_are_found_in_parts_and_whole() {
    for (text, all) in [
        ("call readFileSync2 now", &["readfilesync2 ", "read ", "file ", "filesync ", "sync ", "2 "][..]),
        ("see HTMLPage", &["html ", "page ", "htmlpage "]),
        ("snake_case-word.rs", &["snake_case-word.rs ", "snake ", "case ", "word ", "rs ", "case-word "]),
        ("https://www.example.org/a?b=c", &["example.org ", "www.example.org ", "example ", "org/a "]),
        ("mail anna@example.org", &["anna@example.org ", "anna ", "@example "]),
        ("#release v2.10", &["#release ", "v2.10 ", "2.10 "]),
    ] {
        for asked in all {
            assert!(finds(asked, text), "{asked} in {text}");
        }
    }
    assert!(!finds("ile ", "readFile"));
}

#[test]
fn phrases_exclusions_and_operators_are_told_apart() {
    assert!(finds("\"at noon\" meeting ", "Meeting at noon") && !finds("\"noon at\"", "Meeting at noon"));
    assert!(finds("meeting -evening", "meeting at noon") && !finds("meeting -noon", "meeting at noon"));
    assert!(finds("meeting -\"noon at\"", "meeting at noon") && !finds("x -\"at noon\"", "x at noon"));
    assert!(finds("“at noon”", "at noon") && finds("at-noon ", "at noon"));
    let asked = query(
        "from:anna -in:\"Big group\" 来自：张三 發自:me has:图片 is:starred on:2026-11 kind:richtext -x foo:bar",
    );
    let filter = |not, test| Filter { not, test };
    assert_eq!(
        asked.filters,
        [
            filter(false, Test::From("anna".into())),
            filter(true, Test::In("Big group".into())),
            filter(false, Test::From("张三".into())),
            filter(false, Test::From("me".into())),
            filter(false, Test::Has(Has::Image)),
            filter(false, Test::Is(Is::Starred)),
            filter(false, Test::On(Date { year: 2026, month: Some(11), day: None })),
            filter(false, Test::Kind(MessageKind::RichText)),
        ]
    );
    assert_eq!((asked.all.len(), asked.none.len()), (1, 1), "foo:bar are two words that follow each other");
    assert!(finds("has:wings ", "it has wings"), "a value that nobody knows makes it words");
    assert!(query("from:").says_nothing() && query(" -- !! \"\" ").says_nothing());
}

#[test]
fn a_search_is_bounded() {
    let words = |count: usize| "a ".repeat(count);
    assert_eq!(Query::parse(&words(11)), Err(Refusal::TooManyTerms(10)));
    assert!(Query::parse(&words(10)).is_ok());
    assert!(Query::parse(&"会".repeat(256)).is_ok());
    assert_eq!(Query::parse(&"会".repeat(257)), Err(Refusal::QueryTooLong(256)));
    assert!(query(&"会议室".repeat(80)).terms().len() <= 8);
}

#[test]
fn ranges_are_those_of_the_text_as_it_was_written() {
    assert_eq!(shown("strasse", "😀 Große Straße, Strasse"), ["Straße", "Strasse"]);
    assert_eq!(shown("会议", "😀会议，会议"), ["会议", "会议"]);
    assert_eq!(shown("zoe ", "Zoe\u{308}!"), ["Zoe\u{308}"]);
    assert_eq!(shown("ガ", "ｶﾞ"), ["ｶﾞ"]);
    assert_eq!(shown("fi", "ﬁnn"), ["ﬁ"]);
    assert_eq!(shown("at at", "at-at at"), ["at", "at", "at"]);
    assert_eq!(shown("\"at noon\" noo", "at\nNoon"), ["at\nNoon"]);
    assert_eq!(query("a").matches(&"a ".repeat(1000)).expect("found").len(), 100);
}

#[test]
fn what_people_read_of_a_message_is_looked_at() {
    let text = |kind, content| said(kind, content).map(|said| said.as_str().to_owned());
    assert_eq!(text(MessageKind::Text, "hi").as_deref(), Some("hi"));
    assert_eq!(text(MessageKind::Text, ""), None);
    assert_eq!(text(MessageKind::Image, "https://example.org/x.png"), None);
    let file = r#"{"file":"x","name":"plan.pdf","caption":"the plan","mime":"application/pdf"}"#;
    assert_eq!(text(MessageKind::File, file).as_deref(), Some("plan.pdf\nthe plan"));
    let place = r#"{"latitude":1,"longitude":2,"name":"Café","address":"Rue 1"}"#;
    assert_eq!(text(MessageKind::Location, place).as_deref(), Some("Café\nRue 1"));
    assert_eq!(text(MessageKind::Custom, r#"{"name":"x"}"#), None);
    let item = |kind: &str, content: &str| serde_json::json!({"uid": 1, "name": "Anna", "kind": kind, "content": content, "createdAt": 1});
    let inner = serde_json::json!({"title": "inner", "items": [item("Text", "deep")]}).to_string();
    let merged = serde_json::json!({"title": "", "items": [item("Merged", &inner), item("File", file)]});
    assert_eq!(
        text(MessageKind::Merged, &merged.to_string()).as_deref(),
        Some("inner\ndeep\nplan.pdf\nthe plan")
    );
}

#[test]
fn a_character_that_is_a_sentence_makes_no_text_longer_than_a_message_may_be() {
    let text = "\u{FDFA}".repeat(21_000);
    let units = Folded::new(&text).units.len();
    assert!((1 << 16..(1 << 16) + 18).contains(&units), "{units}: up to the end of a character");
    assert!(finds("الله ", &text) && !finds("end ", &format!("{text} end")));
    assert!(finds("end ", &("é ".repeat(21_000) + "end")) && finds("会", &("ß".repeat(32_000) + "会")));
}

/// Pieces of which texts and queries are made by chance.
const PIECES: [&str; 44] = [
    "会",
    "议",
    "会议",
    "𠮷",
    "、",
    "。",
    "ラー",
    "ﾒﾝ",
    "ﾞ",
    "한",
    "\u{1112}\u{1161}",
    "ไทย",
    "ภา",
    "a",
    "ab",
    "Ab",
    "B",
    "9",
    "10",
    "é",
    "e\u{301}",
    "ß",
    "ﬁ",
    "İ",
    "й",
    "Ё",
    "क",
    "्ष",
    "ि",
    "كِ",
    "ש\u{5B0}",
    " ",
    " ",
    "_",
    "-",
    ".",
    "/",
    "\n",
    "\u{200D}",
    "🎉",
    "👍🏽",
    "\"",
    ":",
    "～",
];

fn made(chance: &mut fastrand::Rng, most: usize) -> String {
    let count = chance.usize(1..=most);
    (0..count).map(|_| PIECES[chance.usize(..PIECES.len())]).collect()
}

/// The index finds whatever matches: all terms of a query are among those of each text that it matches.
#[test]
fn what_matches_has_all_terms_of_the_query() {
    let mut chance = fastrand::Rng::with_seed(17);
    let mut found = 0;
    for _ in 0..60_000 {
        let (text, asked) = (made(&mut chance, 12), made(&mut chance, 4));
        let asked = query(&asked);
        if asked.matches(&text).is_some() {
            found += usize::from(asked.has_words());
            let terms = terms(&text);
            for term in asked.terms() {
                assert!(has_term(&terms, &term), "{term:?} of {asked:?} in {text:?}");
            }
        }
    }
    assert!(found > 1_000, "{found}");
}

/// Whatever part of a text somebody copies between two blanks, they find the text by it.
#[test]
fn a_text_is_found_by_each_of_its_words_as_they_stand_there() {
    let mut chance = fastrand::Rng::with_seed(18);
    for _ in 0..20_000 {
        let text = made(&mut chance, 10);
        for word in text.split_whitespace().filter(|word| !word.contains(['"', ':', '-'])) {
            let asked = query(&format!("{word} "));
            assert!(asked.says_nothing() || asked.matches(&text).is_some(), "{word:?} in {text:?}");
        }
    }
}

/// Against the plain meaning, where it is plain: parts of ideographs, and whole words of letters.
#[test]
fn ideographs_are_found_as_parts_of_texts_and_letters_as_words() {
    let mut chance = fastrand::Rng::with_seed(19);
    let made = |chance: &mut fastrand::Rng, most: usize, of: &[&str]| -> String {
        let count = chance.usize(1..=most);
        (0..count).map(|_| of[chance.usize(..of.len())]).collect()
    };
    for _ in 0..20_000 {
        let (text, asked) =
            (made(&mut chance, 12, &["会", "议", "室", "。"]), made(&mut chance, 4, &["会", "议", "室"]));
        assert_eq!(finds(&asked, &text), text.contains(&asked), "{asked} in {text}");
        let (text, asked) =
            (made(&mut chance, 12, &["a", "b", " ", ", "]), made(&mut chance, 3, &["a", "b"]));
        let is_word = text.split([' ', ',']).any(|word| word == asked);
        assert_eq!(finds(&format!("{asked} "), &text), is_word, "{asked} in {text}");
        let begins = text.split([' ', ',']).any(|word| word.starts_with(&asked));
        assert_eq!(finds(&asked, &text), begins, "{asked} in {text}");
    }
}

#[test]
fn ranges_ascend_do_not_overlap_and_are_whole_characters() {
    let mut chance = fastrand::Rng::with_seed(20);
    for _ in 0..20_000 {
        let text = made(&mut chance, 12);
        let asked = made(&mut chance, 3);
        let units: Vec<_> = text.encode_utf16().collect();
        let mut last = 0;
        for (from, to) in query(&asked).matches(&text).unwrap_or_default() {
            assert!(last <= from && from < to && to as usize <= units.len(), "{asked:?} in {text:?}");
            assert!(String::from_utf16(&units[from as usize..to as usize]).is_ok());
            last = to;
        }
    }
}

#[test]
fn terms_have_nothing_that_an_index_reads_as_its_own() {
    let mut chance = fastrand::Rng::with_seed(21);
    for _ in 0..20_000 {
        for term in terms(&made(&mut chance, 20)) {
            assert!(!term.is_empty() && term.chars().count() <= 33);
            assert!(!term.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\0'), "{term:?}");
            assert!(!term.contains(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric()), "{term:?}");
        }
    }
}
