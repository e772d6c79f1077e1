//! One WebSocket, as the protocol has it.

use futures_util::{SinkExt, StreamExt};
use rim_protocol::frame::{Incoming, IncomingAnswer, Outgoing, OutgoingWatch};
use rim_protocol::sync::StoreState;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes, protocol::WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// An open WebSocket.
pub struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// For ids of frames that are no messages.
    next_id: u64,
    /// What the Ack of the Login has told.
    store: Option<StoreState>,
}

/// Why a connection gave no frame.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The server closed it, with this code (1005 if there was none) and reason.
    #[error("closed with {code}: {reason}")]
    Closed { code: u16, reason: String },
    /// A frame that is none of the protocol.
    #[error("not understood: {0}")]
    NotUnderstood(String),
    /// A Login that was not acknowledged.
    #[error("login refused with {code}: {reason}")]
    LoginRefused { code: u16, reason: String },
    #[error(transparent)]
    Socket(#[from] Box<tungstenite::Error>),
}

impl From<tungstenite::Error> for ConnectionError {
    fn from(error: tungstenite::Error) -> Self {
        Self::Socket(Box::new(error))
    }
}

impl Connection {
    /// Connects to `url`, such as `ws://127.0.0.1:8000/ws`.
    pub async fn open(url: &str) -> Result<Self, ConnectionError> {
        let (socket, _) = tokio_tungstenite::connect_async_with_config(url, Some(config()), true).await?;
        Ok(Self { socket, next_id: 1, store: None })
    }

    /// Opens the WebSocket `url` over a connection that was made already, from an address of one's own choice.
    pub async fn open_over(stream: TcpStream, url: &str) -> Result<Self, ConnectionError> {
        let stream = MaybeTlsStream::Plain(stream);
        let (socket, _) = tokio_tungstenite::client_async_with_config(url, stream, Some(config())).await?;
        Ok(Self { socket, next_id: 1, store: None })
    }

    /// Connects and logs in as an old client does.
    pub async fn login(url: &str, uid: u64, token: &str) -> Result<Self, ConnectionError> {
        Self::login_with(url, uid, token, false).await
    }

    /// Connects and logs in; with `echo` the server also tells what this connection itself does.
    pub async fn login_with(url: &str, uid: u64, token: &str, echo: bool) -> Result<Self, ConnectionError> {
        let mut connection = Self::open(url).await?;
        connection.log_in(uid, token, echo).await?;
        Ok(connection)
    }

    /// Logs in on an open connection.
    pub async fn log_in(&mut self, uid: u64, token: &str, echo: bool) -> Result<(), ConnectionError> {
        let client_msg_id = self.next_id();
        let frame = Outgoing {
            kind: "Text",
            uid,
            gid: None,
            content: token,
            client_msg_id: &client_msg_id,
            msg_id: None,
            echo,
        };
        self.send("Login", &frame).await?;
        match self.next_answer().await? {
            IncomingAnswer { code: None, store, .. } => {
                self.store = store;
                Ok(())
            }
            IncomingAnswer { code: Some(code), content: reason, .. } => {
                Err(ConnectionError::LoginRefused { code, reason })
            }
        }
    }

    /// Which store the server has: told to those who log in with `echo`.
    pub fn store(&self) -> Option<&StoreState> {
        self.store.as_ref()
    }

    /// Hears from now on when these users come and go, and nobody else any more. Behind the answer, whose id this
    /// returns, comes a notice of each who is online.
    pub async fn watch(&mut self, uid: u64, uids: &[u64]) -> Result<String, ConnectionError> {
        let client_msg_id = self.next_id();
        let frame = OutgoingWatch { uid, client_msg_id: &client_msg_id, uids };
        self.send_text(frame.encode()).await?;
        Ok(client_msg_id)
    }

    /// An id for a frame that is not resent.
    pub fn next_id(&mut self) -> String {
        self.next_id += 1;
        format!("f{}", self.next_id)
    }

    /// Sends a frame of the protocol.
    pub async fn send(&mut self, event: &str, frame: &Outgoing<'_>) -> Result<(), ConnectionError> {
        self.send_text(frame.encode(event)).await
    }

    /// Sends any text.
    pub async fn send_text(&mut self, text: impl Into<Utf8Bytes>) -> Result<(), ConnectionError> {
        Ok(self.socket.send(Message::Text(text.into())).await?)
    }

    /// Sends a binary frame.
    pub async fn send_binary(&mut self, bytes: impl Into<tungstenite::Bytes>) -> Result<(), ConnectionError> {
        self.send_raw(Message::Binary(bytes.into())).await
    }

    /// Sends any WebSocket message.
    pub async fn send_raw(&mut self, message: Message) -> Result<(), ConnectionError> {
        Ok(self.socket.send(message).await?)
    }

    /// The next text as it came. Pings are answered meanwhile. Cancelling it loses nothing.
    pub async fn next_text(&mut self) -> Result<Utf8Bytes, ConnectionError> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(Message::Close(frame))) => {
                    // Let the answer to the close out before the socket is dropped.
                    let _ = self.socket.flush().await;
                    return Err(match frame {
                        Some(frame) => {
                            let reason = frame.reason.as_str().to_owned();
                            ConnectionError::Closed { code: frame.code.into(), reason }
                        }
                        None => ConnectionError::Closed { code: 1005, reason: String::new() },
                    });
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => return Err(tungstenite::Error::ConnectionClosed.into()),
            }
        }
    }

    /// The next frame. Cancelling it loses nothing.
    pub async fn next(&mut self) -> Result<Incoming, ConnectionError> {
        let text = self.next_text().await?;
        serde_json::from_str(&text)
            .map_err(|error| ConnectionError::NotUnderstood(format!("{error}: {text}")))
    }

    /// The next answer; messages and notices before it are passed over.
    pub async fn next_answer(&mut self) -> Result<IncomingAnswer, ConnectionError> {
        loop {
            if let Incoming::Answer(answer) = self.next().await? {
                return Ok(answer);
            }
        }
    }

    /// The connection below, for whoever does the framing; `None` over TLS, where its bytes are of no use.
    ///
    /// Take it before the Login: what the server has sent since may have been read already.
    pub fn into_stream(self) -> Option<TcpStream> {
        match self.socket.into_inner() {
            MaybeTlsStream::Plain(stream) => Some(stream),
            _ => None,
        }
    }

    /// Closes it in order.
    pub async fn close(mut self) -> Result<(), ConnectionError> {
        self.socket.close(None).await?;
        while let Some(Ok(_)) = self.socket.next().await {}
        Ok(())
    }
}

fn config() -> WebSocketConfig {
    let mut config = WebSocketConfig::default();
    config.read_buffer_size = 8 * 1024;
    config
}
