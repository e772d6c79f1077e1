//! Registration: who becomes a user, and under which account.

use serde_json::{Value, json};

use crate::raw::Answer;
use crate::world::TestServer;

async fn create(server: &TestServer, body: &Value) -> Answer {
    server.ask("POST", "/api/user/create", &body.to_string()).await
}

async fn login(server: &TestServer, account: &str, password: &str) -> Answer {
    let body = json!({"account": account, "password": password}).to_string();
    server.ask("POST", "/api/user/login", &body).await
}

/// Registers an account whose other fields are in order.
async fn register(server: &TestServer, account: &str) -> Answer {
    create(server, &json!({"name": "N", "avatar": "", "account": account, "password": "secret"})).await
}

#[tokio::test]
async fn the_answer_is_the_uid_alone_and_an_id_of_the_client_is_ignored() {
    let server = TestServer::start().await;
    let body = r#"{"id":4711,"name":"Anna","avatar":"a.png","email":"a@example.org","account":"anna","password":"secret","shoe":{"size":[43]}}"#;
    let answer = server.ask("POST", "/api/user/create", body).await;
    let uid = answer.data();
    answer.ok(&uid);
    assert!(uid.is_u64());
    assert_ne!(uid, 4711);

    let null_id = r#"{"id":null,"name":"Bob","avatar":"","email":null,"account":"bob","password":"secret"}"#;
    let bob = server.ask("POST", "/api/user/create", null_id).await.data();
    let anna = server.login(uid.as_u64().expect("an id"), "anna").await;
    anna.get("/api/user/get").await.ok(format!(
        r#"{{"id":{uid},"name":"Anna","avatar":"a.png","email":"a@example.org","account":"anna","password":""}}"#
    ));
    anna.get(&format!("/api/user/get?uid={bob}"))
        .await
        .ok(format!(r#"{{"id":{bob},"name":"Bob","avatar":"","email":"","account":"bob","password":""}}"#));
}

#[tokio::test]
async fn who_has_no_password_exists_and_cannot_log_in() {
    let server = TestServer::start().await;
    let without = json!({"name": "Anna", "avatar": "", "account": "anna"});
    assert!(create(&server, &without).await.data().is_u64());
    let null = json!({"name": "Bob", "avatar": "", "account": "bob", "email": null, "password": null});
    assert!(create(&server, &null).await.data().is_u64());
    for password in ["", "null", "secret"] {
        login(&server, "anna", password).await.refused("wrong password");
        login(&server, "bob", password).await.refused("wrong password");
    }
}

#[tokio::test]
async fn accounts_are_unique_without_regard_to_case_and_surrounding_blanks() {
    let server = TestServer::start().await;
    let zoe = register(&server, " Zoë ").await.data();
    for taken in ["Zoë", "zoë", "ZOË", "\tzoë\n", "  zOë"] {
        register(&server, taken).await.refused("Account Existed");
    }
    assert!(register(&server, "Zoe").await.data().is_u64());
    assert!(login(&server, "  ZOË", "secret").await.data().is_string());

    let anna = server.user("anna").await;
    let shown = format!(r#"{{"id":{zoe},"name":"N","avatar":"","email":"","account":"Zoë","password":""}}"#);
    anna.get("/api/user/search?account=%20zO%C3%AB").await.ok(&shown);
    anna.get("/api/user/search?account=+zO%C3%8B+").await.ok(&shown);
}

#[tokio::test]
async fn of_many_who_want_one_account_at_once_one_gets_it() {
    let server = TestServer::start().await;
    let asks = (0..12).map(|i| {
        let account = if i % 2 == 0 { "anna" } else { " ANNA" };
        let address = server.address;
        let body = json!({"name": "N", "avatar": "", "account": account, "password": "secret"}).to_string();
        tokio::spawn(async move {
            crate::raw::ask(address, "POST", "/api/user/create", &[], body.as_bytes()).await
        })
    });
    let mut created = 0;
    for ask in asks.collect::<Vec<_>>() {
        let answer = ask.await.expect("it does not panic");
        if answer.body.contains(r#""ok":true"#) {
            created += 1;
        } else {
            answer.refused("Account Existed");
        }
    }
    assert_eq!(created, 1);
}

#[tokio::test]
async fn what_is_empty_or_too_long_is_refused_with_what_is_allowed() {
    let server = TestServer::start().await;
    let good = json!({"name": "Anna", "avatar": "", "account": "anna", "password": "secret"});
    for (field, value, word) in [
        ("account", String::new(), "account"),
        ("account", "  ".to_owned(), "account"),
        ("account", "a".repeat(65), "64"),
        ("account", "é".repeat(33), "64"),
        ("account", "a\0b".to_owned(), "account"),
        ("name", String::new(), "name"),
        ("name", " \u{3000}".to_owned(), "name"),
        ("name", "😀".repeat(65), "64"),
        ("password", String::new(), "password"),
        ("password", "p".repeat(1025), "1024"),
        ("email", "e".repeat(255), "254"),
        ("avatar", "a".repeat(2049), "2048"),
    ] {
        let mut body = good.clone();
        body[field] = value.into();
        create(&server, &body).await.complains(200, 500, word);
    }
    assert!(register(&server, &"a".repeat(64)).await.data().is_u64());
    let longest_name = json!({"name": "😀".repeat(64), "avatar": "", "account": "x", "password": "p"});
    assert!(create(&server, &longest_name).await.data().is_u64());
    assert!(create(&server, &good).await.data().is_u64(), "nothing was created by what was refused");
}

#[tokio::test]
async fn accounts_and_names_are_text_and_not_bytes() {
    let server = TestServer::start().await;
    let body = |name: &str, account: &str| json!({"name": name, "avatar": "", "account": account, "password": "secret"});
    assert!(create(&server, &body("Zoe\u{308}", "Zoe\u{308}")).await.data().is_u64());
    for same in ["zoë", "ZOË", "zo\u{200B}ë", "ＺＯË"] {
        create(&server, &body("Zoë", same)).await.refused("Account Existed");
    }
    create(&server, &body("Zoë", "zоë")).await.refused("this account looks like one that exists already");
    let token = login(&server, "ZOË", "secret").await.data();
    assert!(token.is_string(), "another keyboard writes it in another form");
    let unseen = "at least one character that can be seen";
    create(&server, &body("\u{3164}", "bob")).await.complains(200, 500, unseen);
    create(&server, &body("Bob", "\u{2800}")).await.complains(200, 500, unseen);
    create(&server, &body("Bob", "exe.\u{202E}bob")).await.complains(200, 500, "account");
    let anna = server.user("anna").await;
    let group = json!({"group": {"name": "\u{200B}", "avatar": "", "mode": 2}, "users": []});
    anna.post("/api/group/create", group).await.complains(200, 500, unseen);
}

#[tokio::test]
async fn what_is_required_and_missing_is_named() {
    let server = TestServer::start().await;
    let good = json!({"name": "Anna", "avatar": "", "account": "anna"});
    for field in ["name", "avatar", "account"] {
        let mut body = good.clone();
        body.as_object_mut().expect("an object").remove(field);
        create(&server, &body).await.complains(422, 422, field);
        body[field] = Value::Null;
        create(&server, &body).await.complains(422, 422, "null");
        body[field] = json!(7);
        create(&server, &body).await.complains(422, 422, "7");
    }
}

#[tokio::test]
async fn a_closed_registration_refuses_strangers_and_the_operator_still_adds() {
    let server = TestServer::start_with(&["--registration=closed"]).await;
    register(&server, "anna").await.refused("registration is closed");
    login(&server, "anna", "secret").await.refused("account not found");
    server.operator(&["add", "bob", "--generate"]).await;
    login(&server, "bob", "guess").await.refused("wrong password");
}
