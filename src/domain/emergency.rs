//! Break-glass: what cannot wait for people is opened at once, for a short time, by somebody who is
//! entitled to it and answers for it afterwards.

use super::agent::Agent;
use super::tier::Tier;
use super::time::Span;

/// The fewest words that say why something could not wait.
const FEWEST_WORDS: usize = 3;
/// The fewest letters and digits in them.
const FEWEST_LETTERS: usize = 12;

/// Why something is not opened in an emergency, whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotThen {
    /// Nobody answers for the agent.
    Orphaned,
    /// An emergency never raises a tier.
    TierTooLow {
        /// The lowest tier that may have it.
        needs: Tier,
        /// The agent's.
        has: Tier,
    },
    /// The policy allows only so long.
    TooLong {
        /// What was asked.
        asked: Span,
        /// The longest.
        longest: Span,
    },
    /// The reason does not say why it could not wait.
    ThinReason,
}

/// Whether an agent at work may get something at once that `needs` this tier, for so long, for this
/// reason.
///
/// # Errors
///
/// Why not.
pub fn judge(
    agent: &Agent,
    needs: Tier,
    asked: Span,
    longest: Span,
    reason: &str,
) -> Result<(), NotThen> {
    let has = agent.tier;
    if agent.orphaned.is_some() {
        Err(NotThen::Orphaned)
    } else if needs > has {
        Err(NotThen::TierTooLow { needs, has })
    } else if asked > longest {
        Err(NotThen::TooLong { asked, longest })
    } else if !says_enough(reason) {
        Err(NotThen::ThinReason)
    } else {
        Ok(())
    }
}

/// Whether a reason says something: those who were skipped and who review it have only this. What it
/// says is theirs to judge.
fn says_enough(reason: &str) -> bool {
    let words = reason.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric));
    let letters = reason.chars().filter(|c| c.is_alphanumeric()).count();
    // Languages that write without spaces say as much in one word.
    letters >= FEWEST_LETTERS && (words.count() >= FEWEST_WORDS || !reason.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_reason_of_some_substance() {
        for thin in ["", "x", "urgent!!!!!!!!!!!", "now now now", "- - - - - - -", "because"] {
            assert!(!says_enough(thin), "{thin}");
        }
        for enough in [
            "orders are stuck since noon",
            "the queue blocks checkout",
            "データベースが応答していません至急",
        ] {
            assert!(says_enough(enough), "{enough}");
        }
    }

    proptest! {
        /// More words never make a reason worse.
        #[test]
        fn more_words_are_no_less(reason in "[a-z ]{0,60}", more in "[a-z ]{0,30}") {
            if says_enough(&reason) {
                let longer = format!("{reason} {more}");
                prop_assert!(says_enough(&longer));
            }
        }
    }
}
