//! What an older rim has left: accounts of a time when text was compared as it was typed, and nodes that still run.

mod common;

use common::{Database, open};
use rim_core::user::NewUser;
use rim_core::{Refusal, Timestamp, UserId};
use rim_store::{Store, StoreError, Users};
use rim_store_postgres::OpenError;

#[tokio::test]
async fn accounts_that_were_two_before_text_was_normalised_stay_two_and_all_others_get_their_key() {
    let database = Database::new();
    let (store, _feed) = database.node().await;
    store.close().await;
    let old = ["Zoe\u{308}", "Zoë", "Straße", "strasse", "ＢＯＢ", "\u{200B}"];
    let (client, connection) =
        tokio_postgres::connect(&database.0.url(), tokio_postgres::NoTls).await.expect("connected");
    let connected = tokio::spawn(connection);
    for (id, account) in (1_i64..).zip(old) {
        let sql = "INSERT INTO users (id, account, account_key, name, avatar, email, password_hash, created_at, rev,
                                      profile_rev)
                   VALUES ($1, $2, $3, 'Somebody', '', '', 'hash', 1, 1, 1)";
        client.execute(sql, &[&id, &account, &account.to_lowercase()]).await.expect("inserted");
    }
    drop(client);
    connected.await.expect("no panic").expect("it ends in order");

    let ((one, _one), (two, _two)) = tokio::join!(database.node(), database.node());
    for store in [one, two] {
        for (id, account) in (1..).zip(old) {
            let found = store.credentials(account).await.expect("read").map(|found| found.user);
            assert_eq!(found, Some(UserId(id)), "{account:?}");
        }
        for (form, id) in [("ZOË", 2), ("STRASSE", 4), ("bob", 5), ("ｂｏｂ", 5)] {
            let found = store.user_by_account(form).await.expect("read").map(|found| found.id);
            assert_eq!(found, Some(UserId(id)), "{form}");
        }
        for taken in ["zoë", "ZOE\u{308}", "STRAßE", "bob"] {
            let new = NewUser {
                account: taken.to_owned(),
                name: "New".to_owned(),
                avatar: String::new(),
                email: String::new(),
                password_hash: None,
            };
            let refused = store.create_user(new, Timestamp(1)).await;
            assert!(
                matches!(refused, Err(StoreError::Refused(Refusal::AccountTaken))),
                "{taken}: {refused:?}"
            );
        }
        store.close().await;
    }
}

#[tokio::test]
async fn a_database_is_not_brought_up_to_date_under_nodes_that_would_write_it_as_it_was() {
    let database = Database::new();
    let (store, _feed) = database.node().await;
    store.close().await;
    let (client, connection) =
        tokio_postgres::connect(&database.0.url(), tokio_postgres::NoTls).await.expect("connected");
    let connected = tokio::spawn(connection);
    client
        .batch_execute(
            "UPDATE rim_schema SET version = 1;
             INSERT INTO nodes (id, name, address, version, connections, users_online, draining, started_at, seen_at)
             SELECT 1, 'old', '', '0', 0, 0, false, now_ms, now_ms + 3600000
             FROM (SELECT (extract(epoch FROM now()) * 1000)::bigint AS now_ms) AS clock",
        )
        .await
        .expect("written");
    drop(client);
    connected.await.expect("no panic").expect("it ends in order");
    match open(database.0.url()).await {
        Err(OpenError::OldNodes { names }) => assert_eq!(names, "old"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was brought up to date"),
    }
}
