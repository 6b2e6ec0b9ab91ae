//! The code that a device shows and a person types: `WDJB-MJHT`.
//!
//! Eight letters of an alphabet without vowels and without what looks alike (RFC 8628, section 6.1): 34
//! bits, which is enough for a code that lives for minutes and whose wrong guesses are counted. It is no
//! secret of the device's: who knows it can only log the device in as themselves.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The letters, RFC 8628's own.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// So many of them.
const LENGTH: usize = 8;

/// A code as it is typed: eight letters, shown as two groups.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct UserCode([u8; LENGTH]);

/// A text that is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code has eight letters, such as `WDJB-MJHT`")]
pub struct BadUserCode;

impl UserCode {
    /// A fresh code; `below` gives a random number below its argument.
    pub fn make(mut below: impl FnMut(u64) -> u64) -> Self {
        let [first, ..] = *ALPHABET;
        Self(std::array::from_fn(|_| {
            let at = usize::try_from(below(ALPHABET.len() as u64)).unwrap_or_default();
            ALPHABET.get(at).copied().unwrap_or(first)
        }))
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, letter) in self.0.iter().enumerate() {
            if at == LENGTH / 2 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*letter))?;
        }
        Ok(())
    }
}

/// As it is shown: it is in no log, but a test that fails may name it.
impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(…)")
    }
}

/// As people type it: small letters, spaces and hyphens wherever they like.
impl FromStr for UserCode {
    type Err = BadUserCode;

    fn from_str(text: &str) -> Result<Self, BadUserCode> {
        let mut letters = [0; LENGTH];
        let mut typed = text.chars().filter(|c| !c.is_whitespace() && !is_hyphen(*c));
        for place in &mut letters {
            let letter = typed.next().ok_or(BadUserCode)?.to_ascii_uppercase();
            let letter = u8::try_from(letter).map_err(|_| BadUserCode)?;
            if !ALPHABET.contains(&letter) {
                return Err(BadUserCode);
            }
            *place = letter;
        }
        if typed.next().is_some() { Err(BadUserCode) } else { Ok(Self(letters)) }
    }
}

/// Keyboards and chat programs make other signs of a hyphen.
const fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '_' | '.')
}

impl From<UserCode> for String {
    fn from(code: UserCode) -> String {
        code.to_string()
    }
}

impl TryFrom<String> for UserCode {
    type Error = BadUserCode;
    fn try_from(text: String) -> Result<Self, BadUserCode> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_is_typed_in_many_ways() {
        let code: UserCode = "WDJB-MJHT".parse().unwrap();
        for typed in ["wdjbmjht", " wdjb mjht ", "W-D-J-B–M-J-H-T", "WDJB\u{2014}MJHT"] {
            assert_eq!(typed.parse(), Ok(code.clone()), "{typed}");
        }
        for wrong in ["", "WDJB-MJH", "WDJB-MJHTT", "WDJA-MJHT", "WDJ8-MJHT", "ẄDJB-MJHT", "------"]
        {
            assert_eq!(wrong.parse::<UserCode>(), Err(BadUserCode), "{wrong}");
        }
    }

    #[test]
    fn chance_that_is_out_of_bounds_still_gives_a_code() {
        let code = UserCode::make(|_| u64::MAX);
        assert_eq!(code.to_string(), "BBBB-BBBB");
    }

    proptest! {
        #[test]
        fn what_is_made_reads_back(numbers in proptest::collection::vec(0u64..20, 8)) {
            let mut numbers = numbers.into_iter();
            let code = UserCode::make(|_| numbers.next().unwrap());
            prop_assert_eq!(code.to_string().parse(), Ok(code));
        }

        #[test]
        fn anything_can_be_typed(text in "\\PC{0,40}") {
            let _ = text.parse::<UserCode>();
        }
    }
}
