//! Two who chat all the while and must notice nothing.

use std::time::Duration;

use rim_client::protocol::frame::IncomingMessage;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::{Device, TestServer};

/// People type no faster than this, and so stay within the limits.
const PACE: Duration = Duration::from_millis(5);

pub struct Bystanders {
    enough: CancellationToken,
    chat: JoinHandle<u64>,
}

impl Bystanders {
    pub async fn chat(server: &TestServer) -> Self {
        let (carol, dave) = (server.user("carol").await, server.user("dave").await);
        let gid = carol.chat_with(&dave).await;
        // One at each door.
        let mut pair = [carol.connect().await, dave.connect_to(&server.old_ws()).await];
        let enough = CancellationToken::new();
        let told = enough.clone();
        let chat = tokio::spawn(async move {
            let mut pace = tokio::time::interval(PACE);
            let mut said = 0;
            // At least once after they were told.
            loop {
                let last = told.is_cancelled();
                pace.tick().await;
                said += 1;
                let [speaker, listener] = &mut pair;
                exchange(speaker, listener, gid, said).await;
                pair.reverse();
                if last {
                    return said;
                }
            }
        });
        Self { enough, chat }
    }

    /// Every word of theirs has arrived, once and in order.
    pub async fn noticed_nothing(self) {
        self.enough.cancel();
        let said = self.chat.await.expect("their chat was undisturbed");
        println!("the bystanders said {said} words");
    }
}

async fn exchange(speaker: &mut Device, listener: &mut Device, gid: u64, number: u64) {
    let word = format!("word {number}");
    let id = speaker.send(gid, &word, &word).await;
    let IncomingMessage { msg_id, seq, content, uid, .. } = listener.message().await;
    assert_eq!((msg_id, seq, content, uid), (id, number, word, speaker.uid));
}
