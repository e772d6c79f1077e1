//! A list that is put together of several, each in the order of a key, the largest first: read by that key, and no more of
//! each than is wanted, whatever they hold.

use std::collections::{BinaryHeap, VecDeque};

use crate::failure::Result as Step;

/// Rows that are read of one of the lists at first; each time that these were not enough, twice as many.
const FIRST: u64 = 8;
const MOST: u64 = 256;

/// Lists that are read together.
const TOGETHER: usize = 64;

/// What is wanted of one of the lists: its first rows of keys below this one.
pub(super) struct Asked {
    pub(super) list: usize,
    pub(super) below: u64,
    pub(super) limit: u64,
}

/// What was read of it.
pub(super) struct Part<R> {
    /// Perhaps fewer than were asked for: those that do not count are left out.
    pub(super) rows: VecDeque<R>,
    /// The others have keys below this one; `None` if there are none.
    pub(super) rest: Option<u64>,
}

pub(super) trait Lists {
    type Row;

    fn key(row: &Self::Row) -> u64;

    /// Reads of several of them together.
    fn read(&mut self, asked: &[Asked]) -> Step<Vec<Part<Self::Row>>>;
}

struct List<R> {
    part: Part<R>,
    limit: u64,
}

impl<R> List<R> {
    /// No row that is still to come has a key above this one; `None` if none comes.
    fn bound(&self, key: impl Fn(&R) -> u64) -> Option<u64> {
        self.part.rows.front().map(key).or_else(|| self.part.rest?.checked_sub(1))
    }
}

pub(super) struct Merged<L: Lists> {
    pub(super) lists: L,
    each: Vec<List<L::Row>>,
    /// The bound of each of them that has rows to come.
    order: BinaryHeap<(u64, usize)>,
}

impl<L: Lists> Merged<L> {
    /// Of lists of which it is known below which key they begin.
    pub(super) fn new(lists: L, below: impl IntoIterator<Item = u64>) -> Self {
        let begin = |below| List { part: Part { rows: VecDeque::new(), rest: Some(below) }, limit: FIRST };
        let each: Vec<_> = below.into_iter().map(begin).collect();
        let bounds = each.iter().enumerate().filter_map(|(at, list)| Some((list.bound(L::key)?, at)));
        Self { order: bounds.collect(), lists, each }
    }

    /// No row that is still to come has a key above this one; `None` if none comes.
    pub(super) fn bound(&self) -> Option<u64> {
        self.order.peek().map(|(bound, _)| *bound)
    }

    /// The next row, if it is read already.
    fn at_hand(&mut self) -> Option<L::Row> {
        let (_, at) = *self.order.peek()?;
        let row = self.each[at].part.rows.pop_front()?;
        self.order.pop();
        self.put_back(at);
        Some(row)
    }

    fn put_back(&mut self, at: usize) {
        self.order.extend(self.each[at].bound(L::key).map(|bound| (bound, at)));
    }

    /// The next row, unless more is to be read before it is known: then some of that was read. `None` at the end.
    pub(super) fn step(&mut self) -> Step<Option<Option<L::Row>>> {
        if let Some(row) = self.at_hand() {
            return Ok(Some(Some(row)));
        }
        if self.order.is_empty() {
            return Ok(None);
        }
        self.read_on().map(|()| Some(None))
    }

    /// Reads of those lists that may have the next row, and with them of those that may have the ones behind it.
    fn read_on(&mut self) -> Step<()> {
        let mut asked = Vec::new();
        while asked.len() < TOGETHER
            && let Some((_, at)) = self.order.peek().copied()
            && let list = &mut self.each[at]
            && list.part.rows.is_empty()
            && let Some(below) = list.part.rest
        {
            self.order.pop();
            asked.push(Asked { list: at, below, limit: list.limit });
            list.limit = MOST.min(list.limit * 2);
        }
        for (Asked { list, .. }, part) in asked.iter().zip(self.lists.read(&asked)?) {
            self.each[*list].part = part;
            self.put_back(*list);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each ascending; those that three divides do not count.
    struct Numbers {
        lists: Vec<Vec<u64>>,
        read: usize,
    }

    impl Lists for Numbers {
        type Row = u64;

        fn key(row: &u64) -> u64 {
            *row
        }

        fn read(&mut self, asked: &[Asked]) -> Step<Vec<Part<u64>>> {
            let parts = asked.iter().map(|Asked { list, below, limit }| {
                let rows: Vec<u64> =
                    self.lists[*list].iter().rev().copied().filter(|row| row < below).collect();
                let read = &rows[..rows.len().min(*limit as usize)];
                self.read += read.len();
                let rest = read.last().copied().filter(|_| read.len() as u64 == *limit);
                Part { rows: read.iter().copied().filter(|row| row % 3 > 0).collect(), rest }
            });
            Ok(parts.collect())
        }
    }

    fn merged(lists: Vec<Vec<u64>>) -> Merged<Numbers> {
        let below: Vec<_> = lists.iter().map(|list| list.last().map_or(0, |last| last + 1)).collect();
        Merged::new(Numbers { lists, read: 0 }, below)
    }

    fn first(merged: &mut Merged<Numbers>, count: usize) -> Vec<u64> {
        let mut rows = Vec::new();
        while rows.len() < count
            && let Some(step) = merged.step().expect("numbers are read")
        {
            rows.extend(step);
        }
        rows
    }

    #[test]
    fn rows_come_in_the_order_of_their_keys_and_all_of_them() {
        for count in [0, 1, 2, 5, 90] {
            let lists: Vec<Vec<u64>> =
                (0..count).map(|list| (1..300).filter(|n| n % (list + 1) == 0).collect()).collect();
            let mut all: Vec<_> = lists.iter().flatten().copied().filter(|row| row % 3 > 0).collect();
            all.sort_unstable_by_key(|row| std::cmp::Reverse(*row));
            let mut merged = merged(lists);
            assert_eq!(first(&mut merged, usize::MAX), all);
            assert_eq!(merged.bound(), None);
        }
    }

    #[test]
    fn a_page_is_read_and_not_the_whole() {
        // Of each of a thousand lists the newest is known.
        let lists: Vec<Vec<u64>> =
            (0..1000).map(|list| (0..1000).map(|row| row * 1000 + list).collect()).collect();
        let mut merged = merged(lists);
        assert_eq!(first(&mut merged, 50).len(), 50);
        assert!(merged.lists.read <= 2 * TOGETHER * FIRST as usize, "{}", merged.lists.read);
        // One has all that is new.
        let lists = (0..1000).map(|list| {
            let begin = if list == 7 { 10_000_000 } else { list };
            (0..1000).map(|row| row * 1000 + begin).collect()
        });
        let mut merged = self::merged(lists.collect());
        assert_eq!(first(&mut merged, 200).len(), 200);
        assert!(merged.lists.read <= (TOGETHER * FIRST as usize) + 600, "{}", merged.lists.read);
    }
}
