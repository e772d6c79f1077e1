//! What of a file is filled with zeros, its length and all offsets staying as they are.

/// One place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Blank {
    start: u64,
    end: u64,
    /// What stands before `start` and becomes something else.
    name: Option<Name>,
}

/// What something is called that nobody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    at: u64,
    letters: [u8; MAX_LETTERS],
    count: u8,
}

const MAX_LETTERS: usize = 9;

impl Name {
    fn of(at: u64, name: &[u8]) -> Self {
        let mut letters = [0; MAX_LETTERS];
        letters[..name.len()].copy_from_slice(name);
        Self { at, letters, count: name.len() as u8 }
    }
}

impl Blank {
    /// Of a box that begins there, behind so many bytes of length and name.
    pub(super) fn of_box(begin: u64, head: usize, end: u64) -> Self {
        Self { start: begin + head as u64, end, name: Some(Name::of(begin + 4, b"free")) }
    }

    /// Of a box of which the name alone goes.
    pub(super) fn of_name(begin: u64) -> Self {
        Self::of_box(begin, 8, begin + 8)
    }

    /// Of an element of Matroska that begins there, whatever the length of its head: it becomes one that is void.
    pub(super) fn of_element(begin: u64, end: u64) -> Self {
        // Lengths of one byte or of eight fit all.
        let name = match end.saturating_sub(begin) {
            length @ ..=127 => Name::of(begin, &[0xec, 0x80 | length.saturating_sub(2) as u8]),
            length => {
                let mut letters = [0; MAX_LETTERS];
                letters[1..].copy_from_slice(&(length - 9).to_be_bytes());
                [letters[0], letters[1]] = [0xec, 1];
                Name::of(begin, &letters)
            }
        };
        Self { start: begin + u64::from(name.count), end, name: Some(name) }
    }

    /// Of what lies between `start` and `end`, behind a name that stands at `begin` and becomes that one.
    pub(super) fn behind(begin: u64, name: &[u8], start: u64, end: u64) -> Self {
        Self { start, end, name: Some(Name::of(begin, name)) }
    }

    /// Other bytes in place of these.
    pub(super) fn written(at: u64, bytes: [u8; 4]) -> Self {
        Self::behind(at, &bytes, at + 4, at + 4)
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
            Some(name) => name.at,
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
                for (offset, letter) in (name.at..).zip(&name.letters[..usize::from(name.count)]) {
                    if let Some(byte) = offset.checked_sub(at).and_then(|index| bytes.get_mut(index as usize))
                    {
                        *byte = *letter;
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
