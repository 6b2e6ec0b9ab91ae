//! The registration form: what the agent is, and the tier that follows.

use slack_morphism::prelude::{
    SlackBlockCheckboxesElement, SlackBlockChoiceItem, SlackBlockPlainText,
    SlackBlockStaticSelectElement, SlackBlockText, SlackBlockUsersSelectElement, SlackInputBlock,
    SlackView,
};

use super::{
    ANSWERS, MODEL, MOST_CHOICES, NAME, OWNER, PURPOSE, RUNS_ON, SYSTEMS, TEAM, TextField, choice,
};
use crate::domain::text::LONGEST_TEXT;
use crate::domain::tier::Answers;
use crate::service::input::RegistrationForm;
use crate::service::outcome::{FormChoices, TierPreview};
use crate::slack::actions::{Form, TEAM_CHOICE, TIER_ANSWERS};
use crate::slack::views::escape::{and, roughly};
use crate::slack::views::line::Line;
use crate::slack::views::page::{Page, plain};
use crate::slack::views::words;

/// The form, filled in with the draft. `preview` is what follows from the draft's answers.
pub fn register(
    draft: &RegistrationForm,
    choices: &FormChoices,
    preview: Option<&TierPreview>,
) -> SlackView {
    register_as(&Form::Register, draft, choices, preview)
}

/// The same as this form, which says what it comes back for.
pub fn register_as(
    form: &Form,
    draft: &RegistrationForm,
    choices: &FormChoices,
    preview: Option<&TierPreview>,
) -> SlackView {
    let page = Page::view().input(
        TextField {
            id: NAME,
            label: "Name",
            hint: Some("Small letters, digits and dashes. People will see it everywhere."),
            example: "support-agent-v2",
            draft: &draft.name,
            // Longer than a name may be, so that a mistake is explained and not cut off.
            longest: 80,
            lines: false,
        }
        .input(),
    );
    described(page, draft)
        .input(team(draft, choices))
        .input(owner(draft))
        .input(answers(draft.answers))
        .rule()
        .lines(panel(preview))
        .into_modal("Register an agent", Some("Register"), form)
}

/// The questions what an agent is: purpose, systems, where it runs, model.
pub(super) fn described(page: Page, draft: &RegistrationForm) -> Page {
    page.input(
        TextField {
            id: PURPOSE,
            label: "Purpose",
            hint: None,
            example: "What is it for? One or two sentences.",
            draft: &draft.purpose,
            longest: LONGEST_TEXT,
            lines: true,
        }
        .input(),
    )
    .input(
        TextField {
            id: SYSTEMS,
            label: "Systems it touches",
            hint: None,
            example: "helpdesk, support database, …",
            draft: &draft.systems,
            longest: LONGEST_TEXT,
            lines: false,
        }
        .input(),
    )
    .input(
        TextField {
            id: RUNS_ON,
            label: "Where it runs",
            hint: None,
            example: "Kubernetes, a laptop under cron, …",
            draft: &draft.runs_on,
            longest: 200,
            lines: false,
        }
        .input(),
    )
    .input(
        TextField {
            id: MODEL,
            label: "Model",
            hint: None,
            example: "Name and version, as far as you know",
            draft: &draft.model,
            longest: 200,
            lines: false,
        }
        .input(),
    )
}

pub(super) fn answers(draft: Answers) -> SlackInputBlock {
    let ticked = |value: &str| match value {
        "writes" => draft.writes,
        "customer_data" => draft.customer_data,
        "external_calls" => draft.external_calls,
        _ => draft.money,
    };
    let option = |(value, label, about): &(&str, &str, &str)| {
        let text = SlackBlockPlainText::new((*label).to_owned()).with_emoji(false);
        SlackBlockChoiceItem::<SlackBlockText>::new(text.into(), (*value).to_owned())
            .with_description(plain(about, 75))
    };
    let initial: Vec<_> =
        words::QUESTIONS.iter().filter(|(value, ..)| ticked(value)).map(option).collect();
    let boxes = SlackBlockCheckboxesElement::new(words::QUESTIONS.iter().map(option).collect())
        .with_action_id(TIER_ANSWERS.into())
        .opt_initial_options((!initial.is_empty()).then_some(initial));
    SlackInputBlock::new(plain("Tick what is true", 150), boxes.into())
        .with_block_id(ANSWERS.into())
        .with_optional(true)
        .with_dispatch_action(true)
        .with_hint(plain("Nothing ticked: it only reads. The tier below follows.", 300))
}

pub(super) fn team(draft: &RegistrationForm, choices: &FormChoices) -> SlackInputBlock {
    if choices.teams.is_empty() || choices.teams.len() > MOST_CHOICES {
        return TextField {
            id: TEAM,
            label: "Team",
            hint: None,
            example: "As the policy names it",
            draft: &draft.team,
            longest: 64,
            lines: false,
        }
        .input();
    }
    let options: Vec<_> =
        choices.teams.iter().map(|team| choice(team.as_str(), team.as_str(), None)).collect();
    let likely = choices.likely_team.as_ref().or(match choices.teams.as_slice() {
        [only] => Some(only),
        _ => None,
    });
    let initial = choices
        .teams
        .iter()
        .find(|team| team.as_str() == draft.team)
        .or_else(|| choices.teams.iter().find(|team| Some(*team) == likely))
        .map(|team| choice(team.as_str(), team.as_str(), None));
    let menu = SlackBlockStaticSelectElement::new()
        .with_action_id(TEAM_CHOICE.into())
        .with_placeholder(plain("Choose a team", 150))
        .with_options(options)
        .opt_initial_option(initial);
    SlackInputBlock::new(plain("Team", 150), menu.into())
        .with_block_id(TEAM.into())
        .with_dispatch_action(true)
        .with_hint(plain("Its lead is asked, and its channel is told.", 300))
}

fn owner(draft: &RegistrationForm) -> SlackInputBlock {
    let menu = SlackBlockUsersSelectElement::new()
        .with_action_id(OWNER.into())
        .with_placeholder(plain("You", 150))
        .opt_initial_user(draft.owner.as_ref().map(|person| person.user.clone()));
    SlackInputBlock::new(plain("Owner", 150), menu.into())
        .with_block_id(OWNER.into())
        .with_optional(true)
        .with_hint(plain(
            "The one person who answers for it. Somebody else than you must accept first.",
            300,
        ))
}

/// The tier that follows: its meaning, who must approve, how long that usually takes.
pub(super) fn panel(preview: Option<&TierPreview>) -> Vec<Line> {
    let Some(TierPreview { reasons, route }) = preview else {
        return vec![Line::say("The tier follows from what you tick.")];
    };
    let why: Vec<String> = reasons.iter().map(|reason| (*reason).to_owned()).collect();
    let mut lines = vec![
        Line::strong(format!("Tier {}: {}", route.tier, route.tier.meaning()))
            .text(format!(" ({})", and(&why))),
        Line::say(words::tier_means(route.tier)),
    ];
    if route.without_people.is_some() || route.needs.is_empty() {
        lines.push(Line::fact("Approved by").text("the policy itself, at once"));
        return lines;
    }
    lines.push(Line::fact("Approved by").text(words::roles(&route.needs)));
    lines.push(Line::fact("Wait").text(match route.usual {
        Some(usual) => {
            format!("usually {}, at most {}", roughly(usual), route.decide_within.words())
        }
        None => format!("at most {}", route.decide_within.words()),
    }));
    lines
}
