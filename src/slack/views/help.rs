//! `/agent` for one person, and `/agent help`, which needs to know nobody.

use super::line::Line;
use super::lists::{grant_line, own_agent_row, request_row, usual, waiting_row};
use super::page::{Message, Page, button, primary};
use super::words;
use crate::service::outcome::Overview;
use crate::slack::actions::Button;

/// So many grants are named in help; `/agent grants` shows all of them with their buttons.
const MOST_GRANTS: usize = 5;

/// Each command: what is typed, and what it does.
pub const COMMANDS: [(&str, &str); 33] = [
    ("/agent", "what waits for you, your agents, what you can do"),
    ("/agent quiz", "is this an agent? a few plain questions, and the answer"),
    ("/agent register support-agent-v2", "give an agent an identity, an owner and a tier"),
    (
        "/agent request support-agent-v2 database:read for 30m because customer support queries",
        "ask for access, for a time",
    ),
    ("/agent list", "all agents"),
    ("/agent show support-agent-v2", "one agent: who, what, tier, grants, history"),
    ("/agent discoveries", "bots, accounts and keys that were found, and whose they are"),
    ("/agent grants support-agent-v2", "live grants with the time left; without a name, yours"),
    ("/agent extend G-1042 by 30m because the queue is long", "ask for more time, before the end"),
    ("/agent release G-1042", "hand a grant back early"),
    ("/agent revoke G-1042 because wrong table", "end a grant at once"),
    ("/agent cancel G-1043", "take your own request back"),
    ("/agent appeal G-1042 because …", "ask others whether a no stands, once, with what is new"),
    ("/agent delegate @vera until Friday", "let a colleague answer in your place for a time"),
    ("/agent key support-agent-v2", "what an agent proves itself by; take one away"),
    ("/agent key add support-agent-v2", "ask that it may prove itself by another key"),
    (
        "/agent certify support-agent-v2",
        "say that your agent is still needed; without a name, all that wait",
    ),
    ("/agent certifications late support", "reviews: who is done, who is late; for security"),
    ("/agent edit support-agent-v2", "say what an agent is by now; people decide"),
    ("/agent tier support-agent-v2 3 because it answers customers", "ask for another tier"),
    ("/agent retire support-agent-v2", "end an agent for good; its record stays"),
    ("/agent stop support-agent-v2 because it loops", "end everything an agent has, at once"),
    (
        "/agent incident support-agent-v2 because it deletes rows",
        "stop it, call those on call, and gather what is known",
    ),
    ("/agent incidents", "the incidents that are open"),
    (
        "/agent break-glass support-agent-v2 database:write for 15m because orders are stuck",
        "open it at once, if you are entitled; people review it afterwards",
    ),
    ("/agent reinstate support-agent-v2 because mended", "ask that a stopped agent may go on"),
    (
        "/agent transfer support-agent-v2 to @vera because she leads the project now",
        "hand an agent over; the new owner accepts",
    ),
    (
        "/agent take support-agent-v2",
        "for leads and security: answer for an agent whose owner left",
    ),
    ("/agent roles", "who may approve: each role, its holders and how fresh that is"),
    ("/agent why eval_01KBM7Q5GJ9V6Q3N8X2T4R0WZC", "why a call was refused, and what helps"),
    ("/agent insights", "how long people wait, and what became of what was asked"),
    ("/agent login WDJB-MJHT", "log in from a terminal, with the code that it shows"),
    ("/agent help", "this list"),
];

/// What concerns this person, and what they can do.
pub fn help(overview: &Overview) -> Message {
    if !overview.standing.is_member() {
        return super::replies::not_for_you(overview.standing);
    }
    let now = overview.now;
    let mut page = Page::message();
    let waiting = &overview.waiting_for_you;
    if !waiting.is_empty() {
        page = page.line(Line::strong(format!("Waiting for you: {}", waiting.len()))).entries(
            waiting,
            waiting.len(),
            3,
            |page, of| waiting_row(page, of, &overview.person, now),
        );
    }
    let ownerless = &overview.ownerless;
    if !ownerless.is_empty() {
        let title = Line::strong(format!("Agents that nobody answers for: {}", ownerless.len()));
        page = page.line(title).entries(ownerless, ownerless.len(), 2, |page, agent| {
            super::owners::row(page, agent, now)
        });
    }
    let reviews = &overview.to_certify;
    if !reviews.is_empty() {
        let title = Line::strong(format!("Are they still needed? {}", reviews.len()));
        page = page.line(title).entries(reviews, reviews.len(), 2, |page, of| {
            super::certifications::review_row(page, of, now)
        });
    }
    let open = &overview.your_requests;
    if !open.is_empty() {
        page = page.line(Line::strong(format!("You are waiting for: {}", open.len()))).entries(
            open,
            open.len(),
            2,
            |page, of| request_row(page, of, usual(overview, of), now),
        );
    }
    let grants = &overview.your_grants;
    if !grants.is_empty() {
        let in_all = overview.grants_in_all;
        let mut lines = vec![Line::strong(format!("Live grants of your agents: {in_all}"))];
        lines.extend(grants.iter().take(MOST_GRANTS).map(|of| grant_line(of, now)));
        if in_all > MOST_GRANTS {
            lines.push(Line::say(format!("… and {} more", in_all - MOST_GRANTS)));
        }
        lines.push(Line::say("Extend or hand back: ").code("/agent grants"));
        page = page.lines(lines);
    }
    let agents = &overview.your_agents;
    if agents.is_empty() {
        page = page.lines(vec![
            Line::strong("You own no agent yet."),
            Line::say(
                "If something of yours works by itself, with a model behind it, register it: \
                 two minutes, and read-only agents are usually at work within ten.",
            ),
        ]);
    } else {
        page = page.line(Line::strong(format!("Your agents: {}", agents.len()))).entries(
            agents,
            agents.len(),
            4,
            |page, line| own_agent_row(page, line, now),
        );
    }
    let mut buttons = vec![primary(&Button::Register, "Register an agent")];
    if agents.is_empty() {
        buttons.push(super::quiz::begin());
    }
    if agents.iter().any(|line| line.agent.is_active()) {
        buttons.push(button(&Button::Request(None), "Ask for access"));
    }
    page.buttons(buttons)
        .small(Line::say("All that can be typed: ").code("/agent help"))
        .into_message()
}

/// All commands with one example each. `address` is the server's own, where it was told one: whoever sits
/// at a terminal needs it.
pub fn static_help(address: Option<&str>) -> Message {
    let mut lines =
        vec![Line::strong("What can be typed").text(": typed in part, a form asks the rest.")];
    for (typed, does) in COMMANDS {
        lines.push(Line::default().code(typed).text(format!("  {does}")));
    }
    Page::message()
        .lines(lines)
        .lines(terminal(address))
        .lines(vec![
            Line::strong("Tiers"),
            Line::say(format!("1  {}", words::tier_means(crate::domain::tier::Tier::Observer))),
            Line::say(format!("2  {}", words::tier_means(crate::domain::tier::Tier::Internal))),
            Line::say(format!("3  {}", words::tier_means(crate::domain::tier::Tier::External))),
        ])
        .buttons(vec![
            primary(&Button::Register, "Register an agent"),
            button(&Button::Request(None), "Ask for access"),
        ])
        .into_message()
}

/// The way here from a terminal.
fn terminal(address: Option<&str>) -> Vec<Line> {
    let title =
        Line::strong("In a terminal").text(": the same with agent-cli, for people and programs.");
    let Some(address) = address else {
        let unknown = "The server's address is not set here: ask whoever runs Countersign for it, and \
                       for agent-cli.";
        return vec![title, Line::say(unknown)];
    };
    vec![
        title,
        Line::say("The server's address  ").code(address),
        Line::default()
            .code(format!("agent-cli login {address}"))
            .text("  logs you in; whoever runs Countersign has agent-cli for you"),
        Line::default()
            .code("agent-cli init")
            .text("  from an empty folder to an agent at work, in at most five questions"),
    ]
}
