//! Group chats: who may do what in them, and who hears of it.

use rim_client::Connection;
use rim_client::protocol::frame::Notice;
use serde_json::{Value, json};

use crate::world::{Device, Person, TestServer};

const NOT_ADMIN: &str = "only an admin of the group may do this";
const NOT_CREATOR: &str = "only the creator of the group may do this";
const NOT_MEMBER: &str = "you are not a member of this group";

async fn people<const N: usize>(server: &TestServer, accounts: [&str; N]) -> [Person; N] {
    let mut people = Vec::new();
    for account in accounts {
        people.push(server.user(account).await);
    }
    people.try_into().ok().expect("as many")
}

/// The members by order of joining, and their roles.
async fn members(viewer: &Person, gid: u64) -> Vec<(u64, u64)> {
    let list = viewer.get(&format!("/api/group/user/get?gid={gid}")).await.data();
    let row = |member: &Value| {
        (member["user"]["id"].as_u64().expect("an id"), member["role"].as_u64().expect("a role"))
    };
    list.as_array().expect("a list").iter().map(row).collect()
}

async fn creator(viewer: &Person, gid: u64) -> u64 {
    let groups = viewer.api.groups().await.expect("groups");
    groups.iter().find(|group| group.id == gid).expect("a member").creator_uid
}

async fn set_role(by: &Person, gid: u64, of: &Person, role: u8) -> crate::raw::Answer {
    by.post("/api/group/role/modify", json!({"gid": gid, "uid": of.uid, "role": role})).await
}

#[tokio::test]
async fn the_caller_is_creator_and_admin_whatever_the_body_says_and_everybody_counts_once() {
    let server = TestServer::start().await;
    let [anna, bob, carl] = people(&server, ["anna", "bob", "carl"]).await;
    let body = json!({
        "group": {"id": 4711, "name": "Lunch", "avatar": "l.png", "mode": 2, "creatorUid": bob.uid},
        "users": [
            {"uid": carl.uid, "role": 1}, {"uid": bob.uid, "role": 2}, {"uid": carl.uid, "role": 2},
            {"uid": anna.uid, "role": 1},
        ],
    });
    let gid = anna.post("/api/group/create", body).await.data().as_u64().expect("a gid");
    assert_ne!(gid, 4711);
    assert_eq!(members(&bob, gid).await, [(anna.uid, 2), (carl.uid, 1), (bob.uid, 2)]);
    for person in [&anna, &bob, &carl] {
        person.get("/api/group/get").await.ok(format!(
            r#"[{{"id":{gid},"name":"Lunch","avatar":"l.png","mode":2,"creatorUid":{}}}]"#,
            anna.uid
        ));
    }
}

#[tokio::test]
async fn a_group_keeps_whatever_mode_it_was_given() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    for mode in [0, 2, 3, 255] {
        anna.api.create_group(mode, "", &[]).await.expect("a group");
    }
    let groups = anna.api.groups().await.expect("groups");
    assert_eq!(groups.iter().map(|group| group.mode).collect::<Vec<_>>(), [0, 2, 3, 255]);
    assert!(groups.is_sorted_by_key(|group| group.id));
}

#[tokio::test]
async fn unknown_users_are_refused_and_nothing_is_done_by_half() {
    let server = TestServer::start().await;
    let [anna, bob] = people(&server, ["anna", "bob"]).await;
    let body = json!({"group": {"name": "", "avatar": "", "mode": 2},
        "users": [{"uid": bob.uid, "role": 1}, {"uid": 4711, "role": 1}]});
    anna.post("/api/group/create", body).await.complains(200, 500, "4711");
    assert!(bob.api.groups().await.expect("groups").is_empty());

    let gid = anna.group_with(&[]).await;
    let add = json!({"gid": gid, "uids": [bob.uid, 4711], "opType": 1});
    anna.post("/api/group/user/change", add).await.complains(200, 500, "4711");
    assert_eq!(members(&anna, gid).await, [(anna.uid, 2)]);
}

#[tokio::test]
async fn one_s_groups_are_shown_to_oneself_alone_and_members_to_members() {
    let server = TestServer::start().await;
    let [anna, bob] = people(&server, ["anna", "bob"]).await;
    let gid = anna.group_with(&[]).await;
    bob.get(&format!("/api/group/get?uid={}", anna.uid)).await.ok("[]");
    bob.get(&format!("/api/group/get?uid={}", bob.uid)).await.ok("[]");
    assert_eq!(anna.get(&format!("/api/group/get?uid={}", anna.uid)).await, anna.get("/api/group/get").await);
    bob.get(&format!("/api/group/user/get?gid={gid}")).await.ok("[]");
    bob.get("/api/group/user/get?gid=4711").await.ok("[]");
}

#[tokio::test]
async fn admins_and_the_creator_change_name_and_avatar_and_all_members_hear_of_it() {
    let server = TestServer::start().await;
    let [anna, bob, carl, dora] = people(&server, ["anna", "bob", "carl", "dora"]).await;
    let gid = anna.group_with(&[&bob, &carl]).await;
    set_role(&anna, gid, &bob, 2).await.ok(true);
    let mut of_carl = carl.connect().await;
    for admin in [&anna, &bob] {
        let change = json!({"id": gid, "name": admin.account, "avatar": "x.png"});
        admin.post("/api/group/update", change).await.ok(true);
        let notice = of_carl.notice(Notice::GroupUpdated).await;
        assert_eq!((notice.uid, notice.gid), (admin.uid, Some(gid)));
        assert_eq!(carl.api.groups().await.expect("groups")[0].name, admin.account);
    }
    let change = json!({"id": gid, "name": "mine", "avatar": ""});
    carl.post("/api/group/update", change.clone()).await.refused(NOT_ADMIN);
    dora.post("/api/group/update", change).await.refused(NOT_MEMBER);
    let unknown = json!({"id": 4711, "name": "mine", "avatar": ""});
    anna.post("/api/group/update", unknown).await.refused("no such group");
    let long = json!({"id": gid, "name": "n".repeat(65), "avatar": ""});
    anna.post("/api/group/update", long).await.complains(200, 500, "64");
    of_carl.nothing_came("h").await;
}

#[tokio::test]
async fn any_member_adds_and_what_is_added_already_stays() {
    let server = TestServer::start().await;
    let [anna, bob, carl, dora] = people(&server, ["anna", "bob", "carl", "dora"]).await;
    let gid = anna.group_with(&[&bob]).await;
    let (mut of_anna, mut of_carl) = (anna.connect().await, carl.connect().await);
    bob.change(gid, 1, &[&carl]).await.ok(true);
    for device in [&mut of_anna, &mut of_carl] {
        let notice = device.notice(Notice::MembersAdded).await;
        assert_eq!((notice.uid, notice.gid, notice.uids), (bob.uid, Some(gid), vec![carl.uid]));
    }
    bob.change(gid, 1, &[&carl, &anna]).await.ok(true);
    carl.change(gid, 1, &[]).await.ok(true);
    of_anna.nothing_came("h").await;
    // Adding an admin does not make them common, and adding again does not move them in the order.
    assert_eq!(members(&carl, gid).await, [(anna.uid, 2), (bob.uid, 1), (carl.uid, 1)]);
    dora.change(gid, 1, &[&dora]).await.refused(NOT_MEMBER);
    // From now on Carl hears what is said, without another Login.
    anna.connect().await.send(gid, "welcome", "a1").await;
    assert_eq!(of_carl.message().await.content, "welcome");
}

#[tokio::test]
async fn admins_remove_and_the_creator_stays() {
    let server = TestServer::start().await;
    let [anna, bob, carl, dora] = people(&server, ["anna", "bob", "carl", "dora"]).await;
    let gid = anna.group_with(&[&bob, &carl, &dora]).await;
    set_role(&anna, gid, &bob, 2).await.ok(true);
    let everybody = members(&anna, gid).await;

    carl.change(gid, 2, &[&dora]).await.refused(NOT_ADMIN);
    carl.change(gid, 2, &[&carl, &dora]).await.refused(NOT_ADMIN);
    bob.change(gid, 2, &[&anna]).await.complains(200, 500, "creator");
    bob.change(gid, 2, &[&carl, &anna, &dora]).await.complains(200, 500, "creator");
    server.user("eve").await.change(gid, 2, &[&carl]).await.refused(NOT_MEMBER);
    assert_eq!(members(&anna, gid).await, everybody, "refused as a whole");

    let (mut of_carl, mut of_dora) = (carl.connect().await, dora.connect().await);
    bob.change(gid, 2, &[&carl]).await.ok(true);
    for device in [&mut of_carl, &mut of_dora] {
        let notice = device.notice(Notice::MembersRemoved).await;
        assert_eq!((notice.uid, notice.gid, notice.uids), (bob.uid, Some(gid), vec![carl.uid]));
    }
    bob.change(gid, 2, &[&carl]).await.ok(true);
    // From now on they hear nothing and may say nothing.
    anna.connect().await.send(gid, "without them", "a1").await;
    assert_eq!(of_dora.message().await.content, "without them");
    of_carl.put("Msg", gid, "hello?", "c1", None).await;
    let answer = of_carl.answer().await;
    assert_eq!((answer.client_msg_id.as_str(), answer.code), ("c1", Some(403)));
    of_carl.nothing_came("h").await;
    carl.get(&format!("/api/group/user/get?gid={gid}")).await.ok("[]");
    carl.get("/api/group/get").await.ok("[]");
    // What was said while they were there they may still read.
    carl.post("/api/message/group/read", json!({"gid": gid, "uid": carl.uid})).await.ok(true);
}

#[tokio::test]
async fn the_longest_standing_admin_inherits_from_a_creator_who_leaves_else_a_member() {
    let server = TestServer::start().await;
    let [anna, bob, carl, dora] = people(&server, ["anna", "bob", "carl", "dora"]).await;
    let gid = anna.group_with(&[&bob, &carl, &dora]).await;
    set_role(&anna, gid, &dora, 2).await.ok(true);
    set_role(&anna, gid, &carl, 2).await.ok(true);
    let mut of_bob = bob.connect().await;

    anna.post("/api/group/leave", json!({"gid": gid})).await.ok(true);
    assert_eq!(of_bob.notice(Notice::MembersRemoved).await.uids, [anna.uid]);
    assert_eq!(of_bob.notice(Notice::OwnerChanged).await.uids, [carl.uid]);
    assert_eq!(creator(&bob, gid).await, carl.uid);
    carl.change(gid, 2, &[&carl, &dora]).await.ok(true);
    assert_eq!(creator(&bob, gid).await, bob.uid);
    assert_eq!(members(&bob, gid).await, [(bob.uid, 2)]);
    bob.change(gid, 2, &[&bob]).await.ok(true);
    bob.get("/api/group/get").await.ok("[]");
    anna.change(gid, 1, &[&anna]).await.refused(NOT_MEMBER);
}

#[tokio::test]
async fn who_comes_back_is_common_joins_last_and_never_reads_the_gap() {
    let server = TestServer::start().await;
    let [anna, bob, carl] = people(&server, ["anna", "bob", "carl"]).await;
    let gid = anna.group_with(&[&bob, &carl]).await;
    set_role(&anna, gid, &bob, 2).await.ok(true);
    let mut of_anna = anna.connect().await;
    of_anna.send(gid, "one", "1").await;
    bob.change(gid, 2, &[&bob]).await.ok(true);
    of_anna.send(gid, "two", "2").await;
    let read = async || {
        let history = bob.api.history(gid, 1, 99).await.expect("history");
        history.into_iter().map(|item| item.msg.content).collect::<Vec<_>>()
    };
    assert_eq!(read().await, ["one"], "who left still reads their part");
    carl.change(gid, 1, &[&bob]).await.ok(true);
    assert_eq!(members(&bob, gid).await, [(anna.uid, 2), (carl.uid, 1), (bob.uid, 1)]);
    assert_eq!(read().await, ["one"]);
    of_anna.send(gid, "three", "3").await;
    assert_eq!(read().await, ["one", "three"]);
    let first_page = bob.api.history(gid, 1, 1).await.expect("history");
    let second_page = bob.api.history(gid, 2, 1).await.expect("history");
    assert_eq!([&first_page[0].msg.content, &second_page[0].msg.content], ["three", "one"]);
    assert_eq!(bob.api.chats(bob.uid, 1, 9).await.expect("chats")[0].unread, Some(1));
}

#[tokio::test]
async fn the_creator_gives_roles_and_nobody_else() {
    let server = TestServer::start().await;
    let [anna, bob, carl, dora] = people(&server, ["anna", "bob", "carl", "dora"]).await;
    let gid = anna.group_with(&[&bob, &carl]).await;
    let mut of_carl = carl.connect().await;
    set_role(&anna, gid, &bob, 2).await.ok(true);
    let notice = of_carl.notice(Notice::RoleChanged).await;
    assert_eq!((notice.uid, notice.uids, notice.role), (anna.uid, vec![bob.uid], Some(2)));
    set_role(&anna, gid, &bob, 2).await.ok(true);
    set_role(&bob, gid, &carl, 2).await.refused(NOT_CREATOR);
    set_role(&carl, gid, &carl, 2).await.refused(NOT_CREATOR);
    set_role(&dora, gid, &carl, 2).await.refused(NOT_MEMBER);
    set_role(&anna, gid, &anna, 1).await.complains(200, 500, "creator");
    set_role(&anna, gid, &dora, 2).await.complains(200, 500, "not a member");
    of_carl.nothing_came("h").await;
    set_role(&anna, gid, &bob, 1).await.ok(true);
    assert_eq!(of_carl.notice(Notice::RoleChanged).await.role, Some(1));
    bob.change(gid, 2, &[&carl]).await.refused(NOT_ADMIN);
}

#[tokio::test]
async fn a_group_is_handed_over_by_its_creator_to_a_member() {
    let server = TestServer::start().await;
    let [anna, bob, carl] = people(&server, ["anna", "bob", "carl"]).await;
    let gid = anna.group_with(&[&bob]).await;
    let hand_over = async |by: &Person, to: &Person| {
        by.post("/api/group/transfer", json!({"gid": gid, "uid": to.uid})).await
    };
    hand_over(&bob, &bob).await.refused(NOT_CREATOR);
    hand_over(&anna, &carl).await.complains(200, 500, "not a member");
    hand_over(&carl, &carl).await.refused(NOT_MEMBER);
    let mut of_bob = bob.connect().await;
    hand_over(&anna, &bob).await.ok(true);
    let notice = of_bob.notice(Notice::OwnerChanged).await;
    assert_eq!((notice.uid, notice.uids), (anna.uid, vec![bob.uid]));
    assert_eq!(creator(&anna, gid).await, bob.uid);
    assert_eq!(members(&anna, gid).await, [(anna.uid, 2), (bob.uid, 2)]);
    hand_over(&anna, &anna).await.refused(NOT_CREATOR);
    bob.change(gid, 2, &[&anna]).await.ok(true);
}

#[tokio::test]
async fn a_dissolved_group_is_left_by_all_who_still_read_it_and_takes_nobody() {
    let server = TestServer::start().await;
    let [anna, bob, carl] = people(&server, ["anna", "bob", "carl"]).await;
    let gid = anna.group_with(&[&bob]).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    of_anna.send(gid, "the end", "a1").await;
    assert_eq!(of_bob.message().await.content, "the end");
    bob.post("/api/group/dissolve", json!({"gid": gid})).await.refused(NOT_CREATOR);
    carl.post("/api/group/dissolve", json!({"gid": gid})).await.refused(NOT_MEMBER);
    anna.post("/api/group/dissolve", json!({"gid": gid})).await.ok(true);
    for device in [&mut of_anna, &mut of_bob] {
        assert_eq!(device.notice(Notice::GroupDissolved).await.gid, Some(gid));
    }
    for person in [&anna, &bob] {
        person.get("/api/group/get").await.ok("[]");
        assert_eq!(person.api.history(gid, 1, 9).await.expect("history").len(), 1);
        person.change(gid, 1, &[&anna, &carl]).await.refused(NOT_MEMBER);
    }
    of_bob.put("Msg", gid, "hello?", "b1", None).await;
    assert_eq!(of_bob.answer().await.code, Some(403));
    anna.post("/api/group/dissolve", json!({"gid": gid})).await.refused(NOT_MEMBER);
}

#[tokio::test]
async fn who_is_put_into_a_new_group_hears_of_it_and_of_what_is_said_there() {
    let server = TestServer::start().await;
    let [anna, bob, carl] = people(&server, ["anna", "bob", "carl"]).await;
    let (mut of_anna, mut of_bob, mut of_carl) =
        (anna.connect().await, bob.connect_to(&server.old_ws()).await, carl.connect().await);
    let gid = anna.group_with(&[&bob]).await;
    for device in [&mut of_anna, &mut of_bob] {
        let notice = device.notice(Notice::GroupCreated).await;
        assert_eq!((notice.uid, notice.gid, notice.msg_id), (anna.uid, Some(gid), None));
        assert_eq!(notice.uids, [anna.uid, bob.uid]);
    }
    of_anna.send(gid, "hi", "a1").await;
    assert_eq!(of_bob.message().await.content, "hi");
    of_carl.nothing_came("h").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_who_join_or_leave_one_notice_tells_without_a_gap() {
    let server = TestServer::start().await;
    let [anna, bob, carl, dan] = people(&server, ["anna", "bob", "carl", "dan"]).await;
    let socket = Connection::login_with(&server.ws(), anna.uid, anna.token(), true).await.expect("logged in");
    let mut tab = Device { uid: anna.uid, socket };
    let gid = anna.group_with(&[&bob]).await;
    let created = tab.notice(Notice::GroupCreated).await;
    assert_eq!((created.from_rev, created.rev), (Some(1), Some(2)), "one rev for each of two");
    anna.change(gid, 1, &[&carl, &dan]).await.ok(true);
    let added = tab.notice(Notice::MembersAdded).await;
    assert_eq!((added.from_rev, added.rev), (Some(3), Some(4)));
    anna.change(gid, 2, &[&bob, &carl]).await.ok(true);
    let removed = tab.notice(Notice::MembersRemoved).await;
    assert_eq!((removed.from_rev, removed.rev), (Some(5), Some(6)));
    anna.change(gid, 2, &[&dan]).await.ok(true);
    let removed = tab.notice(Notice::MembersRemoved).await;
    assert_eq!((removed.from_rev, removed.rev), (None, Some(7)), "one is one");
}
