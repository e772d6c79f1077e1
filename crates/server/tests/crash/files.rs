//! The same while files are uploaded: what was acknowledged is whole, and what broke off goes on where it was.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::chance::{Chance, seeds};
use super::filer::{Filer, bytes};
use super::program::{Server, folder};
use super::{api, start};

const KILLS: usize = 12;
/// Of a file that is sent in one request, and of one that is sent by tus.
const SMALL: usize = 100_000;
const LARGE: usize = 12_000_000;
/// How much of the latter is sent at a time.
const PART: usize = 900_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_of_files_outlives_a_kill() {
    let seed = seeds(1)[0];
    println!("RIM_SEED={seed}");
    let mut chance = Chance::new(seed);
    let folder = folder();
    let server = start(folder.path());
    let mut tokens = Vec::new();
    for name in ["anna", "ben"] {
        api(&server).register(name, "secret").await.expect("registered");
        let api = api(&server).login(name, "secret").await.expect("logged in");
        tokens.push(api.token().expect("logged in").to_owned());
    }
    drop(server);
    let mut small = Small { token: tokens.remove(0), files: BTreeMap::new(), sent: 0 };
    let mut large = Large { token: tokens.remove(0), place: None, acknowledged: 0, number: 0, whole: 0 };
    for _ in 0..KILLS {
        let mut server = start(folder.path());
        small.is_as_acknowledged(&server).await;
        large.is_as_acknowledged(&server).await;
        let answers = Arc::new(Semaphore::new(0));
        let (wanted, then) = (1 + chance.below(12) as u32, chance.below(2000));
        let address = server.address.clone();
        let kill = async {
            answers.acquire_many(wanted).await.expect("never closed").forget();
            for _ in 0..then {
                tokio::task::yield_now().await;
            }
            server.process.kill().expect("killed");
            server.process.wait().expect("ended");
        };
        tokio::join!(
            kill,
            small.send_until_cut(&address, &answers),
            large.send_until_cut(&address, &answers)
        );
    }
    let server = start(folder.path());
    small.is_as_acknowledged(&server).await;
    large.is_as_acknowledged(&server).await;
    large.finish(&server).await;
    println!("{} small files and {} large ones outlived {KILLS} kills", small.files.len(), large.whole);
}

/// Of an upload that is killed the moment that its bytes are in their place.
const KILLS_IN_PLACE: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_whose_server_is_killed_once_its_bytes_are_in_their_place_is_made_by_the_next() {
    let folder = folder();
    let mut server = start(folder.path());
    api(&server).register("anna", "secret").await.expect("registered");
    let anna = api(&server).login("anna", "secret").await.expect("logged in");
    let token = anna.token().expect("logged in").to_owned();
    for kill in 0..KILLS_IN_PLACE {
        let sent = bytes(u8::try_from(kill).expect("few"), PART);
        let place = filer(&server.address, &token).begin("a.bin", sent.len()).await;
        let before = blobs(folder.path());
        let sending = filer(&server.address, &token);
        let (path, all) = (place.clone(), sent.clone());
        let answer = tokio::spawn(async move {
            let headers = [
                ("tus-resumable", "1.0.0"),
                ("upload-offset", "0"),
                ("content-type", "application/offset+octet-stream"),
            ];
            sending.if_answered("PATCH", &path, &headers, &all).await
        });
        // Then it is about to be synced, and the file to be added.
        while blobs(folder.path()) == before {
            std::hint::spin_loop();
        }
        server.process.kill().expect("killed");
        server.process.wait().expect("ended");
        answer.await.expect("sent");
        server = start(folder.path());
        let told = filer(&server.address, &token).tus("HEAD", &place, &[], b"").await;
        assert_eq!(told.header("upload-offset"), PART.to_string(), "{}", told.text());
        let file = format!("/media/files/{}", told.header("rim-file"));
        assert!(filer(&server.address, &token).get(&file).await.body == sent, "{kill}");
    }
}

/// How many there are on the disk.
fn blobs(folder: &Path) -> usize {
    let Ok(shards) = std::fs::read_dir(folder.join("data/media/blobs")) else { return 0 };
    let shards = shards.filter_map(|shard| std::fs::read_dir(shard.ok()?.path()).ok());
    shards.map(Iterator::count).sum()
}

fn filer(address: &str, token: &str) -> Filer {
    Filer::new(format!("http://{address}"), token)
}

/// Sends files in one request each.
struct Small {
    token: String,
    /// What they were, by id.
    files: BTreeMap<String, u8>,
    sent: u8,
}

impl Small {
    async fn send_until_cut(&mut self, address: &str, answers: &Semaphore) {
        let filer = filer(address, &self.token);
        loop {
            self.sent = self.sent.wrapping_add(1);
            let sent = bytes(self.sent, SMALL);
            let Some(answer) = filer.if_answered("POST", "/api/file/upload?name=a.bin", &[], &sent).await
            else {
                return;
            };
            self.files.insert(answer.data()["id"].as_str().expect("an id").to_owned(), self.sent);
            answers.add_permits(1);
        }
    }

    async fn is_as_acknowledged(&self, server: &Server) {
        let filer = filer(&server.address, &self.token);
        for (id, number) in &self.files {
            assert!(filer.get(&format!("/media/files/{id}")).await.body == bytes(*number, SMALL), "{id}");
        }
    }
}

/// Sends one after the other by tus, each to its end.
struct Large {
    token: String,
    /// Of the one that is being sent, once it is known.
    place: Option<String>,
    /// So many bytes of it were.
    acknowledged: usize,
    number: u8,
    whole: usize,
}

impl Large {
    async fn send_until_cut(&mut self, address: &str, answers: &Semaphore) {
        let filer = filer(address, &self.token);
        while self.go_on(&filer).await.is_some() {
            answers.add_permits(1);
        }
    }

    /// Sends the next part; `None` where the line is cut.
    async fn go_on(&mut self, filer: &Filer) -> Option<()> {
        let sent = bytes(self.number, LARGE);
        let Some(place) = self.place.clone() else {
            let length = LARGE.to_string();
            let headers = [("tus-resumable", "1.0.0"), ("upload-length", &*length)];
            let begun = filer.if_answered("POST", "/api/file/tus", &headers, b"").await?;
            assert_eq!(begun.status, 201, "{}", begun.text());
            self.place = Some(begun.header("location").to_owned());
            self.acknowledged = 0;
            return Some(());
        };
        let told = filer.if_answered("HEAD", &place, &[("tus-resumable", "1.0.0")], b"").await?;
        assert_eq!(told.status, 200, "{}", told.text());
        let offset: usize = told.header("upload-offset").parse().expect("a number");
        assert!(offset >= self.acknowledged, "{offset} of {}", self.acknowledged);
        self.acknowledged = offset;
        let mut file = told.header("rim-file").to_owned();
        if file.is_empty() {
            let text = offset.to_string();
            let headers = [
                ("tus-resumable", "1.0.0"),
                ("upload-offset", &*text),
                ("content-type", "application/offset+octet-stream"),
            ];
            let part = &sent[offset..(offset + PART).min(LARGE)];
            let answer = filer.if_answered("PATCH", &place, &headers, part).await?;
            assert_eq!(answer.status, 204, "{}", answer.text());
            self.acknowledged = offset + part.len();
            file = answer.header("rim-file").to_owned();
        }
        if !file.is_empty() {
            assert_eq!(self.acknowledged, LARGE);
            let path = format!("/media/files/{file}");
            assert!(filer.if_answered("GET", &path, &[], b"").await?.body == sent);
            (self.place, self.number, self.whole) = (None, self.number.wrapping_add(1), self.whole + 1);
        }
        Some(())
    }

    async fn is_as_acknowledged(&self, server: &Server) {
        let Some(place) = &self.place else { return };
        let offset = filer(&server.address, &self.token).offset(place).await;
        assert!(offset.is_some_and(|offset| offset >= self.acknowledged), "{offset:?} {}", self.acknowledged);
    }

    async fn finish(&mut self, server: &Server) {
        let (filer, before) = (filer(&server.address, &self.token), self.whole);
        while self.whole == before {
            self.go_on(&filer).await.expect("it stands");
        }
    }
}
