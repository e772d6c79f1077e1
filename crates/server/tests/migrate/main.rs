//! Everything of a server moves between SQLite and PostgreSQL, and nobody who asks the store can tell.

#[path = "../program/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod program;

mod breaking_off;
mod command;
mod damage;
mod house;
mod moving;
mod refusals;
