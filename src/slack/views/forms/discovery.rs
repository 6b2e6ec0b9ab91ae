//! The forms about what was found: who is to register it, whose it is, why it is no agent.

use std::collections::BTreeMap;

use slack_morphism::prelude::{
    SlackBlockStaticSelectElement, SlackBlockUsersSelectElement, SlackInputBlock, SlackView,
};

use super::{AGENT, BECAUSE, MOST_CHOICES, OWNER, TextField, because, choice, refused_words};
use crate::domain::agent::Slug;
use crate::domain::discovery::Discovery;
use crate::domain::person::PersonId;
use crate::service::discoveries::NotDecided;
use crate::slack::actions::Form;
use crate::slack::views::discoveries::what;
use crate::slack::views::escape::clip;
use crate::slack::views::line::{Line, cut};
use crate::slack::views::page::{Page, plain};
use crate::slack::views::words;

/// Who is to register it; `hint` is whom its source names.
pub fn discovery_ask(of: &Discovery, hint: Option<&PersonId>, form: &Form) -> SlackView {
    let mut lines = vec![what(of)];
    lines.extend(
        of.owner_hint.as_ref().map(|hint| Line::fact("Owner there").quoted(&clip(hint, 120))),
    );
    let menu = SlackBlockUsersSelectElement::new()
        .with_action_id(OWNER.into())
        .with_placeholder(plain("Choose a person", 150))
        .opt_initial_user(hint.map(|person| person.user.clone()));
    let input = SlackInputBlock::new(plain("Who is to register it", 150), menu.into())
        .with_block_id(OWNER.into())
        .with_hint(plain(
            "They get a message with the registration form, filled in as far as it is known.",
            300,
        ));
    Page::view().lines(lines).input(input).into_modal("Register it", Some("Ask them"), form)
}

/// Whose it is.
pub fn discovery_claim(of: &Discovery, agents: &[Slug], form: &Form) -> SlackView {
    let input = if agents.is_empty() || agents.len() > MOST_CHOICES {
        TextField {
            id: AGENT,
            label: "Agent",
            hint: Some("As /agent list shows it."),
            example: "support-agent-v2",
            draft: "",
            longest: 80,
            lines: false,
        }
        .input()
    } else {
        let option = |slug: &Slug| choice(slug.as_str(), slug.as_str(), None);
        let menu = SlackBlockStaticSelectElement::new()
            .with_action_id(AGENT.into())
            .with_placeholder(plain("Choose an agent", 150))
            .with_options(agents.iter().map(option).collect());
        SlackInputBlock::new(plain("Agent", 150), menu.into()).with_block_id(AGENT.into())
    };
    Page::view()
        .lines(vec![what(of), Line::say("Its owner answers for this, too.")])
        .input(input)
        .into_modal("Belongs to", Some("That is whose"), form)
}

/// Why it is no agent.
pub fn discovery_dismiss(of: &Discovery, form: &Form) -> SlackView {
    Page::view()
        .lines(vec![what(of), Line::say("It is not asked about again, however often it is seen.")])
        .input(because(
            "Why",
            "Whoever looks at it later reads it.",
            "What is it, if it is no agent?",
            "",
        ))
        .into_modal("Not an agent", Some("Not an agent"), form)
}

/// What is wrong with such a form, by `block_id`.
pub fn discovery_errors(why: &NotDecided) -> BTreeMap<String, String> {
    let (field, words) = match why {
        NotDecided::NoReason => (BECAUSE, "Say in a few words why it is no agent.".to_owned()),
        NotDecided::Nobody => (OWNER, "Choose who is to register it.".to_owned()),
        NotDecided::CannotRegister { standing, .. } => (
            OWNER,
            format!(
                "This person {}; only a full, active member can register an agent.",
                words::is_standing(*standing)
            ),
        ),
        NotDecided::Agent(refusal) => (AGENT, refused_words(refusal)),
        NotDecided::NotSecurity | NotDecided::NotAsked { .. } | NotDecided::Unknown => {
            return BTreeMap::new();
        }
    };
    BTreeMap::from([(field.to_owned(), cut(&words, 1_000))])
}
