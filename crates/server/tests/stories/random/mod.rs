//! Random stories: people with several devices chat, lose their lines, send again, come and go, and the server
//! restarts. What everybody sees is held against a model.
//!
//! A story follows from its seed, but for the order in which the server takes what comes at the same time. A
//! failing one prints the seed and its steps; `RIM_SEED=… cargo test -p rim-server --test stories random` tells
//! it again, `RIM_STORIES=…` tells so many others.

mod acts;
mod look;
mod model;
mod phone;
mod steps;
mod witness;

use std::collections::{BTreeMap, HashMap};

use rim_client::protocol::frame::Extras;

use self::acts::Edit;
use self::model::Room;
use self::phone::Phone;
use self::witness::Witness;
use crate::chance::{Chance, seeds};
use crate::world::{Person, TestServer};

const STORIES: u64 = 3;
const PEOPLE: usize = 5;
/// The third is asleep most of the time.
const PHONES_EACH: usize = 3;
const GROUPS: usize = 3;
const STEPS: usize = 80;
/// Everything is compared whenever so many steps were taken.
const LOOK_EVERY: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_stories_end_as_the_model_says() {
    for seed in seeds(STORIES) {
        tell(seed, TestServer::start_with(&["--limits=off"]).await, STEPS).await;
    }
}

/// Tells the story of that seed, in so many steps.
pub async fn tell(seed: u64, server: TestServer, steps: usize) {
    println!("RIM_SEED={seed}");
    let mut story = Story::begin(seed, server).await;
    for number in 1..=steps {
        story.step(number).await;
        story.settle().await;
        if number % LOOK_EVERY == 0 {
            story.look().await;
        }
    }
    story.end().await;
}

struct Story {
    chance: Chance,
    /// `None` only while it restarts.
    server: Option<TestServer>,
    /// The first has created all groups and stays in them.
    people: Vec<Person>,
    phones: Vec<Phone>,
    witness: Witness,
    rooms: BTreeMap<u64, Room>,
    /// Every message that anybody ever sent, by sender and `clientMsgId`.
    sent: HashMap<(u64, String), Sent>,
    /// Every edit, by what it says.
    edits: HashMap<String, Edit>,
    /// Who has ever starred what, and whether it still is, by user, group and message.
    stars: BTreeMap<(u64, u64, u64), bool>,
    /// Whose membership of which group changes while others send.
    in_flux: Option<(u64, u64)>,
}

/// A message on its way.
struct Sent {
    gid: u64,
    content: String,
    extras: Extras,
    /// What its sender was told.
    answer: Option<Result<u64, u16>>,
}

impl Story {
    async fn begin(seed: u64, server: TestServer) -> Self {
        let mut chance = Chance::new(seed);
        let mut people = Vec::new();
        for n in 0..PEOPLE {
            people.push(server.user(&format!("user{n}")).await);
        }
        let mut rooms = BTreeMap::new();
        for n in 0..GROUPS {
            let uids: Vec<u64> = people[1..=1 + n].iter().map(|person| person.uid).collect();
            let gid = people[0].api.create_group(2, "group", &uids).await.expect("a group");
            let mut room = Room::default();
            room.join(people[0].uid);
            uids.iter().for_each(|uid| room.join(*uid));
            rooms.insert(gid, room);
        }
        // A single chat, which the second may leave: what the first writes brings them back.
        let single = people[0].api.create_group(1, "", &[people[1].uid]).await.expect("a chat");
        let mut room = Room { single: true, ..Room::default() };
        people[..2].iter().for_each(|person| room.join(person.uid));
        rooms.insert(single, room);
        let mut phones = Vec::new();
        for (n, person) in people.iter().enumerate() {
            for m in 0..PHONES_EACH {
                let limit = *chance.pick(&[1, 2, 3, 7, 500]);
                phones.push(Phone::new(person, format!("{n}{}", ["a", "b", "c"][m]), limit, m % 2 == 0));
            }
        }
        let mut witness = Witness::connect(&people[0], &server).await;
        // It may still hear of the groups' beginning.
        witness.hear().await;
        for (gid, room) in &mut rooms {
            room.rev = witness.rev(*gid).await;
        }
        Self {
            chance,
            server: Some(server),
            people,
            phones,
            witness,
            rooms,
            sent: HashMap::new(),
            edits: HashMap::new(),
            stars: BTreeMap::new(),
            in_flux: None,
        }
    }

    async fn step(&mut self, number: usize) {
        let phone = self.chance.below(self.phones.len());
        let (gid, user) = (self.any_group(), self.chance.below(PEOPLE));
        match self.chance.below(100) {
            _ if !self.phones[phone].is_online() => {
                if phone % PHONES_EACH < 2 || self.chance.one_in(6) {
                    self.come_back(number, phone).await;
                }
            }
            0..25 => self.everybody_sends(number).await,
            25..40 => self.everybody_acts(number).await,
            40..45 => self.hide_or_clear(number, gid).await,
            45..48 => self.star(number, gid).await,
            48..57 => self.mark(number, phone, gid).await,
            57..61 => self.read_all(number, user, gid).await,
            61..72 => self.change_members(number, user, gid).await,
            72..76 => self.send_again(number, phone).await,
            76..80 => self.edit_again(number, phone).await,
            80..88 => {
                println!("{number:>3} {phone} goes offline");
                if self.chance.one_in(2) {
                    self.phones[phone].cut();
                } else {
                    self.phones[phone].close().await;
                }
            }
            88..92 => self.restart(number).await,
            _ => {
                println!("{number:>3} {phone} syncs");
                while self.phones[phone].sync().await {}
                self.phones[phone].catch_up().await;
                self.phones[phone].is_up_to_date(&self.rooms);
            }
        }
    }

    // ---- chance

    fn any_group(&mut self) -> u64 {
        let groups: Vec<u64> = self.rooms.keys().copied().collect();
        *self.chance.pick(&groups)
    }

    async fn answers(&mut self, phone: usize) {
        while !self.phones[phone].asked.is_empty() {
            let outcome = self.phones[phone].answer().await;
            self.note(phone, outcome);
        }
    }
}
