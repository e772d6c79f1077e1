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
        beside: None,
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
fn a_message_with_nothing_beside_its_content_is_a_plain_one() {
    let parse = |rest: &str| {
        let frame = format!(
            r#"{{"event":"Msg","body":{{"kind":"Text","uid":1,"gid":2,"content":"x","clientMsgId":"c"{rest}}}}}"#
        );
        let request = Request::parse(&frame).map_err(|rejection| rejection.reason)?;
        let Command::Msg { extras, .. } = request.command else { panic!("a message") };
        Ok::<_, String>(extras.map(|extras| *extras))
    };
    for nothing in ["", r#","replyTo":null,"mentions":[],"mentionAll":false"#, r#","mentions":null"#] {
        assert_eq!(parse(nothing), Ok(None));
    }
    let all = Extras { reply_to: Some(7), mentions: vec![8, 9], mention_all: true };
    assert_eq!(parse(r#","replyTo":7,"mentions":[8,9],"mentionAll":true"#), Ok(Some(all.clone())));
    let most: Vec<u64> = (0..=limits::MAX_MENTIONS as u64).collect();
    assert!(parse(&format!(r#","mentions":{}"#, json(&&most[1..]))).is_ok());
    let refused = parse(&format!(r#","mentions":{}"#, json(&most)));
    assert_eq!(refused, Err("mentions: must be a list of at most 50 ids of users".to_owned()));
    let frame = Outgoing {
        kind: "Text",
        uid: 1,
        gid: Some(2),
        content: "x",
        client_msg_id: "c",
        msg_id: None,
        echo: false,
    };
    let frame = OutgoingBeside { frame, extras: &all }.encode("Msg");
    let request = Request::parse(&frame).expect("as a client writes it");
    assert!(matches!(request.command, Command::Msg { extras: Some(extras), .. } if *extras == all));
}

#[test]
fn an_edit_names_the_kind_that_it_makes_or_keeps_it() {
    let parse = |kind: &str, content: &str| {
        let frame = format!(
            r#"{{"event":"Edit","body":{{{kind}"uid":1,"gid":2,"msgId":3,"content":"{content}","clientMsgId":"e"}}}}"#
        );
        match Request::parse(&frame).map(|request| request.command) {
            Ok(Command::Act { act, .. }) => match *act {
                Act::Edit { kind, .. } => Ok(kind),
                other => panic!("{other:?}"),
            },
            Ok(other) => panic!("{other:?}"),
            Err(rejection) => Err(rejection.reason),
        }
    };
    assert_eq!(parse("", "new"), Ok(None));
    assert_eq!(parse(r#""kind":null,"#, "new"), Ok(None));
    assert_eq!(parse(r#""kind":"RichText","#, "**new**"), Ok(Some(Kind::RichText)));
    assert!(parse(r#""kind":"Merged","#, "{}").is_err());
    // What no reader of marks should get is none of a message whose kind nobody has said.
    let nested = ">".repeat(limits::MAX_RICH_TEXT_DEPTH + 1);
    assert!(parse("", &nested).is_err());
    assert_eq!(parse(r#""kind":"Text","#, &nested), Ok(Some(Kind::Text)));
}

#[test]
fn a_reaction_is_told_as_unicode_spells_it() {
    for heart in ["\u{2764}", "\u{2764}\u{FE0F}"] {
        let frame = format!(
            r#"{{"event":"React","body":{{"uid":1,"gid":2,"msgId":3,"content":"{heart}","clientMsgId":"r"}}}}"#
        );
        let Ok(Request { command: Command::Act { act, .. }, .. }) = Request::parse(&frame) else {
            panic!("an act")
        };
        assert!(matches!(*act, Act::React(emoji) if emoji.as_str() == "\u{2764}\u{FE0F}"));
    }
}

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
        msg: None,
        emoji: None,
        msg_ids: &[],
        seqs: &[],
        id: None,
    };
    let text = encoded(|out| notify.encode(out));
    assert_eq!(
        text,
        r#"{"event":"Notify","body":{"kind":"MembersAdded","uid":1,"gid":2,"content":"","clientMsgId":"","msgId":null,"rev":4,"uids":[5,7],"createdAt":6,"fromRev":3}}"#
    );
    let incoming: Incoming = serde_json::from_str(&text).expect("a notify");
    assert!(matches!(incoming, Incoming::Event(IncomingEvent::Notify(notice)) if notice.from_rev == Some(3)));
}
