//! How many frames one connection may send.

/// Frames of one connection: this many at once, and this many more each second. Far above what people and
/// programs need; whoever sends more is closed with 4029. An error costs as many as the last line says.
const FRAME_BURST: u32 = 10_000;
const FRAMES_PER_SECOND: u32 = 2_000;
pub(super) const FRAMES_PER_ERROR: u32 = 20;

/// A bucket of frames that fills by the second.
pub(super) struct FrameBudget {
    left: u32,
    filled_at: u32,
}

impl FrameBudget {
    pub(super) const fn new(now: u32) -> Self {
        Self { left: FRAME_BURST, filled_at: now }
    }

    /// Whether there was enough.
    pub(super) fn spend(&mut self, now: u32, frames: u32) -> bool {
        let seconds = now.saturating_sub(self.filled_at);
        if seconds > 0 {
            self.filled_at = now;
            self.left = self.left.saturating_add(seconds.saturating_mul(FRAMES_PER_SECOND)).min(FRAME_BURST);
        }
        match self.left.checked_sub(frames) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_fills_with_time_and_not_beyond_its_burst() {
        let mut budget = FrameBudget::new(0);
        assert!(budget.spend(0, FRAME_BURST));
        assert!(!budget.spend(0, 1));
        assert!(budget.spend(1, FRAMES_PER_SECOND));
        assert!(!budget.spend(1, 1));
        assert!(!budget.spend(1000, FRAME_BURST + 1));
    }
}
