//! One timer for all connections: pings the silent, ends the dead, and tells of those who did not come back.

use std::sync::Arc;

use rim_protocol::CloseCode;

use super::connections::Connections;
use super::wheel::Silent;
use super::ws;
use crate::life::Life;
use crate::time::Ticks;

/// Counts the seconds of the hub until the server goes away.
///
/// A second that the whole server has slept through is none: nobody was silent in it who could not be heard.
pub async fn heartbeat(connections: Arc<Connections>, life: Life, mut seconds: Ticks) {
    let ping = ws::control(ws::Opcode::Ping, b"");
    // It began when the hub did.
    seconds.tick().await;
    // Cancelling a tick loses nothing: the loop ends.
    while life.shutdown.run_until_cancelled(seconds.tick()).await.is_some() {
        connections.waking.batched(|wakes| {
            for (connection, silent) in connections.hub.next_second() {
                wakes.add(match silent {
                    Silent::Ping => connection.push(ping.clone()),
                    Silent::GiveUp => connection.close(CloseCode::Idle, None),
                });
            }
            connections.hub.tell_who_left(wakes, life.clock.now());
        });
    }
}
