//! Looks at the addresses that people send, and puts under a message what is found there: a title, some words and a
//! picture. Only where the setting `link-previews` says so: others see that the server, and so somebody on it, was there.
//!
//! It is a consumer, so one node looks, and nothing is left out when a server ends: what is under way then is looked at once
//! more. Nothing waits for it. What is found late is of no use to anybody: what was written long ago is shown as the address that it is.

mod address;
mod fetch;
mod guard;
mod picture;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use memchr::memmem;
use rim_core::ConnectionId;
use rim_core::message::{Link, Message, MessageKind};
use rim_core::note::Act;
use rim_store::consumers::{Begin, InStore, Portion, Room};
use rim_store::notes::Acting;
use rim_store::{Store, StoreError};
use url::Url;

use self::address::addresses;
pub use self::fetch::Way;
use self::fetch::{Found, fetch};
use self::turns::Turns;
use crate::config::Config;
use crate::consumers::Consumer;
use crate::files::Filing;
use crate::life::Life;

/// Messages that are looked at at a time, whichever groups they are in.
const AT_A_TIME: usize = 4;
/// Of one sender.
const OF_ONE: usize = 2;
/// Groups in which messages are looked at or wait for that. In each of them it goes on in order. They are many, as whoever sends
/// slow pages to some keeps these waiting.
const GROUPS: usize = 64;
/// Messages of a group that are looked at before its position moves on, and the bytes that they take.
const ROOM: Room = Room { rows: 16, bytes: 128 * 1024 };
/// What was written before is not looked at any more.
const YOUNG_MS: i64 = 60 * 60 * 1000;
/// Until the store is asked again that was busy.
const PAUSE: Duration = Duration::from_secs(1);
/// For each page and each picture.
const WITHIN: Duration = Duration::from_secs(5);

const PAGES: &str = "text/html,application/xhtml+xml,image/*;q=0.5";
const PICTURES: &str = "image/webp,image/png,image/jpeg,image/gif";

/// Looks at links.
pub struct Links {
    store: Arc<dyn Store>,
    filing: Arc<Filing>,
    config: Arc<Config>,
    life: Life,
    way: Way,
    turns: Turns,
}

#[async_trait]
impl Consumer for Links {
    fn name(&self) -> &'static str {
        "links"
    }

    fn begin(&self) -> Begin {
        Begin::Now
    }

    fn room(&self) -> Room {
        ROOM
    }

    fn groups_together(&self) -> usize {
        1
    }

    fn at_once(&self) -> usize {
        GROUPS
    }

    fn wants(&self, portion: &Portion) -> bool {
        self.with_links(portion).next().is_some()
    }

    async fn consume(&self, portions: &Arc<Vec<Portion>>) -> anyhow::Result<InStore> {
        let looking = portions.iter().flat_map(|portion| self.with_links(portion)).map(async |message| {
            let _turn = self.turns.take(message.sender).await;
            self.look(message).await
        });
        try_join_all(looking).await?;
        Ok(InStore::nothing())
    }
}

impl Links {
    pub fn new(
        store: Arc<dyn Store>,
        filing: Arc<Filing>,
        config: Arc<Config>,
        life: Life,
        way: Way,
    ) -> Self {
        Self { store, filing, config, life, way, turns: Turns::new(AT_A_TIME, OF_ONE) }
    }

    /// Those that are to be looked at: that say something new, of which it is not known what is there.
    fn with_links<'p>(&self, portion: &'p Portion) -> impl Iterator<Item = &'p Message> + use<'p> {
        let since = self.life.clock.now().plus_ms(-YOUNG_MS);
        portion.messages.iter().filter(move |message| {
            let state = message.state.as_deref();
            let edited_at = state.and_then(|state| state.edited.as_ref()).map(|edited| edited.at);
            let is_new = message.seq > portion.from.seq || portion.reworded.contains(&message.seq);
            let is_known = state.is_some_and(|state| !state.links.is_empty());
            let is_text = matches!(message.kind, MessageKind::Text | MessageKind::RichText);
            let has_some = || memmem::find(message.content.as_bytes(), b"://").is_some();
            let is_young = message.created_at.max(edited_at.unwrap_or_default()) > since;
            is_new && !is_known && is_text && is_young && has_some()
        })
    }

    async fn look(&self, message: &Message) -> anyhow::Result<()> {
        let mut links = Vec::new();
        for (text, url) in addresses(&message.content) {
            links.extend(self.look_at(text, url).await);
        }
        if links.is_empty() {
            return Ok(());
        }
        loop {
            let acting = Acting {
                user: message.sender,
                group: message.group,
                message: message.id,
                act: Act::Link { content: message.content.clone(), links: links.clone() },
                windows: self.config.windows,
                session: None,
                now: self.life.clock.now(),
                connection: ConnectionId::default(),
            };
            match self.store.act(acting).await {
                Ok(_) => return Ok(()),
                // Whoever has left meanwhile, or has recalled it, has no links.
                Err(StoreError::Refused(why)) => {
                    tracing::debug!(%why, "a message has no link previews");
                    return Ok(());
                }
                Err(StoreError::Busy | StoreError::Unsure) => self.life.time.sleep(PAUSE).await,
                Err(error @ StoreError::Fault(_)) => return Err(error.into()),
            }
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
        self.life.time.within(WITHIN, fetch(url, accept, &self.way)).await.flatten()
    }
}
