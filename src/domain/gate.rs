//! A pipeline's check, decided purely: what a repository says about its agent, held against what the
//! registry knows. All checks are made, also after one that failed, in the order in which to mend them.
//!
//! What stops a pipeline is what people would have decided otherwise had they known it: nobody answers
//! for the agent, it was stopped, its tier is too low for what it does, another owner or team, a system
//! or a risk that nobody was told of, an access that cannot be had. What is only told differently, or is
//! less than what was approved, is noted.

use std::collections::BTreeSet;

use super::access::Access;
use super::agent::{Agent, AgentState, Cause, Slug};
use super::person::PersonId;
use super::request::Reference;
use super::text::clean;
use super::tier::{Answers, Tier};
use super::time::{Span, Timestamp};

/// The longest piece of a manifest that is said back, in characters.
const LONGEST: usize = 80;

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Somebody answers for it.
    Registered,
    /// It is at work.
    Active,
    /// The tier is as what it does.
    Tier,
    /// Its owner's word holds that it is needed and compliant.
    Certified,
    /// The repository and the registry say the same.
    Manifest,
    /// What it may have to do is granted, or can be.
    Access,
}

impl Rule {
    /// The word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Active => "active",
            Self::Tier => "tier",
            Self::Certified => "certified",
            Self::Manifest => "manifest",
            Self::Access => "access",
        }
    }
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// Not wrong, and worth knowing.
    Noted,
    /// It stops the pipeline.
    Failed,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which.
    pub rule: Rule,
    /// What it is about, where there are several.
    pub about: Option<String>,
    /// How it went.
    pub outcome: Outcome,
    /// What was found, in a sentence.
    pub found: String,
    /// Why it matters, in a sentence; of what did not simply pass.
    pub why: Option<String>,
    /// The commands that mend it.
    pub next: Vec<String>,
}

/// The owner whom a manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedOwner {
    /// It names none.
    Unsaid,
    /// Nobody in the workspace is known by this.
    Nobody(String),
    /// This person.
    Person(PersonId),
}

/// What the repository says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Who answers for it.
    pub owner: NamedOwner,
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
    /// What it may have to do.
    pub accesses: Vec<Wish>,
}

/// For how long something is wished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wished {
    /// It is not said.
    Unsaid,
    /// What is said is no length of time.
    Bad(String),
    /// So long.
    For(Span),
}

/// Whether the agent has what it wishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// It has not.
    No,
    /// People are deciding.
    BeingDecided(Reference),
    /// It has.
    Granted {
        /// By which grant.
        reference: Reference,
        /// Until when.
        until: Timestamp,
    },
}

/// Something that the agent may have to do, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// As the manifest has it.
    pub typed: String,
    /// Why.
    pub because: String,
    /// For how long.
    pub lasting: Wished,
    /// What the policy and the record know of it.
    pub known: Known,
}

/// What the policy and the record know of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// It names no access.
    NoAccess,
    /// The policy has no such thing.
    Unknown {
        /// What is near.
        near: Vec<String>,
    },
    /// It can be asked for.
    Known {
        /// What it is.
        access: Access,
        /// The lowest tier that may hold it.
        needs: Tier,
        /// The longest that can be asked for at once.
        longest: Span,
        /// Whether the agent has it.
        held: Held,
        /// Whether the policy says yes without people.
        at_once: bool,
    },
}

/// What the registry knows.
#[derive(Debug, Clone, Copy)]
pub struct Registry<'a> {
    /// The agent of this name, if there is one.
    pub agent: Option<&'a Agent>,
    /// What its owner is called.
    pub owner: &'a str,
    /// Names that are near.
    pub near: &'a [Slug],
    /// When this was true.
    pub now: Timestamp,
}

fn passed(rule: Rule, found: String) -> Check {
    Check { rule, about: None, outcome: Outcome::Passed, found, why: None, next: Vec::new() }
}

fn failed(rule: Rule, found: String, why: &str, next: Vec<String>) -> Check {
    let why = Some(why.to_owned());
    Check { rule, about: None, outcome: Outcome::Failed, found, why, next }
}

fn noted(rule: Rule, found: String, why: &str, next: Vec<String>) -> Check {
    Check { outcome: Outcome::Noted, ..failed(rule, found, why, next) }
}

impl Check {
    fn of(self, about: impl Into<String>) -> Self {
        Self { about: Some(about.into()), ..self }
    }
}

/// Judges what a repository says by what the registry knows.
pub fn judge(said: &Declared, registry: &Registry<'_>) -> Vec<Check> {
    let mut checks = vec![registered(said, registry)];
    match registry.agent {
        Some(agent) => {
            checks.push(active(agent, registry));
            checks.push(tier(said, agent));
            checks.extend(certified(agent, registry));
            checks.extend(manifest(said, agent, registry));
        }
        None => {
            let (tier, reasons) = (said.answers.tier(), said.answers.reasons().join(", "));
            let found =
                format!("By what the manifest says it will be tier {tier}, {}.", tier.meaning());
            let why = format!("It {reasons}.");
            checks.push(noted(Rule::Tier, found, &why, Vec::new()));
        }
    }
    checks.extend(said.accesses.iter().map(|wish| access(wish, said, registry)));
    checks
}

/// The name, fit to be said.
fn named(said: &Declared) -> String {
    clean(&said.name, LONGEST)
}

fn registered(said: &Declared, registry: &Registry<'_>) -> Check {
    let rule = Rule::Registered;
    if let Some(agent) = registry.agent {
        let found = format!("{} is registered; {} answers for it.", agent.slug, registry.owner);
        return passed(rule, found);
    }
    let why = "An agent that is not registered has no identity, no owner and no access: nobody could \
               stop it, and nobody would know whom to ask.";
    match said.name.parse::<Slug>() {
        Err(bad) => {
            let found = format!("`{}` cannot be an agent's name: {bad}.", named(said));
            failed(rule, found, why, vec!["put another name into agent.toml".to_owned()])
        }
        Ok(slug) => {
            let mut found = format!("No agent called {slug} is registered.");
            if let Some(near) = registry.near.first() {
                found.push_str(&format!(" Is it {near}?"));
            }
            failed(rule, found, why, vec![format!("agent-cli register {slug}")])
        }
    }
}

fn active(agent: &Agent, registry: &Registry<'_>) -> Check {
    let (rule, slug, owner) = (Rule::Active, &agent.slug, registry.owner);
    let why = "Only an agent at work gets tokens and access.";
    match &agent.state {
        AgentState::Active { .. } => passed(rule, format!("{slug} is at work.")),
        AgentState::Pending { .. } => {
            let found = format!("{slug} is not approved yet: people are deciding.");
            failed(rule, found, why, vec![format!("agent-cli status {slug} --wait")])
        }
        AgentState::Suspended { reason, cause, .. } => {
            let how = if *cause == Cause::Stopped { "was stopped" } else { "is suspended" };
            let found = match reason.as_str() {
                "" => format!("{slug} {how}."),
                reason => format!("{slug} {how}: \"{}\".", clean(reason, LONGEST)),
            };
            failed(rule, found, why, vec![cause.undone_by(slug, owner)])
        }
        AgentState::Retired { .. } | AgentState::Rejected { .. } => {
            let found = format!("{slug} is {}, and that is final.", agent.state.word());
            failed(rule, found, why, vec!["agent-cli register, under another name".to_owned()])
        }
    }
}

fn tier(said: &Declared, agent: &Agent) -> Check {
    let (says, has) = (said.answers.tier(), agent.tier);
    if says <= has {
        return passed(Rule::Tier, format!("Tier {has}, {}.", has.meaning()));
    }
    let found = format!(
        "By what the manifest says it is tier {says} ({}); it is registered as tier {has}.",
        said.answers.reasons().join(", ")
    );
    let why = "The tier decides who must agree: people said yes to less than what it does.";
    let raises = said.accesses.iter().find_map(|wish| match &wish.known {
        Known::Known { access, needs, .. } if *needs >= says => Some((access, wish)),
        _ => None,
    });
    let next = match raises {
        Some((access, wish)) => {
            vec![format!("{} (a yes raises the tier)", request(&agent.slug, access, wish))]
        }
        None => vec![describe_anew(&agent.slug)],
    };
    failed(Rule::Tier, found, why, next)
}

/// The way to what the agent has become, without losing what it is.
fn describe_anew(slug: &Slug) -> String {
    format!("say in Slack what it is by now, and its people decide: /agent edit {slug}")
}

fn certified(agent: &Agent, registry: &Registry<'_>) -> Option<Check> {
    let AgentState::Active { certified_until, .. } = &agent.state else { return None };
    let until = certified_until.format("%Y-%m-%d");
    Some(if registry.now < *certified_until {
        passed(Rule::Certified, format!("Certified until {until}."))
    } else {
        failed(
            Rule::Certified,
            format!("Its certification ended on {until}."),
            "Nobody has said since that it is still needed and compliant.",
            vec![format!(
                "{} is to say that it is still needed and compliant: /agent certify {} in Slack",
                registry.owner, agent.slug
            )],
        )
    })
}

/// The differences; one check that passed if there is none.
fn manifest(said: &Declared, agent: &Agent, registry: &Registry<'_>) -> Vec<Check> {
    let (rule, slug) = (Rule::Manifest, &agent.slug);
    let known = &agent.description;
    let mut checks = Vec::new();
    let write = |key: &str, value: &str| {
        format!("write what is registered into agent.toml: {key} = \"{}\"", clean(value, LONGEST))
    };
    match &said.owner {
        NamedOwner::Unsaid => {}
        NamedOwner::Person(owner) if *owner == agent.owner => {}
        NamedOwner::Person(_) => checks.push(
            failed(
                rule,
                format!("The manifest names another owner; {} answers for it.", registry.owner),
                "Whoever reads the repository would turn to somebody who cannot decide anything.",
                vec![write("owner", &agent.owner.user)],
            )
            .of("owner"),
        ),
        NamedOwner::Nobody(typed) => checks.push(
            noted(
                rule,
                format!(
                    "The manifest names `{}` as the owner, and nobody is known by that; {} answers \
                     for it.",
                    clean(typed, LONGEST),
                    registry.owner
                ),
                "Whoever reads the repository would not find the owner.",
                vec![write("owner", &agent.owner.user)],
            )
            .of("owner"),
        ),
    }
    if let Some(team) = said.team.as_deref().filter(|team| *team != agent.team.as_str()) {
        checks.push(
            failed(
                rule,
                format!(
                    "The manifest names the team `{}`; it is registered for {}.",
                    clean(team, LONGEST),
                    agent.team
                ),
                "The leads of the team decide about it: it must be the right one.",
                vec![
                    write("team", agent.team.as_str()),
                    format!(
                        "or choose the team in Slack, and its people decide: /agent edit {slug}"
                    ),
                ],
            )
            .of("team"),
        );
    }
    let plain = |text: &String| clean(text, 200).to_lowercase();
    let has: BTreeSet<String> = known.systems.iter().map(plain).collect();
    let says: BTreeSet<String> = said.systems.iter().map(plain).filter(|s| !s.is_empty()).collect();
    let list = |names: Vec<&String>| {
        names.iter().map(|name| clean(name, LONGEST)).collect::<Vec<_>>().join(", ")
    };
    let new: Vec<&String> = says.difference(&has).collect();
    if !new.is_empty() {
        checks.push(
            failed(
                rule,
                format!("It touches systems that are not registered: {}.", list(new)),
                "People said yes to an agent that does not touch them.",
                vec![
                    format!("take them out of agent.toml, if {slug} does not touch them"),
                    describe_anew(slug),
                ],
            )
            .of("systems"),
        );
    }
    let unsaid: Vec<&String> = has.difference(&says).collect();
    if !unsaid.is_empty() && !says.is_empty() {
        checks.push(
            noted(
                rule,
                format!("It is registered for systems that the manifest lacks: {}.", list(unsaid)),
                "What it does not touch any more should not be open to it.",
                Vec::new(),
            )
            .of("systems"),
        );
    }
    checks.extend(answers(said, agent));
    let told: [(&str, &str, &str); 3] = [
        ("purpose", &said.purpose, &known.purpose),
        ("runs_on", &said.runs_on, &known.runs_on),
        ("model", &said.model, &known.model),
    ];
    for (key, says, has) in told {
        let (says, has) = (clean(says, 1_000), clean(has, 1_000));
        if !says.is_empty() && says.to_lowercase() != has.to_lowercase() {
            checks.push(
                noted(
                    rule,
                    format!("The registry has another {key}: \"{}\".", clean(&has, LONGEST)),
                    "Both should tell people the same.",
                    Vec::new(),
                )
                .of(key),
            );
        }
    }
    if checks.is_empty() {
        checks.push(passed(rule, "The manifest says what is registered.".to_owned()));
    }
    checks
}

/// Risks that the manifest has and the registry has not, or the other way round.
fn answers(said: &Declared, agent: &Agent) -> Vec<Check> {
    let (says, has) = (said.answers, agent.description.answers);
    let all = [
        ("writes", says.writes, has.writes, "it writes or changes something"),
        ("customer_data", says.customer_data, has.customer_data, "it sees customers' data"),
        ("external_calls", says.external_calls, has.external_calls, "it calls outside"),
        ("money", says.money, has.money, "it can move or promise money"),
    ];
    let mut checks = Vec::new();
    for (key, says, has, words) in all {
        let check = match (says, has) {
            (true, false) => failed(
                Rule::Manifest,
                format!("The manifest says that {words}; it is registered as not doing that."),
                "People said yes to an agent without this risk.",
                vec![
                    format!("write `{key} = false`, if that is the truth"),
                    describe_anew(&agent.slug),
                ],
            ),
            (false, true) => noted(
                Rule::Manifest,
                format!("The registry says that {words}; the manifest says that it does not."),
                "It may do more than it needs.",
                Vec::new(),
            ),
            _ => continue,
        };
        checks.push(check.of(key));
    }
    checks
}

fn access(wish: &Wish, said: &Declared, registry: &Registry<'_>) -> Check {
    let rule = Rule::Access;
    let typed = clean(&wish.typed, LONGEST);
    let check = match &wish.known {
        Known::NoAccess => failed(
            rule,
            format!("`{typed}` names no access."),
            "An access is a resource and an action, like `database:read`.",
            vec!["put it right in agent.toml".to_owned()],
        ),
        Known::Unknown { near } => {
            let mut found = format!("The policy knows no {typed}.");
            if let Some(near) = near.first() {
                found.push_str(&format!(" Is it {near}?"));
            }
            let why = "What the policy does not know cannot be asked for.";
            failed(rule, found, why, vec!["put a name of the policy into agent.toml".to_owned()])
        }
        Known::Known { access, needs, longest, held, at_once } => {
            known_access(wish, access, *needs, *longest, held, *at_once, said, registry)
        }
    };
    check.of(typed)
}

#[expect(clippy::too_many_arguments, reason = "the parts of one known wish")]
fn known_access(
    wish: &Wish,
    access: &Access,
    needs: Tier,
    longest: Span,
    held: &Held,
    at_once: bool,
    said: &Declared,
    registry: &Registry<'_>,
) -> Check {
    let rule = Rule::Access;
    match &wish.lasting {
        Wished::Bad(typed) => {
            let found = format!("`{}` is no length of time.", clean(typed, LONGEST));
            let why = "A grant always ends: it is asked for a time like `30m` or `8h`.";
            let next = format!("put it right in agent.toml; at most `{longest}`");
            return failed(rule, found, why, vec![next]);
        }
        Wished::For(span) if *span > longest => {
            let found = format!(
                "{access} is wished for {}; at most {} can be asked for at once.",
                span.words(),
                longest.words()
            );
            let why = "A request for so long would be refused.";
            let next = format!("write `for = \"{longest}\"`, and extend the grant before it ends");
            return failed(rule, found, why, vec![next]);
        }
        Wished::For(_) | Wished::Unsaid => {}
    }
    if let Held::Granted { reference, until } = held {
        let until = until.format("%Y-%m-%d %H:%M UTC");
        return passed(rule, format!("{access} is granted until {until} ({reference})."));
    }
    let Some(agent) = registry.agent else {
        let tier = said.answers.tier();
        if needs > tier {
            let found = format!(
                "{access} needs tier {needs}; by what the manifest says this agent is tier {tier}."
            );
            let why = "What is said about the agent and what it wants do not go together.";
            let next = "say in agent.toml what it really does: writes, customer_data, …".to_owned();
            return failed(rule, found, why, vec![next]);
        }
        let found = format!("{access} can be asked for, once the agent is registered.");
        return noted(rule, found, "Nothing is open before that.", Vec::new());
    };
    if let Held::BeingDecided(reference) = held {
        let found = format!("{access} is being decided: {reference}.");
        let next = vec![format!("agent-cli status {reference} --wait")];
        return noted(rule, found, "Until people have said yes the agent is refused.", next);
    }
    let ask = request(&agent.slug, access, wish);
    if needs > agent.tier {
        let found = format!("{access} needs tier {needs}; {} is tier {}.", agent.slug, agent.tier);
        let why = "The people of the higher tier must agree first; their yes raises the tier.";
        return failed(rule, found, why, vec![ask]);
    }
    let how = if at_once { " and is approved at once" } else { "" };
    let found = format!("{access} is not granted now; it can be asked for{how}.");
    noted(rule, found, "Until it is granted the agent is refused.", vec![ask])
}

/// The command that asks for it.
fn request(slug: &Slug, access: &Access, wish: &Wish) -> String {
    let lasting = match &wish.lasting {
        Wished::For(span) => format!(" --for {span}"),
        Wished::Unsaid | Wished::Bad(_) => String::new(),
    };
    let because = clean(&wish.because, 200);
    // What a shell would read as more than text is left to whoever types.
    let harmless = |c: char| c.is_alphanumeric() || " .,:;()/-_+%#'".contains(c);
    let because = match because.as_str() {
        text if !text.is_empty() && text.chars().all(harmless) => text,
        _ => "...",
    };
    format!(
        "agent-cli request-permission --agent {slug} --resource {access}{lasting} --justification \
         \"{because}\""
    )
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
