//! A target for libFuzzer: the one that `RIM_TARGET` names. `make fuzz` starts it.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rim_fuzz::{TARGETS, Target};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("RIM_TARGET").expect("RIM_TARGET names a target");
    TARGETS.iter().find(|target| target.name == name).expect("RIM_TARGET names a target that there is")
});

fuzz_target!(|bytes: &[u8]| (TARGET.run)(bytes));
