//! What was found and may be an agent: the message to security, the one to whoever is asked, the
//! answers, and the inventory.

use slack_morphism::prelude::SlackBlockButtonElement;

use super::escape::clip;
use super::line::Line;
use super::page::{Message, Page, button, confirmed, danger, primary};
use super::refusals;
use super::words::{self, count};
use crate::domain::discovery::{Again, Discovery, DiscoveryState, Match, SLACK};
use crate::domain::person::{By, PersonId};
use crate::domain::time::Timestamp;
use crate::service::discoveries::{Decision, DiscoveryOf, Inventory, NotDecided};
use crate::slack::actions::Button;
use crate::slack::steps::DiscoveryStep;

/// The longest name, and the longest detail, that a line has.
const NAME: usize = 60;
const DETAIL: usize = 80;
/// As many details as a message shows.
const DETAILS: usize = 4;

/// What it is, and where it was found.
pub fn what(of: &Discovery) -> Line {
    let place = match of.source.as_str() {
        SLACK => "this workspace".to_owned(),
        source => clip(source, NAME),
    };
    let name = Line::strong(clip(&of.name, NAME));
    name.text(format!(", {} in {place}", of.kind.words()))
}

/// What else is known of it.
fn details(of: &Discovery) -> Vec<Line> {
    let mut id = Line::fact("Id").code(clip(&of.external_id, DETAIL));
    for (key, value) in of.details.iter().take(DETAILS) {
        id = id.text(format!(" · {} {}", clip(key, NAME), clip(value, DETAIL)));
    }
    let owner = of.owner_hint.as_ref();
    let owner = owner.map(|hint| Line::fact("Owner there").quoted(&clip(hint, DETAIL)));
    std::iter::once(id).chain(owner).collect()
}

/// How it stands.
pub fn state(of: &DiscoveryOf, now: Timestamp) -> Line {
    let agent = |line: Line| match &of.agent {
        Some(agent) => line.bold(agent.slug.as_str()),
        None => line.text("an agent that is not there any more"),
    };
    match &of.discovery.state {
        DiscoveryState::Unclaimed { remind_at, again } => {
            let line = match again {
                None => Line::say("nobody has said whose it is"),
                Some(Again::NotTheirs { by }) => {
                    Line::default().person(by).text(" says that it is not theirs")
                }
                Some(Again::NotRegistered { by }) => {
                    Line::default().person(by).text(" registered it, and that was not approved")
                }
                Some(Again::WrongAgent { by, .. }) => Line::default()
                    .person(by)
                    .text(" says that it is not the agent's whose it was taken for"),
                Some(Again::AgentEnded { .. }) => {
                    Line::say("the agent whose it was is no more, and it is still there")
                }
                Some(Again::Returned) => Line::say("it was gone, and is back"),
            };
            match remind_at {
                Some(at) => line.text(". Told again ").at(*at, now),
                None => line,
            }
        }
        DiscoveryState::Asked { of: asked, by, at, agent: None } => Line::default()
            .person(by)
            .text(" asked ")
            .person(asked)
            .text(" to register it, ")
            .ago(*at, now),
        DiscoveryState::Asked { of: asked, .. } => {
            agent(Line::default().person(asked).text(" registered it, and people decide: "))
        }
        DiscoveryState::Claimed { by, at, matched, .. } => {
            let line = agent(Line::say("it belongs to "));
            match matched {
                Some(Match::Name) => line.text(", because it has the same name, since "),
                Some(Match::ExternalId { source }) => {
                    let source = clip(source, NAME);
                    line.text(format!(
                        ", because it has something with the same id in {source}, since "
                    ))
                }
                None => line.text(", said by ").by(by).text(" "),
            }
            .at(*at, now)
        }
        DiscoveryState::NotAnAgent { by, reason, at } => Line::say("no agent, said by ")
            .by(by)
            .text(" ")
            .at(*at, now)
            .text(": ")
            .quoted(&clip(reason, 300)),
        DiscoveryState::Gone { at, .. } => Line::say("gone, seen to be so ").at(*at, now),
    }
}

/// What security can do about it.
fn buttons(of: &Discovery) -> Vec<SlackBlockButtonElement> {
    let step = |step| Button::Discovery(step, of.id);
    match &of.state {
        DiscoveryState::Unclaimed { remind_at, .. } => {
            let mut buttons = vec![
                primary(&step(DiscoveryStep::Ask), "Register…"),
                button(&step(DiscoveryStep::Claim), "Belongs to…"),
                danger(&step(DiscoveryStep::Dismiss), "Not an agent…"),
            ];
            if remind_at.is_none() {
                buttons.push(button(&step(DiscoveryStep::PutOff), "Remind me"));
            }
            buttons
        }
        DiscoveryState::Asked { agent: None, .. } => vec![
            button(&step(DiscoveryStep::Ask), "Ask somebody else…"),
            button(&step(DiscoveryStep::Claim), "Belongs to…"),
            danger(&step(DiscoveryStep::Dismiss), "Not an agent…"),
        ],
        DiscoveryState::Claimed { by: By::System, .. } => vec![confirmed(
            button(&step(DiscoveryStep::Correct), "That is wrong"),
            "Not this agent's?",
            "Then it is nobody's, and you can say whose it is.",
            "It is not",
        )],
        _ => Vec::new(),
    }
}

/// To security's channel: something was found, and how it stands.
pub fn found(of: &DiscoveryOf, now: Timestamp) -> Message {
    let it = &of.discovery;
    let head = match &it.state {
        DiscoveryState::Unclaimed { .. } | DiscoveryState::Asked { .. } => {
            Line::say("🔎 No agent claims ").line(what(it)).text(".")
        }
        DiscoveryState::Claimed { .. } => {
            Line::say("✓ Found, and claimed: ").line(what(it)).text(".")
        }
        DiscoveryState::NotAnAgent { .. } => {
            Line::say("Found, and no agent: ").line(what(it)).text(".")
        }
        DiscoveryState::Gone { .. } => Line::say("Found, and gone: ").line(what(it)).text("."),
    };
    let mut lines = vec![head];
    lines.extend(details(it));
    lines.push(Line::fact("State").line(state(of, now)));
    if matches!(it.state, DiscoveryState::Unclaimed { .. }) {
        lines.push(Line::fact("Next").text(
            "say whose it is: who is to register it, which agent it belongs to, or that it is no agent.",
        ));
    }
    Page::message()
        .lines(lines)
        .buttons(buttons(it))
        .small(Line::say("First seen ").at(it.first_seen, now))
        .into_message()
}

/// To security's channel: many were found at once.
pub fn many(total: u32, open: u32, first: &[Discovery]) -> Message {
    let head = Line::say("🔎 ")
        .bold(format!("{} found at once", count(total as usize, "new thing")))
        .text(match open {
            0 => ", and each of them is decided.".to_owned(),
            open if open == total => " that no agent claims.".to_owned(),
            open => format!("; no agent claims {open} of them."),
        });
    let mut lines = vec![head];
    lines.extend(first.iter().map(|it| Line::say("• ").line(what(it))));
    let more = (open as usize).saturating_sub(first.len());
    if more > 0 {
        lines.push(Line::say(format!("… and {more} more")));
    }
    if open > 0 {
        lines.push(
            Line::fact("Next")
                .text("say of each whose it is: ")
                .code("/agent discoveries")
                .text(" lists them with their buttons."),
        );
    }
    let list = primary(&Button::Discoveries, "Show them");
    let buttons = if open > 0 { vec![list] } else { Vec::new() };
    Page::message().lines(lines).buttons(buttons).into_message()
}

/// To whoever is asked to register it.
pub fn asked(of: &DiscoveryOf, reader: &PersonId, now: Timestamp) -> Message {
    let it = &of.discovery;
    let (mut lines, buttons) = match &it.state {
        DiscoveryState::Asked { of: asked, by, agent: None, .. } if asked == reader => (
            vec![
                Line::default()
                    .person(by)
                    .text(" of security asks you to register as an agent ")
                    .line(what(it))
                    .text(". No agent claims it."),
                Line::fact("Next").text(
                    "look at the form, put in what is missing, and send it: then the people of its \
                     tier decide. If it is not yours, say so: somebody else is asked.",
                ),
            ],
            own_buttons(it),
        ),
        DiscoveryState::Asked { of: asked, .. } if asked != reader => (
            vec![
                Line::say("You need not register ")
                    .line(what(it))
                    .text(" any more: somebody else was asked."),
            ],
            Vec::new(),
        ),
        _ => (
            vec![
                Line::say("You were asked to register ").line(what(it)).text("."),
                Line::fact("State").line(state(of, now)),
            ],
            Vec::new(),
        ),
    };
    lines.extend(details(it));
    Page::message().lines(lines).buttons(buttons).into_message()
}

fn own_buttons(of: &Discovery) -> Vec<SlackBlockButtonElement> {
    vec![
        primary(&Button::Discovery(DiscoveryStep::Register, of.id), "Register…"),
        button(&Button::Discovery(DiscoveryStep::HandBack, of.id), "Not mine"),
    ]
}

/// What came of saying something about it.
pub fn decision(said: &Decision, now: Timestamp) -> Message {
    let lines = match said {
        Decision::Done(of) => vec![
            Line::say("✓ ").line(what(&of.discovery)).text("."),
            Line::fact("State").line(state(of, now)),
            Line::fact("Next").text(next(&of.discovery.state)),
        ],
        Decision::Late(of) => vec![
            Line::say("Your click changed nothing: ").line(what(&of.discovery)).text("."),
            Line::fact("State").line(state(of, now)),
        ],
        Decision::Refused(why) => refused(why),
        Decision::Before => {
            vec![Line::say("This was received before and is done; nothing was done twice.")]
        }
    };
    Page::message().lines(lines).into_message()
}

const fn next(state: &DiscoveryState) -> &'static str {
    match state {
        DiscoveryState::Unclaimed { remind_at: Some(_), .. } => {
            "nothing to do until then; the buttons stay where they are."
        }
        DiscoveryState::Unclaimed { again: Some(Again::WrongAgent { .. }), .. } => {
            "say whose it is: the message has its buttons again."
        }
        DiscoveryState::Unclaimed { .. } => "security is told, and says whose it is.",
        DiscoveryState::Asked { .. } => {
            "nothing to do: they have a message, and you hear of it if they do not answer."
        }
        _ => "nothing to do.",
    }
}

fn refused(why: &NotDecided) -> Vec<Line> {
    match why {
        NotDecided::NotSecurity => vec![
            Line::say(
                "What becomes of what was found is for security to say; nothing was changed.",
            ),
            Line::fact("Next").text("if you know whose it is, tell them in their channel."),
        ],
        NotDecided::NotAsked { of } => vec![
            Line::say("This is asked of ")
                .person(of)
                .text(", and not of you; nothing was changed."),
        ],
        NotDecided::NoReason => vec![Line::say("A reason is missing; nothing was changed.")],
        NotDecided::Nobody => vec![Line::say("Nobody was named; nothing was changed.")],
        NotDecided::CannotRegister { of, standing } => vec![
            Line::default()
                .person(of)
                .text(format!(" {}", words::is_standing(*standing)))
                .text("; only a full, active member can register an agent."),
        ],
        NotDecided::Agent(refusal) => {
            let next = refusals::next(refusal).map(|line| Line::fact("Next").line(line));
            std::iter::once(refusals::what(refusal)).chain(next).collect()
        }
        NotDecided::Unknown => {
            vec![Line::say("This is not on the record any more; your click changed nothing.")]
        }
    }
}

/// `/agent discoveries`: how many are known, claimed, unclaimed; and the list.
pub fn inventory(of: &Inventory) -> Message {
    let counts = &of.counts;
    let open = counts.unclaimed.saturating_add(counts.asked) as usize;
    let none = match counts.not_agents {
        1 => "1 is no agent".to_owned(),
        n => format!("{n} are no agents"),
    };
    let mut head = Line::strong(count(counts.agents as usize, "registered agent"))
        .text(format!(" · {} claimed · {open} unclaimed · {none}", counts.claimed));
    if counts.gone > 0 {
        head = head.text(format!(" · {} gone", counts.gone));
    }
    let mut page = Page::message().line(head);
    if of.shown.is_empty() {
        page = page.line(Line::say(match (of.decides, open) {
            (true, _) => "Everything that was found is decided.",
            (false, 0) => "Everything that was found is decided. Nothing is asked of you.",
            (false, _) => "Nothing of it is asked of you; security says whose the others are.",
        }));
        return page.into_message();
    }
    let total = if of.decides { open } else { of.shown.len() };
    if !of.decides {
        page = page.line(Line::strong("Security asks you to register:"));
    }
    page.entries(&of.shown, total, of.shown.len(), |page, entry| {
        let it = &entry.discovery;
        let buttons = if of.decides { buttons(it) } else { own_buttons(it) };
        page.entry(&it.id.to_string(), vec![what(it), state(entry, of.now)], buttons)
    })
    .into_message()
}
