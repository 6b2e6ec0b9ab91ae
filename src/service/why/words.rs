//! Why not, and what to do: for whoever is blocked, and for administrators.

use crate::domain::agent::Cause;
use crate::domain::evaluation::{ApprovalRefused, Basis, Decision, Denial, KnownAgent, Question};
use crate::domain::request::ApprovedBy;
use crate::domain::role::RoleName;
use crate::domain::text::clean;
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::policy::{Case, Policy};

/// The longest piece of a question that is repeated in an answer, in characters.
const LONGEST: usize = 80;

/// What is known of the agent that a question is about.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The agent.
    pub agent: &'a KnownAgent,
    /// Its state in a word.
    pub state: &'a str,
    /// What kind of stop it is, if it is stopped.
    pub cause: Cause,
}

/// The reasons of a no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reasons {
    /// For whoever is blocked: why, what to do, how long it usually takes.
    pub user: String,
    /// The first of it alone, for whoever knows what to do: why.
    pub why: String,
    /// The last of it alone: how long it takes, and who decides; if it can be asked for.
    pub wait: Option<String>,
    /// For administrators: on what grounds.
    pub admin: String,
}

/// Why this was denied. `usual` says how long the people of a tier usually take.
pub fn reasons(
    question: &Question,
    denial: &Denial,
    agent: Option<Known<'_>>,
    policy: &Policy,
    usual: impl Fn(Tier) -> Option<Span>,
) -> Reasons {
    let teller = Teller { question, agent, policy };
    let (why, next) = teller.user(denial);
    let why = format!("{} may not {} now. {why}", teller.who(), teller.what());
    let wait = teller.asks_at(denial).map(|tier| teller.wait(tier, usual));
    let parts = [Some(why.as_str()), next.as_deref(), wait.as_deref()];
    let user = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Reasons { user, why, wait, admin: teller.admin(denial) }
}

/// Why this was answered so, in sentences for people, without what to do. `given` says by whose yes the
/// grant came about that it rests on.
pub fn why(
    question: &Question,
    answer: &Decision,
    agent: Option<Known<'_>>,
    policy: &Policy,
    given: Option<&ApprovedBy>,
) -> String {
    let teller = Teller { question, agent, policy };
    let (who, what) = (teller.who(), teller.what());
    match answer {
        Decision::Allow { basis: Basis::Grant(grant) } => {
            let granted = match given {
                Some(ApprovedBy::People) => "people granted it".to_owned(),
                Some(ApprovedBy::Policy { rule }) => {
                    format!("the policy granted it without asking people, by its rule \"{rule}\"")
                }
                Some(ApprovedBy::Emergency) => "it was opened in an emergency".to_owned(),
                None => "it is granted".to_owned(),
            };
            let until = grant.until.format("%Y-%m-%d %H:%M UTC");
            format!("{who} may {what}: {granted} ({}), until {until}.", grant.reference)
        }
        Decision::Allow { basis: Basis::Rule { rule } } => {
            format!("{who} may {what}: the policy's rule {rule} allows it.")
        }
        Decision::Deny { denial } => {
            let (why, _) = teller.user(denial);
            format!("{who} may not {what}. {why}")
        }
    }
}

struct Teller<'a> {
    question: &'a Question,
    agent: Option<Known<'a>>,
    policy: &'a Policy,
}

impl Teller<'_> {
    /// The subject's name.
    fn who(&self) -> String {
        match self.agent {
            Some(known) => known.agent.slug.to_string(),
            None => clean(&self.question.subject.id, LONGEST),
        }
    }

    /// `read database "orders"`.
    fn what(&self) -> String {
        let Question { action, resource, .. } = self.question;
        let (action, kind) = (clean(&action.name, LONGEST), clean(&resource.kind, LONGEST));
        format!("{action} {kind} \"{}\"", clean(&resource.id, LONGEST))
    }

    /// `database:read`, as it is asked for.
    fn access(&self) -> String {
        match self.question.access() {
            Some(access) => access.to_all().to_string(),
            None => self.what(),
        }
    }

    fn help(&self) -> Option<String> {
        let channel = self.policy.help_channel()?;
        Some(format!("Help: Slack channel {channel}."))
    }

    /// Why, and what to do.
    fn user(&self, denial: &Denial) -> (String, Option<String>) {
        let who = self.who();
        match denial {
            Denial::UnknownSubject => (
                format!("Nobody called {who} is known here."),
                Some(
                    "If it is an agent, register it: /agent register in Slack; a read-only agent \
                     is usually at work within ten minutes."
                        .to_owned(),
                ),
            ),
            Denial::NotActive { state } => match state.as_str() {
                "pending" => (
                    "Its registration is not decided yet.".to_owned(),
                    Some(format!("See who is awaited: /agent show {who} in Slack.")),
                ),
                "suspended" => {
                    let cause = self.agent.map_or(Cause::Stopped, |known| known.cause);
                    let why = match cause {
                        Cause::Stopped => "It was stopped.",
                        Cause::Uncertified => {
                            "It is suspended: nobody said in time that it is still needed."
                        }
                        Cause::Ownerless => "It is suspended: nobody answers for it.",
                    };
                    let next = self
                        .agent
                        .map(|known| sentence(&cause.undone_by(&known.agent.slug, "its owner")));
                    (why.to_owned(), next)
                }
                _ => (format!("It is {state}, and that is final."), self.help()),
            },
            Denial::UnknownAccess => {
                (format!("The policy does not know {}.", self.access()), self.help())
            }
            Denial::TierTooLow { needs, has } => (
                format!("That needs tier {needs}, and this agent has tier {has}."),
                Some(self.ask()),
            ),
            Denial::NoGrant => ("It holds no live grant for it.".to_owned(), Some(self.ask())),
            Denial::Forbidden { user, .. } => (
                user.as_deref()
                    .map_or_else(|| "A condition of the policy is not met.".to_owned(), sentence),
                self.help(),
            ),
            Denial::CannotJudge { what } => (
                format!("A condition could not be judged: {what}."),
                Some("Whoever asks must send it with the question, in its context.".to_owned()),
            ),
            Denial::Approval { why } => match why {
                ApprovalRefused::Expired => {
                    ("The approval is over.".to_owned(), Some("Ask for it again.".to_owned()))
                }
                ApprovalRefused::OutOfScope => (
                    "The approval that was shown is for something else.".to_owned(),
                    Some("Ask for this one.".to_owned()),
                ),
                ApprovalRefused::Pending => (
                    "The approval is not effective yet.".to_owned(),
                    Some("Try again in a moment.".to_owned()),
                ),
                ApprovalRefused::Unverifiable => {
                    ("The approval that was shown is not ours.".to_owned(), None)
                }
            },
            Denial::Quota => (
                "More is asked about it than its quota allows.".to_owned(),
                Some("Try again in a minute.".to_owned()),
            ),
        }
    }

    /// How to ask for it.
    fn ask(&self) -> String {
        let (who, access) = (self.who(), self.access());
        format!("Ask for it in Slack: /agent request {who} {access} for 30m because \u{2026}")
    }

    /// The tier whose people decide, where asking helps.
    fn asks_at(&self, denial: &Denial) -> Option<Tier> {
        match denial {
            Denial::TierTooLow { needs, .. } => Some(*needs),
            Denial::NoGrant => {
                let tier = self.agent.map_or(Tier::Observer, |known| known.agent.tier);
                let needs = self.question.access().and_then(|a| self.policy.tier_needed(&a));
                Some(needs.map_or(tier, |needs| needs.max(tier)))
            }
            _ => None,
        }
    }

    /// How long an answer takes, and who gives it.
    fn wait(&self, tier: Tier, usual: impl Fn(Tier) -> Option<Span>) -> String {
        let own = self.agent.map_or(tier, |known| known.agent.tier);
        let at_once = self.question.access().map(|access| access.to_all()).is_some_and(|access| {
            let (access, lasting) = (&access, Span::minutes(30));
            self.policy.without_people(&Case::Grant { tier: own, access, lasting }).is_some()
        });
        if at_once {
            return "It is approved at once.".to_owned();
        }
        let rules = self.policy.tier(tier);
        let people = roles(&rules.requires);
        match usual(tier) {
            Some(usual) => format!("Usually {} ({people}).", usual.words()),
            None => format!("It is decided within {} by {people}.", rules.decide_within.words()),
        }
    }

    fn admin(&self, denial: &Denial) -> String {
        let digest: String = self.policy.digest().chars().take(12).collect();
        let agent = match self.agent {
            Some(Known { agent, state, .. }) => {
                format!("{} ({}, tier {}, {state})", agent.slug, agent.id, agent.tier)
            }
            None => {
                let subject = &self.question.subject;
                format!("{} \"{}\"", clean(&subject.kind, LONGEST), self.who())
            }
        };
        let access = self.question.access().map_or_else(|| self.what(), |a| a.to_string());
        let why = match denial {
            Denial::UnknownSubject => format!("{agent} is not registered, and no rule permits it"),
            Denial::NotActive { state } => format!("{agent} is {state}"),
            Denial::UnknownAccess => {
                format!(
                    "the policy has no resource and action for {access}, and no rule permits it"
                )
            }
            Denial::TierTooLow { needs, .. } => {
                format!("{access} needs tier {needs}; {agent} is below")
            }
            Denial::NoGrant => {
                format!("no live grant of {agent} opens {access}, and no rule permits it")
            }
            Denial::Forbidden { rule, admin, .. } => match admin {
                Some(words) => format!("rule {rule} forbids {access} to {agent}: {words}"),
                None => format!("rule {rule} forbids {access} to {agent}"),
            },
            Denial::CannotJudge { what } => {
                format!("a rule could not be judged for {access} by {agent}: {what}")
            }
            Denial::Approval { why } => {
                let is = match why {
                    ApprovalRefused::Expired => "over, or was taken back",
                    ApprovalRefused::OutOfScope => "for something else",
                    ApprovalRefused::Pending => "not effective yet",
                    ApprovalRefused::Unverifiable => "not signed by this server, or was changed",
                };
                format!("the approval shown by {agent} is {is}")
            }
            Denial::Quota => format!(
                "{agent} is above its quota of {} questions a minute",
                self.policy.quotas().evaluations
            ),
        };
        format!("{}: {why}; policy {digest}.", denial.code())
    }
}

/// The policy's own words as a sentence: a capital first, a full stop last.
fn sentence(words: &str) -> String {
    let mut letters = words.trim().chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let stop = if words.trim_end().ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

/// `security and team lead`.
fn roles(needs: &[RoleName]) -> String {
    let names: Vec<String> = needs.iter().map(|role| role.as_str().replace('-', " ")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "nobody".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use serde_json::json;
    use ulid::Ulid;

    use super::*;
    use crate::domain::ids::AgentId;
    use crate::domain::person::PersonId;

    fn agent(tier: Tier) -> KnownAgent {
        KnownAgent {
            id: AgentId::new(Ulid::from_parts(1, 1)),
            slug: "support-agent-v2".parse().unwrap(),
            tier,
            team: "support".to_owned(),
            owner: PersonId::new("T0ACME", "U0DANA"),
            model: "m".to_owned(),
        }
    }

    fn question(subject: &str, access: &str, object: &str) -> Question {
        let (resource, action) = access.split_once(':').unwrap();
        serde_json::from_value(json!({
            "subject": { "type": "agent", "id": subject },
            "action": { "name": action },
            "resource": { "type": resource, "id": object },
        }))
        .unwrap()
    }

    fn say(
        out: &mut String,
        what: &str,
        asked: &Question,
        denial: &Denial,
        agent: Option<&KnownAgent>,
        usual: Option<Span>,
    ) {
        let agent = agent.map(|agent| Known { agent, state: "active", cause: Cause::Stopped });
        let said = reasons(asked, denial, agent, &Policy::starter(), |_| usual);
        let digest: String = Policy::starter().digest().chars().take(12).collect();
        let admin = said.admin.replace(&digest, "DIGEST");
        writeln!(out, "{what}\n  {}\n  {admin}\n", said.user).unwrap();
    }

    #[test]
    fn every_no_says_why_and_what_to_do() {
        let mut out = String::new();
        let (reader, writer) = (agent(Tier::Observer), agent(Tier::Internal));
        let asked = question("support-agent-v2", "database:write", "orders");
        let usual = Some(Span::minutes(40));
        let not = |state: &str| Denial::NotActive { state: state.to_owned() };
        let low = Denial::TierTooLow { needs: Tier::Internal, has: Tier::Observer };
        let read = question("support-agent-v2", "database:read", "orders");
        let forbidden = |user: Option<&str>, admin: Option<&str>| Denial::Forbidden {
            rule: "in-conversation".to_owned(),
            user: user.map(str::to_owned),
            admin: admin.map(str::to_owned),
        };
        let missing =
            Denial::CannotJudge { what: "context.conversation.participants is missing".to_owned() };
        let approval = |why| Denial::Approval { why };
        for (what, asked, denial, agent, usual) in [
            ("no grant", &asked, Denial::NoGrant, Some(&writer), usual),
            ("no grant, no record of waits", &asked, Denial::NoGrant, Some(&writer), None),
            ("no grant, approved without people", &read, Denial::NoGrant, Some(&reader), usual),
            ("tier too low", &asked, low, Some(&reader), usual),
            ("unknown", &asked, Denial::UnknownSubject, None, None),
            ("pending", &asked, not("pending"), Some(&writer), None),
            ("suspended", &asked, not("suspended"), Some(&writer), None),
            ("retired", &asked, not("retired"), Some(&writer), None),
            ("unknown access", &asked, Denial::UnknownAccess, Some(&writer), None),
            ("forbidden", &asked, forbidden(None, None), Some(&writer), None),
            (
                "forbidden with words",
                &asked,
                forbidden(Some("the customer is not in the conversation"), Some("see runbook 7")),
                Some(&writer),
                None,
            ),
            ("not judged", &asked, missing, Some(&writer), None),
            ("approval over", &asked, approval(ApprovalRefused::Expired), Some(&writer), None),
            ("out of scope", &asked, approval(ApprovalRefused::OutOfScope), Some(&writer), None),
            ("pending approval", &asked, approval(ApprovalRefused::Pending), Some(&writer), None),
            ("not ours", &asked, approval(ApprovalRefused::Unverifiable), Some(&writer), None),
            ("quota", &asked, Denial::Quota, Some(&writer), None),
        ] {
            say(&mut out, what, asked, &denial, agent, usual);
        }
        insta::assert_snapshot!(out);
    }

    #[test]
    fn a_yes_says_whose_it_was() {
        let reader = agent(Tier::Observer);
        let known = Known { agent: &reader, state: "active", cause: Cause::Stopped };
        let asked = question("support-agent-v2", "database:read", "orders");
        let grant = crate::domain::evaluation::LiveGrant {
            id: crate::domain::ids::GrantId::new(Ulid::from_parts(1, 2)),
            reference: "G-1042".parse().unwrap(),
            request: crate::domain::ids::RequestId::new(Ulid::from_parts(1, 3)),
            until: "2026-11-30T12:30:00Z".parse().unwrap(),
        };
        let answer = Decision::Allow { basis: Basis::Grant(grant) };
        let rule = ApprovedBy::Policy { rule: "internal reading".to_owned() };
        let by = [Some(&ApprovedBy::People), Some(&rule), Some(&ApprovedBy::Emergency), None];
        let said =
            by.map(|given| why(&asked, &answer, Some(known), &Policy::starter(), given)).join("\n");
        insta::assert_snapshot!(said);
    }

    #[test]
    fn what_a_caller_writes_cannot_imitate_anything() {
        let evil = format!("x\u{202e}\n<!channel> {}", "y".repeat(500));
        let asked = question(&evil, "database:read", &evil);
        let said = reasons(&asked, &Denial::UnknownSubject, None, &Policy::starter(), |_| None);
        for text in [&said.user, &said.admin] {
            assert!(!text.contains(['\u{202e}', '\n']) && text.len() < 800, "{text}");
        }
    }
}
