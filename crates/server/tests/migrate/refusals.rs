//! What would not be right is not begun.

use std::sync::Arc;
use std::time::Duration;

use rim_core::NodeId;
use rim_core::node::Node;
use rim_server::migrate;
use rim_server::store::{self, Unobserved};
use rim_store_postgres::{OpenError, PostgresArchive};

use crate::house::{House, NOW, Place, begin, filled, move_all};

async fn refused(from: &Place, to: &Place) -> String {
    let (mut from, mut to) = (from.source().await, to.target().await);
    begin(&mut from, &mut to).await.expect_err("refused").to_string()
}

#[tokio::test]
async fn what_holds_something_is_not_filled() {
    let (folder, _) = filled().await;
    let (server, other) = (Place::server(), Place::folder());
    for place in [&server, &other] {
        let house = House::open(place).await;
        house.user("anna", "Anna", None).await;
        house.close().await;
        let why = refused(&folder, place).await;
        assert!(why.contains("holds something already"), "{why}");
    }
}

#[tokio::test]
async fn pictures_alone_are_something_too() {
    let (folder, _) = filled().await;
    let server = Place::server();
    move_all(&folder, &server).await;
    let Place::Folder(path) = &folder else { panic!("it is a folder") };
    std::fs::remove_file(path.path().join("rim.db")).expect("removed");
    let why = refused(&server, &folder).await;
    assert!(why.contains("the folder for the files"), "{why}");
}

#[tokio::test]
async fn what_another_source_fills_is_left_to_it() {
    let ((one, _), (other, _)) = (filled().await, filled().await);
    let server = Place::server();
    {
        let (mut from, mut to) = (one.source().await, server.target().await);
        begin(&mut from, &mut to).await.expect("begun");
    }
    let why = refused(&other, &server).await;
    assert!(why.contains(&one.database().to_string()), "{why}");
    let why = refused(&server, &Place::folder()).await;
    assert!(why.contains("has not come to its end"), "{why}");
    move_all(&one, &server).await;
}

#[tokio::test]
async fn a_store_with_living_nodes_is_moved_by_force_alone() {
    let (folder, _) = filled().await;
    let server = Place::server();
    move_all(&folder, &server).await;
    note_node(&server).await;
    let back = Place::folder();
    let why = refused(&server, &back).await;
    assert!(why.contains("servers run on") && why.contains("north"), "{why}");
    let (mut from, mut to) = (server.source().await, back.target().await);
    migrate::begin(&mut from, &mut to, Duration::from_secs(20), false).await.expect("it is gone since then");
    drop((from, to));
    let other = Place::folder();
    let (mut from, mut to) = (server.source().await, other.target().await);
    migrate::begin(&mut from, &mut to, Duration::MAX, true).await.expect("by force");
}

#[tokio::test]
async fn a_store_on_which_a_node_waits_is_not_filled_even_by_force() {
    let (folder, _) = filled().await;
    let server = Place::server();
    note_node(&server).await;
    let (mut from, mut to) = (folder.source().await, server.target().await);
    let why = migrate::begin(&mut from, &mut to, Duration::MAX, true).await.expect_err("refused").to_string();
    assert!(why.contains("north"), "{why}");
}

async fn note_node(place: &Place) {
    let opened = store::open(&place.database(), 1, Arc::new(Unobserved)).await.expect("it opens");
    let node = Node {
        id: NodeId(u64::MAX),
        name: "north".to_owned(),
        address: "127.0.0.1:8000".to_owned(),
        version: "1".to_owned(),
        connections: 0,
        users_online: 0,
        draining: false,
        started_at: NOW,
        seen_at: NOW,
    };
    opened.shared.expect("several nodes").note_node(node).await.expect("noted");
    opened.store.close().await;
}

#[tokio::test]
async fn two_do_not_fill_one_database_and_none_is_moved_from_an_empty_one() {
    let server = rim_testbed::postgres();
    let nothing = PostgresArchive::source(&server.url()).await;
    assert!(matches!(nothing, Err(OpenError::Nothing)));
    let _first = PostgresArchive::target(&server.url()).await.expect("it is free");
    let second = PostgresArchive::target(&server.url()).await;
    assert!(matches!(second, Err(OpenError::BeingFilled)));
}
