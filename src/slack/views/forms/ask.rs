//! The forms that ask people for something: a grant, and more time.

use slack_morphism::prelude::{
    SlackBlockOptionGroup, SlackBlockPlainTextOnly, SlackBlockStaticSelectElement, SlackInputBlock,
    SlackView,
};

use super::{ACCESS, AGENT, LASTING, MOST_CHOICES, TextField, because, choice};
use crate::domain::access::Access;
use crate::domain::agent::{Agent, Slug};
use crate::domain::grant::Grant;
use crate::domain::tier::Tier;
use crate::service::input::{ExtensionForm, GrantForm};
use crate::service::outcome::{FormChoices, Refusal};
use crate::slack::actions::Form;
use crate::slack::views::line::Line;
use crate::slack::views::page::{Page, plain};
use crate::slack::views::{refusals, words};

/// What is offered when nothing was typed: short, because most work is.
const USUAL_LENGTH: &str = "30m";

/// The form for a grant, filled in with the draft. `problem` is what was wrong with it.
pub fn request(draft: &GrantForm, choices: &FormChoices, problem: Option<&Refusal>) -> SlackView {
    let mut page = Page::view();
    if let Some(refusal) = problem {
        let mut lines = vec![Line::say("⚠ ").line(refusals::what(refusal))];
        lines.extend(refusals::next(refusal).map(|next| Line::fact("Next").line(next)));
        page = page.lines(lines);
    }
    page.input(agent(draft, &choices.your_agents))
        .input(access(draft, &choices.accesses))
        .input(lasting(
            "For how long",
            if draft.lasting.is_empty() { USUAL_LENGTH } else { &draft.lasting },
            "From approval on, like 30m, 8h or 1h30m. It ends by itself.",
        ))
        .input(because(
            "Why",
            "It is shown on the card, to those who decide.",
            "What is to be done, and for whom?",
            &draft.because,
        ))
        .into_modal("Ask for access", Some("Ask"), &Form::Request)
}

pub(super) fn agent(draft: &GrantForm, yours: &[Slug]) -> SlackInputBlock {
    let known = yours.iter().find(|slug| slug.as_str() == draft.agent.trim());
    let typed = !draft.agent.trim().is_empty() && known.is_none();
    if yours.is_empty() || yours.len() > MOST_CHOICES || typed {
        return TextField {
            id: AGENT,
            label: "Agent",
            hint: if yours.is_empty() {
                Some("You own no active agent yet; /agent register takes two minutes.")
            } else {
                None
            },
            example: "support-agent-v2",
            draft: draft.agent.trim(),
            longest: 80,
            lines: false,
        }
        .input();
    }
    let option = |slug: &Slug| choice(slug.as_str(), slug.as_str(), None);
    let initial = known.or(match yours {
        [only] => Some(only),
        _ => None,
    });
    let menu = SlackBlockStaticSelectElement::new()
        .with_action_id(AGENT.into())
        .with_placeholder(plain("Choose an agent", 150))
        .with_options(yours.iter().map(option).collect())
        .opt_initial_option(initial.map(option));
    SlackInputBlock::new(plain("Agent", 150), menu.into()).with_block_id(AGENT.into())
}

type Offer = (Access, Tier, Option<String>);

pub(super) fn access(draft: &GrantForm, offers: &[Offer]) -> SlackInputBlock {
    let typed = draft.access.trim().to_ascii_lowercase().replace(' ', "");
    let known = offers.iter().find(|(access, ..)| access.to_string() == typed);
    let groups = by_resource(offers);
    let too_many =
        groups.len() > MOST_CHOICES || groups.iter().any(|(_, offers)| offers.len() > MOST_CHOICES);
    if offers.is_empty() || too_many || (!typed.is_empty() && known.is_none()) {
        return TextField {
            id: ACCESS,
            label: "Access",
            hint: Some("Resource and action, like database:read."),
            example: "database:read",
            draft: draft.access.trim(),
            longest: 140,
            lines: false,
        }
        .input();
    }
    let option = |(access, tier, opens): &Offer| {
        let about = match opens {
            Some(opens) => format!("tier {tier}: {}", super::super::escape::clip(opens, 60)),
            None => format!("tier {tier}"),
        };
        choice(&access.to_string(), &words::access(access), Some(&about))
    };
    let groups: Vec<SlackBlockOptionGroup<SlackBlockPlainTextOnly>> = groups
        .iter()
        .map(|(resource, offers)| {
            let options = offers.iter().map(|offer| option(offer)).collect();
            SlackBlockOptionGroup::new(plain(resource, 75), options)
        })
        .collect();
    let menu = SlackBlockStaticSelectElement::new()
        .with_action_id(ACCESS.into())
        .with_placeholder(plain("Choose what it may do", 150))
        .with_option_groups(groups)
        .opt_initial_option(known.map(option));
    SlackInputBlock::new(plain("Access", 150), menu.into())
        .with_block_id(ACCESS.into())
        .with_hint(plain("Each names the lowest tier that may hold it.", 300))
}

/// The offers by resource, in the order in which the resources come first.
fn by_resource(offers: &[Offer]) -> Vec<(&str, Vec<&Offer>)> {
    let mut groups: Vec<(&str, Vec<&Offer>)> = Vec::new();
    for offer in offers {
        match groups.iter_mut().find(|(name, _)| *name == offer.0.resource) {
            Some((_, group)) => group.push(offer),
            None => groups.push((&offer.0.resource, vec![offer])),
        }
    }
    groups
}

pub(super) fn lasting(label: &str, draft: &str, hint: &str) -> SlackInputBlock {
    TextField {
        id: LASTING,
        label,
        hint: Some(hint),
        example: USUAL_LENGTH,
        draft,
        longest: 40,
        lines: false,
    }
    .input()
}

/// The form for more time, as far as it was filled in.
pub fn extend(grant: &Grant, agent: &Agent, draft: &ExtensionForm) -> SlackView {
    Page::view()
        .lines(vec![
            Line::strong(agent.slug.as_str())
                .text(" has ")
                .bold(words::access(&grant.access))
                .text(format!(" · {}", grant.reference)),
            Line::fact("Ends").at(grant.expires_at, grant.starts_at),
        ])
        .input(lasting(
            "How much longer",
            if draft.by.is_empty() { USUAL_LENGTH } else { &draft.by },
            "Counted from its end, like 30m, 8h or 1h30m. The same people decide as before.",
        ))
        .input(because(
            "Why",
            "It is shown on the card, to those who decide.",
            "What is still to be done?",
            &draft.because,
        ))
        .into_modal("Ask for more time", Some("Ask"), &Form::Extend { grant: grant.id })
}
