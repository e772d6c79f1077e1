//! Where the samples of a track are that tells, moment by moment, where the camera was.

use crate::clean::Bytes;
use crate::whereabouts::blanks::Blank;

/// What is known of one track.
#[derive(Debug, Default)]
pub(super) struct Samples {
    tells: bool,
    /// Tables went by before that was known.
    passed: bool,
    /// From which piece on how many samples are in one.
    counts: Option<Vec<u8>>,
    sizes: Option<Vec<u8>>,
    /// Where pieces are, in four bytes each, or in eight.
    offsets: Option<(Vec<u8>, usize)>,
    /// In a form that nobody uses for these.
    stays: bool,
}

impl Samples {
    pub(super) const fn begin(&mut self) {
        self.tells = true;
    }

    /// Whether a table is of use.
    pub(super) const fn tell(&mut self, name: [u8; 4]) -> bool {
        self.passed |= !self.tells;
        self.stays |= self.tells && matches!(&name, b"stz2");
        self.tells
    }

    pub(super) fn table(&mut self, name: [u8; 4], content: &[u8]) {
        let content = content.to_vec();
        match &name {
            b"stsc" => self.counts = Some(content),
            b"stsz" => self.sizes = Some(content),
            b"stco" => self.offsets = Some((content, 4)),
            b"co64" => self.offsets = Some((content, 8)),
            _ => {}
        }
    }

    /// All of it is known.
    pub(super) fn end(self, blanks: &mut Vec<Blank>, stays: &mut bool) {
        if self.tells {
            *stays |= self.stays || self.passed || self.places(blanks).is_none();
        }
    }

    fn places(&self, blanks: &mut Vec<Blank>) -> Option<()> {
        let (mut counts, mut sizes) = (Bytes(self.counts.as_ref()?), Bytes(self.sizes.as_ref()?));
        let (offsets, of_offset) = self.offsets.as_ref()?;
        let mut offsets = Bytes(offsets);
        counts.take(8).ok()?;
        sizes.take(4).ok()?;
        let (one_size, mut samples) = (sizes.big(4).ok()?, sizes.big(4).ok()?);
        offsets.take(4).ok()?;
        let pieces = offsets.big(4).ok()?;
        let mut in_a_piece = 0;
        let mut last = Blank::of_bytes(0, 0);
        for piece in 1..=pieces {
            if let Some(first) = counts.0.first_chunk()
                && u32::from_be_bytes(*first) == piece
            {
                counts.take(4).ok()?;
                in_a_piece = counts.big(4).ok()?;
                counts.take(4).ok()?;
            }
            let start = offsets.take(*of_offset).ok()?.iter().fold(0, |at, byte| at << 8 | u64::from(*byte));
            let count = in_a_piece.min(samples);
            samples -= count;
            let length = if one_size > 0 {
                u64::from(one_size) * u64::from(count)
            } else {
                let own = sizes.take(count as usize * 4).ok()?.as_chunks::<4>().0;
                own.iter().map(|size| u64::from(u32::from_be_bytes(*size))).sum()
            };
            // One behind the other are one.
            if !last.goes_on(start, length) {
                blanks.push(last);
                last = Blank::of_bytes(start, start.checked_add(length)?);
            }
        }
        blanks.push(last);
        blanks.retain(|blank| !blank.is_empty());
        (samples == 0).then_some(())
    }
}
