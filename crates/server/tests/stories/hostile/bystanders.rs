//! Two who chat all the while and must notice nothing.

use std::time::Duration;

use rim_client::protocol::frame::IncomingMessage;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::world::{Device, TestServer};

/// People type no faster than this,
const PACE: Duration = Duration::from_millis(5);
/// and say no more, as each may say two thousand words at once and time stands still.
const WORDS: u64 = 3000;

pub struct Bystanders {
    /// How many words they may say.
    may_say: watch::Sender<u64>,
    said: watch::Receiver<u64>,
    chat: JoinHandle<()>,
}

impl Bystanders {
    pub async fn chat(server: &TestServer) -> Self {
        let (carol, dave) = (server.user("carol").await, server.user("dave").await);
        let gid = carol.chat_with(&dave).await;
        // One at each door.
        let mut pair = [carol.connect().await, dave.connect_to(&server.old_ws()).await];
        let (may_say, mut words) = watch::channel(WORDS);
        let (saying, said) = watch::channel(0);
        let chat = tokio::spawn(async move {
            let mut pace = tokio::time::interval(PACE);
            for number in 1.. {
                if words.wait_for(|words| *words >= number).await.is_err() {
                    return;
                }
                pace.tick().await;
                let [speaker, listener] = &mut pair;
                exchange(speaker, listener, gid, number).await;
                pair.reverse();
                saying.send_replace(number);
            }
        });
        Self { may_say, said, chat }
    }

    /// Waits until each of them has said something more, and has been heard.
    pub async fn go_on(&mut self) {
        let words = *self.said.borrow() + 4;
        self.may_say.send_modify(|may_say| *may_say = words.max(*may_say));
        self.said.wait_for(|said| *said >= words).await.expect("their chat was undisturbed");
    }

    /// Every word of theirs has arrived, once and in order.
    pub async fn noticed_nothing(mut self) {
        self.go_on().await;
        self.may_say.send_replace(0);
        drop(self.may_say);
        self.chat.await.expect("their chat was undisturbed");
        println!("the bystanders said {} words", *self.said.borrow());
    }
}

async fn exchange(speaker: &mut Device, listener: &mut Device, gid: u64, number: u64) {
    let word = format!("word {number}");
    let id = speaker.send(gid, &word, &word).await;
    let IncomingMessage { msg_id, seq, content, uid, .. } = listener.message().await;
    assert_eq!((msg_id, seq, content, uid), (id, number, word, speaker.uid));
}
