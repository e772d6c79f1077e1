//! Which store it is.

use super::Claim;
use super::world::World;

pub async fn a_store_is_the_same_one_after_a_restart(w: &mut World) -> Claim {
    let before = w.store.identity().clone();
    w.reopen().await;
    assert_eq!(*w.store.identity(), before);
    Ok(())
}

pub async fn its_epoch_is_a_number_that_javascript_can_hold(w: &mut World) -> Claim {
    let identity = w.store.identity();
    assert!((1..1 << 53).contains(&identity.epoch), "{identity:?}");
    assert_eq!(identity.id.len(), 32, "{identity:?}");
    Ok(())
}
