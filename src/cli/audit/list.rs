//! `countersign audit list`: the newest lines, in words or as JSON.

use std::io::Write;

use serde_json::{Value, json};

use super::unreadable;
use super::words::Names;
use crate::cli::exit::{Exit, Failure};
use crate::domain::event::{Body, Line};
use crate::domain::ids::AgentId;
use crate::domain::text::clean;
use crate::store::Session;

/// Which lines.
pub(super) struct Which {
    /// About this agent alone: its name or its id.
    pub(super) agent: Option<String>,
    /// So many at most.
    pub(super) limit: u32,
}

/// Prints lines, the newest last.
pub(super) async fn list(
    session: &mut Session,
    which: &Which,
    json: bool,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let lines = lines(session, which).await?;
    if json {
        for line in &lines {
            writeln!(out, "{}", as_json(line))?;
        }
        return Ok(Exit::Well);
    }
    if lines.is_empty() {
        writeln!(out, "Nothing has happened yet.")?;
    }
    let mut names = Names::default();
    let width = lines.last().map_or(1, |line| line.seq.to_string().len());
    for line in &lines {
        let (actor, what) = match serde_json::from_str::<Body>(&line.body) {
            Ok(body) => {
                names.learn(session, &body).await.map_err(unreadable)?;
                (names.actor(&body.actor), names.what(&body.what))
            }
            // Written by a newer version, or by another hand: `verify` tells which.
            Err(_) => ("?".to_owned(), format!("not understood: {}", line.body)),
        };
        writeln!(
            out,
            "{:width$}  {}  {:20}  {}",
            line.seq,
            line.at.format("%Y-%m-%d %H:%M:%SZ"),
            clean(&actor, 80),
            // What another hand wrote must not play with the terminal.
            clean(&what, 1_000)
        )?;
    }
    Ok(Exit::Well)
}

async fn lines(session: &mut Session, which: &Which) -> Result<Vec<Line>, Failure> {
    match &which.agent {
        Some(agent) => {
            let agent = find(session, agent).await?;
            let mut lines =
                session.events_about_agent(agent, which.limit).await.map_err(unreadable)?;
            lines.reverse();
            Ok(lines)
        }
        None => {
            let (head, _) = session.head().await.map_err(unreadable)?;
            let after = (head - i64::from(which.limit)).max(0);
            session.lines(after, which.limit).await.map_err(unreadable)
        }
    }
}

/// The agent of this name or id.
async fn find(session: &mut Session, text: &str) -> Result<AgentId, Failure> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    if let Some(agent) = session.agent_by_slug(text).await.map_err(unreadable)? {
        return Ok(agent.id);
    }
    let slugs = session.slugs().await.map_err(unreadable)?;
    let near = slugs
        .iter()
        .map(|slug| (strsim::damerau_levenshtein(slug.as_str(), text), slug))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= 3);
    let text = clean(text, 80);
    Err(Failure::Usage(match near {
        Some((_, slug)) => format!("there is no agent {text}; did you mean {}?", slug.as_str()),
        None => format!(
            "there is no agent {text}; one whose registration was rejected is found by its id \
             (agt_…)"
        ),
    }))
}

/// The line as JSON. The body stands in it exactly as it was hashed, unless it is no JSON.
fn as_json(line: &Line) -> String {
    let body = match serde_json::from_str::<Value>(&line.body) {
        Ok(_) => line.body.clone(),
        Err(_) => Value::from(line.body.as_str()).to_string(),
    };
    let [at, before, hash] = [
        line.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        line.before.to_string(),
        line.hash.to_string(),
    ]
    .map(|text| json!(text));
    let seq = line.seq;
    format!(r#"{{"seq":{seq},"at":{at},"before":{before},"hash":{hash},"body":{body}}}"#)
}
