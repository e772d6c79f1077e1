//! One subscription of the client, until it is given up.

use std::pin::Pin;
use std::task::{Context, Poll};

use async_nats::{Message, Subscriber};
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::sync::oneshot;

/// What comes on a subscription. Ends when its [`Listening`] has gone, after what had come until then.
pub(crate) struct Incoming {
    subscriber: Subscriber,
    given_up: oneshot::Receiver<()>,
}

/// Keeps a subscription.
pub(crate) struct Listening {
    _gives_up: oneshot::Sender<()>,
}

pub(crate) fn listen(subscriber: Subscriber) -> (Listening, Incoming) {
    let (gives_up, given_up) = oneshot::channel();
    (Listening { _gives_up: gives_up }, Incoming { subscriber, given_up })
}

impl Stream for Incoming {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Message>> {
        match self.subscriber.poll_next_unpin(context) {
            // Nothing has come that was not taken, so this is where it may end.
            Poll::Pending => self.given_up.poll_unpin(context).map(|_| None),
            come => come,
        }
    }
}
