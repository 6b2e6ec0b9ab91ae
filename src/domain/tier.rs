//! The three tiers, and how the answers at registration become one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much harm an agent could do. Computed from the answers; a person can only raise it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Tier {
    /// 1: reads, and changes nothing.
    Observer,
    /// 2: writes inside the company.
    Internal,
    /// 3: reaches customers or the world outside, or personal data, or money.
    External,
}

impl Tier {
    /// All tiers, the lowest first.
    pub const ALL: [Self; 3] = [Self::Observer, Self::Internal, Self::External];

    /// 1, 2 or 3.
    pub const fn number(self) -> u8 {
        match self {
            Self::Observer => 1,
            Self::Internal => 2,
            Self::External => 3,
        }
    }

    /// What the tier is called: `read-only observer`.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Observer => "read-only observer",
            Self::Internal => "internal actor",
            Self::External => "external-facing",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

impl From<Tier> for u8 {
    fn from(tier: Tier) -> u8 {
        tier.number()
    }
}

/// A number that is no tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is no tier: there are 1 (read-only), 2 (internal writes) and 3 (external, customer data, money)"
)]
pub struct BadTier(pub u8);

impl TryFrom<u8> for Tier {
    type Error = BadTier;
    fn try_from(n: u8) -> Result<Self, BadTier> {
        Self::ALL.into_iter().find(|t| t.number() == n).ok_or(BadTier(n))
    }
}

/// The yes-or-no questions at registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Answers {
    /// Does it write or change anything?
    pub writes: bool,
    /// Does it see customer or personal data?
    pub customer_data: bool,
    /// Does it call or message anything outside the company?
    pub external_calls: bool,
    /// Can it move or promise money?
    pub money: bool,
}

impl Answers {
    /// The tier that follows from the answers.
    pub const fn tier(self) -> Tier {
        if self.customer_data || self.external_calls || self.money {
            Tier::External
        } else if self.writes {
            Tier::Internal
        } else {
            Tier::Observer
        }
    }

    /// Why the tier is what it is, a few words each; never empty.
    pub fn reasons(self) -> Vec<&'static str> {
        let mut why = Vec::new();
        if self.money {
            why.push("can move money");
        }
        if self.customer_data {
            why.push("sees customer or personal data");
        }
        if self.external_calls {
            why.push("calls outside the company");
        }
        if why.is_empty() && self.writes {
            why.push("writes inside the company");
        }
        if why.is_empty() {
            why.push("only reads");
        }
        why
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_decide_the_tier() {
        let reads = Answers::default();
        assert_eq!(reads.tier(), Tier::Observer);
        assert_eq!(Answers { writes: true, ..reads }.tier(), Tier::Internal);
        for risky in [
            Answers { customer_data: true, ..reads },
            Answers { external_calls: true, ..reads },
            Answers { money: true, writes: true, ..reads },
        ] {
            assert_eq!(risky.tier(), Tier::External);
            assert!(!risky.reasons().is_empty());
        }
        assert_eq!(reads.reasons(), ["only reads"]);
    }

    #[test]
    fn a_tier_is_written_as_its_number() {
        assert_eq!(serde_json::to_string(&Tier::Internal).unwrap(), "2");
        assert!(serde_json::from_str::<Tier>("4").is_err());
    }
}
