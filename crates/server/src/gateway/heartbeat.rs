//! One timer for all connections: pings the silent, ends the dead, and tells of those who did not come back.

use std::sync::Arc;
use std::time::Duration;

use rim_protocol::CloseCode;

use super::ws;
use crate::app::App;

/// Turns the hub's wheel once a second until the server goes away, then tells every connection so.
///
/// A connection has its turn every half of `idle-timeout`. One that was not heard since its last turn is
/// pinged; one that did not answer that either by the next turn is closed.
pub async fn heartbeat(app: Arc<App>) {
    let idle = u32::try_from(app.config.idle_timeout.as_secs()).unwrap_or(u32::MAX).max(2);
    let period = idle / 2;
    let ping = ws::control(ws::Opcode::Ping, b"");
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut second = 0_u32;
    loop {
        tokio::select! {
            // Cancelling a tick loses nothing: the loop ends.
            () = app.shutdown.cancelled() => break,
            _ = ticks.tick() => {}
        }
        second = second.wrapping_add(1);
        let turn = app.hub.turn(second, period);
        app.waking.batched(|| {
            for connection in turn {
                let silent = second.saturating_sub(connection.heard_at());
                if silent >= idle {
                    connection.close(CloseCode::Idle, None);
                } else if silent >= period {
                    connection.push(ping.clone());
                }
            }
            app.hub.tell_who_left(app.clock.now());
        });
    }
    app.hub.go_away();
}
