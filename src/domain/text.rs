//! Text of people and agents, made safe to keep.
//!
//! A justification may hold anything: control characters, characters that turn the reading
//! direction round, forty thousand letters. [`clean`] removes what no reader would want and cuts at
//! a length; escaping for the place where it is shown is that place's own task.

/// The longest free text that is kept, in characters (a purpose, a justification, a reason).
pub const LONGEST_TEXT: usize = 1_000;

/// The text without control, invisible and direction-changing characters, white space folded,
/// trimmed and cut to `longest` characters with `…` as the mark of a cut.
pub fn clean(text: &str, longest: usize) -> String {
    let mut out = String::new();
    let mut kept = 0;
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() {
            space = kept > 0;
            continue;
        }
        if c.is_control() || is_deceptive(c) {
            continue;
        }
        if kept + usize::from(space) >= longest {
            // Make room for the mark where the text was cut.
            out.pop();
            out.push('…');
            return out;
        }
        if space {
            out.push(' ');
            kept += 1;
            space = false;
        }
        out.push(c);
        kept += 1;
    }
    out
}

/// Characters that hide others, change the reading direction or are invisible: the bidirectional
/// controls (UAX 9), zero-width and tag characters, variation selectors and soft hyphens.
fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0E}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_deceives_is_removed_and_what_is_meant_stays() {
        assert_eq!(clean("  refund\u{202E}dnufer \n\t twice ", 100), "refunddnufer twice");
        assert_eq!(clean("zero\u{200B}width\u{0007}", 100), "zerowidth");
        assert_eq!(clean("für Kundinnen 🎉", 100), "für Kundinnen 🎉");
    }

    #[test]
    fn a_cut_shows() {
        assert_eq!(clean("abcdef", 4), "abc…");
        assert_eq!(clean("abcd", 4), "abcd");
    }

    proptest! {
        #[test]
        fn never_longer_never_deceptive_and_stable(text in ".{0,200}", longest in 1usize..50) {
            let once = clean(&text, longest);
            prop_assert!(once.chars().count() <= longest);
            let bad = once.chars().any(|c| c.is_control() || is_deceptive(c));
            prop_assert!(!bad);
            prop_assert_eq!(clean(&once, longest), once);
        }
    }
}
