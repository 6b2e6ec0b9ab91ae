//! The forms about what becomes of an agent: certified, another tier, another description, retired.

use slack_morphism::prelude::{
    SlackBlockCheckboxesElement, SlackBlockChoiceItem, SlackBlockPlainText,
    SlackBlockStaticSelectElement, SlackBlockText, SlackInputBlock, SlackView,
};

use super::register::{answers, described, panel, team};
use super::{GIVE_UP, TIER, because, choice};
use crate::domain::agent::Agent;
use crate::domain::certification::QUESTIONS;
use crate::domain::tier::Tier;
use crate::service::certifications::outcome::Seen;
use crate::service::input::{RegistrationForm, TierForm};
use crate::service::outcome::{FormChoices, TierPreview};
use crate::slack::actions::Form;
use crate::slack::views::line::Line;
use crate::slack::views::page::{Page, plain};
use crate::slack::views::words;

/// So many grants can be given up in one form: Slack takes no more boxes.
const MOST_IDLE: usize = 10;

fn tick(value: &str, words: &str, about: Option<&str>) -> SlackBlockChoiceItem<SlackBlockText> {
    let text = SlackBlockPlainText::new(words.to_owned()).with_emoji(false);
    SlackBlockChoiceItem::<SlackBlockText>::new(text.into(), value.to_owned())
        .opt_description(about.map(|about| plain(about, 75)))
}

/// Three questions, each with a box to tick, and what could be given up.
pub fn certify(seen: &Seen) -> SlackView {
    let Seen { review, agent, idle, .. } = seen;
    let mut page = Page::view().lines(vec![
        Line::strong(agent.slug.as_str()).text(format!(", {}", words::tier(agent.tier))),
        Line::fact("Purpose").quoted(&agent.description.purpose),
    ]);
    for (id, question) in QUESTIONS {
        let yes =
            SlackBlockCheckboxesElement::new(vec![tick(id, "Yes", None)]).with_action_id(id.into());
        page = page
            .input(SlackInputBlock::new(plain(question, 150), yes.into()).with_block_id(id.into()));
    }
    if !idle.is_empty() {
        let boxes = idle
            .iter()
            .take(MOST_IDLE)
            .map(|grant| {
                let words = format!("{} {}", grant.reference, words::access(&grant.access));
                tick(&grant.id.to_string(), &crate::slack::views::line::cut(&words, 75), None)
            })
            .collect();
        let boxes = SlackBlockCheckboxesElement::new(boxes).with_action_id(GIVE_UP.into());
        page = page.input(
            SlackInputBlock::new(plain("Give up what it never used", 150), boxes.into())
                .with_block_id(GIVE_UP.into())
                .with_optional(true)
                .with_hint(plain("It ends at once; nothing is lost by it.", 300)),
        );
    }
    page.small(
        Line::say("If one of the answers is no: ").code(format!("/agent retire {}", agent.slug)),
    )
    .into_modal("Still needed?", Some("Certify"), &Form::Certify { certification: review.id })
}

/// Another tier, and why.
pub fn tier(agent: &Agent, draft: &TierForm) -> SlackView {
    let options: Vec<_> = Tier::ALL
        .into_iter()
        .filter(|tier| *tier != agent.tier && *tier >= agent.description.answers.tier())
        .collect();
    let lines = vec![
        Line::strong(agent.slug.as_str()).text(format!(" is {}.", words::tier(agent.tier))),
        Line::say(
            "The people of the higher of both tiers decide. With a lower one ends what it may not \
             hold.",
        ),
    ];
    let page = Page::view().lines(lines);
    if options.is_empty() {
        return page
            .lines(vec![
                Line::say("There is no other tier that it could have: its answers say as much."),
                Line::fact("Next")
                    .text("if it does less by now, say so, and its tier follows: ")
                    .code(format!("/agent edit {}", agent.slug)),
            ])
            .into_modal("Another tier", None, &Form::Tier { agent: agent.id });
    }
    let option = |tier: &Tier| {
        let words = format!("{tier}: {}", tier.meaning());
        choice(&tier.to_string(), &words, Some(words::tier_means(*tier)))
    };
    let initial = options.iter().find(|tier| tier.to_string() == draft.to.trim()).map(option);
    let menu = SlackBlockStaticSelectElement::new()
        .with_action_id(TIER.into())
        .with_placeholder(plain("Choose a tier", 150))
        .with_options(options.iter().map(option).collect())
        .opt_initial_option(initial);
    page.input(SlackInputBlock::new(plain("Tier", 150), menu.into()).with_block_id(TIER.into()))
        .input(because(
            "Why",
            "It is shown on the card, to those who decide.",
            "What does it do now that it did not, or no longer does?",
            &draft.because,
        ))
        .into_modal("Another tier", Some("Ask"), &Form::Tier { agent: agent.id })
}

/// What it is, filled in; name and owner are what they are.
pub fn edit(
    agent: &Agent,
    draft: &RegistrationForm,
    choices: &FormChoices,
    why: &str,
    preview: Option<&TierPreview>,
) -> SlackView {
    let page = Page::view().lines(vec![
        Line::strong(agent.slug.as_str())
            .text(format!(", team {}, ", agent.team))
            .text(words::tier(agent.tier)),
        Line::say(
            "Say what it is by now. The people of the higher tier, old or new, decide, and of the new \
             team, if it is to work for another; until then nothing changes.",
        ),
    ]);
    described(page, draft)
        .input(team(draft, choices))
        .input(answers(draft.answers))
        .input(because(
            "Why",
            "It is shown on the card, to those who decide.",
            "What changed?",
            why,
        ))
        .rule()
        .lines(panel(preview))
        .into_modal("Describe it anew", Some("Ask"), &Form::Edit { agent: agent.id })
}

/// Why an agent is ended for good.
pub fn retire(agent: &Agent, why: &str) -> SlackView {
    Page::view()
        .lines(vec![
            Line::strong(agent.slug.as_str()).text(
                " ends for good: its grants and credentials, its tokens, and what it asked for.",
            ),
            Line::say(
                "Nobody can undo that. Its record stays, and its name is not given to another. To \
                 stop it for a while, use ",
            )
            .code(format!("/agent stop {}", agent.slug))
            .text("."),
        ])
        .input(because("Why", "Its team and security read it.", "What takes its place?", why))
        .into_modal("Retire an agent", Some("Retire for good"), &Form::Retire { agent: agent.id })
}
