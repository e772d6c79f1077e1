//! What of a file is filled with zeros, its length and all offsets staying as they are.

/// What a box is called that nobody reads.
const FREE: [u8; 4] = *b"free";

/// One place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Blank {
    start: u64,
    end: u64,
    /// Where the name of the box is, before `start`.
    name: Option<u64>,
}

impl Blank {
    /// Of a box that begins there, behind so many bytes of length and name.
    pub(super) const fn of_box(begin: u64, head: usize, end: u64) -> Self {
        Self { start: begin + head as u64, end, name: Some(begin + 4) }
    }

    /// Of a box of which the name alone goes.
    pub(super) const fn of_name(begin: u64) -> Self {
        Self { start: begin + 8, end: begin + 8, name: Some(begin + 4) }
    }

    pub(super) const fn of_bytes(start: u64, end: u64) -> Self {
        Self { start, end, name: None }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.name.is_none() && self.start == self.end
    }

    /// Makes it longer by what comes right behind it, if this does.
    pub(super) const fn goes_on(&mut self, start: u64, length: u64) -> bool {
        match start.checked_add(length) {
            Some(end) if start == self.end => {
                self.end = end;
                true
            }
            _ => false,
        }
    }

    const fn first(&self) -> u64 {
        match self.name {
            Some(name) => name,
            None => self.start,
        }
    }
}

/// Where a file is to be filled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blanks(Vec<Blank>);

impl Blanks {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn push(&mut self, blank: Blank) {
        self.0.push(blank);
    }

    /// Before they are filled: each byte is in one of them, however they were in each other.
    pub(super) fn sort(&mut self) {
        self.0.sort_unstable_by_key(|blank| (blank.first(), blank.end));
        let mut reached = 0;
        self.0.retain_mut(|blank| {
            if blank.first() < reached {
                (blank.name, blank.start) = (None, blank.start.max(reached));
            }
            let is_one = blank.end >= blank.start && !blank.is_empty();
            reached = reached.max(blank.end);
            is_one
        });
    }

    /// Whether any of the bytes from `at` on are to be filled.
    pub fn touch(&self, at: u64, length: usize) -> bool {
        self.of(at, length).next().is_some()
    }

    /// Fills what of these bytes, which begin at `at` in the file, is to be.
    pub fn fill(&self, at: u64, bytes: &mut [u8]) {
        let length = bytes.len();
        for blank in self.of(at, length) {
            if let Some(name) = blank.name {
                for (offset, letter) in (name..).zip(FREE) {
                    if let Some(byte) = offset.checked_sub(at).and_then(|index| bytes.get_mut(index as usize))
                    {
                        *byte = letter;
                    }
                }
            }
            let index = |place: u64| place.clamp(at, at + length as u64) - at;
            let (start, end) = (index(blank.start) as usize, index(blank.end) as usize);
            if start < end {
                bytes[start..end].fill(0);
            }
        }
    }

    fn of(&self, at: u64, length: usize) -> impl Iterator<Item = &Blank> {
        // Their ends ascend as well.
        let first = self.0.partition_point(|blank| blank.end <= at);
        self.0[first..].iter().take_while(move |blank| blank.first() < at + length as u64)
    }
}
