//! Bytes that come in pieces of any size, of which some are passed over and others wanted together.

/// Lists in each other. Those of films are some eight deep.
pub(super) const MAX_DEPTH: usize = 16;
/// Of what nobody knows, so much is looked at: a location stands at the beginning of what cameras write.
pub(super) const LOOKED_AT_BYTES: u64 = 64 << 10;

#[derive(Debug, Default)]
pub(super) struct Flow {
    /// How much has come.
    pub at: u64,
    /// What is passed over before the next that counts.
    pub pass_to: u64,
    /// What is collected, and how much of it there is to be.
    pub held: Vec<u8>,
    pub wanted: usize,
}

impl Flow {
    pub const fn of(wanted: usize) -> Self {
        Self { at: 0, pass_to: 0, held: Vec::new(), wanted }
    }

    /// What was wanted, once it is there; of `bytes` the rest is left.
    pub fn take(&mut self, bytes: &mut &[u8]) -> Option<Vec<u8>> {
        let passed = self.pass_to.saturating_sub(self.at).min(bytes.len() as u64) as usize;
        let behind = &bytes[passed..];
        let (taken, rest) = behind.split_at(behind.len().min(self.wanted - self.held.len()));
        self.held.extend_from_slice(taken);
        self.at += (passed + taken.len()) as u64;
        *bytes = rest;
        (self.held.len() == self.wanted).then(|| std::mem::take(&mut self.held))
    }

    /// What was taken is the beginning of what is wanted.
    pub fn more(&mut self, held: Vec<u8>, wanted: usize) {
        (self.held, self.wanted) = (held, wanted);
    }
}
