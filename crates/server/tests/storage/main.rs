//! What keeps the bytes of files: each storage keeps the same claims.

#[macro_use]
mod suite;

mod archive;
mod folder;
mod own_process;
mod postgres;
mod s3;
mod uploads;
