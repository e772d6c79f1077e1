//! Looks at the addresses that people send, and puts under a message what is found there: a title, some words and a
//! picture. Only where the setting `link-previews` says so: others see that the server, and so somebody on it, was there.
//!
//! What a message says is read from the feed of commits, of this node alone, so that one node looks. Nothing waits for it,
//! and nothing is looked at twice: what is not there in time, or comes while too much is waiting, is shown as the address that
//! it is.

mod address;
mod fetch;
mod guard;
mod picture;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use memchr::memmem;
use rim_core::event::Change;
use rim_core::message::{Link, Message, MessageKind};
use rim_core::note::{Act, Noted};
use rim_core::{ConnectionId, Seq};
use rim_store::notes::Acting;
use rim_store::{Committed, Feed, Store};
use tokio::sync::{Semaphore, mpsc};
use url::Url;

use self::address::addresses;
use self::fetch::{Found, fetch};
pub use self::guard::is_public;
use crate::config::Config;
use crate::files::Filing;
use crate::life::Life;
use crate::vital;

/// Messages that wait to be looked at. More are shown as they are.
const MAX_WAITING: usize = 256;
/// Messages that are looked at at a time.
const AT_A_TIME: usize = 4;
/// For each page and each picture.
const WITHIN: Duration = Duration::from_secs(5);
/// Commits between the store and who tells of them: as many as the store's own feed has.
const FEED: usize = 64;

const PAGES: &str = "text/html,application/xhtml+xml,image/*;q=0.5";
const PICTURES: &str = "image/webp,image/png,image/jpeg,image/gif";

/// Looks at links. A clone is the same.
#[derive(Clone)]
pub struct Links {
    pub store: Arc<dyn Store>,
    pub filing: Arc<Filing>,
    pub config: Arc<Config>,
    pub life: Life,
    /// Which addresses it may go to.
    pub may_go: fn(SocketAddr) -> bool,
}

/// What has links, on its way to be looked at.
pub struct Waiting(mpsc::Receiver<Arc<Message>>);

/// Hands on a feed as it comes, and takes out what has links. What the task returns has ended.
pub fn tap(mut feed: Feed) -> (Feed, Waiting, impl Future<Output = &'static str> + Send) {
    let (hand_on, handed_on) = mpsc::channel(FEED);
    let (found, waiting) = mpsc::channel(MAX_WAITING);
    let tap = async move {
        while let Some(commit) = feed.recv().await {
            for entry in &commit {
                if let Some(message) = with_links(entry) {
                    // Full: it is shown as it is. Closed: the server ends.
                    let _ = found.try_send(message);
                }
            }
            if hand_on.send(commit).await.is_err() {
                break;
            }
        }
        vital::WRITER
    };
    (handed_on, Waiting(waiting), tap)
}

fn with_links(entry: &Committed) -> Option<Arc<Message>> {
    let (Committed::Change(Change::Message { message, .. })
    | Committed::Change(Change::Noted { message, what: Noted::Edited, .. })) = entry
    else {
        return None;
    };
    let is_text = matches!(message.kind, MessageKind::Text | MessageKind::RichText);
    let has_some = || memmem::find(message.content.as_bytes(), b"://").is_some();
    (message.seq > Seq(0) && is_text && has_some()).then(|| Arc::clone(message))
}

impl Links {
    /// Looks at what comes until the server ends.
    pub async fn run(self, mut waiting: Waiting) {
        let turns = Arc::new(Semaphore::new(AT_A_TIME));
        let shutdown = self.life.shutdown.clone();
        while let Some(Some(message)) = shutdown.run_until_cancelled(waiting.0.recv()).await {
            let Some(turn) = shutdown.run_until_cancelled(Arc::clone(&turns).acquire_owned()).await else {
                break;
            };
            let (links, shutdown) = (self.clone(), shutdown.clone());
            self.life.tasks.spawn(async move {
                let _turn = turn;
                // What is not done by then is not missed.
                shutdown.run_until_cancelled(links.look(&message)).await;
            });
        }
        shutdown.cancelled().await;
    }

    async fn look(&self, message: &Message) {
        let mut links = Vec::new();
        for (text, url) in addresses(&message.content) {
            links.extend(self.look_at(text, url).await);
        }
        if links.is_empty() {
            return;
        }
        let acting = Acting {
            user: message.sender,
            group: message.group,
            message: message.id,
            act: Act::Link { content: message.content.clone(), links },
            windows: self.config.windows,
            session: None,
            now: self.life.clock.now(),
            connection: ConnectionId::default(),
        };
        // Whoever has left meanwhile, or has recalled it, has no links.
        if let Err(error) = self.store.act(acting).await {
            tracing::debug!(%error, "a message has no link previews");
        }
    }

    async fn look_at(&self, text: &str, url: Url) -> Option<Link> {
        let found = self.fetch(url, PAGES).await?;
        let (mut title, mut words, mut picture) = (String::new(), String::new(), None);
        if found.content_type.starts_with("image/") {
            picture = self.keep(found).await;
        } else if found.content_type.is_empty() || found.content_type.contains("html") {
            let page = rim_media::page(&found.bytes, &found.content_type);
            (title, words) = (page.title, page.text);
            if let Some(address) = page.picture.and_then(|address| found.url.join(&address).ok())
                && let Some(found) = self.fetch(address, PICTURES).await
            {
                picture = self.keep(found).await;
            }
        }
        let says_nothing = title.is_empty() && words.is_empty() && picture.is_none();
        (!says_nothing).then(|| Link { url: text.to_owned(), title, text: words, picture })
    }

    async fn fetch(&self, url: Url, accept: &'static str) -> Option<Found> {
        self.life.time.within(WITHIN, fetch(url, accept, self.may_go)).await.flatten()
    }
}
