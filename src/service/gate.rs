//! A pipeline asks whether its agent is in order: what the registry knows is gathered, and judged
//! purely ([`crate::domain::gate`]).

use std::collections::BTreeMap;

use super::{Result, Service};
use crate::domain::access::Access;
use crate::domain::agent::{Agent, AgentState, Slug};
use crate::domain::draft::Draft;
use crate::domain::gate::{
    Check, Declared, Held, Known, NamedOwner, Outcome, Registry, Wish, Wished, judge,
};
use crate::domain::grant::Grant;
use crate::domain::near::near;
use crate::domain::person::PersonId;
use crate::domain::request::{Ask, Request};
use crate::domain::role::RoleName;
use crate::domain::text::clean;
use crate::domain::tier::{Answers, Tier};
use crate::domain::time::{Span, Timestamp};
use crate::policy::{Case, Policy};

/// How long is assumed where a manifest does not say.
const USUAL: Span = Span::minutes(30);
/// As many near names as are told.
const NEAR: usize = 3;

/// What a repository says, as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GateForm {
    /// The name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Who answers for it: an e-mail address or a Slack user id.
    pub owner: Option<String>,
    /// The team.
    pub team: Option<String>,
    /// The systems it touches.
    pub systems: Vec<String>,
    /// Where it runs.
    pub runs_on: String,
    /// The model behind it.
    pub model: String,
    /// The answers from which the tier follows.
    pub answers: Answers,
    /// What it may have to do: the access, why, and for how long.
    pub accesses: Vec<(String, String, Option<String>)>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The checks.
    pub checks: Vec<Check>,
    /// The agent, if it is registered.
    pub agent: Option<Agent>,
    /// Who would decide on what is missing, by their roles; none if nothing is.
    pub decide: Vec<RoleName>,
    /// The usual time until what is missing is decided.
    pub usual: Option<Span>,
    /// Within how long people must decide on what is missing; none if nothing is.
    pub within: Option<Span>,
    /// What would put what is missing before the owner.
    pub ready: Ready,
    /// The policy's digest.
    pub policy: String,
    /// The channel where people find help.
    pub help: Option<String>,
    /// When this was true.
    pub now: Timestamp,
}

/// What can be put before the owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// Nothing.
    Nothing,
    /// A request for an access.
    Request(Access),
    /// The registration, before the person whom the repository names.
    Registration(PersonId, Draft),
}

impl Verdict {
    /// Whether nothing stops the pipeline.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.outcome != Outcome::Failed)
    }
}

/// Who asks, as far as it matters to what is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Somebody of the company: people are named.
    Names,
    /// Perhaps a stranger: nobody is named, and nobody is sent anything.
    NoNames,
}

impl Service {
    /// Holds what a repository says against the registry.
    pub async fn gate(&self, form: &GateForm, told: Told) -> Result<Verdict> {
        let (now, policy) = (self.now(), self.policy());
        let mut session = self.parts.store.read().await?;
        let slug = form.name.parse::<Slug>().ok();
        let mut agent = match &slug {
            Some(slug) => session.agent_by_slug(slug.as_str()).await?,
            None => None,
        };
        let (mut close, mut grants, mut open) = (Vec::new(), Vec::new(), Vec::new());
        match &agent {
            Some(agent) => {
                grants = session.live_grants_of(agent.id, now).await?;
                open = session.open_requests_of_agent(agent.id).await?;
                open.retain(|request| request.is_open(now));
            }
            None if told == Told::Names => {
                let all = session.slugs().await?;
                let names = near(&form.name, all.iter().map(Slug::as_str), NEAR);
                close = all.iter().filter(|slug| names.contains(&slug.as_str())).cloned().collect();
            }
            None => {}
        }
        let tier = agent.as_ref().map_or(form.answers.tier(), |agent| agent.tier);
        let wish = |sent: &(String, String, Option<String>)| {
            wish(&policy, tier, agent.as_ref(), &grants, &open, sent)
        };
        let accesses: Vec<Wish> = form.accesses.iter().map(wish).collect();
        let tiers = missing_tiers(&form.answers, agent.as_ref(), &accesses);
        let mut usual = None;
        for tier in &tiers {
            usual = usual.max(session.usual_wait(*tier).await?);
        }
        // People may have to be looked up over the network: not with a database session in hand.
        drop(session);
        let owner = match form.owner.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            None => NamedOwner::Unsaid,
            Some(hint) => match self.person_called(&clean(hint, 200)).await? {
                Some(person) => NamedOwner::Person(person),
                None => NamedOwner::Nobody(hint.to_owned()),
            },
        };
        let name = match (&agent, told) {
            (Some(agent), Told::Names) => self.name_of(&agent.owner).await,
            _ => "its owner".to_owned(),
        };
        if told == Told::NoNames
            && let Some(Agent { state: AgentState::Suspended { reason, .. }, .. }) = &mut agent
        {
            reason.clear();
        }
        let said = Declared {
            name: form.name.clone(),
            purpose: form.purpose.clone(),
            owner,
            team: form.team.clone(),
            systems: form.systems.clone(),
            runs_on: form.runs_on.clone(),
            model: form.model.clone(),
            answers: form.answers,
            accesses,
        };
        let registry = Registry { agent: agent.as_ref(), owner: &name, near: &close, now };
        let checks = judge(&said, &registry);
        let ready = match (told, &agent, &said.owner) {
            (Told::NoNames, ..) => Ready::Nothing,
            (_, None, NamedOwner::Person(owner)) if slug.is_some() => {
                let member = self.standing(owner).await?.is_member();
                if member {
                    Ready::Registration(owner.clone(), draft(form))
                } else {
                    Ready::Nothing
                }
            }
            (_, Some(agent), _) if agent.is_active() => ready(&said.accesses),
            _ => Ready::Nothing,
        };
        let mut decide = Vec::new();
        for role in tiers.iter().flat_map(|tier| &policy.tier(*tier).requires) {
            if !decide.contains(role) {
                decide.push(role.clone());
            }
        }
        let within = tiers.iter().map(|tier| policy.tier(*tier).decide_within).max();
        let (digest, help) = (policy.digest().to_owned(), policy.help_channel().map(str::to_owned));
        Ok(Verdict { checks, agent, decide, usual, within, ready, policy: digest, help, now })
    }

    /// What the person is called; by the id, if the workspace does not say.
    async fn name_of(&self, person: &PersonId) -> String {
        match self.profile(person).await {
            Ok(profile) => match clean(&profile.name, 80) {
                empty if empty.is_empty() => person.user.clone(),
                name => name,
            },
            Err(_) => person.user.clone(),
        }
    }
}

fn draft(form: &GateForm) -> Draft {
    Draft {
        name: form.name.clone(),
        purpose: form.purpose.clone(),
        systems: form.systems.clone(),
        runs_on: form.runs_on.clone(),
        model: form.model.clone(),
        answers: form.answers,
        team: form.team.clone(),
    }
    .short()
}

/// What the policy and the record know of a wish. `tier` is the agent's, or what it will be.
fn wish(
    policy: &Policy,
    tier: Tier,
    agent: Option<&Agent>,
    grants: &[Grant],
    open: &[Request],
    (typed, because, lasting): &(String, String, Option<String>),
) -> Wish {
    let lasting = match lasting.as_deref() {
        None => Wished::Unsaid,
        Some(text) => text.parse().map_or_else(|_| Wished::Bad(text.to_owned()), Wished::For),
    };
    let known = known(policy, tier, agent, grants, open, typed, &lasting);
    Wish { typed: typed.clone(), because: because.clone(), lasting, known }
}

fn known(
    policy: &Policy,
    tier: Tier,
    agent: Option<&Agent>,
    grants: &[Grant],
    open: &[Request],
    typed: &str,
    lasting: &Wished,
) -> Known {
    let Ok(access) = typed.parse::<Access>() else { return Known::NoAccess };
    let Some(resource) = policy.resource(&access.resource) else {
        let all = policy.resources().map(|resource| resource.name.as_str());
        let near = near(&access.resource, all, NEAR).into_iter();
        return Known::Unknown {
            near: near.map(|name| format!("{name}:{}", access.action)).collect(),
        };
    };
    let Some(needs) = resource.actions.get(&access.action).copied() else {
        let all = resource.actions.keys().map(String::as_str);
        let mut some = near(&access.action, all, NEAR);
        if some.is_empty() {
            some = resource.actions.keys().map(String::as_str).take(NEAR).collect();
        }
        let near = some.into_iter().map(|action| format!("{}:{action}", access.resource));
        return Known::Unknown { near: near.collect() };
    };
    let longest = policy.tier(tier.max(needs)).longest_grant;
    let held =
        grants.iter().filter(|grant| grant.access.covers(&access)).max_by_key(|g| g.expires_at);
    let asked = open.iter().find(
        |request| matches!(&request.ask, Ask::Grant { access: open, .. } if open.covers(&access)),
    );
    let held = match (held, asked) {
        (Some(grant), _) => Held::Granted { reference: grant.reference, until: grant.expires_at },
        (None, Some(request)) => Held::BeingDecided(request.reference),
        (None, None) => Held::No,
    };
    let span = match lasting {
        Wished::For(span) => *span,
        Wished::Unsaid | Wished::Bad(_) => USUAL.min(longest),
    };
    let case = Case::Grant { tier, access: &access, lasting: span };
    let at_once = agent.is_some() && needs <= tier && policy.without_people(&case).is_some();
    Known::Known { access, needs, longest, held, at_once }
}

/// The tiers whose people would decide on what is missing.
fn missing_tiers(answers: &Answers, agent: Option<&Agent>, accesses: &[Wish]) -> Vec<Tier> {
    let mut tiers = BTreeMap::new();
    match agent {
        None => {
            tiers.insert(answers.tier(), ());
        }
        Some(agent) => {
            if let AgentState::Pending { .. } = agent.state {
                tiers.insert(agent.tier, ());
            }
            for wish in accesses {
                if let Known::Known {
                    needs, held: Held::No | Held::BeingDecided(_), at_once, ..
                } = &wish.known
                    && !at_once
                {
                    tiers.insert(agent.tier.max(*needs), ());
                }
            }
        }
    }
    tiers.into_keys().collect()
}

/// The first access that can be asked for and is not.
fn ready(accesses: &[Wish]) -> Ready {
    let first = accesses.iter().find_map(|wish| match (&wish.known, &wish.lasting) {
        (Known::Known { access, held: Held::No, longest, .. }, Wished::For(span))
            if span <= longest =>
        {
            Some(access)
        }
        (Known::Known { access, held: Held::No, .. }, Wished::Unsaid) => Some(access),
        _ => None,
    });
    first.map_or(Ready::Nothing, |access| Ready::Request(access.clone()))
}
