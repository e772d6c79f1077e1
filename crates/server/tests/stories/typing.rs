//! Typing: the others see that somebody is writing, and it is kept nowhere.

use rim_client::protocol::frame::Notice;
use serde_json::json;

use crate::world::{Device, Person, TestServer};

async fn is_typing(device: &mut Device, gid: u64, id: &str) {
    device.put("Typing", gid, "", id, None).await;
    device.hears(format!(r#"{{"clientMsgId":"{id}","serverMsgId":null,"kind":"Ack","content":"Ok"}}"#)).await;
}

#[tokio::test]
async fn the_other_members_hear_once_in_three_seconds_that_somebody_is_typing() {
    let server = TestServer::start().await;
    let (anna, bob, carl) = (server.user("anna").await, server.user("bob").await, server.user("carl").await);
    let gid = anna.group_with(&[&bob, &carl]).await;
    let mut of_anna = anna.connect().await;
    let mut other = anna.connect().await;
    let (mut of_bob, mut of_carl) = (bob.connect().await, carl.connect().await);
    is_typing(&mut of_anna, gid, "t1").await;
    for device in [&mut of_bob, &mut of_carl] {
        let notice = device.notice(Notice::Typing).await;
        assert_eq!((notice.uid, notice.gid, notice.rev, notice.seq), (anna.uid, Some(gid), None, None));
    }
    // Once more, too soon; and another person is another.
    is_typing(&mut of_anna, gid, "t2").await;
    is_typing(&mut other, gid, "t2").await;
    is_typing(&mut of_bob, gid, "t3").await;
    assert_eq!(of_carl.notice(Notice::Typing).await.uid, bob.uid);
    assert_eq!(of_anna.notice(Notice::Typing).await.uid, bob.uid);
    server.seconds_pass(3).await;
    is_typing(&mut of_anna, gid, "t4").await;
    assert_eq!(of_carl.notice(Notice::Typing).await.uid, anna.uid);
    // It takes no `rev` and is in no store.
    let synced = carl.api.sync(&Default::default()).await.expect("synced");
    assert_eq!((synced.groups.len(), synced.groups[0].events.len()), (1, 1));
    assert_eq!(of_anna.send(gid, "hi", "a1").await, of_carl.message().await.msg_id);
}

#[tokio::test]
async fn strangers_do_not_type_and_large_groups_do_not_hear_it() {
    let server = TestServer::start_with(&["--limits=off"]).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[]).await;
    let mut of_bob = bob.connect().await;
    for gid in [gid, 4711] {
        of_bob.put("Typing", gid, "", "t", None).await;
        let answer = of_bob.answer().await;
        assert_eq!((answer.code, answer.content.as_str()), (Some(403), "you are not a member of this group"));
    }
    let mut others: Vec<Person> = vec![bob.clone()];
    for number in 0..199 {
        // Without a password, which would be hashed.
        let body = json!({"name": "m", "avatar": "", "account": format!("m{number}")}).to_string();
        let uid = server.ask("POST", "/api/user/create", &body).await.data().as_u64().expect("a uid");
        others.push(Person::new(server.address, uid, "m", anna.api.clone()));
    }
    let small = anna.group_with(&others[..199].iter().collect::<Vec<_>>()).await;
    let large = anna.group_with(&others.iter().collect::<Vec<_>>()).await;
    let mut of_anna = anna.connect().await;
    for _ in 0..2 {
        of_bob.notice(Notice::GroupCreated).await;
    }
    is_typing(&mut of_anna, large, "t1").await;
    is_typing(&mut of_anna, small, "t2").await;
    assert_eq!(of_bob.notice(Notice::Typing).await.gid, Some(small), "201 members are too many");
}
