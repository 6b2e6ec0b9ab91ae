//! What can be done about something that was found, as buttons and forms carry it.

use serde::{Deserialize, Serialize};

/// A step: the kind of a button, and of the form that it opens if it opens one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscoveryStep {
    /// Security asks somebody to register it; opens the form that asks whom.
    Ask,
    /// Security says whose it is; opens the form that asks which agent's.
    Claim,
    /// Security says that it is no agent; opens the form that asks why.
    Dismiss,
    /// Security wants to be told again later.
    PutOff,
    /// Security says that it is not the agent's whose it was taken for.
    Correct,
    /// Who was asked registers it; opens the registration form.
    Register,
    /// Who was asked says that it is not theirs.
    HandBack,
}

impl DiscoveryStep {
    /// All there are.
    pub const ALL: [Self; 7] = [
        Self::Ask,
        Self::Claim,
        Self::Dismiss,
        Self::PutOff,
        Self::Correct,
        Self::Register,
        Self::HandBack,
    ];

    /// The `action_id` of the button, and the `callback_id` of the form.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Ask => "discovery_ask",
            Self::Claim => "discovery_claim",
            Self::Dismiss => "discovery_dismiss",
            Self::PutOff => "discovery_put_off",
            Self::Correct => "discovery_correct",
            Self::Register => "discovery_register",
            Self::HandBack => "discovery_hand_back",
        }
    }

    /// The step with this id.
    pub fn read(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.id() == id)
    }
}
