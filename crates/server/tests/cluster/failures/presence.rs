//! Who is there, told across nodes that die, start and are cut off.

use rim_client::protocol::frame::{IncomingNotice, Notice};

use super::*;
use crate::world::{Device, Person};

async fn person(cluster: &Cluster, name: &str) -> Person {
    let uid = cluster.api().register(name, "secret").await.expect("registered");
    let api = cluster.api().login(name, "secret").await.expect("logged in");
    Person::new(cluster.address, uid, name, api)
}

/// Anna, and so many friends of hers.
async fn friends<const N: usize>(cluster: &Cluster, names: [&str; N]) -> (Person, [Person; N]) {
    let anna = person(cluster, "anna").await;
    let mut friends = Vec::new();
    for name in names {
        let friend = person(cluster, name).await;
        anna.befriend(&friend).await;
        friends.push(friend);
    }
    (anna, friends.try_into().unwrap_or_else(|_| unreachable!("one for each name")))
}

/// A device of theirs on one of the nodes.
async fn connect(cluster: &Cluster, person: &Person, node: usize) -> Device {
    person.connect_to(&format!("ws://{}/ws", cluster.address(node))).await
}

/// What they are told next, however long it takes.
async fn next(device: &mut Device) -> IncomingNotice {
    match timeout(PATIENCE, device.socket.next()).await.expect("they are told").expect("a frame") {
        Incoming::Event(IncomingEvent::Notify(notice)) => notice,
        other => panic!("{other:?}"),
    }
}

async fn hears(device: &mut Device, what: Notice, of: &Person) {
    let notice = next(device).await;
    assert_eq!((notice.kind, notice.uid), (what, of.uid), "{}", of.account);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_were_on_a_node_that_was_killed_are_told_gone_unless_they_came_back() {
    let mut cluster = Cluster::start().await;
    let (anna, [bob, carl]) = friends(&cluster, ["bob", "carl"]).await;
    let mut of_anna = connect(&cluster, &anna, 0).await;
    of_anna.watch(&[&bob, &carl]).await;
    let (_of_bob, _of_carl) = (connect(&cluster, &bob, 1).await, connect(&cluster, &carl, 1).await);
    let came = [next(&mut of_anna).await, next(&mut of_anna).await];
    assert!(came.iter().all(|notice| notice.kind == Notice::Online), "{came:?}");
    cluster.kill(1);
    let _again = connect(&cluster, &bob, 2).await;
    hears(&mut of_anna, Notice::Offline, &carl).await;
    cluster.start_node(1).await;
    let _back = connect(&cluster, &carl, 1).await;
    hears(&mut of_anna, Notice::Online, &carl).await;
    of_anna.nothing_came("Bob was never away").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_were_on_a_node_that_is_restarted_were_never_away() {
    let mut cluster = Cluster::start().await;
    let (anna, [bob, carl]) = friends(&cluster, ["bob", "carl"]).await;
    let mut of_anna = connect(&cluster, &anna, 0).await;
    of_anna.watch(&[&bob, &carl]).await;
    let _of_bob = connect(&cluster, &bob, 1).await;
    hears(&mut of_anna, Notice::Online, &bob).await;
    assert_eq!(cluster.stop(1).await, Some(0), "it stops in order");
    let _again = connect(&cluster, &bob, 2).await;
    // Longer than it takes to tell that somebody has gone.
    let of_carl = connect(&cluster, &carl, 2).await;
    hears(&mut of_anna, Notice::Online, &carl).await;
    drop(of_carl);
    hears(&mut of_anna, Notice::Offline, &carl).await;
    of_anna.nothing_came("nothing of Bob").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_starts_late_learns_who_is_there() {
    let mut cluster = Cluster::start().await;
    cluster.stop(2).await;
    let (anna, [bob, carl]) = friends(&cluster, ["bob", "carl"]).await;
    let (_of_bob, of_carl) = (connect(&cluster, &bob, 0).await, connect(&cluster, &carl, 1).await);
    cluster.start_node(2).await;
    let mut of_anna = connect(&cluster, &anna, 2).await;
    of_anna.watch(&[&bob, &carl]).await;
    let came = [next(&mut of_anna).await, next(&mut of_anna).await];
    assert!(came.iter().all(|notice| notice.kind == Notice::Online), "{came:?}");
    drop(of_carl);
    hears(&mut of_anna, Notice::Offline, &carl).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_is_away_leaves_everybody_where_they_were() {
    let cluster = Cluster::start().await;
    let (anna, [bob, carl, dan]) = friends(&cluster, ["bob", "carl", "dan"]).await;
    let mut of_anna = connect(&cluster, &anna, 0).await;
    of_anna.watch(&[&bob, &carl, &dan]).await;
    let (_of_bob, of_carl) = (connect(&cluster, &bob, 1).await, connect(&cluster, &carl, 1).await);
    let came = [next(&mut of_anna).await, next(&mut of_anna).await];
    assert!(came.iter().all(|notice| notice.kind == Notice::Online), "{came:?}");
    for bus in &cluster.to_bus {
        bus.set(Fault::Reset).await;
    }
    cluster.wait_for_readiness(0, |_, text| text.contains("bus")).await;
    drop(of_carl);
    let of_dan = connect(&cluster, &dan, 2).await;
    // On one's own node everything is told.
    let own = connect(&cluster, &dan, 0).await;
    hears(&mut of_anna, Notice::Online, &dan).await;
    drop((of_dan, own));
    hears(&mut of_anna, Notice::Offline, &dan).await;
    for bus in &cluster.to_bus {
        bus.set(Fault::Pass).await;
    }
    hears(&mut of_anna, Notice::Offline, &carl).await;
    of_anna.nothing_came("Bob is there").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_alone_tells_who_is_there() {
    let cluster = Cluster::start_on(Bus::Postgres).await;
    let (anna, [bob]) = friends(&cluster, ["bob"]).await;
    let mut of_anna = connect(&cluster, &anna, 0).await;
    of_anna.watch(&[&bob]).await;
    let of_bob = connect(&cluster, &bob, 1).await;
    hears(&mut of_anna, Notice::Online, &bob).await;
    let other = connect(&cluster, &bob, 2).await;
    drop(of_bob);
    let mut late = connect(&cluster, &anna, 1).await;
    late.watch(&[&bob]).await;
    hears(&mut late, Notice::Online, &bob).await;
    drop(other);
    hears(&mut of_anna, Notice::Offline, &bob).await;
    hears(&mut late, Notice::Offline, &bob).await;
}
