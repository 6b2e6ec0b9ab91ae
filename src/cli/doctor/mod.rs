//! `countersign doctor`: looks at everything that a server needs before it starts, and says of each
//! fault what to do. It changes nothing and sends no message.

mod database;
mod identity_provider;
mod policy;

#[cfg(test)]
mod tests;

use std::io::Write;

use serde_json::json;

use super::arguments;
use super::exit::{Exit, Failure};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Mode, Sources};
use crate::domain::text::clean;
use crate::slack::wire::client::{Client, ClientSettings};
use crate::slack::wire::doctor::{self as slack, Check};
use crate::slack::wire::limits::Limits;

/// Looks at everything, and prints what was found.
pub(super) async fn run(
    arguments: arguments::Doctor,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let sources = Sources::of_process(arguments.file.config);
    let checks = look(&sources).await;
    write!(out, "{}", if arguments.json { as_json(&checks) } else { as_text(&checks) })?;
    Ok(Exit::well(checks.iter().all(|check| check.ok)))
}

/// One check for each thing that was looked at, in the order in which to mend them.
async fn look(sources: &Sources) -> Vec<Check> {
    let config = match Config::load(sources) {
        Ok(config) => config,
        // Without them there is nothing to look at.
        Err(mistakes) => {
            return mistakes
                .0
                .iter()
                .map(|mistake| bad("configuration", mistake.to_string(), None))
                .collect();
        }
    };
    let from = sources.file.as_ref().map_or_else(
        || "the environment alone (name a file with --config)".to_owned(),
        |file| format!("{} and the environment", file.display()),
    );
    let mut checks = vec![good("configuration", from)];
    let warnings = config.warnings().into_iter();
    checks.extend(warnings.map(|warning| good("configuration", format!("but {warning}"))));
    let named = policy::look(config.policy.path.as_deref(), &mut checks);
    checks.push(database::look(&config.database.url).await);
    let (named, policy) = named.unzip();
    if let Some(policy) = &policy {
        let now = SystemClock.now();
        checks.extend(identity_provider::look(policy, &config.database.url, now).await);
    }
    let named = slack::Named {
        socket_mode: matches!(config.slack.mode, Mode::Socket { .. }),
        ..named.unwrap_or_default()
    };
    match client(config) {
        Ok(client) => checks.extend(slack::checks(&client, &named).await),
        Err(error) => checks.push(bad("slack", error, None)),
    }
    checks
}

fn client(config: Config) -> Result<Client, String> {
    let app_token = match config.slack.mode {
        Mode::Socket { app_token } => Some(app_token),
        Mode::Http { .. } => None,
    };
    let settings = ClientSettings {
        api_url: config.slack.api_url.to_string(),
        app_token,
        ..ClientSettings::new(config.slack.bot_token)
    };
    Client::new(settings, Limits::slack().into()).map_err(|error| error.to_string())
}

fn good(name: &str, found: impl Into<String>) -> Check {
    Check { name: name.to_owned(), ok: true, found: found.into(), cure: None }
}

fn bad(name: &str, found: impl Into<String>, cure: Option<&str>) -> Check {
    Check { name: name.to_owned(), ok: false, found: found.into(), cure: cure.map(str::to_owned) }
}

fn as_text(checks: &[Check]) -> String {
    let width = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for Check { name, ok, found, cure } in checks {
        let mark = if *ok { '✓' } else { '✗' };
        // What Slack and others say is shown, not obeyed.
        let found = clean(found, 1_000);
        text.push_str(&format!("{mark} {name:width$}  {found}\n"));
        if let Some(cure) = cure {
            text.push_str(&format!("  {:width$}  → {}\n", "", clean(cure, 1_000)));
        }
    }
    let faults = checks.iter().filter(|check| !check.ok).count();
    text.push('\n');
    text.push_str(&match faults {
        0 => "All is well: the server can start.\n".to_owned(),
        1 => "1 fault. Mend it, and ask the doctor again.\n".to_owned(),
        many => {
            format!("{many} faults. Mend them, the first one first, and ask the doctor again.\n")
        }
    });
    text
}

fn as_json(checks: &[Check]) -> String {
    let lines = checks.iter().map(|Check { name, ok, found, cure }| {
        format!("{}\n", json!({ "name": name, "ok": ok, "found": found, "cure": cure }))
    });
    lines.collect()
}
