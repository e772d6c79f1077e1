//! Guessing passwords and accounts, from one place and from many.

use serde_json::json;

use super::bystanders::Bystanders;
use crate::NODES;
use crate::raw::{self, Answer};
use crate::world::TestServer;

/// A server to which everybody comes through a proxy, so that they can be anywhere.
async fn server() -> TestServer {
    TestServer::start_with(&["--trusted-proxies=127.0.0.1"]).await
}

/// Somebody who sends requests from an address, maybe with a cookie.
struct Client {
    address: String,
    cookie: Option<String>,
}

impl Client {
    fn at(address: impl Into<String>) -> Self {
        Self { address: address.into(), cookie: None }
    }

    /// One of a crowd of addresses.
    fn nth(number: usize) -> Self {
        Self::at(format!("198.51.{}.{}", number / 256, number % 256))
    }

    async fn post(&self, server: &TestServer, path: &str, body: serde_json::Value) -> Answer {
        let mut headers = vec![("X-Forwarded-For", self.address.as_str())];
        headers.extend(self.cookie.as_deref().map(|cookie| ("Cookie", cookie)));
        raw::ask(server.address, "POST", path, &headers, body.to_string().as_bytes()).await
    }

    async fn login(&self, server: &TestServer, account: &str, password: &str) -> Answer {
        self.post(server, "/api/user/login", json!({"account": account, "password": password})).await
    }

    /// Logs in and keeps what a browser keeps.
    async fn logged_in(mut self, server: &TestServer, account: &str) -> Self {
        let answer = self.login(server, account, "secret").await;
        assert!(answer.data().is_string());
        let cookie = answer.header("set-cookie").expect("a cookie");
        self.cookie = cookie.split(';').next().map(str::to_owned);
        self
    }

    fn without_cookie(&self) -> Self {
        Self::at(&self.address)
    }
}

async fn register(server: &TestServer, account: &str) {
    let body = json!({"name": account, "avatar": "", "account": account, "password": "secret"});
    assert!(Client::at("192.0.2.200").post(server, "/api/user/create", body).await.data().is_u64());
}

/// Has each of many addresses guess, and returns how many guesses were looked at.
async fn attack(server: &TestServer, account: &str, addresses: std::ops::Range<usize>) -> usize {
    let mut looked_at = 0;
    for number in addresses {
        let answer = Client::nth(number).login(server, account, "guess").await;
        match answer.status {
            200 => looked_at += 1,
            _ => answer.complains(429, 429, "too many requests"),
        }
    }
    looked_at
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_addresses_guess_no_faster_and_the_owner_comes_in() {
    let server = server().await;
    let bystanders = Bystanders::chat(&server).await;
    register(&server, "anna").await;
    let phone = Client::at("192.0.2.1").logged_in(&server, "anna").await;
    let looked_at = attack(&server, "anna", 0..130 * NODES).await;
    assert!((100..=100 * NODES).contains(&looked_at), "{looked_at} guesses were looked at");

    // The device, wherever it is; and whatever shows no cookie, where it was logged in before.
    let abroad = Client { address: "203.0.113.9".to_owned(), cookie: phone.cookie.clone() };
    for known in [&abroad, &phone, &phone.without_cookie()] {
        assert!(known.login(&server, "anna", "secret").await.data().is_string());
    }
    // Nobody else is held up, and nobody has another's cookie.
    register(&server, "bob").await;
    let bob = Client::at("203.0.113.10").logged_in(&server, "bob").await;
    if NODES == 1 {
        let new = bob.login(&server, "anna", "secret").await;
        new.complains(429, 429, "too many requests");
        // At a new place they wait for a while.
        let pause = new.header("retry-after").and_then(|pause| pause.parse().ok()).expect("seconds");
        assert!(pause <= 60, "{pause} s");
        server.seconds_pass(pause).await;
        assert!(bob.login(&server, "anna", "secret").await.data().is_string());
    }
    bystanders.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_neighbour_behind_the_same_address_does_not_lock_the_owner_out() {
    let server = server().await;
    register(&server, "anna").await;
    let neighbour = Client::at("192.0.2.1");
    let phone = Client::at("192.0.2.1").logged_in(&server, "anna").await;
    let mut guesses = 0;
    while neighbour.login(&server, "anna", "guess").await.status == 200 {
        guesses += 1;
        assert!(guesses < 1000, "nobody is stopped");
    }
    // Nor do logins to all kinds of accounts.
    let mut logins = 0;
    while neighbour.login(&server, &format!("nobody{logins}"), "guess").await.status == 200 {
        logins += 1;
        assert!(logins < 1000, "nobody is stopped");
    }
    assert!(phone.login(&server, "anna", "secret").await.data().is_string());
    // The cookie is worth nothing with another password, and does not open anything by itself.
    phone.login(&server, "anna", "guess").await.refused("wrong password");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_is_forgotten_with_the_password_that_it_knew() {
    let server = server().await;
    let anna = server.user("anna").await;
    let stolen = Client::at("192.0.2.1").logged_in(&server, "anna").await;
    let body = json!({"oldPassword": "secret", "newPassword": "another"});
    anna.post("/api/user/password", body).await.ok("true");
    attack(&server, "anna", 0..130 * NODES).await;
    if NODES == 1 {
        stolen.login(&server, "anna", "another").await.complains(429, 429, "too many requests");
    }
    // Of a wrong password no browser remembers anything.
    let fresh = Client::at("192.0.2.2").login(&server, "nobody", "guess").await;
    assert_eq!(fresh.header("set-cookie"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_login_errors_are_uniform_registration_says_no_more_than_it_must() {
    let server = TestServer::start_with(&["--login-errors=uniform"]).await;
    let create = async |account: &str| {
        let body = json!({"name": "N", "avatar": "", "account": account, "password": "secret"});
        server.ask("POST", "/api/user/create", &body.to_string()).await
    };
    assert!(create("anna").await.data().is_u64());
    // Taken, and looking like one that is.
    for account in ["anna", " ANNA ", "аnnа"] {
        create(account).await.refused("this account cannot be had: choose another");
    }
    // Those who are lucky meet no bound; those who list accounts do.
    for number in 0..30 {
        assert!(create(&format!("free{number}")).await.data().is_u64());
    }
    let mut refused = 3;
    while create("anna").await.status == 200 {
        refused += 1;
        assert!(refused < 1000, "nobody is stopped");
    }
    assert!((10..=10 * NODES).contains(&refused), "{refused}");
    let body = json!({"account": "nobody", "password": "guess"}).to_string();
    server.ask("POST", "/api/user/login", &body).await.refused("wrong account or password");
}
