//! A no that is a door: what a refusal says about how to ask for it (`context.access_request`).

use serde_json::{Value, json};

use super::binding::{answered_until, token};
use super::link::link;
use super::moment;
use crate::domain::access::Access;
use crate::domain::behalf::has_chain;
use crate::domain::evaluation::{AGENT, Denial, Question, Remedy};
use crate::domain::ids::{AgentId, EvaluationId};
use crate::domain::tier::Tier;
use crate::domain::time::{Span, Timestamp};
use crate::identity::Signer;
use crate::policy::{Case, Policy};

/// Where requests are put, below the server's address.
pub const REQUESTS: &str = "/access/v1/requests";
/// What a request must carry beside the question, as JSON Schema.
pub const SCHEMA: &str = "/access/v1/requests/schema";
/// What can be asked for, as a catalogs document.
pub const CATALOGS: &str = "/access/v1/requests/catalogs";

/// The rules to which a request of this kind goes; opaque to programs.
const TEMPLATE: &str = "grant";

/// A refusal, and what there is to say of asking for it.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    /// Who decides, and for how long.
    pub policy: &'a Policy,
    /// Ties the request to the refusal. Its issuer is the server's address.
    pub signer: &'a dyn Signer,
    /// What was asked.
    pub question: &'a Question,
    /// The agent that the subject is, or that acts for it.
    pub agent: AgentId,
    /// Its tier.
    pub tier: Tier,
    /// Why not.
    pub denial: &'a Denial,
    /// The evaluation, which must be found again while the offer stands.
    pub evaluation: EvaluationId,
    /// When it was said.
    pub now: Timestamp,
    /// The time that people of this tier usually take.
    pub usual: Option<Span>,
}

impl Offer<'_> {
    /// The `access_request` of the decision's context; none if it cannot be asked for.
    pub fn access_request(&self) -> Option<Value> {
        if self.denial.remedy() != Remedy::Request || self.question.subject.kind != AGENT {
            return None;
        }
        // Nobody could verify who stands behind the one who acts.
        if self.question.for_whom.as_ref().is_some_and(has_chain) {
            return None;
        }
        let access = self.question.access()?;
        let needed = self.policy.tier_needed(&access)?;
        let tier = needed.max(self.tier);
        let base = self.signer.issuer();
        let mut offer = json!({
            "endpoint": format!("{base}{REQUESTS}"),
            "template": TEMPLATE,
            "expires_at": moment(answered_until(self.now)),
            "request_schema_url": format!("{base}{SCHEMA}"),
            "request_catalogs_url": format!("{base}{CATALOGS}"),
            "display": {
                "title": format!("Ask for {}", named(&access)),
                "description": self.description(&access, tier),
            },
        });
        let members = offer.as_object_mut()?;
        if let Some(token) =
            token(self.signer, self.question, self.agent, self.evaluation, self.now)
        {
            members.insert("binding_token".to_owned(), token.into());
        }
        if let Some(url) = link(self.signer, self.agent, &access, self.evaluation, self.now) {
            members.insert("form_url".to_owned(), url.into());
        }
        Some(offer)
    }

    fn description(&self, access: &Access, tier: Tier) -> String {
        let rules = self.policy.tier(tier);
        let lasting = Span::minutes(30).min(rules.longest_grant);
        let case = Case::Grant { tier, access, lasting };
        if tier == self.tier && self.policy.without_people(&case).is_some() {
            return format!(
                "Usually approved at once, for {} and perhaps longer.",
                lasting.words()
            );
        }
        let roles: Vec<String> =
            rules.requires.iter().map(|role| role.as_str().replace('-', " ")).collect();
        let wait = match self.usual {
            Some(usual) => format!("usually takes {}", usual.words()),
            None => format!("takes {} at the most", rules.decide_within.words()),
        };
        format!("It takes a yes of {}, and {wait}.", and(&roles))
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn and(items: &[String]) -> String {
    match items.split_last() {
        None => "nobody".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// What is asked for, as people read it: `read on orders (database)`.
pub fn named(access: &Access) -> String {
    match &access.object {
        None => format!("{} on {}", access.action, access.resource),
        Some(object) => format!("{} on {object} ({})", access.action, access.resource),
    }
}

#[cfg(test)]
#[path = "offer_tests.rs"]
mod tests;
