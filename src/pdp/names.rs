//! Texts that come up again and again, kept once: each is a number from then on.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Texts and their numbers. A million of them cost their bytes and some ten more each.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// All texts, one behind the other.
    text: String,
    /// Where each ends.
    ends: Vec<u32>,
    /// The numbers, found by the hash of their texts.
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Names {
    /// The number of this text, if it has one.
    pub(super) fn number(&self, text: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(text);
        self.numbers.find(hash, |number| self.name(*number) == text).copied()
    }

    /// The number of this text, which gets one if it has none.
    pub(super) fn number_for(&mut self, text: &str) -> u32 {
        if let Some(number) = self.number(text) {
            return number;
        }
        let number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.text.push_str(text);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        let Self { text: all, ends, numbers, hasher } = self;
        let hash = hasher.hash_one(text);
        numbers.insert_unique(hash, number, |number| hasher.hash_one(at(all, ends, *number)));
        number
    }

    /// The text of this number; empty for a number that was never given.
    pub(super) fn name(&self, number: u32) -> &str {
        at(&self.text, &self.ends, number)
    }
}

fn at<'a>(text: &'a str, ends: &[u32], number: u32) -> &'a str {
    let at = number as usize;
    let from = at.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    let to = ends.get(at).copied().unwrap_or(from);
    text.get(from as usize..to as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number() {
        let mut names = Names::default();
        let all: Vec<String> = (0..3_000).map(|n| format!("object-{n}")).collect();
        let numbers: Vec<u32> = all.iter().map(|text| names.number_for(text)).collect();
        for (text, number) in all.iter().zip(numbers) {
            assert_eq!(names.number_for(text), number);
            assert_eq!(names.number(text), Some(number));
            assert_eq!(names.name(number), text);
        }
        assert_eq!(names.number("another"), None);
        assert_eq!(names.name(1_000_000), "");
    }
}
