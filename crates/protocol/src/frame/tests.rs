use super::*;

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("serializable")
}

fn encoded(encode: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    encode(&mut out);
    String::from_utf8(out).expect("text")
}

#[test]
fn frames_out_have_the_fixed_key_order() {
    assert_eq!(
        encoded(|out| Ack { client_msg_id: "c1", server_msg_id: Some(30001) }.encode(out)),
        r#"{"clientMsgId":"c1","serverMsgId":30001,"kind":"Ack","content":"Ok"}"#
    );
    let store = StoreState { id: "5e".into(), epoch: 7 };
    assert_eq!(
        encoded(|out| LoginAck { client_msg_id: "c1", store: &store }.encode(out)),
        r#"{"clientMsgId":"c1","serverMsgId":null,"kind":"Ack","content":"Ok","store":{"id":"5e","epoch":7}}"#
    );
    assert_eq!(
        encoded(|out| Failure::new("c1", ErrorCode::NotAllowed, "no").encode(out)),
        r#"{"clientMsgId":"c1","serverMsgId":null,"kind":"Error","content":"no","code":403}"#
    );
    let delivery = Delivery {
        kind: Kind::Text,
        uid: 101,
        gid: 2001,
        content: "hi",
        client_msg_id: "c1",
        msg_id: 30001,
        seq: 7,
        rev: 9,
        created_at: 5,
    };
    assert_eq!(
        encoded(|out| delivery.encode(out)),
        r#"{"event":"Msg","body":{"kind":"Text","uid":101,"gid":2001,"content":"hi","clientMsgId":"c1","msgId":30001,"seq":7,"rev":9,"createdAt":5}}"#
    );
}

#[test]
fn login_ignores_gid_and_kind_whatever_they_hold() {
    let frame = r#"{"event":"Login","body":{"kind":[1],"uid":1,"gid":"x","content":"t","clientMsgId":"c"}}"#;
    let request = Request::parse(frame).expect("a login");
    assert_eq!(request.command, Command::Login { uid: 1, token: "t".into(), echo: false });
}

#[test]
fn a_wrong_field_is_answered_with_the_client_msg_id() {
    let frame =
        r#"{"event":"Msg","body":{"kind":"Text","uid":"1","gid":2,"content":"x","clientMsgId":"c9"}}"#;
    let rejection = Request::parse(frame).expect_err("uid is a string");
    assert_eq!(rejection.client_msg_id, "c9");
    assert_eq!(rejection.code, ErrorCode::WrongField);
    assert!(rejection.reason.starts_with("uid:"), "{}", rejection.reason);
}

#[test]
fn ids_from_two_to_the_53_are_out_of_range() {
    for (number, fits) in [(ID_LAST, true), (ID_LAST + 1, false)] {
        let frame =
            format!(r#"{{"event":"Read","body":{{"uid":1,"gid":{number},"msgId":1,"clientMsgId":"c"}}}}"#);
        assert_eq!(Request::parse(&frame).is_ok(), fits, "{number}");
    }
}

const ID_LAST: u64 = crate::id::ID_END - 1;

#[test]
fn heart_needs_nothing_but_its_id() {
    let request = Request::parse(r#"{"event":"Heart","body":{"clientMsgId":"h"}}"#).expect("a heart");
    assert_eq!(request.command, Command::Heart);
    assert!(Request::parse(r#"{"event":"Heart","body":{}}"#).is_err());
}

#[test]
fn a_watch_names_up_to_so_many_users() {
    for count in [0, 1, limits::MAX_WATCHED] {
        let uids: Vec<u64> = (1..=count as u64).collect();
        let frame = OutgoingWatch { uid: 1, client_msg_id: "w", uids: &uids }.encode();
        let request = Request::parse(&frame).expect("a watch");
        assert_eq!(request.command, Command::Watch { uid: 1, uids });
    }
}

#[test]
fn a_list_of_uids_that_is_none_is_answered_with_what_is_allowed() {
    let too_many = json(&Vec::from_iter(0..=limits::MAX_WATCHED));
    for wrong in ["7", "\"7\"", "{}", "[null]", "[[7]]", "[-1]", "[7,\"8\",9]", &too_many] {
        let frame = format!(r#"{{"event":"Watch","body":{{"uid":1,"clientMsgId":"w","uids":{wrong}}}}}"#);
        let rejection = Request::parse(&frame).expect_err(wrong);
        assert_eq!((rejection.code, &*rejection.client_msg_id), (ErrorCode::WrongField, "w"));
        assert_eq!(rejection.reason, "uids: must be a list of at most 500 ids of users");
    }
    let rejection = Request::parse(r#"{"event":"Watch","body":{"uid":1,"clientMsgId":"w"}}"#);
    let reason = rejection.expect_err("no list").reason;
    assert_eq!(reason, "uids: required, a list of at most 500 ids of users");
}

#[test]
fn events_that_watch_nobody_ignore_what_uids_hold() {
    for uids in ["7", "[\"x\",{}]", "[1,2,3]"] {
        let frame = format!(r#"{{"event":"Heart","body":{{"clientMsgId":"h","uids":{uids}}}}}"#);
        assert_eq!(Request::parse(&frame).expect("a heart").command, Command::Heart);
    }
}

#[test]
fn rubbish_is_not_understood() {
    for rubbish in [
        "",
        "x",
        "[]",
        "{}",
        "null",
        r#"["Heart",{}]"#,
        r#"{"event":"Heart"}"#,
        r#"{"event":"Heart","body":["Text",1,2,"x","h"]}"#,
    ] {
        let rejection = Request::parse(rubbish).expect_err(rubbish);
        assert_eq!(rejection.code, ErrorCode::NotUnderstood, "{rubbish}");
        assert_eq!(rejection.client_msg_id, "");
    }
}

#[test]
fn a_client_reads_what_the_server_writes() {
    let ack = encoded(|out| Ack { client_msg_id: "c", server_msg_id: None }.encode(out));
    let answer: Incoming = serde_json::from_str(&ack).expect("an ack");
    assert!(matches!(answer, Incoming::Answer(IncomingAnswer { code: None, .. })));
    let notify = Notify {
        kind: Notice::MembersAdded,
        uid: 1,
        gid: Some(2),
        content: "",
        client_msg_id: "",
        msg_id: None,
        seq: None,
        rev: Some(4),
        uids: &[5, 7],
        role: None,
        created_at: 6,
        name: None,
        user: None,
        from_rev: Some(3),
    };
    let text = encoded(|out| notify.encode(out));
    assert_eq!(
        text,
        r#"{"event":"Notify","body":{"kind":"MembersAdded","uid":1,"gid":2,"content":"","clientMsgId":"","msgId":null,"rev":4,"uids":[5,7],"createdAt":6,"fromRev":3}}"#
    );
    let incoming: Incoming = serde_json::from_str(&text).expect("a notify");
    assert!(matches!(incoming, Incoming::Event(IncomingEvent::Notify(notice)) if notice.from_rev == Some(3)));
}
