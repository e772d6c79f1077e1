//! The schemas, step by step: a file a step, for each database. A step that was released is never edited.

include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
