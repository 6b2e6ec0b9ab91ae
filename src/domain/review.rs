//! What the automated review finds before people look: it informs, people decide.

use serde::{Deserialize, Serialize};

use super::access::Sensitivity;
use super::agent::Agent;
use super::claims::Breadth;
use super::tier::Tier;
use super::time::Timestamp;

/// One finding, shown on the card with ✓ or ⚠.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// ✓ The owner is a full, active member.
    OwnerActive,
    /// ⚠ The owner is not a full, active member any more.
    OwnerGone,
    /// ⚠ Those who usually agree to a handover take part in it, so others do.
    OthersAgree,
    /// ✓ Its owner's last certification holds.
    Certified,
    /// ⚠ The certification has lapsed.
    CertificationLapsed,
    /// ✓ Its tier allows the action.
    TierSuffices,
    /// ⚠ The yes raises the agent's tier too.
    RaisesTier {
        /// From.
        from: Tier,
        /// To.
        to: Tier,
    },
    /// ✓ The yes lowers the agent's tier.
    LowersTier {
        /// From.
        from: Tier,
        /// To.
        to: Tier,
    },
    /// ⚠ It never had anything on this resource.
    FirstTime,
    /// ✓ It had this before.
    HadBefore {
        /// How many grants.
        times: u32,
    },
    /// ⚠ It was denied before.
    DeniedBefore {
        /// How often.
        times: u32,
    },
    /// ⚠ The resource holds more than the company's everyday knowledge.
    Sensitive {
        /// How much.
        sensitivity: Sensitivity,
    },
    /// ✓ It has no other credential.
    FirstCredential,
    /// ✓ Others are accepted beside it, until they end.
    BesideLive {
        /// How many.
        live: u32,
    },
    /// ✓ The same as one it has, for longer.
    Renewal,
    /// ⚠ More than one workload may fit the claims.
    BroadClaims {
        /// How broad they are.
        breadth: Breadth,
    },
}

impl Finding {
    /// Whether people should look twice.
    pub const fn is_warning(self) -> bool {
        !matches!(
            self,
            Self::OwnerActive
                | Self::Certified
                | Self::TierSuffices
                | Self::LowersTier { .. }
                | Self::HadBefore { .. }
                | Self::FirstCredential
                | Self::BesideLive { .. }
                | Self::Renewal
        )
    }
}

/// The facts that a review of a request for a grant looks at.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The agent that wants more.
    pub agent: &'a Agent,
    /// Whether its owner is a full, active member now.
    pub owner_is_member: bool,
    /// The lowest tier that may hold the action.
    pub tier_needed: Tier,
    /// How much the resource would give away.
    pub sensitivity: Sensitivity,
    /// How many grants for the same access it had.
    pub had: u32,
    /// How many grants for the resource, with any action, it had.
    pub had_resource: u32,
    /// How often it was denied the same access.
    pub denied: u32,
    /// When the review takes place.
    pub now: Timestamp,
}

/// What the review finds, the warnings last.
pub fn review(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut found = vec![
        if evidence.owner_is_member { Finding::OwnerActive } else { Finding::OwnerGone },
        match evidence.agent.certified_at(evidence.now) {
            Some(false) => Finding::CertificationLapsed,
            Some(true) | None => Finding::Certified,
        },
        if evidence.tier_needed > evidence.agent.tier {
            Finding::RaisesTier { from: evidence.agent.tier, to: evidence.tier_needed }
        } else {
            Finding::TierSuffices
        },
    ];
    if evidence.had > 0 {
        found.push(Finding::HadBefore { times: evidence.had });
    } else if evidence.had_resource == 0 {
        found.push(Finding::FirstTime);
    }
    if evidence.denied > 0 {
        found.push(Finding::DeniedBefore { times: evidence.denied });
    }
    if evidence.sensitivity >= Sensitivity::Confidential {
        found.push(Finding::Sensitive { sensitivity: evidence.sensitivity });
    }
    found.sort_by_key(|f| f.is_warning());
    found
}
