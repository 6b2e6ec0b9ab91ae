//! Reads the files of a policy folder, and notes every mistake in them.

mod answering;
mod certification;
mod digest;
mod directory;
mod discovery;
mod emergency;
mod holders;
mod ids;
mod log;
mod owners;
mod resources;
mod services;
mod tiers;
mod trust;
mod walk;
mod without;

use std::collections::BTreeMap;

pub(super) use log::Log;
pub(super) use walk::{Table, Value, parse};

use self::answering::Answering;
use self::emergency::Emergency;
use self::ids::Kind;
use self::trust::Trust;
use super::discovery::Discovery;
use super::rules::{Certifying, Channels, Holders, Owners, Resource, Team, Tiers};
use super::runtime::IdentityProvider;
use super::runtime::cedar::{self, Rules};
use super::without::Rule;
use super::{Mistake, Policy, Refused, cases};
use crate::domain::role::{RoleName, TeamName};
use crate::domain::tier::Tier;
use crate::domain::time::Span;

/// The file that says it all.
pub(super) const MAIN: &str = "policy.toml";
/// The folder of the cases.
pub(super) const TESTS: &str = "tests/";

const KEYS: [&str; 23] = [
    "channels",
    "roles",
    "directory",
    "teams",
    "tiers",
    "resources",
    "without_people",
    "reminders",
    "certification",
    "owners",
    "digest",
    "break_glass",
    "incidents",
    "delegation",
    "absence",
    "appeals",
    "discovery",
    "rules",
    "services",
    "issuers",
    "tokens",
    "quotas",
    "callbacks",
];

/// See [`Policy::from_files`].
pub(super) fn read(files: &BTreeMap<String, String>) -> Result<Policy, Refused> {
    let mut mistakes: Vec<Mistake> = files.keys().filter_map(|name| stranger(name)).collect();
    let mut warnings = Vec::new();
    let main = match files.get(MAIN) {
        None => {
            mistakes.push(Mistake {
                file: MAIN.to_owned(),
                line: 1,
                column: 1,
                what: format!("there is no {MAIN}"),
                cure: "Copy manifests/policy and adapt it to your workspace.".to_owned(),
            });
            None
        }
        Some(text) => {
            let mut log = Log::new(MAIN, text);
            let main = main(&mut log, text);
            let (found, doubts) = log.finish();
            mistakes.extend(found);
            warnings.extend(doubts);
            main
        }
    };
    let mut all = Vec::new();
    for (name, text) in files.iter().filter(|(name, _)| is_test(name)) {
        let mut log = Log::new(name, text);
        all.extend(cases::read(&mut log, name, text, main.as_ref()));
        mistakes.extend(log.finish().0);
    }
    let none = BTreeMap::new();
    let resources = main.as_ref().map_or(&none, |main| &main.resources);
    let rules = Rules::compile(files, resources, &mut mistakes, &mut warnings);
    let digest = super::digest::of(files);
    match main {
        Some(main) if mistakes.is_empty() => {
            warnings.sort_by(in_order);
            Ok(main.policy(digest, all, warnings, rules))
        }
        _ => {
            mistakes.sort_by(in_order);
            Err(Refused { digest, mistakes })
        }
    }
}

fn in_order(a: &Mistake, b: &Mistake) -> std::cmp::Ordering {
    (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column))
}

fn is_test(name: &str) -> bool {
    name.starts_with(TESTS) && name.ends_with(".toml")
}

/// A file that somebody put into the folder for a purpose that it would not serve.
fn stranger(name: &str) -> Option<Mistake> {
    if name == MAIN || is_test(name) || cedar::is_ours(name) {
        return None;
    }
    let (what, cure) = if name.ends_with(".cedarschema") {
        (
            "this schema is not read",
            "There is one for all rules: put it into schema.cedarschema, beside policy.toml.",
        )
    } else {
        (
            "this file is not read",
            "The policy is policy.toml, *.cedar and tests/*.toml: move it there, or out of the \
             folder.",
        )
    };
    Some(Mistake {
        file: name.to_owned(),
        line: 1,
        column: 1,
        what: what.to_owned(),
        cure: cure.to_owned(),
    })
}

/// What `policy.toml` says.
pub(super) struct Main {
    channels: Channels,
    pub(super) roles: BTreeMap<RoleName, Holders>,
    pub(super) teams: BTreeMap<TeamName, Team>,
    tiers: Tiers,
    resources: BTreeMap<String, Resource>,
    without_people: Vec<Rule>,
    before_end: Vec<Span>,
    owners: Owners,
    digest: Option<digest::Digest>,
    emergency: Emergency,
    certifying: Certifying,
    answering: Answering,
    discovery: Discovery,
    trust: Trust,
    directory: IdentityProvider,
}

impl Main {
    fn policy(
        self,
        digest: String,
        cases: Vec<cases::Placed>,
        warnings: Vec<Mistake>,
        rules: Rules,
    ) -> Policy {
        Policy {
            digest,
            channels: self.channels,
            roles: self.roles,
            teams: self.teams,
            tiers: self.tiers,
            resources: self.resources,
            without_people: self.without_people,
            before_end: self.before_end,
            owners: self.owners,
            weekly: self.digest.map(|digest| digest.by(self.trust.offset)),
            certifying: self.certifying,
            delegations: self.answering.delegations,
            absence: self.answering.absence,
            appeals: self.answering.appeals,
            discovery: self.discovery,
            cases,
            warnings,
            services: self.trust.services,
            issuers: self.trust.issuers,
            tokens: self.trust.tokens,
            quotas: self.trust.quotas,
            callbacks: self.trust.callbacks,
            directory: self.directory,
            break_glass: self.emergency.break_glass,
            incidents: self.emergency.incidents,
            rules,
            offset: self.trust.offset,
        }
    }
}

/// Reads all sections, whether or not one before has mistakes. Whatever is missing from the result
/// was noted.
fn main(log: &mut Log<'_>, text: &str) -> Option<Main> {
    let tree = parse(text, log)?;
    let root = Table::root(&tree);
    root.only(log, &KEYS);
    let channels = channels(log, &root);
    let roles = holders::roles(log, &root);
    let teams = holders::teams(log, &root);
    let emergency = emergency::read(log, &root, &roles);
    let tiers = tiers::tiers(log, &root, &roles);
    let resources = resources::resources(log, &root);
    let known = without::Known { tiers: tiers.as_ref(), resources: resources.as_ref() };
    let without_people = without::rules(log, &root, known);
    let before_end = reminders(log, &root, tiers.as_ref());
    let owners = owners::owners(log, &root, &roles);
    let digest = digest::read(log, &root);
    let certifying = certification::certification(log, &root);
    let answering = answering::read(log, &root, &roles);
    if let (Some(tiers), Some(answering)) = (&tiers, &answering) {
        let mut also = emergency.as_ref().map(Emergency::roles).unwrap_or_default();
        also.extend(owners.iter().flat_map(|owners| &owners.handover));
        tiers::unused(log, &roles, tiers, answering, &also);
    }
    let discovery = discovery::read(log, &root);
    let trust = trust::read(log, &root);
    let directory = directory::read(log, &root, trust.as_ref());
    directory::has_sources(log, &root, directory.as_ref(), trust.as_ref());
    Some(Main {
        channels: channels?,
        roles: roles.into_iter().map(|(role, (holders, _))| (role, holders)).collect(),
        teams,
        tiers: tiers?,
        resources: resources?,
        without_people: without_people?,
        before_end: before_end?,
        owners: owners?,
        digest: digest?,
        emergency: emergency?,
        certifying: certifying?,
        answering: answering?,
        discovery: discovery?,
        trust: trust?,
        directory: directory?,
    })
}

fn channels(log: &mut Log<'_>, root: &Table<'_, '_>) -> Option<Channels> {
    let table = root
        .need(log, "channels", "Add [channels] with approvals and security.")?
        .table(log, "[channels]")?;
    table.only(log, &["approvals", "security", "help"]);
    let mut need = |key: &str, cure: &str| {
        table.need(log, key, cure).and_then(|v| ids::one(log, &v, Kind::Channel))
    };
    let approvals =
        need("approvals", "Name the channel where requests are posted: approvals = \"C…\".");
    let security = need("security", "Name the channel where security is told: security = \"C…\".");
    let help = match table.get("help") {
        None => Some(None),
        Some(value) => ids::one(log, &value, Kind::Channel).map(Some),
    };
    Some(Channels { approvals: approvals?, security: security?, help: help? })
}

/// The reminders before the end of a grant, the longest first; an hour and ten minutes if the
/// section is absent.
fn reminders(log: &mut Log<'_>, root: &Table<'_, '_>, tiers: Option<&Tiers>) -> Option<Vec<Span>> {
    let Some(value) = root.get("reminders") else {
        return Some(vec![Span::hours(1), Span::minutes(10)]);
    };
    let table = value.table(log, "[reminders]")?;
    table.only(log, &["before_end"]);
    let list = table
        .need(log, "before_end", "Say when owners are reminded: before_end = [\"1h\", \"10m\"].")?
        .list(log, "[\"1h\", \"10m\"]")?;
    let longest = tiers.and_then(|t| Tier::ALL.into_iter().map(|n| t.of(n).longest_total).max());
    let mut spans: Vec<Span> = Vec::new();
    for value in &list {
        let Some(span) = value.span(log) else { continue };
        if spans.contains(&span) {
            log.mistake(value.at, format!("{span} stands here twice"), "Remove one of them.");
        } else if let Some(longest) = longest
            && span >= longest
        {
            log.mistake(
                value.at,
                format!("no grant is longer than {longest}, so nobody would be reminded {span} before its end"),
                format!("Make it shorter than {longest}, or remove it."),
            );
        }
        spans.push(span);
    }
    spans.sort_unstable_by(|a, b| b.cmp(a));
    Some(spans)
}
