//! App Home: what concerns the reader at a glance, with the buttons to act on it.

use slack_morphism::prelude::SlackView;

use super::line::Line;
use super::lists::{grant_row, own_agent_row, request_row, usual, waiting_row};
use super::page::{Page, button, primary};
use super::words;
use crate::service::outcome::Overview;
use crate::slack::actions::Button;

/// So many of each kind at most: together they stay below Slack's 100 blocks.
const MOST: [usize; 4] = [10, 8, 6, 8];
/// So many that the reader may take.
const MOST_OWNERLESS: usize = 3;
/// So many reviews.
const MOST_REVIEWS: usize = 4;
/// So many delegations.
const MOST_DELEGATIONS: usize = 3;
/// So many logins.
const MOST_LOGINS: usize = 4;

/// The reader's App Home.
pub fn home(overview: &Overview) -> SlackView {
    let now = overview.now;
    if !overview.standing.is_member() {
        return Page::view()
            .heading("Countersign")
            .lines(vec![
                Line::say(words::standing(overview.standing))
                    .text(" Only full, active members can ask, own and decide here."),
                Line::fact("Next").text("ask a full member of your team to do it for you."),
            ])
            .into_home();
    }
    let [most_waiting, most_grants, most_requests, most_agents] = MOST;
    let mut buttons = vec![primary(&Button::Register, "Register an agent")];
    if overview.your_agents.iter().any(|line| line.agent.is_active()) {
        buttons.push(button(&Button::Request(None), "Ask for access"));
    }
    if overview.your_agents.is_empty() {
        buttons.push(super::quiz::begin());
    }
    let mut page = Page::view().buttons(buttons);

    let waiting = &overview.waiting_for_you;
    page = page.heading(&titled("Waiting for you", waiting.len()));
    page = if waiting.is_empty() {
        page.line(Line::say("Nothing. You get a message when somebody needs your word."))
    } else {
        page.entries(waiting, waiting.len(), most_waiting, |p, of| {
            waiting_row(p, of, &overview.person, now)
        })
    };

    let ownerless = &overview.ownerless;
    if !ownerless.is_empty() {
        page = page.heading(&titled("Agents that nobody answers for", ownerless.len())).entries(
            ownerless,
            ownerless.len(),
            MOST_OWNERLESS,
            |p, agent| super::owners::row(p, agent, now),
        );
    }

    let reviews = &overview.to_certify;
    if !reviews.is_empty() {
        page = page.heading(&titled("Are they still needed?", reviews.len())).entries(
            reviews,
            reviews.len(),
            MOST_REVIEWS,
            |p, of| super::certifications::review_row(p, of, now),
        );
    }

    let grants = &overview.your_grants;
    page = page.heading(&titled("Live grants of your agents", overview.grants_in_all));
    page = if grants.is_empty() {
        page.line(Line::say("None. An agent holds nothing that was not asked for."))
    } else {
        page.entries(grants, overview.grants_in_all, most_grants, |p, of| {
            grant_row(p, of, Some(&overview.person), now)
        })
    };

    let open = &overview.your_requests;
    if !open.is_empty() {
        page = page.heading(&titled("You are waiting for", open.len())).entries(
            open,
            open.len(),
            most_requests,
            |p, of| request_row(p, of, usual(overview, of), now),
        );
    }

    let agents = &overview.your_agents;
    page = page.heading(&titled("Your agents", agents.len()));
    page = if agents.is_empty() {
        page.lines(vec![Line::say(
            "None yet. If something of yours works by itself, with a model behind it, \
                 register it: two minutes.",
        )])
    } else {
        page.entries(agents, agents.len(), most_agents, |p, line| own_agent_row(p, line, now))
    };
    let delegations = &overview.delegations;
    if !delegations.is_empty() {
        let heading = super::delegations::heading(delegations, &overview.person);
        page = page.heading(&titled(heading, delegations.len())).entries(
            delegations,
            delegations.len(),
            MOST_DELEGATIONS,
            |p, one| super::delegations::row(p, one, now),
        );
    }
    let logins = &overview.your_logins;
    if !logins.is_empty() {
        page = page.heading(&titled("Where you are logged in", logins.len())).entries(
            logins,
            logins.len(),
            MOST_LOGINS,
            |p, login| super::logins::row(p, login, now),
        );
        if logins.len() > 1 {
            page = page.buttons(vec![super::logins::everywhere()]);
        }
    }
    page.rule()
        .small(Line::say("As of ").at(now, now).text(" · all commands: ").code("/agent help"))
        .into_home()
}

fn titled(title: &str, count: usize) -> String {
    if count == 0 { title.to_owned() } else { format!("{title} ({count})") }
}
