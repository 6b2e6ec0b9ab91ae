//! From signs to a verdict, purely.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::file::Seen;
use super::place::Setting;
use super::sign::Kind;

/// What a repository is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The program is an agent: a model decides, and something happens.
    Agent,
    /// The program may be anything; in its pipeline works an agent.
    AgentInPipeline,
    /// It gives tools to agents (an MCP server).
    ServesAgents,
    /// It calls a model; nothing shows that the model acts.
    CallsAModel,
    /// It runs by itself with a token or key of a person.
    PersonsKey,
    /// It is a library by which others call models or build agents.
    Library,
    /// None of these.
    Nothing,
}

/// How far a verdict can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sureness {
    /// Look for yourself.
    Unsure,
    /// Probably.
    Likely,
    /// As good as certain.
    Sure,
}

/// A verdict, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// What it is taken for.
    pub verdict: Verdict,
    /// How sure, in words.
    pub sureness: Sureness,
    /// How sure, of 100. How often it is right is measured in docs/scan.md.
    pub percent: u8,
}

impl Verdict {
    /// Whether something was found that somebody should register, or ask about.
    pub const fn is_found(self) -> bool {
        !matches!(self, Self::Nothing | Self::Library)
    }
}

/// From this strength on (of 1), a sign's kind is taken for true.
const ENOUGH: f64 = 0.5;

/// No number of mentions in tests and documents proves more than this.
const MOST_BESIDE: f64 = 0.35;

/// Whoever keeps keys of so many issuers in a program looks for keys: they are its data, and so are the
/// addresses and settings beside them.
const KEYS_OF_A_SCANNER: usize = 5;

/// Weighs everything that was seen.
pub fn judge(seen: &[Seen]) -> Judgement {
    let cleaned: Vec<Seen>;
    let seen = if looks_for_keys(seen) {
        cleaned = seen.iter().map(without_data).collect();
        &cleaned
    } else {
        seen
    };
    let of = |kinds: &[Kind]| strength(seen, kinds);
    let model = of(&[Kind::Model, Kind::Framework]);
    let acts = of(&[Kind::Acts, Kind::Framework, Kind::McpClient, Kind::Named]);
    let pipeline = of(&[Kind::PipelineAgent]);
    let serves = of(&[Kind::Server]);
    let agent = model * acts;
    let key = persons_key(seen);
    let is_library = seen.iter().any(|file| file.is_library.is_some());

    let (verdict, strength) = if is_library {
        if pipeline >= ENOUGH {
            (Verdict::AgentInPipeline, pipeline)
        } else {
            (Verdict::Library, 0.9)
        }
    } else if agent >= ENOUGH && model >= ENOUGH {
        (Verdict::Agent, agent)
    } else if pipeline >= ENOUGH {
        (Verdict::AgentInPipeline, pipeline)
    } else if serves >= ENOUGH {
        (Verdict::ServesAgents, serves)
    } else if model >= ENOUGH {
        (Verdict::CallsAModel, model)
    } else if key >= ENOUGH {
        (Verdict::PersonsKey, key)
    } else {
        (Verdict::Nothing, 1.0 - agent.max(pipeline).max(serves).max(model).max(key))
    };
    let percent = (strength * 100.0).round().clamp(0.0, 99.0) as u8;
    let sureness = match percent {
        80.. => Sureness::Sure,
        60.. => Sureness::Likely,
        _ => Sureness::Unsure,
    };
    Judgement { verdict, sureness, percent }
}

fn looks_for_keys(seen: &[Seen]) -> bool {
    let programs = seen.iter().filter(|file| file.setting.is_the_program_itself());
    let hits = programs.flat_map(|file| &file.hits);
    let keys = hits.filter(|hit| hit.mark.kind == Kind::HardCodedKey).map(|hit| hit.mark.id);
    keys.collect::<BTreeSet<_>>().len() >= KEYS_OF_A_SCANNER
}

/// A file's signs without keys and without what is found by its text alone.
fn without_data(file: &Seen) -> Seen {
    let mut file = file.clone();
    file.hits.retain(|hit| {
        hit.mark.kind != Kind::HardCodedKey
            && !matches!(hit.mark.id, "model/address" | "model/path" | "model/key")
    });
    file
}

/// How strongly everything of these kinds speaks together, from 0 to 1: each sign once, more of it in
/// other files adding less and less, and signs beside each other as independent witnesses.
fn strength(seen: &[Seen], kinds: &[Kind]) -> f64 {
    // By sign and by whether it stands in the program itself: the strongest hit of each file.
    let mut files: BTreeMap<(&str, bool), Vec<u32>> = BTreeMap::new();
    for file in seen {
        let mut best: BTreeMap<&str, u32> = BTreeMap::new();
        for hit in file.hits.iter().filter(|hit| kinds.contains(&hit.mark.kind)) {
            let most = best.entry(hit.mark.id).or_default();
            *most = (*most).max(hit.percent);
        }
        for (id, percent) in best {
            files.entry((id, file.setting.is_the_program_itself())).or_default().push(percent);
        }
    }
    let (mut not_itself, mut not_beside) = (1.0, 1.0);
    for ((_, is_itself), mut percents) in files {
        percents.sort_unstable_by(|a, b| b.cmp(a));
        let shares = [1.0, 0.5, 0.25];
        let not: f64 = percents
            .iter()
            .zip(shares)
            .map(|(p, share)| 1.0 - f64::from(*p) / 100.0 * share)
            .product();
        if is_itself {
            not_itself *= not;
        } else {
            not_beside *= not;
        }
    }
    let beside: f64 = MOST_BESIDE.min(1.0 - not_beside);
    1.0 - not_itself * (1.0 - beside)
}

/// How strongly it speaks for something that runs by itself with a person's token.
///
/// A pipeline shows both in one file. What the system, a library or another pipeline starts may have its
/// token anywhere in the program.
fn persons_key(seen: &[Seen]) -> f64 {
    let best = |file: &Seen, kinds: &[Kind]| {
        let hits = file.hits.iter().filter(|hit| kinds.contains(&hit.mark.kind));
        hits.map(|hit| f64::from(hit.percent) / 100.0).fold(0.0, f64::max)
    };
    let in_one_file = seen
        .iter()
        .filter(|file| file.setting == Setting::Pipeline)
        .map(|file| {
            best(file, &[Kind::Schedule]) * best(file, &[Kind::PersonalToken, Kind::HardCodedKey])
        })
        .fold(0.0, f64::max);
    // Such a pipeline names its secrets in the file itself; one without any brings none.
    let names_its_secrets = |file: &&Seen| file.path.starts_with(".github/");
    let started: Vec<&Seen> = seen.iter().filter(|file| !names_its_secrets(file)).collect();
    let start =
        started.iter().map(|file| best(file, &[Kind::Schedule, Kind::Webhook])).fold(0.0, f64::max);
    let programs = seen.iter().filter(|file| file.setting.is_the_program_itself());
    let programs = programs.filter(|file| file.setting != Setting::Pipeline);
    let token = programs
        .map(|file| best(file, &[Kind::PersonalToken, Kind::HardCodedKey]))
        .fold(0.0, f64::max);
    in_one_file.max(start * token)
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
