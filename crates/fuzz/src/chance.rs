//! Inputs by chance, from a seed: those that are kept, changed here and there, and bytes without a sense.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use fastrand::Rng;

use crate::Target;

/// Gives a target what is kept, and what is made up: from a seed that is always the same and a new one, or from
/// that of `RIM_SEED`. `RIM_INPUT` names a file that is the only input.
pub fn run(target: &Target) {
    if let Some(file) = std::env::var_os("RIM_INPUT") {
        let bytes = fs::read(&file).expect("RIM_INPUT can be read");
        return (target.run)(&bytes);
    }
    let kept = kept(target.name);
    for (file, bytes) in &kept {
        attempt(target, bytes, || format!("RIM_INPUT={}", file.display()));
    }
    let kept: Vec<Vec<u8>> = kept.into_iter().map(|(_, bytes)| bytes).collect();
    let seeds = match std::env::var("RIM_SEED") {
        Ok(seed) => vec![seed.parse().expect("RIM_SEED is a number")],
        Err(_) => vec![1, RandomState::new().hash_one(0) >> 32],
    };
    for seed in &seeds {
        let mut chance = Chance(Rng::with_seed(*seed));
        for _ in 0..target.inputs / seeds.len() {
            let input = chance.input(&kept, target.longest);
            attempt(target, &input, || format!("RIM_SEED={seed}, input {input:02x?}"));
        }
    }
}

fn attempt(target: &Target, input: &[u8], place: impl Fn() -> String) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(input))) {
        println!("{}: {}", target.name, place());
        resume_unwind(panic);
    }
}

fn inputs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("inputs")
}

/// The folders there are.
pub fn folders() -> Vec<String> {
    let folders = fs::read_dir(inputs()).expect("the folder can be read");
    folders.map(|folder| folder.expect("a folder").file_name().into_string().expect("a name")).collect()
}

fn kept(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(inputs().join(name)).expect("a folder of inputs");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), fs::read(file).expect("it can be read"))).collect()
}

struct Chance(Rng);

impl Chance {
    /// A number from 0, below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end)
    }

    fn byte(&mut self) -> u8 {
        self.0.u8(..)
    }

    fn input(&mut self, kept: &[Vec<u8>], longest: usize) -> Vec<u8> {
        if kept.is_empty() || self.below(3) == 0 {
            let length = self.below(longest + 1);
            // Small numbers are words (`spelled.rs`), of which there are not many.
            let words = self.below(2) == 0;
            return (0..length).map(|_| if words { self.byte() % 48 } else { self.byte() }).collect();
        }
        let mut bytes = kept[self.below(kept.len())].clone();
        for _ in 0..=self.below(4) {
            self.change(&mut bytes, kept);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, kept: &[Vec<u8>]) {
        if bytes.is_empty() {
            return bytes.push(self.byte());
        }
        let (at, other) = (self.below(bytes.len()), self.below(bytes.len()));
        let (from, to) = (at.min(other), at.max(other));
        match self.below(8) {
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff, b'"', b'[', b'0'][self.below(8)],
            2 => bytes[at] = self.byte(),
            3 => bytes.insert(at, self.byte()),
            4 => drop(bytes.drain(from..to)),
            5 => bytes.truncate(at),
            6 => bytes.extend_from_within(from..to),
            _ => {
                let another = &kept[self.below(kept.len())];
                let start = self.below(another.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&another[start..]);
            }
        }
    }
}
