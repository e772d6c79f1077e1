use super::*;
use crate::gateway::waking::tests::wakes;

const ANNA: UserId = UserId(1);
const BOB: UserId = UserId(2);
const CARL: UserId = UserId(3);
const GROUP: GroupId = GroupId(7);
const OTHER: GroupId = GroupId(8);
const NOW: Timestamp = Timestamp(0);
const IDLE: Duration = Duration::from_secs(90);

fn bound(hub: &Hub) -> Arc<Outbox> {
    let outbox = hub.connect();
    hub.bind(ANNA, SessionId(1), &outbox, 10).expect("room");
    outbox
}

#[test]
fn what_happens_while_groups_are_read_is_not_lost() {
    let hub = Hub::new(IDLE, false);
    let outbox = bound(&hub);
    hub.members_added(GROUP, &[ANNA]);
    hub.members_removed(OTHER, &[ANNA]);
    // The read began before both, and saw neither.
    hub.join(&mut wakes(), ANNA, &outbox, vec![OTHER], NOW, |_| ());
    assert_eq!((hub.group_size(GROUP), hub.group_size(OTHER)), (1, 0));
}

#[test]
fn a_second_device_joins_the_groups_as_they_are_now() {
    let hub = Hub::new(IDLE, false);
    let first = bound(&hub);
    hub.join(&mut wakes(), ANNA, &first, vec![GROUP], NOW, |_| ());
    let second = bound(&hub);
    hub.members_removed(GROUP, &[ANNA]);
    hub.join(&mut wakes(), ANNA, &second, vec![GROUP], NOW, |_| ());
    assert_eq!(hub.group_size(GROUP), 0);
    hub.members_added(GROUP, &[ANNA]);
    assert_eq!(hub.group_size(GROUP), 2);
    hub.unbind(&mut wakes(), ANNA, &first, NOW);
    assert_eq!(hub.group_size(GROUP), 1);
    hub.unbind(&mut wakes(), ANNA, &second, NOW);
    assert_eq!((hub.group_size(GROUP), hub.users_online()), (0, 0));
}

#[test]
fn whoever_comes_while_the_server_goes_is_sent_away_too() {
    let hub = Hub::new(IDLE, false);
    hub.go_away();
    assert_eq!(hub.connect().closing().expect("closing").code, CloseCode::GoingAway);
}

fn joined(hub: &Hub, user: UserId) -> Arc<Outbox> {
    let outbox = hub.connect();
    hub.bind(user, SessionId(1), &outbox, 10).expect("room");
    hub.join(&mut wakes(), user, &outbox, vec![], NOW, |_| ());
    outbox
}

fn watch(hub: &Hub, watcher: &Arc<Outbox>, users: &[UserId]) {
    hub.watch(&mut wakes(), ANNA, watcher, users.to_vec(), NOW, |_| ());
}

/// Lets so many seconds pass.
fn pass(hub: &Hub, seconds: u32) {
    for _ in 0..seconds {
        hub.next_second();
        hub.tell_who_left(&mut wakes(), NOW);
    }
}

/// How many frames came since this was asked last.
fn heard(outbox: &Outbox) -> usize {
    outbox.take().0.len()
}

#[test]
fn one_is_online_from_their_first_connection_that_hears_to_their_last() {
    let hub = Hub::new(IDLE, false);
    let anna = joined(&hub, ANNA);
    watch(&hub, &anna, &[BOB]);
    let silent = hub.connect();
    hub.bind(BOB, SessionId(1), &silent, 10).expect("room");
    assert_eq!(heard(&anna), 0, "they are about to log in");
    let devices = [joined(&hub, BOB), joined(&hub, BOB)];
    assert_eq!(heard(&anna), 1, "once");
    for device in &devices {
        pass(&hub, 20);
        assert_eq!(heard(&anna), 0, "they have another");
        hub.unbind(&mut wakes(), BOB, device, NOW);
    }
    pass(&hub, 20);
    assert_eq!(heard(&anna), 1, "though one is about to log in");
    hub.unbind(&mut wakes(), BOB, &silent, NOW);
    pass(&hub, 20);
    assert_eq!(heard(&anna), 0, "once");
}

#[test]
fn a_watch_replaces_the_one_before_and_ends_with_its_connection() {
    let hub = Hub::new(IDLE, false);
    let (anna, other) = (joined(&hub, ANNA), joined(&hub, ANNA));
    let bob = joined(&hub, BOB);
    watch(&hub, &anna, &[BOB, CARL]);
    assert_eq!(heard(&anna), 1);
    watch(&hub, &anna, &[CARL]);
    watch(&hub, &other, &[CARL]);
    hub.unbind(&mut wakes(), BOB, &bob, NOW);
    pass(&hub, 20);
    assert_eq!(heard(&anna), 0, "of Bob they want to hear no more");
    hub.unbind(&mut wakes(), ANNA, &anna, NOW);
    joined(&hub, CARL);
    assert_eq!((heard(&anna), heard(&other)), (0, 1));
    watch(&hub, &other, &[]);
    watch(&hub, &anna, &[BOB]);
    joined(&hub, BOB);
    assert_eq!((heard(&anna), heard(&other)), (0, 0), "nobody watches, least of all one who is not bound");
}

#[test]
fn a_node_knows_who_is_here_and_who_has_moved() {
    let hub = Hub::new(IDLE, true);
    let (anna, bob) = (joined(&hub, ANNA), joined(&hub, BOB));
    bound(&hub);
    let (mut came, left) = hub.take_moved();
    came.sort_unstable();
    assert_eq!((came, left), (vec![ANNA, BOB], vec![]));
    hub.unbind(&mut wakes(), ANNA, &anna, NOW);
    assert_eq!(hub.take_moved(), (vec![], vec![ANNA]));
    assert_eq!(hub.here(), [BOB]);
    hub.unbind(&mut wakes(), BOB, &bob, NOW);
    joined(&hub, BOB);
    assert_eq!(hub.take_moved(), (vec![BOB], vec![]), "wherever they were meanwhile, they are here");
}
