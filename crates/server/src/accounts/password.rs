//! Passwords as they are stored: argon2id in the PHC string format.
//!
//! Everything here takes about 20 ms and 12 MiB, so it runs on the threads of [`super::hasher`] only.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use rim_store::StoreError;

/// m = 12 MiB, t = 3, p = 1: one of the settings that OWASP calls equally strong, and of those the one
/// that took the least time here while using little memory.
const PARAMS: Params = match Params::new(12 * 1024, 3, 1, None) {
    Ok(params) => params,
    Err(_) => panic!("within the bounds of argon2"),
};

/// A hash of no password. Where there is none to check against, checking this one takes as long, so that
/// the time of an answer does not tell which accounts exist.
pub const DECOY: &str =
    "$argon2id$v=19$m=12288,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What argon2 fills while it works. Worth keeping from one hash to the next: fresh memory costs a page
/// fault every 4 KiB.
#[derive(Default)]
pub struct Memory(Vec<Block>);

impl Memory {
    fn at_least(&mut self, blocks: usize) -> &mut [Block] {
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::new());
        }
        &mut self.0
    }

    #[cfg(test)]
    pub fn is_untouched(&self) -> bool {
        self.0.is_empty()
    }
}

/// What checking a password found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub matches: bool,
    /// The hash was made with other parameters than today's, and should be made anew.
    pub outdated: bool,
}

/// Hashes a password with a new salt into a PHC string.
///
/// # Errors
/// `Fault` where the random source fails.
pub fn hash(password: &str, memory: &mut Memory) -> Result<String, StoreError> {
    let mut salt = [0; Salt::RECOMMENDED_LENGTH];
    getrandom::fill(&mut salt).map_err(fault)?;
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    fill(&Argon2::from(PARAMS), password, &salt, &mut output, memory)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&PARAMS).map_err(fault)?,
        salt: Some(Salt::new(&salt).map_err(fault)?),
        hash: Some(Output::new(&output).map_err(fault)?),
    };
    Ok(hash.to_string())
}

/// Checks a password against a PHC string, with the parameters that the string names.
///
/// # Errors
/// `Fault` where the string is not one of argon2.
pub fn verify(password: &str, hash: &str, memory: &mut Memory) -> Result<Verdict, StoreError> {
    let stored = PasswordHash::new(hash).map_err(fault)?;
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
        return Err(fault("salt or hash is missing"));
    };
    let algorithm = Algorithm::new(stored.algorithm).map_err(fault)?;
    let version = stored.version.map_or(Ok(Version::default()), Version::try_from).map_err(fault)?;
    let params = Params::try_from(&stored).map_err(fault)?;
    let outdated = algorithm != Algorithm::Argon2id
        || version != Version::V0x13
        || (params.m_cost(), params.t_cost(), params.p_cost())
            != (PARAMS.m_cost(), PARAMS.t_cost(), PARAMS.p_cost());

    let mut output = vec![0; expected.len()];
    fill(&Argon2::new(algorithm, version, params), password, salt, &mut output, memory)?;
    // `Output` compares in constant time.
    let matches = Output::new(&output).map_err(fault)? == *expected;
    Ok(Verdict { matches, outdated })
}

fn fill(
    argon2: &Argon2<'_>,
    password: &str,
    salt: &[u8],
    output: &mut [u8],
    memory: &mut Memory,
) -> Result<(), StoreError> {
    let blocks = memory.at_least(argon2.params().block_count());
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, output, blocks).map_err(fault)
}

fn fault(error: impl std::fmt::Display) -> StoreError {
    StoreError::Fault(format!("password hash: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_alone_whatever_the_memory_held() {
        let mut memory = Memory::default();
        let anna = hash("anna's", &mut memory).expect("hashed");
        let again = hash("anna's", &mut memory).expect("hashed");
        assert_ne!(anna, again, "each has its own salt");
        let good = Verdict { matches: true, outdated: false };
        assert_eq!(verify("anna's", &anna, &mut memory).expect("checked"), good);
        assert_eq!(verify("anna's", &anna, &mut Memory::default()).expect("checked"), good);
        assert!(!verify("bob's", &anna, &mut memory).expect("checked").matches);
    }

    #[test]
    fn an_older_hash_matches_and_is_outdated() {
        let argon2 = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(1024, 2, 1, None).expect("within the bounds"),
        );
        let mut output = [0; 32];
        argon2.hash_password_into(b"hunter2", b"saltsalt", &mut output).expect("hashed");
        let old =
            format!("$argon2id$v=19$m=1024,t=2,p=1$c2FsdHNhbHQ${}", Output::new(&output).expect("32 bytes"));
        let verdict = verify("hunter2", &old, &mut Memory::default()).expect("checked");
        assert_eq!(verdict, Verdict { matches: true, outdated: true });
    }

    #[test]
    fn the_decoy_takes_today_s_work_and_matches_nothing() {
        let verdict = verify("", DECOY, &mut Memory::default()).expect("checked");
        assert_eq!(verdict, Verdict { matches: false, outdated: false });
    }

    #[test]
    fn a_corrupt_hash_is_a_fault() {
        assert!(matches!(verify("x", "plain", &mut Memory::default()), Err(StoreError::Fault(_))));
    }
}
