//! Blocks: terms, ascending, each with the entries that have it, in as few bytes as they take.
//!
//! Of a term a block has what it does not share with the term before; of its entries, which are numbers of a segment and
//! ascend, how far each is from the one before. A term whose entries do not fit goes on in the next block.

use super::number::{self, Damaged};

/// Bytes of a block, so that four rows are a page of PostgreSQL, and two a page of SQLite.
const BLOCK: usize = 1_976;

/// Where a block has no more room than this a term that does not fit begins in the next one.
const WASTE: usize = 64;

/// A block, and what it is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) first_term: Vec<u8>,
    pub(super) first_entry: u32,
    pub(super) bytes: Vec<u8>,
}

/// Makes blocks of terms that come ascending.
#[derive(Default)]
pub(super) struct Blocks {
    done: Vec<Block>,
    block: Option<Block>,
    last: Vec<u8>,
    postings: Vec<u8>,
}

impl Blocks {
    /// The term has these entries, which ascend.
    pub(super) fn add(&mut self, term: &[u8], mut entries: &[u32]) {
        while let Some(first) = entries.first() {
            let used = self.block.as_ref().map_or(0, |block| block.bytes.len());
            let shared = if used == 0 { 0 } else { shared(&self.last, term) };
            let own = &term[shared..];
            let head = number::length(shared as u64) + number::length(own.len() as u64) + own.len() + 2;
            let room = BLOCK.saturating_sub(used + head);
            let taken = self.encode(entries, room);
            let is_too_much = self.postings.len() > room || (taken < entries.len() && room < WASTE);
            if used > 0 && is_too_much {
                self.close();
                continue;
            }
            let block = self.block.get_or_insert_with(|| Block {
                first_term: term.to_vec(),
                first_entry: *first,
                bytes: Vec::with_capacity(BLOCK),
            });
            number::put(&mut block.bytes, shared as u64);
            number::put(&mut block.bytes, own.len() as u64);
            block.bytes.extend_from_slice(own);
            number::put(&mut block.bytes, self.postings.len() as u64);
            block.bytes.extend_from_slice(&self.postings);
            self.last.clear();
            self.last.extend_from_slice(term);
            entries = &entries[taken..];
            if !entries.is_empty() {
                self.close();
            }
        }
    }

    /// Writes as many as there is room for, and one at least, to `postings`.
    fn encode(&mut self, entries: &[u32], room: usize) -> usize {
        self.postings.clear();
        let mut before = 0;
        for (count, entry) in entries.iter().enumerate() {
            let step = u64::from(entry - before);
            if count > 0 && self.postings.len() + number::length(step) > room {
                return count;
            }
            number::put(&mut self.postings, step);
            before = *entry;
        }
        entries.len()
    }

    fn close(&mut self) {
        self.done.extend(self.block.take());
        self.last.clear();
    }

    pub(super) fn finish(mut self) -> Vec<Block> {
        self.close();
        self.done
    }
}

fn shared(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

/// Reads a block, term by term.
pub(super) struct Reading<'b> {
    rest: &'b [u8],
    term: Vec<u8>,
    postings: &'b [u8],
}

impl<'b> Reading<'b> {
    pub(super) fn new(block: &'b [u8]) -> Self {
        Self { rest: block, term: Vec::new(), postings: &[] }
    }

    /// Goes on to the next term; whether there is one.
    pub(super) fn next(&mut self) -> Result<bool, Damaged> {
        if self.rest.is_empty() {
            return Ok(false);
        }
        let shared = usize::try_from(number::take(&mut self.rest)?).map_err(|_| Damaged)?;
        if shared > self.term.len() {
            return Err(Damaged);
        }
        self.term.truncate(shared);
        let own = number::take(&mut self.rest)?;
        self.term.extend_from_slice(number::take_bytes(&mut self.rest, own)?);
        let bytes = number::take(&mut self.rest)?;
        self.postings = number::take_bytes(&mut self.rest, bytes)?;
        Ok(true)
    }

    pub(super) fn term(&self) -> &[u8] {
        &self.term
    }

    /// Hands over the entries of the term, each as `of` has it.
    pub(super) fn entries(&self, mut each: impl FnMut(u32)) -> Result<(), Damaged> {
        let (mut rest, mut entry) = (self.postings, 0_u64);
        while !rest.is_empty() {
            entry = entry.checked_add(number::take(&mut rest)?).ok_or(Damaged)?;
            each(u32::try_from(entry).map_err(|_| Damaged)?);
        }
        Ok(())
    }
}

/// Whether a term of the block has one of these entries, which ascend.
pub(super) fn has_one(block: &[u8], entries: &[u32]) -> Result<bool, Damaged> {
    let (mut reading, mut has_one) = (Reading::new(block), false);
    while !has_one && reading.next()? {
        reading.entries(|entry| has_one |= entries.binary_search(&entry).is_ok())?;
    }
    Ok(has_one)
}

/// The same block without these entries, which ascend. It takes no more room than before; `None` where nothing is left of it.
pub(super) fn without(block: &[u8], entries: &[u32]) -> Result<Option<Block>, Damaged> {
    let (mut reading, mut left) = (Reading::new(block), Blocks::default());
    let mut kept = Vec::new();
    while reading.next()? {
        kept.clear();
        reading.entries(|entry| {
            if entries.binary_search(&entry).is_err() {
                kept.push(entry);
            }
        })?;
        left.add(reading.term(), &kept);
    }
    Ok(left.finish().pop())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use fastrand::Rng;

    use super::*;

    type Terms = BTreeMap<Vec<u8>, BTreeSet<u32>>;

    /// Terms of all lengths that begin alike, some of which nearly all entries have.
    fn some(rng: &mut Rng) -> Terms {
        let mut terms = Terms::new();
        for _ in 0..rng.usize(1..300) {
            let term = (0..rng.usize(1..60)).map(|_| rng.u8(b'a'..b'c')).collect();
            let (count, below) = (rng.usize(1..20), rng.u32(1..200_000));
            terms.insert(term, (0..count).map(|_| rng.u32(0..below)).collect());
        }
        for nth in 0..rng.u8(0..3) {
            terms.insert(vec![b'b', nth], (0..rng.u32(1..9_000)).map(|entry| entry * 3).collect());
        }
        terms
    }

    fn made(terms: &Terms) -> Vec<Block> {
        let mut blocks = Blocks::default();
        for (term, entries) in terms {
            blocks.add(term, &entries.iter().copied().collect::<Vec<_>>());
        }
        blocks.finish()
    }

    fn read(blocks: &[Block]) -> Terms {
        let mut terms = Terms::new();
        for block in blocks {
            let (mut reading, mut is_first) = (Reading::new(&block.bytes), true);
            while reading.next().expect("it is whole") {
                let mut entries = Vec::new();
                reading.entries(|entry| entries.push(entry)).expect("they are whole");
                if std::mem::take(&mut is_first) {
                    assert_eq!((reading.term(), entries[0]), (&block.first_term[..], block.first_entry));
                }
                terms.entry(reading.term().to_vec()).or_default().extend(entries);
            }
        }
        terms
    }

    #[test]
    fn blocks_are_read_as_they_were_made_and_fit_into_a_quarter_of_a_page() {
        let mut rng = Rng::with_seed(7);
        for _ in 0..50 {
            let terms = some(&mut rng);
            let blocks = made(&terms);
            assert_eq!(read(&blocks), terms);
            assert!(blocks.iter().all(|block| (1..=BLOCK).contains(&block.bytes.len())));
            assert!(blocks.is_sorted_by_key(|block| (block.first_term.clone(), block.first_entry)));
            let (bytes, count) = (blocks.iter().map(|block| block.bytes.len()).sum::<usize>(), blocks.len());
            assert!(bytes >= (count - 1) * (BLOCK - 2 * WASTE), "{bytes} in {count} blocks");
        }
    }

    #[test]
    fn what_is_taken_out_is_gone_and_all_else_is_as_it_was() {
        let mut rng = Rng::with_seed(8);
        for _ in 0..50 {
            let mut terms = some(&mut rng);
            let share = *rng.choice(&[1, 100, 256]).expect("there are three");
            let gone: Vec<u32> = (0..200_000).filter(|_| rng.u16(..256) < share).collect();
            let blocks = made(&terms);
            let mut left = Vec::new();
            for block in &blocks {
                if has_one(&block.bytes, &gone).expect("it is whole") {
                    let less = without(&block.bytes, &gone).expect("it is whole");
                    assert!(less.iter().all(|less| less.bytes.len() <= block.bytes.len()), "it grows");
                    left.extend(less);
                } else {
                    assert_eq!(without(&block.bytes, &gone), Ok(Some(block.clone())));
                    left.push(block.clone());
                }
            }
            for entries in terms.values_mut() {
                entries.retain(|entry| gone.binary_search(entry).is_err());
            }
            terms.retain(|_, entries| !entries.is_empty());
            assert_eq!(read(&left), terms);
        }
    }

    #[test]
    fn what_is_no_block_is_seen() {
        let block = &made(&[(b"plan".to_vec(), BTreeSet::from([3, 900]))].into())[0].bytes;
        for end in 1..block.len() {
            let mut reading = Reading::new(&block[..end]);
            assert!(reading.next().is_err(), "{end}");
        }
        assert!(Reading::new(&[9, 1, b'x', 0]).next().is_err());
    }
}
