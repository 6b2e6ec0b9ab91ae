//! Keys that stand in files: those of known issuers, and those that are only called so.
//!
//! What is found is named and never repeated: no function here returns a piece of a key.

use super::signs::GENERIC_KEY;
use crate::domain::secret::is_random;
pub use crate::domain::secret::{KINDS, KeyKind};

/// Names that are given keys.
const CALLED_SO: &[&str] =
    &["api_key", "apikey", "api-key", "access_token", "auth_token", "secret_key", "client_secret"];

/// Whether a line gives a long random text to something that is called a key: `API_KEY = "…"`.
/// Returns what it is, [`GENERIC_KEY`], so that the tables stay the one place for words.
pub fn unknown_key(line: &str) -> Option<&'static super::sign::Sign> {
    let lower = line.to_ascii_lowercase();
    let at =
        CALLED_SO.iter().filter_map(|name| lower.find(name).map(|at| at + name.len())).min()?;
    let after = line.get(at..)?.trim_start_matches(['"', '\'']).trim_start();
    let value = after.strip_prefix([':', '='])?.trim_start().trim_start_matches('=').trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (text, _) = value.get(1..)?.split_once(quote)?;
    let plain =
        text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '/' | '='));
    let mixed =
        text.chars().any(|c| c.is_ascii_digit()) && text.chars().any(|c| c.is_ascii_alphabetic());
    let found = plain && mixed && (24..=200).contains(&text.len()) && is_random(text, 3.9);
    found.then_some(&GENERIC_KEY)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text as random as a key, made here so that no key stands in this file.
    fn random(len: usize) -> String {
        let alphabet = b"Qw7Zr2Tv9Kp4Ls8Mx3Bn6Hd5GfJcYWqRtVkPzLmNbXhDgFj";
        let mut state = 17_u32;
        let step = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(alphabet[(state >> 16) as usize % alphabet.len()])
        };
        (0..len).map(step).collect()
    }

    #[test]
    fn a_key_of_no_known_issuer() {
        let real = random(40);
        assert!(unknown_key(&format!("API_KEY = \"{real}\"")).is_some());
        assert!(unknown_key(&format!("  apiKey: '{real}',")).is_some());
        assert!(unknown_key(&format!("{{\"client_secret\": \"{real}\"}}")).is_some());
        for innocent in [
            "API_KEY = os.environ[\"API_KEY\"]".to_owned(),
            "apiKey: 'please-enter-the-key-of-your-account-here'".to_owned(),
            "api_key = \"${{ secrets.API_KEY }}\"".to_owned(),
            "const API_KEY = \"\"".to_owned(),
            format!("checksum = \"{real}\""),
            format!("api_key = {real}"),
        ] {
            assert!(unknown_key(&innocent).is_none(), "{innocent}");
        }
    }
}
