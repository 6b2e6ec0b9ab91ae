//! The forms by which somebody lets another answer, and appeals against a no.

use std::collections::BTreeMap;

use slack_morphism::prelude::{SlackBlockUsersSelectElement, SlackInputBlock, SlackView};

use super::{PERSON, ROLES, TextField, UNTIL, because};
use crate::domain::agent::Agent;
use crate::domain::request::Request;
use crate::service::input::DelegationForm;
use crate::service::outcome::{DelegationField, DelegationProblem, DelegationsOf};
use crate::slack::actions::Form;
use crate::slack::views::delegations::{label, problem_words};
use crate::slack::views::escape::or;
use crate::slack::views::line::Line;
use crate::slack::views::page::{Page, plain};
use crate::slack::views::words;

/// Who answers, until when, for which roles; as far as it was filled in.
pub fn delegate(draft: &DelegationForm, of: &DelegationsOf) -> SlackView {
    let person = SlackBlockUsersSelectElement::new()
        .with_action_id(PERSON.into())
        .with_placeholder(plain("A colleague", 150))
        .opt_initial_user(draft.to.as_ref().map(|person| person.user.clone()));
    let person = SlackInputBlock::new(plain(label(DelegationField::Person), 150), person.into())
        .with_block_id(PERSON.into());
    let until = TextField {
        id: UNTIL,
        label: label(DelegationField::Until),
        hint: Some("A day is meant to its end. It ends by itself, and you can withdraw it."),
        example: "Friday, 2026-12-24 or 3d",
        draft: &draft.until,
        longest: 60,
        lines: false,
    };
    let roles: Vec<String> = of.roles.iter().map(words::role).collect();
    let hint = format!(
        "Several with commas: {}. On a request that takes more of your roles than you lend, nobody \
         answers for you.",
        or(&roles)
    );
    let named = draft.roles.join(", ");
    let roles = TextField {
        id: ROLES,
        label: label(DelegationField::Roles),
        hint: Some(&hint),
        example: "All that you hold",
        draft: &named,
        longest: 200,
        lines: false,
    };
    Page::view()
        .lines(vec![
            Line::say(
                "A colleague answers in your place for a time; you can still answer yourself.",
            ),
            Line::say(
                "Never what one of you asked or owns, and nothing that others let you answer.",
            ),
        ])
        .input(person)
        .input(until.input())
        .input(roles.input().with_optional(true))
        .into_modal("Let somebody answer", Some("Let them answer"), &Form::Delegate)
}

/// What is wrong with each field, by `block_id`.
pub fn delegate_errors(
    problems: &[(DelegationField, DelegationProblem)],
) -> BTreeMap<String, String> {
    let block = |field| match field {
        DelegationField::Person => PERSON,
        DelegationField::Until => UNTIL,
        DelegationField::Roles => ROLES,
    };
    problems
        .iter()
        .map(|(field, problem)| (block(*field).to_owned(), problem_words(problem)))
        .collect()
}

/// Why a no should not stand.
pub fn appeal(request: &Request, agent: &Agent) -> SlackView {
    let mut lines = vec![words::asks(request, agent).text(format!(" · {}", request.reference))];
    lines.extend(words::outcome(request, agent, request.decide_by));
    lines.push(Line::say(
        "It is put to others than those who denied it, once. What they decide is final.",
    ));
    Page::view()
        .lines(lines)
        .input(because(
            "What is new",
            "It is shown on the card, beside the reason of the no.",
            "What did they not know, or what has changed?",
            "",
        ))
        .into_modal("Appeal", Some("Appeal"), &Form::Appeal { request: request.id })
}
