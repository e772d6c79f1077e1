//! The bare network: a server that passes bytes on.
//!
//! It does what no chat server can do without: it reads what one sends, and writes it to all others of
//! the room and an answer to the sender. It looks at nothing but where frames end: the sender has brought
//! the answer and the delivery, each as long as rim would have made it. No WebSocket is opened, nothing
//! is checked, counted or stored.
//!
//! It is a process of its own on the server's core, so that it is measured as rim is: with the same
//! clients, in the same loops. One thread, as it has one core; frames that were read together are written
//! together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use anyhow::ensure;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};

use crate::bare::Program;
use crate::frames::{Frame, Paper, Pen};
use crate::report::Report;
use crate::scenario::chats::{self, CONTENT, Chat};
use crate::scenario::fanout::{self, Length, Stage};
use crate::wire::Wire;

/// As many as one thread reads at once.
const BUFFER_BYTES: usize = 64 * 1024;
/// What a client hears when it is in its room: an empty text frame.
const WELCOME: [u8; 2] = [0x81, 0];

/// The single chats of [`chats`] over a relay.
pub(crate) async fn chats(options: chats::Options) -> anyhow::Result<Report> {
    let relay = Relay::start().await?;
    let mut rooms = Vec::with_capacity(options.chats);
    for room in 0..options.chats as u32 {
        let pen = pen(room);
        let (sender, listener) = (relay.enter(room).await?, relay.enter(room).await?);
        rooms.push(Chat { pen, sender, listener: Some(listener) });
    }
    let report = chats::measure(&relay.0.process, rooms, &options).await?;
    Ok(Report { title: format!("The bare network: {}", report.title), ..report })
}

/// The fan-out of [`fanout`] over a relay.
pub(crate) async fn fanout(options: fanout::Options) -> anyhow::Result<Report> {
    let relay = Relay::start().await?;
    let mut listeners = Vec::with_capacity(options.members);
    for _ in 0..options.members {
        listeners.push(relay.enter(0).await?);
    }
    let stage = Stage { pen: pen(0), speaker: relay.enter(0).await?, listeners };
    let length = Length::Seconds(options.seconds);
    let report = fanout::measure(&relay.0.process, stage, options.in_flight, length).await?;
    Ok(Report { title: format!("The bare network: {}", report.title), ..report })
}

/// The ids are as long as those of a server that is in use.
fn pen(room: u32) -> Pen {
    Pen::new(Paper::Relay, 1000 + u64::from(room), 1000 + u64::from(room), CONTENT)
}

/// A relay that runs.
struct Relay(Program);

impl Relay {
    async fn start() -> anyhow::Result<Self> {
        Program::start(&["relay"]).await.map(Self)
    }

    async fn enter(&self, room: u32) -> anyhow::Result<Wire> {
        let mut stream = TcpStream::connect(&self.0.address).await?;
        stream.set_nodelay(true)?;
        stream.write_u32(room).await?;
        let mut welcome = WELCOME;
        stream.read_exact(&mut welcome).await?;
        ensure!(welcome == WELCOME, "the relay has not let anybody in");
        Ok(Wire::new(stream))
    }
}

/// Everybody in a room.
type Room = Arc<Mutex<Vec<Arc<OwnedWriteHalf>>>>;

/// Runs a relay until it is killed; the first line it prints is its address.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let mut rooms: HashMap<u32, Room> = HashMap::new();
    loop {
        let (mut stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let room = Arc::clone(rooms.entry(stream.read_u32().await?).or_default());
        tokio::spawn(async move {
            // Clients of a bench leave when they are done.
            let _ = relay(stream, &room).await;
        });
    }
}

async fn relay(stream: TcpStream, room: &Room) -> anyhow::Result<()> {
    let (mut reader, writer) = stream.into_split();
    let own = Arc::new(writer);
    let everybody = || room.lock().expect("nothing panics while it is held");
    everybody().push(Arc::clone(&own));
    write(&own, &WELCOME).await?;

    let mut buffer = Vec::with_capacity(BUFFER_BYTES);
    let (mut answers, mut deliveries) = (Vec::new(), Vec::new());
    while reader.read_buf(&mut buffer).await? > 0 {
        let mut at = 0;
        while let Some((answer, delivery)) = two_frames(&buffer[at..]) {
            answers.extend_from_slice(&buffer[at..at + answer]);
            deliveries.extend_from_slice(&buffer[at + answer..at + answer + delivery]);
            at += answer + delivery;
        }
        buffer.drain(..at);
        write(&own, &answers).await?;
        let others: Vec<_> = everybody().iter().filter(|other| !Arc::ptr_eq(other, &own)).cloned().collect();
        for other in &others {
            write(other, &deliveries).await?;
        }
        answers.clear();
        deliveries.clear();
    }
    everybody().retain(|other| !Arc::ptr_eq(other, &own));
    Ok(())
}

/// The lengths of the two frames of a message.
fn two_frames(bytes: &[u8]) -> Option<(usize, usize)> {
    let answer = Frame::first(bytes)?.length;
    Some((answer, Frame::first(&bytes[answer..])?.length))
}

async fn write(to: &OwnedWriteHalf, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match to.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => to.writable().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
