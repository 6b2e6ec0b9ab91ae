//! The policy folder: who approves what, for how long, and what needs nobody.
//!
//! A folder kept in git: `policy.toml`, rules in `*.cedar`, and `tests/*.toml` (documented in
//! `docs/policy.md`). [`Policy::load`] reads it and reports every mistake at once, with file, line
//! and cure; what the folder's own tests do not find as they expect is no policy either.
//! [`Policy::decide`] answers at run time; [`PolicyHandle`] keeps the last good one while the folder
//! changes; [`report`] says in plain words what `countersign policy check | test | plan | explain`
//! print.

mod answering;
mod cases;
mod digest;
mod discovery;
mod emergency;
mod folder;
mod handle;
mod mistake;
mod near;
mod plan;
mod read;
pub mod report;
mod route;
mod rules;
pub mod runtime;
#[cfg(test)]
mod tests;
mod weekly;
mod without;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::FixedOffset;

pub use answering::{Appeals, Delegations};
pub use cases::{CaseFailed, CaseResult};
pub use discovery::{Discovery, Pattern};
pub use emergency::{BreakGlass, Incidents};
pub use handle::{PolicyHandle, PolicyNews, Watching};
pub use mistake::{Mistake, Refused};
pub use plan::{Change, Effect, plan};
pub use route::{CannotAsk, Way};
pub use rules::{Case, Certifying, Holders, Owners, Resource, Team, TierRules};
use runtime::cedar::{Rules, Surroundings, cedar_name};
use runtime::{Callbacks, Facts, IdentityProvider, Issuer, Quotas, Ruling, ServiceAccount, Tokens};
pub use weekly::Weekly;

use crate::domain::absence::Absence;
use crate::domain::access::Access;
use crate::domain::evaluation::Question;
use crate::domain::role::{RoleName, TeamName};
use crate::domain::tier::Tier;
use crate::domain::time::Span;

/// A policy that was checked. It never changes; a changed folder becomes another `Policy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    digest: String,
    channels: rules::Channels,
    roles: BTreeMap<RoleName, Holders>,
    teams: BTreeMap<TeamName, Team>,
    tiers: rules::Tiers,
    resources: BTreeMap<String, Resource>,
    without_people: Vec<without::Rule>,
    before_end: Vec<Span>,
    owners: Owners,
    weekly: Option<Weekly>,
    certifying: Certifying,
    delegations: Delegations,
    absence: Absence,
    appeals: Option<Appeals>,
    discovery: Discovery,
    cases: Vec<cases::Placed>,
    warnings: Vec<Mistake>,
    services: BTreeMap<String, ServiceAccount>,
    issuers: BTreeMap<String, Issuer>,
    tokens: Tokens,
    quotas: Quotas,
    callbacks: Callbacks,
    directory: IdentityProvider,
    break_glass: Option<BreakGlass>,
    incidents: Incidents,
    rules: Rules,
    /// How far the clock of the rules is from UTC.
    offset: FixedOffset,
}

impl Policy {
    /// The starter policy, which is part of the program: `manifests/policy`. It suits the stand-in
    /// workspace.
    pub fn starter() -> Self {
        folder::starter()
    }

    /// Reads and checks a folder.
    ///
    /// # Errors
    ///
    /// Every mistake in the folder, in the order of files and lines; also when the folder or a file
    /// cannot be read.
    pub fn load(folder: &Path) -> Result<Self, Refused> {
        folder::read(folder).and_then(|files| Self::from_files(&files))
    }

    /// Checks the files of a folder, given as name (`policy.toml`, `tests/grants.toml`) and text.
    ///
    /// # Errors
    ///
    /// Every mistake, in the order of files and lines; if there is none, every case of the folder's
    /// own tests that fails.
    pub fn from_files(files: &BTreeMap<String, String>) -> Result<Self, Refused> {
        Self::untried(files)?.tried()
    }

    /// Like [`Self::load`], whether or not the cases pass.
    fn load_untried(folder: &Path) -> Result<Self, Refused> {
        folder::read(folder).and_then(|files| Self::untried(&files))
    }

    /// Checks the files, and leaves the cases aside.
    fn untried(files: &BTreeMap<String, String>) -> Result<Self, Refused> {
        read::read(files)
    }

    /// The policy, if it does what its own cases say.
    fn tried(self) -> Result<Self, Refused> {
        let mistakes = cases::failures(&self);
        if mistakes.is_empty() { Ok(self) } else { Err(Refused { digest: self.digest, mistakes }) }
    }

    /// SHA-256 over the names and contents of all files of the folder, in hexadecimal: the same
    /// files, the same digest. It stands on every request that was routed by this policy.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Who decides at this tier, and for how long.
    pub const fn tier(&self, tier: Tier) -> &TierRules {
        self.tiers.of(tier)
    }

    /// The team with this name.
    pub fn team(&self, name: &TeamName) -> Option<&Team> {
        self.teams.get(name)
    }

    /// The names of all teams, in alphabetical order.
    pub fn teams(&self) -> impl Iterator<Item = &TeamName> {
        self.teams.keys()
    }

    /// Who holds the role when an agent of this team asks: for `team-lead` the leads of the team,
    /// for any other the role's own holders. `None` if there is no such role or team.
    pub fn holders(&self, role: &RoleName, team: &TeamName) -> Option<&Holders> {
        if role.as_str() == RoleName::TEAM_LEAD {
            self.teams.get(team).map(|team| &team.leads)
        } else {
            self.roles.get(role)
        }
    }

    /// The resource with this name.
    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.resources.get(name)
    }

    /// All resources, in alphabetical order.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }

    /// The lowest tier that may hold this access; `None` if the policy does not know it.
    pub fn tier_needed(&self, access: &Access) -> Option<Tier> {
        self.resource(&access.resource)?.actions.get(&access.action).copied()
    }

    /// The first rule by which this is approved at once, without people: its name, or
    /// `without_people #2` for the second rule when it has none.
    ///
    /// What would raise the agent's tier, what the policy does not know and what is longer than
    /// the policy allows is never approved without people.
    pub fn without_people(&self, case: &Case<'_>) -> Option<String> {
        without::first(self, case).map(|rule| rule.name.clone())
    }

    /// The way this would go: who decides, or why it cannot be asked.
    ///
    /// # Errors
    ///
    /// The policy knows no such resource or action, or it is asked for longer than the policy
    /// allows.
    pub fn route(&self, case: &Case<'_>) -> Result<Way, CannotAsk> {
        route::route(self, case)
    }

    /// The channel where requests are posted.
    pub fn approvals_channel(&self) -> &str {
        &self.channels.approvals
    }

    /// The channel where security is told of what matters.
    pub fn security_channel(&self) -> &str {
        &self.channels.security
    }

    /// The channel where people find help, if the policy names one.
    pub fn help_channel(&self) -> Option<&str> {
        self.channels.help.as_deref()
    }

    /// So long before the end of a grant its owner is reminded, the longest first.
    pub fn remind_before_end(&self) -> &[Span] {
        &self.before_end
    }

    /// When owners say anew that their agents are needed and compliant.
    pub const fn certifying(&self) -> &Certifying {
        &self.certifying
    }

    /// How long an owner's word that an agent is needed and compliant holds.
    pub const fn certify_every(&self) -> Span {
        self.certifying.every
    }

    /// How agents are handed over, and what becomes of those that nobody answers for.
    pub const fn owners(&self) -> &Owners {
        &self.owners
    }

    /// When and where the numbers of the week are told, if they are.
    pub const fn weekly(&self) -> Option<&Weekly> {
        self.weekly.as_ref()
    }

    /// Who may let whom answer in their place.
    pub const fn delegations(&self) -> &Delegations {
        &self.delegations
    }

    /// By what somebody is known to be away.
    pub const fn absence(&self) -> &Absence {
        &self.absence
    }

    /// Who decides whether a no stands, if a no can be appealed.
    pub const fn appeals(&self) -> Option<&Appeals> {
        self.appeals.as_ref()
    }

    /// How far the policy's clock is from UTC.
    pub const fn utc_offset(&self) -> FixedOffset {
        self.offset
    }

    /// The names of all roles, the one that is always there first.
    pub fn role_names(&self) -> Vec<RoleName> {
        let lead = RoleName::new(RoleName::TEAM_LEAD);
        std::iter::once(lead).chain(self.roles.keys().cloned()).collect()
    }

    /// What is looked for that nobody registered.
    pub const fn discovery(&self) -> &Discovery {
        &self.discovery
    }

    /// What is allowed and yet perhaps not meant.
    pub fn warnings(&self) -> &[Mistake] {
        &self.warnings
    }

    /// What the rules in `*.cedar` say to a question.
    ///
    /// A rule that forbids and applies comes before all others; then one that forbids and cannot be
    /// judged, because something that it needs is missing or of another kind; then one that permits.
    pub fn rule(&self, question: &Question, facts: &Facts<'_>) -> Ruling {
        self.rules.rule(question, facts, || Surroundings {
            offset: self.offset,
            sensitivity: self.resource(&question.resource.kind).map(|r| r.sensitivity),
        })
    }

    /// The ids of this type that the policy knows by itself (`entities.json`), in order. What
    /// exists beyond them, only the services know.
    pub fn known_entities(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.rules.known_entities(kind)
    }

    /// The names of all actions on resources of this type: those of `policy.toml`, and those that
    /// the schema has besides, in order.
    pub fn known_actions(&self, kind: &str) -> BTreeSet<&str> {
        let named = self.resource(kind).into_iter().flat_map(|r| r.actions.keys());
        named.map(String::as_str).chain(self.rules.known_actions(kind)).collect()
    }

    /// The names of all types of subjects and resources: those of `policy.toml`, and those that the
    /// schema has besides, in order.
    pub fn known_kinds(&self) -> BTreeSet<&str> {
        let named: BTreeSet<&str> = self.resources.keys().map(String::as_str).collect();
        let cedar: BTreeSet<String> = named.iter().map(|name| cedar_name(name)).collect();
        let besides = self.rules.known_kinds().filter(|kind| !cedar.contains(*kind));
        named.iter().copied().chain(besides).collect()
    }

    /// The services that may ask at run time, by name.
    pub const fn services(&self) -> &BTreeMap<String, ServiceAccount> {
        &self.services
    }

    /// The issuers whose tokens are believed, by name.
    pub const fn issuers(&self) -> &BTreeMap<String, Issuer> {
        &self.issuers
    }

    /// What tokens are like.
    pub const fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The same policy, trusting these: for who puts one together without files.
    #[must_use]
    pub fn trusting(
        self,
        services: BTreeMap<String, ServiceAccount>,
        issuers: BTreeMap<String, Issuer>,
        tokens: Tokens,
    ) -> Self {
        Self { services, issuers, tokens, ..self }
    }

    /// How the identity provider tells who is in its groups.
    pub const fn identity_provider(&self) -> &IdentityProvider {
        &self.directory
    }

    /// All roles with their holders, in alphabetical order; `team-lead` once for each team.
    pub fn roles(&self) -> impl Iterator<Item = (RoleName, Option<&TeamName>, &Holders)> {
        let lead = RoleName::new(RoleName::TEAM_LEAD);
        let named = self.roles.iter().map(|(role, holders)| (role.clone(), None, holders));
        let leads = self.teams.iter();
        named.chain(leads.map(move |(name, team)| (lead.clone(), Some(name), &team.leads)))
    }

    /// How often an agent may do what.
    pub const fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Where outcomes may be sent.
    pub const fn callbacks(&self) -> &Callbacks {
        &self.callbacks
    }

    /// What may be opened in an emergency; `None` if nothing may.
    pub const fn break_glass(&self) -> Option<&BreakGlass> {
        self.break_glass.as_ref()
    }

    /// What happens in an incident.
    pub const fn incidents(&self) -> &Incidents {
        &self.incidents
    }

    /// Runs the cases in `tests/*.toml`.
    pub fn test(&self) -> Vec<CaseResult> {
        cases::run(self)
    }
}
