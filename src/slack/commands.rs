//! What is typed after `/agent`, read into a command. Pure, and never fails: what is not understood
//! is a command of its own, with what was probably meant.
//!
//! Arguments come in any order and may be left out; what is missing is asked in a form. A reason
//! follows `because` (or stands at the end), a length of time follows `for` or `by` (or stands
//! alone, `30m`), an access has a colon, a reference looks like `G-1042`.

mod delegate;
mod names;

use std::borrow::Cow;

pub use names::WORDS;
use names::{canonical, near};

use crate::domain::access::Access;
use crate::domain::certification::Standing;
use crate::domain::request::Reference;
use crate::domain::time::Span;

/// A command, as typed: names and lengths of time are judged by the use case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlashCommand {
    /// What waits for this person, their agents, what they can do.
    Help,
    /// How everything is written.
    StaticHelp,
    /// The registration form, with this name.
    Register {
        /// The name that is wished for.
        name: Option<String>,
    },
    /// A request for a grant.
    Request {
        /// The agent's name.
        agent: Option<String>,
        /// Resource and action.
        access: Option<String>,
        /// For how long.
        lasting: Option<String>,
        /// Why.
        because: Option<String>,
    },
    /// The agents.
    List,
    /// Everything about an agent.
    Show {
        /// Its name.
        agent: Option<String>,
    },
    /// What was found that may be an agent.
    Discoveries,
    /// What is granted.
    Grants {
        /// To this agent; to the person's own if absent.
        agent: Option<String>,
    },
    /// More time for a grant.
    Extend {
        /// The grant's reference, or its agent's name.
        what: Option<String>,
        /// So much longer.
        by: Option<String>,
        /// Why.
        because: Option<String>,
    },
    /// The owner hands a grant back.
    Release {
        /// The grant's reference, or its agent's name.
        reference: Option<String>,
    },
    /// A grant ends now.
    Revoke {
        /// The grant's reference, or its agent's name.
        reference: Option<String>,
        /// Why.
        because: Option<String>,
    },
    /// An agent is stopped.
    Stop {
        /// Its name.
        agent: Option<String>,
        /// Why.
        because: Option<String>,
    },
    /// Something is opened at once, because it cannot wait.
    BreakGlass {
        /// The agent's name.
        agent: Option<String>,
        /// Resource and action.
        access: Option<String>,
        /// For how long.
        lasting: Option<String>,
        /// Why.
        because: Option<String>,
    },
    /// Something is wrong with an agent.
    Incident {
        /// Its name.
        agent: Option<String>,
        /// Why.
        because: Option<String>,
    },
    /// The incidents that are open.
    Incidents,
    /// A stopped agent should go on.
    Reinstate {
        /// Its name.
        agent: Option<String>,
        /// Why.
        because: Option<String>,
    },
    /// Somebody else is to answer for an agent.
    Transfer {
        /// Its name.
        agent: Option<String>,
        /// Who, as Slack or the person names them: a user id, an e-mail address, a handle.
        to: Option<String>,
        /// Why.
        because: Option<String>,
    },
    /// The owner says that an agent is still needed.
    Certify {
        /// Its name; all that wait, if absent.
        agent: Option<String>,
    },
    /// All reviews, for security.
    Certifications {
        /// Those that stand so.
        standing: Option<Standing>,
        /// Those of a team, as typed.
        team: Option<String>,
    },
    /// Another tier for an agent.
    Tier {
        /// Its name.
        agent: Option<String>,
        /// Which, as typed.
        to: Option<String>,
        /// Why.
        because: Option<String>,
    },
    /// A lead or security takes an agent that nobody answers for.
    Take {
        /// Its name.
        agent: Option<String>,
    },
    /// An agent is described anew.
    Edit {
        /// Its name.
        agent: Option<String>,
    },
    /// An agent is ended for good.
    Retire {
        /// Its name.
        agent: Option<String>,
        /// Why.
        because: Option<String>,
    },
    /// The requester takes a request back.
    Cancel {
        /// The request's reference.
        reference: Option<String>,
    },
    /// A no should not stand.
    Appeal {
        /// The denied request's reference.
        reference: Option<String>,
        /// What is new.
        because: Option<String>,
    },
    /// Somebody lets another answer in their place.
    Delegate {
        /// Slack's id of whom.
        to: Option<String>,
        /// Until when, as typed.
        until: Option<String>,
        /// For which roles, as typed.
        roles: Vec<String>,
    },
    /// What an agent proves itself by.
    Keys {
        /// Its name.
        agent: Option<String>,
    },
    /// The form for a credential.
    AddKey {
        /// The agent's name.
        agent: Option<String>,
        /// What the credential is to be called.
        name: Option<String>,
    },
    /// Who holds which role.
    Roles,
    /// Why an answer at run time was what it was.
    Why {
        /// The evaluation's id.
        evaluation: Option<String>,
    },
    /// The numbers of the last days.
    Insights,
    /// Is this an agent?
    Quiz,
    /// A device logs the person in.
    Login {
        /// The code that it shows, as typed.
        code: Option<String>,
    },
    /// Something else.
    Unknown {
        /// The word that was typed; untrusted.
        typed: String,
        /// The command that is near it.
        near: Option<&'static str>,
    },
}

/// What is read of a text at most, in characters; nobody types that much.
const LONGEST: usize = 8_000;
/// What is kept of a name, an access, a length of time.
const LONGEST_NAME: usize = 120;
/// What is kept of a reason; the use case keeps less.
const LONGEST_REASON: usize = 4_000;

/// Reads what was typed after `/agent`.
pub fn read(typed: &str) -> SlashCommand {
    let sent = cut(typed.trim(), LONGEST);
    let typed = unescape(sent);
    let (word, rest) = typed.split_once(char::is_whitespace).unwrap_or((&typed, ""));
    let rest = rest.trim();
    let word = word.to_lowercase();
    match canonical(&word) {
        None if word.is_empty() => SlashCommand::Help,
        None => SlashCommand::Unknown { near: near(&word), typed: cut(&word, 60).to_owned() },
        Some("help") => SlashCommand::StaticHelp,
        Some("register") => SlashCommand::Register { name: name(rest) },
        Some("list") => SlashCommand::List,
        Some("discoveries") => SlashCommand::Discoveries,
        Some("show") => SlashCommand::Show { agent: first(rest) },
        Some("grants") => SlashCommand::Grants { agent: first(rest) },
        Some("release") => SlashCommand::Release { reference: first(rest) },
        Some("cancel") => SlashCommand::Cancel { reference: first(rest) },
        Some("transfer") => transfer(rest, mentioned(sent)),
        Some("take") => SlashCommand::Take { agent: first(rest) },
        Some("certify") => SlashCommand::Certify { agent: first(rest) },
        Some("certifications") => certifications(rest),
        Some("edit") => SlashCommand::Edit { agent: first(rest) },
        Some("tier") => tier(rest),
        Some("key") => keys(rest),
        Some("roles") => SlashCommand::Roles,
        Some("why") => SlashCommand::Why { evaluation: evaluation(rest) },
        Some("insights") => SlashCommand::Insights,
        Some("incidents") => SlashCommand::Incidents,
        Some("delegate") => delegate::read(sent, rest),
        Some("quiz") => SlashCommand::Quiz,
        Some("login") => SlashCommand::Login { code: text(rest) },
        Some(verb) => {
            let asks = match verb {
                "request" | "break-glass" => Asks::Access,
                "extend" => Asks::Time,
                _ => Asks::Nothing,
            };
            let Words { thing, access, lasting, because } = Words::read(rest, asks);
            match verb {
                "request" => SlashCommand::Request { agent: thing, access, lasting, because },
                "break-glass" => {
                    SlashCommand::BreakGlass { agent: thing, access, lasting, because }
                }
                "incident" => SlashCommand::Incident { agent: thing, because },
                "extend" => SlashCommand::Extend { what: thing, by: lasting, because },
                "revoke" => SlashCommand::Revoke { reference: thing, because },
                "stop" => SlashCommand::Stop { agent: thing, because },
                "retire" => SlashCommand::Retire { agent: thing, because },
                "appeal" => SlashCommand::Appeal { reference: thing, because },
                _ => SlashCommand::Reinstate { agent: thing, because },
            }
        }
    }
}

/// `support-agent-v2 3 because it answers customers`, in any order before the reason.
fn tier(rest: &str) -> SlashCommand {
    let (rest, reason) = split_reason(rest);
    let (mut agent, mut to, mut left) = (None, None, Vec::new());
    for token in rest.split_whitespace() {
        if is_filler(token) || token.eq_ignore_ascii_case("tier") {
            continue;
        } else if to.is_none() && starts_with_digit(token) {
            to = name(token);
        } else if agent.is_none() {
            agent = name(token);
        } else {
            left.push(token);
        }
    }
    let because = text(&[left.join(" "), reason.to_owned()].join(" "));
    SlashCommand::Tier { agent, to, because }
}

/// `late support`: where agents stand, a team, in any order.
fn certifications(rest: &str) -> SlashCommand {
    let (mut standing, mut team) = (None, None);
    let is_word = |token: &&str| !is_filler(token) && !token.eq_ignore_ascii_case("team");
    for token in rest.split_whitespace().filter(is_word) {
        match Standing::called(token) {
            Some(called) if standing.is_none() => standing = Some(called),
            _ => team = team.or_else(|| name(token)),
        }
    }
    SlashCommand::Certifications { standing, team }
}

/// `support-agent-v2` shows its credentials, `add support-agent-v2 laptop` asks for another.
fn keys(rest: &str) -> SlashCommand {
    let mut words = rest.split_whitespace().filter(|token| !is_filler(token)).peekable();
    let adds = |word: &&str| ["add", "new"].iter().any(|add| word.eq_ignore_ascii_case(add));
    match words.next_if(adds) {
        Some(_) => SlashCommand::AddKey {
            agent: words.next().and_then(name),
            name: text(&words.collect::<Vec<_>>().join(" ")),
        },
        None => SlashCommand::Keys { agent: words.next().and_then(name) },
    }
}

/// `support-agent-v2 to @vera because …`. `mentioned` is the id behind `@vera`, where Slack gives it.
fn transfer(rest: &str, mentioned: Option<String>) -> SlashCommand {
    let (before, reason) = split_reason(rest);
    let (mut agent, mut to, mut left, mut after_to) = (None, None, Vec::new(), false);
    for token in before.split_whitespace() {
        let is_person = after_to || (agent.is_some() && token.contains('@')) || is_user_id(token);
        after_to = token.eq_ignore_ascii_case("to");
        match (is_person, &to, &agent) {
            _ if is_filler(token) => {}
            (true, None, _) => to = name(token),
            (_, _, None) => agent = name(token),
            _ => left.push(token),
        }
    }
    let reason = [left.join(" "), reason.to_owned()].join(" ");
    SlashCommand::Transfer { agent, to: mentioned.or(to), because: text(&reason) }
}

/// The user id of the first person whom Slack names before the reason: `<@U0VERA|vera>`.
fn mentioned(raw: &str) -> Option<String> {
    let (before, _) = split_reason(raw);
    let (_, after) = before.split_once("<@")?;
    let (id, _) = after.split_once(['|', '>'])?;
    is_user_id(id).then(|| id.to_owned())
}

fn is_user_id(token: &str) -> bool {
    token.len() > 2
        && token.starts_with(['U', 'W'])
        && token.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// The text as it was typed: Slack writes `&`, `<`, `>` as entities, and people, channels and links
/// as references, if the app's manifest says `should_escape`.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '&']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        match after.split_once('>') {
            Some((reference, tail)) if is_reference(reference) => {
                out.push_str(&named(reference));
                rest = tail;
            }
            _ => {
                out.push('<');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

fn is_reference(inside: &str) -> bool {
    inside.starts_with(['@', '#', '!'])
        || ["http://", "https://", "mailto:"].iter().any(|scheme| inside.starts_with(scheme))
}

/// `@U0DANA|dana` was typed as `@dana`, `https://a.example|a.example` as `a.example`.
fn named(reference: &str) -> String {
    let (id, label) = reference.split_once('|').unwrap_or((reference, reference));
    match id.chars().next() {
        Some(sign @ ('@' | '#')) => format!("{sign}{}", label.trim_start_matches(sign)),
        Some('!') => format!("@{}", label.trim_start_matches(['!', '@'])),
        _ => label.to_owned(),
    }
}

/// What a command asks for, and so what its words can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// An access, for a time.
    Access,
    /// More time.
    Time,
    /// Nothing.
    Nothing,
}

/// The arguments of the commands that take several.
#[derive(Default)]
struct Words {
    /// An agent's name or a reference.
    thing: Option<String>,
    access: Option<String>,
    lasting: Option<String>,
    because: Option<String>,
}

impl Words {
    fn read(rest: &str, asks: Asks) -> Self {
        let with_access = asks == Asks::Access;
        let (rest, reason) = split_reason(rest);
        let joined = if with_access { join_colons(rest) } else { rest.to_owned() };
        let tokens: Vec<&str> = joined.split_whitespace().collect();
        let (mut found, mut left, mut at) = (Self::default(), Vec::new(), 0);
        while let Some(token) = tokens.get(at).copied() {
            let marked = ["for", "by"].iter().any(|mark| token.eq_ignore_ascii_case(mark));
            let next = tokens.get(at + usize::from(marked)..).unwrap_or_default();
            let length = match span_length(next) {
                // What is meant as a length of time and is none is kept as typed: the answer says
                // what is wrong with it.
                0 if marked && next.first().is_some_and(|t| starts_with_digit(t)) => 1,
                0 if marked && asks != Asks::Nothing && found.thing.is_some() => vague_length(next),
                length => length,
            };
            if let (None, 1.., Some(words)) = (&found.lasting, length, next.get(..length)) {
                found.lasting = Some(cut(&words.join(" "), LONGEST_NAME).to_owned());
                at += length + usize::from(marked);
                continue;
            }
            at += 1;
            if is_filler(token) {
                continue;
            } else if with_access && found.access.is_none() && is_access(token) {
                found.access = name(token);
            } else if found.thing.is_none() {
                found.thing = name(token);
            } else {
                left.push(token);
            }
        }
        // `database because …` names a resource and no action: the answer says which there are.
        if let (true, None, [only], false) =
            (with_access, &found.access, left.as_slice(), reason.is_empty())
        {
            found.access = name(only);
            left.clear();
        }
        // A reason needs no `because` when it stands at the end; nothing that was typed is lost.
        let reason = [left.join(" "), reason.to_owned()].join(" ");
        found.because = text(&reason);
        found
    }
}

/// Everything before `because`, and everything after it as typed.
fn split_reason(rest: &str) -> (&str, &str) {
    let mut from = 0;
    for token in rest.split_whitespace() {
        let Some(at) = rest.get(from..).and_then(|tail| tail.find(token)).map(|at| at + from)
        else {
            break;
        };
        from = at + token.len();
        let word = token.trim_end_matches([':', ',']);
        if ["because", "reason"].iter().any(|mark| word.eq_ignore_ascii_case(mark)) {
            let (before, after) = (rest.get(..at), rest.get(from..));
            return (before.unwrap_or_default(), after.unwrap_or_default());
        }
    }
    (rest, "")
}

/// `database : read`, as cards show it, is one word.
fn join_colons(rest: &str) -> String {
    let mut out = String::with_capacity(rest.len());
    for token in rest.split_whitespace() {
        if !(out.is_empty() || out.ends_with(':') || token.starts_with(':')) {
            out.push(' ');
        }
        out.push_str(token);
    }
    out
}

/// How many of the next words are a length of time (`30 minutes`, `1 hour 30 mins`): the longest
/// run that is.
fn span_length(next: &[&str]) -> usize {
    (1..=next.len().min(4))
        .rev()
        .find(|n| next.get(..*n).is_some_and(|words| words.join(" ").parse::<Span>().is_ok()))
        .unwrap_or(0)
}

/// How many of the next words are perhaps meant as a length of time, though they are none: up to a
/// word for a unit of time (`half an hour`), or the only one that is left (`ages`).
fn vague_length(next: &[&str]) -> usize {
    const UNITS: [&str; 7] = ["second", "minute", "hour", "day", "week", "month", "year"];
    let is_unit = |token: &str| {
        let token = strip(token).to_lowercase();
        UNITS.iter().any(|unit| token.strip_suffix('s').unwrap_or(&token) == *unit)
    };
    match next.iter().take(4).position(|token| is_unit(token)) {
        Some(at) => at + 1,
        None => usize::from(matches!(next, [only] if !is_access(only) && !is_filler(only))),
    }
}

fn starts_with_digit(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit())
}

fn is_access(token: &str) -> bool {
    strip(token).parse::<Access>().is_ok() || token.trim_matches(':').contains(':')
}

/// Words that people put between the arguments.
fn is_filler(token: &str) -> bool {
    const FILLERS: [&str; 9] = ["for", "by", "to", "on", "the", "agent", "access", "grant", "of"];
    FILLERS.iter().any(|filler| token.eq_ignore_ascii_case(filler))
}

/// The first word; a reference in its usual form, and fillers left out.
fn first(rest: &str) -> Option<String> {
    rest.split_whitespace().find(|token| !is_filler(token)).and_then(name)
}

/// A name, without the signs that people and programs put around it.
fn name(token: &str) -> Option<String> {
    let token = cut(strip(token), LONGEST_NAME);
    if token.is_empty() {
        return None;
    }
    Some(token.parse::<Reference>().map_or_else(|_| token.to_owned(), |found| found.to_string()))
}

/// The evaluation that is named, with or without words around it (`evaluation_id: "eval_…"`).
fn evaluation(rest: &str) -> Option<String> {
    let named = rest.split_whitespace().map(strip).find(|token| token.starts_with("eval_"));
    named.map(|token| cut(token, LONGEST_NAME).to_owned()).or_else(|| first(rest))
}

fn strip(token: &str) -> &str {
    token.trim().trim_matches(['`', '"', '\'', '“', '”', '‘', '’', '*', '@', ',', ';'])
}

fn text(reason: &str) -> Option<String> {
    const QUOTES: [char; 6] = ['"', '“', '”', '‘', '’', '\''];
    let reason = reason.trim();
    // Quotes around the whole are not meant, those inside are.
    let inner = reason.strip_prefix(QUOTES).and_then(|inner| inner.strip_suffix(QUOTES));
    let reason = cut(inner.unwrap_or(reason).trim(), LONGEST_REASON);
    (!reason.is_empty()).then(|| reason.to_owned())
}

/// The first so many characters.
fn cut(text: &str, longest: usize) -> &str {
    text.char_indices().nth(longest).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
#[path = "commands_tests.rs"]
mod tests;
