//! What the Access Request and Approval Profile adds to answers: how to ask for what was denied, and
//! what an approval that is shown was worth.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Door;
use crate::domain::evaluation::{ApprovalRefused, Decision, Denial, Question, Remedy};
use crate::identity::Signer;
use crate::pdp::{Evaluated, Pdp};
use crate::service::Service;
use crate::service::access_requests::approval::next_action;
use crate::service::access_requests::offer::{Offer, REQUESTS};

/// What the additions are made of.
pub struct Profile {
    /// Signs what ties a request to its refusal, and recognises approvals. Its issuer is the server's
    /// address from outside.
    pub signer: Arc<dyn Signer>,
    /// Where grants are looked up.
    pub service: Service,
}

/// What became of an approval that was shown.
pub(super) enum Approval {
    /// None was shown, or nothing hangs on it.
    NotLookedAt,
    /// It opens what was asked: `context.approval` of the answer.
    Opens(Value),
    /// It does not, and nothing else does.
    Refused(Denial, Map<String, Value>),
    /// Something else speaks against it: the code, if it is good and the policy denies all the same,
    /// and what to do next.
    InVain(Option<&'static str>, Map<String, Value>),
}

/// The profile's code where an approval is good and in scope, and what holds now denies the request.
const POLICY_DENIED: &str = "policy_denied";

impl Profile {
    /// Its members of this server's metadata.
    pub(super) fn metadata(&self) -> [(&'static str, Value); 3] {
        let base = self.signer.issuer();
        [
            ("access_request_endpoint", json!(format!("{base}{REQUESTS}"))),
            ("jwks_uri", json!(format!("{base}/.well-known/jwks.json"))),
            ("capabilities", json!(["urn:openid:authzen:capability:access-request"])),
        ]
    }

    /// How to ask for what was denied; none if it cannot be asked for.
    pub(super) fn access_request(
        &self,
        pdp: &Pdp,
        question: &Question,
        denial: &Denial,
        evaluated: &Evaluated,
    ) -> Option<Value> {
        let known = &evaluated.agent.as_ref()?.known;
        let needed = question.access().and_then(|access| evaluated.policy.tier_needed(&access))?;
        let offer = Offer {
            policy: &evaluated.policy,
            signer: &*self.signer,
            question,
            agent: known.id,
            tier: known.tier,
            denial,
            evaluation: evaluated.id,
            now: evaluated.at,
            usual: pdp.usual_wait(needed.max(known.tier)),
        };
        offer.access_request()
    }

    /// What became of the approval in `context.approval`. The decision stands as it is: an approval
    /// is no key, it only says why there is, or is not, a grant.
    pub(super) async fn approval(&self, question: &Question, evaluated: &Evaluated) -> Approval {
        let (Some(shown), Some(agent)) = (question.context.get("approval"), &evaluated.agent)
        else {
            return Approval::NotLookedAt;
        };
        let judged =
            self.service.judge_approval(&*self.signer, shown, question, agent.known.id).await;
        let judged = match judged {
            Ok(judged) => judged,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "an approval was not looked up"
                );
                return Approval::NotLookedAt;
            }
        };
        match (&evaluated.decision, judged) {
            (Decision::Allow { .. }, Ok(opens)) => Approval::Opens(opens.context()),
            (Decision::Allow { .. }, Err(_)) => Approval::NotLookedAt,
            (Decision::Deny { denial: Denial::NoGrant }, judged) => {
                // Live, and not seen by the answer: it came in between.
                let why = judged.err().unwrap_or(ApprovalRefused::Pending);
                let denial = Denial::Approval { why };
                let next = next_action(&denial);
                Approval::Refused(denial, next)
            }
            (Decision::Deny { denial }, judged) => {
                let in_vain = judged.is_ok() && denial.remedy() == Remedy::None;
                Approval::InVain(in_vain.then_some(POLICY_DENIED), next_action(denial))
            }
        }
    }
}

impl Door {
    /// With the way to ask for what was denied.
    #[must_use]
    pub fn with_requests(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }
}
