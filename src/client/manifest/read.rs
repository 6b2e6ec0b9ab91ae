//! A text → what it says, or everything that is wrong with it.

use super::walk::{Log, Table, Value, parse, shown};
use super::{Found, Mistake};
use crate::contract::manifest::{Declared, Described, FILE, Manifest};
use crate::domain::access::{Access, is_name};
use crate::domain::agent::{BadSlug, Slug};
use crate::domain::text::LONGEST_TEXT;
use crate::domain::time::Span;

/// The file's own version that is understood.
const VERSION: u32 = 1;
/// The longest name of a system, a model, or a place where agents run, in characters.
const LONGEST_NAME: usize = 200;

/// What a manifest says; `file` is what it is called in the mistakes.
///
/// # Errors
///
/// All of its mistakes, in the order of lines; at least one.
pub fn read(file: &str, text: &str) -> Result<Found, Vec<Mistake>> {
    let mut log = Log::new(file, text);
    let manifest = parse(text, &mut log).and_then(|tree| whole(&Table::root(&tree), &mut log));
    let Log { mut mistakes, places, .. } = log;
    mistakes.sort_by_key(|mistake| mistake.place);
    match manifest {
        Some(manifest) if mistakes.is_empty() => Ok(Found { manifest, places }),
        _ => Err(mistakes),
    }
}

fn whole(root: &Table<'_, '_>, log: &mut Log<'_>) -> Option<Manifest> {
    root.only(log, &["version", "agent", "access"]);
    let version = root.need(log, "version", "Write `version = 1` at the top of the file.");
    if let Some(value) = version
        && let Some(found) = value.number(log, "`version = 1`")
        && found != VERSION
    {
        let cure = if found > VERSION {
            "This agent-cli knows version 1: use a newer agent-cli, or write `version = 1`."
        } else {
            "Write `version = 1`."
        };
        log.mistake(value.at, format!("there is no version {found} of {FILE}"), cure);
    }
    let agent = root.need(log, "agent", "Write a section [agent] with its name and purpose.");
    let agent = agent.and_then(|value| value.table(log, "[agent]"));
    let agent = agent.map(|table| described(&table, log));
    let accesses = root.get("access").and_then(|value| value.list(log, "[[access]]"));
    let mut declared: Vec<Declared> = Vec::new();
    for value in accesses.unwrap_or_default() {
        let Some(access) = access(&value, log) else { continue };
        if declared.iter().any(|other| other.name == access.name) {
            let what = format!("{} is declared twice", access.name);
            log.mistake(value.at, what, "Keep one of the two.");
        }
        declared.push(access);
    }
    Some(Manifest { version: VERSION, agent: agent?, accesses: declared })
}

fn described(table: &Table<'_, '_>, log: &mut Log<'_>) -> Described {
    table.only(
        log,
        &[
            "name",
            "purpose",
            "owner",
            "team",
            "systems",
            "runs_on",
            "model",
            "writes",
            "customer_data",
            "external_calls",
            "money",
        ],
    );
    let name = table.need(log, "name", "Write the agent's name, like name = \"support-agent\".");
    let purpose = table.need(log, "purpose", "Write what the agent is for, in a sentence.");
    let purpose = purpose.map(|value| (value.at, line(&value, log, LONGEST_TEXT)));
    if let Some((at, Some(said))) = &purpose
        && said.is_empty()
    {
        log.mistake(*at, "agent.purpose says nothing", "Write what the agent is for.");
    }
    let named = |log: &mut Log<'_>, key| {
        let value = table.get(key);
        value.and_then(|value| line(&value, log, LONGEST_NAME)).unwrap_or_default()
    };
    let flag = |log: &mut Log<'_>, key| {
        table.get(key).and_then(|value| value.flag(log)).unwrap_or_default()
    };
    Described {
        name: name.and_then(|value| slug(&value, log)).unwrap_or_default(),
        purpose: purpose.and_then(|(_, said)| said).unwrap_or_default(),
        owner: table.get("owner").and_then(|value| owner(&value, log)),
        team: table.get("team").and_then(|value| team(&value, log)),
        systems: table.get("systems").map(|value| systems(&value, log)).unwrap_or_default(),
        runs_on: named(log, "runs_on"),
        model: named(log, "model"),
        writes: flag(log, "writes"),
        customer_data: flag(log, "customer_data"),
        external_calls: flag(log, "external_calls"),
        money: flag(log, "money"),
    }
}

/// A text on one line; longer or stranger ones are noted.
fn line(value: &Value<'_, '_>, log: &mut Log<'_>, longest: usize) -> Option<String> {
    let text = value.text(log, "\"in double quotes\"")?.trim();
    if text.chars().count() > longest || text.contains(char::is_control) {
        let what = format!("{} is too long, or has more than one line", value.path);
        log.mistake(
            value.at,
            what,
            format!("Say it on one line, in at most {longest} characters."),
        );
        return None;
    }
    Some(text.to_owned())
}

fn slug(value: &Value<'_, '_>, log: &mut Log<'_>) -> Option<String> {
    let text = value.text(log, "name = \"support-agent\"")?;
    match text.parse::<Slug>() {
        Ok(name) => Some(name.to_string()),
        Err(bad) => {
            let cure = match &bad {
                BadSlug::Characters { try_this: Some(other) } => format!("Write \"{other}\"."),
                _ => "Write 3 to 40 small letters, digits and single dashes, a letter first, \
                      like \"support-agent\"."
                    .to_owned(),
            };
            log.mistake(value.at, format!("\"{}\" cannot be an agent's name", shown(text)), cure);
            None
        }
    }
}

/// An e-mail address or a Slack user id; which of them exists is the server's to say.
fn owner(value: &Value<'_, '_>, log: &mut Log<'_>) -> Option<String> {
    let text = value.text(log, "owner = \"dana@example.com\"")?.trim();
    let is_mail = text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    });
    let is_id = text.len() > 4
        && text.starts_with(['U', 'W'])
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    if is_mail || is_id {
        return Some(text.to_owned());
    }
    log.mistake(
        value.at,
        format!("agent.owner: \"{}\" names nobody", shown(text)),
        "Write one person's e-mail address, or their Slack user id (U0…): \
         an agent has one owner, never a team.",
    );
    None
}

fn team(value: &Value<'_, '_>, log: &mut Log<'_>) -> Option<String> {
    let text = value.text(log, "team = \"support\"")?;
    if !is_name(text) {
        log.mistake(
            value.at,
            format!("agent.team: \"{}\" cannot be a team's name", shown(text)),
            "Write it as the policy names it, like \"support\"; `agent-cli register` lists the teams.",
        );
        return None;
    }
    Some(text.to_owned())
}

fn systems(value: &Value<'_, '_>, log: &mut Log<'_>) -> Vec<String> {
    let all = value.list(log, "systems = [\"database\", \"tickets\"]").unwrap_or_default();
    let mut systems = Vec::new();
    for one in all {
        let Some(name) = line(&one, log, LONGEST_NAME) else { continue };
        if name.is_empty() {
            log.mistake(
                one.at,
                format!("{} says nothing", one.path),
                "Name a system, or remove it.",
            );
        }
        systems.push(name);
    }
    systems
}

fn access(value: &Value<'_, '_>, log: &mut Log<'_>) -> Option<Declared> {
    let table = value.table(log, "[[access]]")?;
    table.only(log, &["name", "because", "for"]);
    let because = table.get("because").and_then(|value| line(&value, log, LONGEST_TEXT));
    let lasting = table.get("for").and_then(|value| span(&value, log));
    let like = "Write resource and action, like name = \"database:read\".";
    let name = table.need(log, "name", like)?;
    let text = name.text(log, "name = \"database:read\"")?;
    let Ok(access) = text.parse::<Access>() else {
        log.mistake(name.at, format!("\"{}\" is no access", shown(text)), like);
        return None;
    };
    let access = access.to_string();
    name.stands_for(log, &access);
    Some(Declared { name: access, because: because.unwrap_or_default(), lasting })
}

fn span(value: &Value<'_, '_>, log: &mut Log<'_>) -> Option<String> {
    const LIKE: &str = "for = \"30m\", \"8h\" or \"7d\"";
    let text = value.text(log, LIKE)?;
    if let Ok(span) = text.parse::<Span>() {
        return Some(span.to_string());
    }
    let what = format!("{}: \"{}\" is not a length of time", value.path, shown(text));
    log.mistake(value.at, what, format!("Write it like {LIKE}."));
    None
}
