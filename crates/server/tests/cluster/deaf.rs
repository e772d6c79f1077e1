//! A node that hears nothing of the others any more.

use std::sync::{Arc, OnceLock};

use rim_core::bus::Bus;
use rim_server::run::Surroundings;

use crate::place::Place;
use crate::vital::House;

static BUS: OnceLock<Arc<dyn Bus>> = OnceLock::new();

#[tokio::test]
async fn when_the_bus_ends_the_server_ends_with_an_error() {
    let place = Place::new(std::convert::identity).await;
    let bus = |bus: Arc<dyn Bus>| Arc::clone(BUS.get_or_init(|| bus));
    let house = House::open(&place, &[], Surroundings { bus, ..place.surroundings() }).await;
    let fault = house.falls_when(BUS.get().expect("a bus").close()).await;
    assert_eq!(fault, "the bus has ended, and a server cannot go on without it");
}
