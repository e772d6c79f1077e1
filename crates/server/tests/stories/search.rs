//! Search: everybody finds what they may see, as it is now, whichever node they ask.

use serde_json::{Value, json};

use crate::world::{Person, TestServer};

async fn search(of: &Person, body: Value) -> Value {
    of.post("/api/message/search", body).await.data()
}

async fn ids(of: &Person, body: Value) -> Vec<u64> {
    let found = search(of, body).await;
    assert_eq!(found["partial"], json!(false), "{found}");
    found["hits"]
        .as_array()
        .expect("hits")
        .iter()
        .map(|hit| hit["msg"]["id"].as_u64().expect("an id"))
        .collect()
}

/// The texts between the ranges of a hit.
fn marked(hit: &Value) -> Vec<String> {
    let text = hit["text"].as_str().or_else(|| hit["msg"]["content"].as_str()).expect("a text");
    let units: Vec<_> = text.encode_utf16().collect();
    let ranges = hit["ranges"].as_array().expect("ranges").iter();
    let at = |value: &Value| value.as_u64().expect("a place") as usize;
    ranges.map(|range| String::from_utf16(&units[at(&range[0])..at(&range[1])]).expect("whole")).collect()
}

#[tokio::test]
async fn what_is_sent_is_found_at_once_by_those_who_may_see_it() {
    let server = TestServer::start().await;
    let (anna, bob, cleo) = (server.user("anna").await, server.user("bob").await, server.user("cleo").await);
    let gid = anna.group_with(&[&bob]).await;
    let mut of_anna = anna.connect().await;
    let first = of_anna.send(gid, "😀 会议在二楼 Straße", "a1").await;
    let second = of_anna.send(gid, "另一个会议室", "a2").await;
    anna.change(gid, 1, &[&cleo]).await.ok(true);
    let third = of_anna.send(gid, "the last 会议", "a3").await;

    let found = search(&bob, json!({"q": "会议"})).await;
    assert_eq!(
        (&found["more"], &found["partial"], &found["next"]),
        (&json!(false), &json!(false), &Value::Null)
    );
    let hits = found["hits"].as_array().expect("hits");
    assert_eq!(hits.iter().map(|hit| hit["msg"]["id"].clone()).collect::<Vec<_>>(), [third, second, first]);
    assert_eq!(hits.iter().map(marked).collect::<Vec<_>>(), [["会议"], ["会议"], ["会议"]]);
    assert_eq!((&hits[0]["group"]["id"], &hits[0]["user"]["id"]), (&json!(gid), &json!(anna.uid)));
    assert_eq!(hits[0]["user"]["email"], "", "of another");
    let found = search(&bob, json!({"q": "strasse "})).await;
    assert_eq!(marked(&found["hits"][0]), ["Straße"]);

    assert_eq!(ids(&bob, json!({"q": "会议", "size": 2})).await, [third, second]);
    let page = search(&bob, json!({"q": "会议", "size": 2})).await;
    assert_eq!((&page["more"], &page["next"]), (&json!(true), &json!(second)));
    assert_eq!(ids(&bob, json!({"q": "会议", "size": 2, "beforeId": second})).await, [first]);
    assert_eq!(ids(&cleo, json!({"q": "会议"})).await, [third], "who came later");
    assert_eq!(ids(&bob, json!({"q": "会议 -另一个", "gid": gid})).await, [third, first]);
    assert_eq!(ids(&bob, json!({"q": "来自:anna 二楼"})).await, [first]);
    assert_eq!(ids(&bob, json!({"q": "会议", "uid": bob.uid})).await, Vec::<u64>::new());
    assert_eq!(ids(&bob, json!({"kinds": ["Text"], "size": 1})).await, [third]);

    of_anna.does("Edit", gid, third, "nothing of it", "a4").await;
    of_anna.does("Recall", gid, second, "", "a5").await;
    bob.post("/api/message/hide", json!({"gid": gid, "msgIds": [first]})).await.ok(true);
    assert_eq!(ids(&bob, json!({"q": "会议"})).await, Vec::<u64>::new());
    assert_eq!(ids(&anna, json!({"q": "会议"})).await, [first]);
    assert_eq!(ids(&bob, json!({"q": "nothing"})).await, [third]);
    let stranger = server.user("stranger").await;
    assert_eq!(ids(&stranger, json!({"q": "nothing"})).await, Vec::<u64>::new());
    let refused = stranger.post("/api/message/search", json!({"q": "nothing", "gid": gid})).await;
    refused.refused("you are not a member of this group");
}

#[tokio::test]
async fn names_of_files_are_found_and_dates_are_those_of_a_zone() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[&bob]).await;
    let content = json!({"url": "/x", "name": "Budget 预算.xlsx", "size": 3}).to_string();
    let sent = json!({"gid": gid, "kind": "File", "content": content});
    let file = anna.post("/api/message/send", sent).await.data()["id"].as_u64().expect("an id");
    let found = search(&bob, json!({"q": "预算", "has": ["file"]})).await;
    assert_eq!(found["hits"][0]["text"], "Budget 预算.xlsx");
    assert_eq!(marked(&found["hits"][0]), ["预算"]);
    assert_eq!(ids(&bob, json!({"q": "has:file budget"})).await, [file]);
    assert_eq!(ids(&bob, json!({"q": "budget", "has": ["image", "video"]})).await, Vec::<u64>::new());

    // Where it is another day.
    let day = |zone: &str| {
        let now = jiff::Timestamp::from_millisecond(server.now().0).expect("a time");
        now.in_tz(zone).expect("a zone").date().to_string()
    };
    let (east, west) = (day("Pacific/Kiritimati"), day("Pacific/Pago_Pago"));
    assert_ne!(east, west, "they are 25 hours apart");
    for (q, zone, is_found) in [
        (format!("on:{east}"), "Pacific/Kiritimati", true),
        (format!("on:{west}"), "Pacific/Kiritimati", false),
        (format!("on:{west}"), "Pacific/Pago_Pago", true),
        (format!("after:{east}"), "Pacific/Kiritimati", true),
        (format!("before:{east}"), "Pacific/Kiritimati", false),
        (format!("日期:{}", &west[..4]), "Pacific/Pago_Pago", true),
    ] {
        assert_eq!(ids(&bob, json!({"q": q, "zone": zone})).await.contains(&file), is_found, "{q} {zone}");
    }
    let now = server.now().0;
    assert_eq!(ids(&bob, json!({"q": "budget", "before": now + 1, "after": now - 1_000})).await, [file]);
    assert_eq!(ids(&bob, json!({"q": "budget", "before": now - 1_000})).await, Vec::<u64>::new());
}

#[tokio::test]
async fn a_search_is_refused_in_words_where_it_is_too_much_and_unknown_where_it_is_off() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let too_long = anna.post("/api/message/search", json!({"q": "会".repeat(257)})).await;
    too_long.fails(422, 422, "a search has at most 256 characters");
    for (q, reason) in [
        ("a ".repeat(11), "a search has at most 10 words, phrases and operators"),
        ("on:2026-02-30".to_owned(), "there is no such date: it is written as 2026-11-22"),
    ] {
        anna.post("/api/message/search", json!({"q": q})).await.refused(reason);
    }
    for nothing in [json!({}), json!({"q": "  !! "}), json!({"q": "from:"})] {
        assert_eq!(ids(&anna, nothing).await, Vec::<u64>::new());
    }
    let features = |info: Value| info["features"].as_array().expect("features").contains(&json!("search"));
    assert!(features(server.ask("GET", "/api/server/info", "").await.data()));
    let server = TestServer::start_with(&["--search=off"]).await;
    let anna = server.user("anna").await;
    anna.post("/api/message/search", json!({"q": "x"})).await.fails(404, 404, "invalid request");
    assert!(!features(server.ask("GET", "/api/server/info", "").await.data()));
}

#[tokio::test]
async fn who_types_is_never_refused_and_who_floods_is() {
    let server = TestServer::start_with(&["--limits=on"]).await;
    let anna = server.user("anna").await;
    // A letter each 200 ms, for twenty seconds.
    for _ in 0..100 {
        assert_eq!(anna.post("/api/message/search", json!({"q": "word"})).await.status, 200);
    }
    // Of several nodes each counts for itself.
    let mut more = 0;
    while anna.post("/api/message/search", json!({"q": "word"})).await.status == 200 {
        more += 1;
        assert!(more < 1000, "it ends");
    }
    server.sleeps(1).await;
    assert_eq!(anna.post("/api/message/search", json!({"q": "word"})).await.status, 200);
    assert_eq!(server.count("rim_searches_total{outcome=\"refused\"} ").await, 1);
    assert_eq!(server.count("rim_searches_total{outcome=\"whole\"} ").await, 101 + more);
    assert_eq!(server.count("rim_search_duration_seconds_count ").await, 101 + more);
}
