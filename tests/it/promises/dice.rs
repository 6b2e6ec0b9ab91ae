//! Chance that can be repeated.

use super::PEOPLE;

/// A die that falls the same way every time (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub const fn of_seed(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    pub fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// One of those, mostly; now and then anybody.
    pub fn who(&mut self, likely: &[String]) -> String {
        if likely.is_empty() || self.below(4) == 0 {
            self.of(&PEOPLE).to_owned()
        } else {
            self.of(likely)
        }
    }

    /// The same, in another order.
    pub fn shuffled<T>(&mut self, mut all: Vec<T>) -> Vec<T> {
        for last in (1..all.len()).rev() {
            let other = self.below(last + 1);
            all.swap(last, other);
        }
        all
    }
}
