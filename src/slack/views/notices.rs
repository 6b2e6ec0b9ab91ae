//! What the app tells by itself: outcomes, reminders, ends, and what the operators must know.

use super::card::question;
use super::escape::{and, clip, first, roughly};
use super::keys;
use super::life;
use super::line::Line;
use super::logins;
use super::owners;
use super::page::{Message, Page, button, hand_back, primary};
use super::words::{self, MOST_NAMED};
use super::{certifications, discoveries, ending};
use crate::domain::agent::{Agent, AgentState, Cause};
use crate::domain::delivery::Place;
use crate::domain::grant::Grant;
use crate::domain::request::{Acceptance, Ask, Request, RequestState};
use crate::domain::role::RoleName;
use crate::domain::time::{Span, Timestamp};
use crate::service::messenger::Content;
use crate::slack::actions::Button;

/// The same as it is posted first. What is kept true from its posting on has no buttons yet: if nobody
/// comes to know of the message, it offers nothing that could become untrue.
pub fn first_notice(content: &Content, now: Timestamp) -> Message {
    let offers = content.offers(now).is_some();
    let page = match content {
        Content::Outcome { request, agent, grant, .. } if offers => {
            outcome(request, agent, grant.as_ref(), now)
        }
        Content::GrantEnding { grant, agent, before } if offers => {
            ending::soon(grant, agent, *before, now)
        }
        _ => return notice(content, now),
    };
    page.without_buttons().into_message()
}

/// The message for what there is to tell.
pub fn notice(content: &Content, now: Timestamp) -> Message {
    match content {
        Content::Outcome { request, agent, grant, appeal_until } => {
            let page = outcome(request, agent, grant.as_ref(), now);
            match appeal_until {
                Some(until) => page.line(can_be_appealed(*until, now)).buttons(vec![button(
                    &Button::Appeal(request.id),
                    "Appeal…",
                )]),
                None => page,
            }
            .into_message()
        }
        Content::Escalated { request, agent, usual } => escalated(request, agent, *usual, now),
        Content::Delegated { delegation } => super::delegations::notice(delegation, now),
        Content::ApprovedWithoutPeople { request, agent } => without_people(request, agent, now),
        Content::GrantEnding { grant, agent, before } => {
            ending::soon(grant, agent, *before, now).into_message()
        }
        Content::GrantEnded { grant, agent } => ending::ended(grant, agent, now).into_message(),
        Content::CredentialEnding { credential, agent, beside } => {
            keys::ending(credential, agent, *beside, now)
        }
        Content::CredentialEnded { credential, agent, beside } => {
            keys::ended(credential, agent, *beside, now)
        }
        Content::AgentStopped { agent } if agent.cause() == Some(Cause::Ownerless) => {
            owners::stopped(agent, now)
        }
        Content::AgentStopped { agent } => agent_stopped(agent, now),
        Content::Ownerless { agent, since, owner, standing, before } => {
            owners::ownerless(agent, *since, (owner, *standing), *before, now)
        }
        Content::OwnerChanged { agent, from, to } => owners::changed(agent, from, to),
        Content::TeamChanged { agent, from, to } => life::moved(agent, from, to),
        Content::Emergency { request, agent, grant, review } => {
            super::emergency::opened(request, agent, grant, review.as_ref(), now)
        }
        Content::ReviewOverdue { request, agent } => {
            super::emergency::overdue(request, agent, now)
        }
        Content::Incident { incident, agent } => {
            super::incidents::opened(incident, agent, now)
        }
        Content::IncidentFacts { incident, agent, known } => {
            super::incidents::facts(incident, agent, known, now)
        }
        Content::CertificationAsked { seen, owner } => certifications::asked(seen, owner, now),
        Content::CertificationWatched { review, agent } => {
            certifications::watched(review, agent, now)
        }
        Content::AgentRetired { agent } => life::retired_notice(agent, now),
        Content::NobodyCanDecide { agent, asked_by, roles } => {
            let said: Vec<String> =
                roles.iter().map(|r| clip(&words::role(&RoleName::new(r.as_str())), 60)).collect();
            Page::message()
                .lines(vec![
                    Line::say("⚠ A request about ")
                        .bold(agent.as_str())
                        .text(" could not be opened: nobody can decide it."),
                    Line::fact("Missing").text(format!(
                        "somebody else for {}, besides the requester and the owner",
                        and(&first(&said, MOST_NAMED))
                    )),
                    Line::fact("Asked by").person(asked_by),
                    Line::fact("Next")
                        .text("add people to these roles in ")
                        .code("policy.toml")
                        .text(" or to their user groups; then it can be asked again."),
                ])
                .into_message()
        }
        Content::DeliveryFailed { delivery, to, error } => {
            let place = match to {
                Place::Channel(id) => Line::say("⚠ A message for ").channel(id),
                Place::Thread(above) => {
                    Line::say("⚠ A reply in ").channel(&above.channel)
                }
                Place::Person(person) => Line::say("⚠ A message for ").person(person),
            };
            Page::message()
                .lines(vec![
                    place.text(" can never arrive."),
                    Line::fact("Why").text("Slack answers ").code(clip(error, 120)),
                    Line::fact("Next").line(cure(error)),
                ])
                .small(Line::say(format!("In the log: {delivery}")))
                .into_message()
        }
        Content::MayBeAsked { agent, access } => Page::message()
            .lines(vec![
                Line::strong(agent.slug.as_str())
                    .text(" lacks ")
                    .bold(words::access(access))
                    .text(", and somebody who saw that asks you, its owner, about it."),
                Line::fact("Next").text(
                    "if the agent needs it, ask for it: the form is filled in. If not, do nothing.",
                ),
            ])
            .buttons(vec![
                primary(&Button::AskFor(agent.id, access.clone()), "Ask for it…"),
                button(&Button::Show(agent.id), "Show agent"),
            ])
            .into_message(),
        Content::MayBeRegistered { draft } => Page::message()
            .lines(vec![
                Line::say("A repository has an agent that is not registered, and names you as its \
                           owner: ")
                    .bold(clip(&draft.name, 40))
                    .text("."),
                Line::fact("It says").quoted(&clip(&draft.purpose, 400)),
                Line::fact("Next").text(
                    "if you know it, look at the form, put right what is wrong, and send it: then \
                     the people of its tier decide. If you do not know it, do nothing.",
                ),
            ])
            .buttons(vec![primary(&Button::RegisterDraft(draft.short()), "Register…")])
            .into_message(),
        Content::DiscoveryFound { found } => discoveries::found(found, now),
        Content::DiscoveriesFound { count, open, first } => {
            discoveries::many(*count, *open, first)
        }
        Content::DiscoveryAsked { found, reader } => discoveries::asked(found, reader, now),
        Content::QuotaReached { agent, quota, limit } => Page::message()
            .lines(vec![
                Line::say("⚠ ").bold(agent.slug.as_str()).text(match quota.as_str() {
                    "requests" => format!(" asks too much: {limit} of its requests wait already."),
                    quota => format!(
                        " asks too much: more than {limit} {} in a minute.",
                        clip(quota, 40)
                    ),
                }),
                Line::fact("Next").text(match quota.as_str() {
                    "requests" => {
                        "look at what it does; what waits can be taken back with /agent cancel. \
                         Until then it is told to wait."
                    }
                    _ => {
                        "look at what it does: often it is a loop that does not wait. It is told to \
                         come again in a while; how much it may is in the policy, under [quotas]."
                    }
                }),
            ])
            .buttons(vec![button(&Button::Show(agent.id), "Show agent")])
            .into_message(),
        Content::LoginAsked { login } => logins::asked(login, now),
        Content::LoginEnded { login } => logins::taken(login, now),
        Content::CallbackFailed { agent, host, error } => Page::message()
            .lines(vec![
                Line::say("⚠ ")
                    .bold(clip(host, 120))
                    .text(" does not take what became of a request of ")
                    .bold(agent.slug.as_str())
                    .text("."),
                Line::fact("Why").code(clip(error, 120)),
                Line::fact("Next")
                    .text("mend the receiver, or take the host out of ")
                    .code("[callbacks]")
                    .text(" in policy.toml. The outcome can still be fetched by the task."),
            ])
            .into_message(),
        Content::Digest { insights } => super::insights::digest(insights),
        Content::PolicyLoaded { digest } => Page::message()
            .lines(vec![
                Line::strong("Another policy is in force.")
                    .text(" Requests that are open keep the one they were asked under."),
            ])
            .small(Line::say("Digest ").code(clip(digest, 80)))
            .into_message(),
        Content::PolicyRefused { mistakes } => {
            let mut lines = vec![
                Line::say("⚠ ")
                    .bold("The changed policy has mistakes and was not loaded.")
                    .text(" The one before stays in force."),
            ];
            lines.extend(
                mistakes.iter().take(MOST_NAMED).map(|m| Line::say("• ").text(clip(m, 300))),
            );
            if mistakes.len() > MOST_NAMED {
                lines.push(Line::say(format!("… and {} more", mistakes.len() - MOST_NAMED)));
            }
            lines.push(
                Line::fact("Next")
                    .text("mend them; ")
                    .code("countersign policy check")
                    .text(" shows all of them, with their cures."),
            );
            Page::message().lines(lines).into_message()
        }
    }
}

/// Until when others can be asked whether a no stands.
fn can_be_appealed(until: Timestamp, now: Timestamp) -> Line {
    Line::say(
        "Or, if there is something new to say, others decide whether the no stands: once, until ",
    )
    .at(until, now)
    .text(".")
}

/// Nobody answered in time, and the backup is asked.
fn escalated(request: &Request, agent: &Agent, usual: Option<Span>, now: Timestamp) -> Message {
    let mut lines = vec![
        Line::say("⏳ Not answered in time, and passed on: ")
            .line(words::asks(request, agent))
            .text(format!(" · {}", request.reference)),
    ];
    lines.extend(words::escalated(request, now));
    lines.extend(words::requirements(request, agent, now));
    lines.push(words::until(request, usual, now));
    lines.push(
        Line::fact("Next")
            .text("nothing to do: they were told, and you get a message with the answer."),
    );
    Page::message()
        .lines(lines)
        .buttons(vec![
            button(&Button::Details(request.id), "Details"),
            button(&Button::TakeBack(request.id), "Take back"),
        ])
        .into_message()
}

/// What would make a message arrive the next time, by Slack's error code.
fn cure(error: &str) -> Line {
    Line::say(match error {
        "channel_not_found" => {
            "check the channel's id in policy.toml; a private channel must also invite the app."
        }
        "not_in_channel" => "invite the app to the channel.",
        "is_archived" => "unarchive the channel, or name another one in policy.toml.",
        "restricted_action" | "restricted_action_read_only_channel" => {
            "let apps post in this channel, or name another one in policy.toml."
        }
        "account_inactive" | "user_disabled" | "user_not_found" | "user_not_visible" => {
            "the person is gone: hand their agents over, and take them out of the roles."
        }
        "messages_tab_disabled" => "switch the app's Messages tab on, in its App Home settings.",
        "missing_scope" | "not_allowed_token_type" => {
            "give the app the scopes of its manifest, and install it again."
        }
        "token_revoked" | "invalid_auth" | "token_expired" | "not_authed" => {
            "install the app again and set the new token."
        }
        _ => {
            return Line::default()
                .code("countersign doctor")
                .text(" checks tokens, scopes and channels, and says what to mend.");
        }
    })
}

/// How a request ended, and the next step: for the notice, and for the answer to the last click.
pub fn outcome(request: &Request, agent: &Agent, grant: Option<&Grant>, now: Timestamp) -> Page {
    let end = words::outcome(request, agent, now);
    let over = grant.filter(|grant| gave(request, now) && !grant.is_live(now));
    let mut lines = vec![match over {
        Some(grant) => ending::no_longer(grant, agent, now),
        None => headline(request, agent, grant, now),
    }];
    lines.extend(end.map(|line| line.text(format!(" · {}", request.reference))));
    lines.extend(over.map(|grant| Line::fact("State").line(words::grant_state(grant, now))));
    let (next, buttons) = next_step(request, agent, grant, now);
    lines.extend(next);
    Page::message().lines(lines).buttons(buttons)
}

/// Whether the yes gave an agent something for a time.
fn gave(request: &Request, now: Timestamp) -> bool {
    let asked = matches!(
        request.ask.in_truth(),
        Ask::Grant { .. } | Ask::Emergency { .. } | Ask::Extension { .. }
    );
    asked && matches!(request.state_at(now), RequestState::Approved { .. })
}

fn headline(request: &Request, agent: &Agent, grant: Option<&Grant>, now: Timestamp) -> Line {
    let slug = agent.slug.as_str();
    let state = request.state_at(now);
    let mark = Line::say(format!("{} ", words::outcome_mark(&state)));
    let subject = words::subject(request, agent);
    let appealed = matches!(request.ask, Ask::Appeal { .. });
    let mark = match state {
        RequestState::Approved { .. } if appealed => mark.text("On appeal: "),
        _ => mark,
    };
    mark.line(match state {
        RequestState::Approved { .. } => match (request.ask.in_truth(), grant) {
            (Ask::Appeal { .. }, _) => Line::strong(slug).text(" may go on."),
            (Ask::Registration, _) => {
                let line = Line::strong(slug)
                    .text(format!(" is registered and at work: {}.", words::tier(agent.tier)));
                match request.credential() {
                    None => line,
                    Some((name, _, lasting)) => line
                        .text(" It can prove itself by ")
                        .quoted(&clip(name, 60))
                        .text(format!(" for {}.", lasting.words())),
                }
            }
            (Ask::Reinstatement { .. }, _) => Line::strong(slug).text(" may go on."),
            (Ask::Handover { to, .. }, _) => owners::handed_over(agent, to),
            (Ask::TierChange { .. }, _) => {
                Line::strong(slug).text(format!(" is {} now.", words::tier(agent.tier)))
            }
            (Ask::Change { change, .. }, _) => {
                let line = Line::strong(slug)
                    .text(format!(" is described anew: {}.", words::tier(change.tier_to)));
                match &change.team {
                    None => line,
                    Some(teams) => line
                        .text(format!(" It works for team {} now.", clip(teams.to.as_str(), 40))),
                }
            }
            (Ask::Credential { name, lasting, .. }, _) => Line::strong(slug)
                .text(" can prove itself by ")
                .quoted(&clip(name, 60))
                .text(format!(" for {}.", lasting.words())),
            (Ask::Review { emergency, .. }, _) => {
                Line::say(format!("{emergency} was an emergency: ")).bold(slug)
            }
            (
                Ask::Grant { access, .. }
                | Ask::Emergency { access, .. }
                | Ask::Extension { access, .. },
                Some(grant),
            ) => {
                let verb = match request.ask.in_truth() {
                    Ask::Extension { .. } => " keeps ",
                    _ => " now has ",
                };
                Line::strong(slug)
                    .text(verb)
                    .bold(words::access(access))
                    .text(" until ")
                    .at(grant.expires_at, now)
                    .text(
                        grant
                            .left(now)
                            .map_or_else(String::new, |left| format!(" ({} left)", roughly(left))),
                    )
            }
            (Ask::Grant { access, .. } | Ask::Emergency { access, .. }, None) => {
                Line::strong(slug).text(" may have ").bold(words::access(access))
            }
            (Ask::Extension { access, .. }, None) => {
                Line::strong(slug).text(" may keep ").bold(words::access(access))
            }
        },
        RequestState::Denied { by, .. } if words::is_declined(request, agent, &by) => {
            Line::say(if matches!(request.ask, Ask::Handover { .. }) {
                "Not handed over: "
            } else {
                "No owner: "
            })
            .person(&by)
            .text(" does not want to answer for ")
            .bold(slug)
            .text(".")
        }
        RequestState::Denied { .. } if request.ask.is_review() => {
            super::emergency::not_one(request, agent)
        }
        RequestState::Denied { .. } => Line::say(format!("Not approved: {subject}.")),
        RequestState::Cancelled { .. } => Line::say(format!("No longer asked: {subject}.")),
        RequestState::Expired { .. } => Line::say(format!("Nobody answered in time: {subject}.")),
        RequestState::Open => Line::say(format!("Waiting: {subject}.")),
    })
}

type Next = (Option<Line>, Vec<slack_morphism::prelude::SlackBlockButtonElement>);

fn next_step(request: &Request, agent: &Agent, grant: Option<&Grant>, now: Timestamp) -> Next {
    let next = || Line::fact("Next");
    let slug = agent.slug.as_str();
    let again = || {
        if matches!(request.ask.in_truth(), Ask::Registration) {
            button(&Button::Register, "Register again")
        } else if matches!(request.ask, Ask::Handover { .. }) {
            owners::take_or_hand_over(agent)
        } else if matches!(request.ask, Ask::TierChange { .. }) {
            button(&Button::Tier(agent.id), "Ask again")
        } else if matches!(request.ask, Ask::Change { .. }) {
            button(&Button::Edit(agent.id), "Ask again")
        } else if matches!(agent.state, AgentState::Suspended { .. }) {
            button(&Button::Reinstate(agent.id), "Ask again")
        } else if matches!(request.ask.in_truth(), Ask::Credential { .. }) {
            button(&Button::AddKey(agent.id), "Ask again")
        } else {
            button(&Button::Request(Some(agent.id)), "Ask again")
        }
    };
    if request.ask.is_review() {
        return (None, vec![button(&Button::Show(agent.id), "Show agent")]);
    }
    match request.state_at(now) {
        RequestState::Approved { .. } => match (request.ask.in_truth(), grant) {
            (Ask::Registration | Ask::Reinstatement { .. }, _) => (
                Some(
                    next()
                        .text("it holds no grants yet; ask for what it needs: ")
                        .code(format!("/agent request {slug}")),
                ),
                vec![
                    primary(&Button::Request(Some(agent.id)), "Ask for access"),
                    button(&Button::Show(agent.id), "Show agent"),
                ],
            ),
            (Ask::Handover { .. }, _) => (
                Some(next().text(
                    "nothing to do. What it has stays as it is; who answers for it now can look at \
                     it, and take away what is no longer needed.",
                )),
                vec![
                    button(&Button::Show(agent.id), "Show agent"),
                    button(&Button::Keys(agent.id), "Keys"),
                ],
            ),
            (Ask::Credential { .. }, _) => (
                Some(next().text(
                    "it can ask for tokens with it. What it has beside it stays until it ends; a \
                     reminder comes before that.",
                )),
                vec![
                    button(&Button::Keys(agent.id), "Keys"),
                    button(&Button::Show(agent.id), "Show agent"),
                ],
            ),
            (_, Some(grant)) if grant.is_live(now) => (
                Some(next().text(if matches!(request.ask.in_truth(), Ask::Extension { .. }) {
                    "nothing to do; the work goes on. A reminder comes before the end."
                } else {
                    "it can start. A reminder comes before the end; hand it back when the work is done."
                })),
                vec![button(&Button::Extend(grant.id), "Extend…"), hand_back(grant)],
            ),
            _ => (None, vec![button(&Button::Show(agent.id), "Show agent")]),
        },
        RequestState::Denied { .. } if matches!(request.ask, Ask::Appeal { .. }) => (
            Some(next().text("nothing to do: what is decided on an appeal is final.")),
            Vec::new(),
        ),
        RequestState::Denied { by, .. } => (
            Some(
                next()
                    .text("talk with ")
                    .person(&by)
                    .text(", change what is missing, and ask again."),
            ),
            vec![again()],
        ),
        RequestState::Cancelled { .. } => {
            (Some(next().text("nothing to do. It can be asked again at any time.")), vec![again()])
        }
        RequestState::Expired { .. } => {
            let awaited = request.awaited();
            let whom = match (awaited.is_empty(), &request.acceptance) {
                (true, Acceptance::Awaited) => {
                    Line::say("ask ").person(request.acceptor(&agent.owner)).text(" first")
                }
                (true, _) => Line::say("ask again"),
                (false, _) => Line::say(format!("speak to {} first", words::roles(&awaited))),
            };
            (Some(next().line(whom).text("; then ask again.")), vec![again()])
        }
        RequestState::Open => (None, Vec::new()),
    }
}

fn without_people(request: &Request, agent: &Agent, now: Timestamp) -> Message {
    let mut lines = vec![
        Line::say("ℹ️ ")
            .line(words::asks(request, agent))
            .text(format!(" · {}", request.reference)),
    ];
    lines.extend(question(request, agent, None));
    lines.extend(words::marked_outcome(request, agent, now));
    Page::message()
        .lines(lines)
        .buttons(vec![
            button(&Button::Details(request.id), "Details"),
            button(&Button::Show(agent.id), "Show agent"),
        ])
        .into_message()
}

fn agent_stopped(agent: &Agent, now: Timestamp) -> Message {
    let mut lines = vec![
        Line::say(format!("{} ", words::agent_mark(agent)))
            .bold(agent.slug.as_str())
            .text(": ")
            .line(words::agent_state(agent, now)),
        Line::fact("Owner").person(&agent.owner),
    ];
    let mut buttons = Vec::new();
    if let Some(cause) = agent.cause() {
        if cause == Cause::Stopped {
            lines.push(Line::say(
                "Everything it had has ended, and what it asked for is cancelled.",
            ));
        }
        lines.extend(life::undone_by(agent).map(|line| Line::fact("Next").line(line)));
        buttons.extend(life::undo(agent));
    }
    buttons.push(button(&Button::Show(agent.id), "Show agent"));
    Page::message().lines(lines).buttons(buttons).into_message()
}
