//! Forms (modals), and reading back what was filled in.
//!
//! A view that is rebuilt while somebody fills it in keeps what was typed: Slack keeps the state of
//! an input whose `block_id` and `action_id` stay the same, and each form is built from the draft
//! anyway. The `block_id` of each question is one of the names here, so that a mistake is said on
//! its field.

mod answering;
mod ask;
mod discovery;
mod emergency;
mod key;
mod life;
mod read;
mod reasons;
mod register;

pub use answering::{appeal, delegate, delegate_errors};
pub use ask::{extend, request};
pub use discovery::{discovery_ask, discovery_claim, discovery_dismiss, discovery_errors};
pub use emergency::{break_glass, close_incident, incident};
pub use key::{WORKLOAD, add_key, credential_problem, key_errors, revoke_key};
pub use life::{certify, edit, retire, tier};
pub use read::{
    read_add_key, read_agent, read_certify, read_delegate, read_extend, read_handover, read_owner,
    read_reason, read_register, read_request, read_tier, unticked,
};
pub use reasons::{decline, deny, reinstate, revoke, stop};
pub use register::{register, register_as};

use std::collections::BTreeMap;

use slack_morphism::prelude::{
    SlackBlockChoiceItem, SlackBlockPlainTextInputElement, SlackBlockPlainTextOnly, SlackInputBlock,
};

use super::escape::utc;
use super::line::cut;
use super::owners;
use super::page::plain;
use super::refusals;
use super::words;
use crate::domain::agent::BadSlug;
use crate::domain::certification::QUESTIONS;
use crate::domain::emergency::NotThen;
use crate::domain::text::LONGEST_TEXT;
use crate::service::emergency::NoEmergency;
use crate::service::outcome::{Field, FieldProblem, Refusal};
use crate::slack::actions::Form;

/// The agent's name, in the registration form.
pub const NAME: &str = "name";
/// What it is for.
pub const PURPOSE: &str = "purpose";
/// The systems it touches.
pub const SYSTEMS: &str = "systems";
/// Where it runs.
pub const RUNS_ON: &str = "runs_on";
/// The model behind it.
pub const MODEL: &str = "model";
/// The yes-or-no questions.
pub const ANSWERS: &str = "answers";
/// The team.
pub const TEAM: &str = "team";
/// The owner.
pub const OWNER: &str = "owner";
/// The tier that is asked for.
pub const TIER: &str = "tier";
/// The grants that are given up.
pub const GIVE_UP: &str = "give_up";
/// Which agent, in the form for a grant.
pub const AGENT: &str = "agent";
/// Resource and action.
pub const ACCESS: &str = "access";
/// For how long, or how much longer.
pub const LASTING: &str = "lasting";
/// Why, in every form that asks it.
pub const BECAUSE: &str = "because";
/// A key or a workload identity, in the form for a credential.
pub const PROOF: &str = "proof";
/// The public key.
pub const KEY: &str = "key";
/// Who vouches for the workload.
pub const ISSUER: &str = "issuer";
/// Who is to answer in somebody's place.
pub const PERSON: &str = "person";
/// Until when.
pub const UNTIL: &str = "until";
/// For which roles.
pub const ROLES: &str = "roles";
/// What its tokens must say.
pub const CLAIMS: &str = "claims";

/// The longest choice of a menu that Slack takes.
const MOST_CHOICES: usize = 100;

/// The `block_id` of a field.
pub const fn block_id(field: Field) -> &'static str {
    match field {
        Field::Name => NAME,
        Field::Purpose => PURPOSE,
        Field::Systems => SYSTEMS,
        Field::RunsOn => RUNS_ON,
        Field::Model => MODEL,
        Field::Team => TEAM,
        Field::Owner => OWNER,
    }
}

/// What a field is called on the form.
pub const fn field_label(field: Field) -> &'static str {
    match field {
        Field::Name => "Name",
        Field::Purpose => "Purpose",
        Field::Systems => "Systems it touches",
        Field::RunsOn => "Where it runs",
        Field::Model => "Model",
        Field::Team => "Team",
        Field::Owner => "Owner",
    }
}

/// What is wrong with each field, by `block_id`: the `errors` of Slack's `response_action`.
pub fn field_errors(problems: &[(Field, FieldProblem)]) -> BTreeMap<String, String> {
    let mut errors = BTreeMap::new();
    for (field, problem) in problems {
        errors.entry(block_id(*field).to_owned()).or_insert_with(|| problem_words(problem));
    }
    errors
}

/// What is wrong with a field, in plain words without markup.
pub fn problem_words(problem: &FieldProblem) -> String {
    match problem {
        FieldProblem::Empty => "Please fill this in.".to_owned(),
        FieldProblem::BadName(BadSlug::Length) => "A name has 3 to 40 characters.".to_owned(),
        FieldProblem::BadName(BadSlug::Characters { try_this }) => {
            let rule =
                "A name is small letters, digits and single dashes, and begins with a letter";
            match try_this {
                Some(name) => format!("{rule}. Try {name}"),
                None => format!("{rule}."),
            }
        }
        FieldProblem::NameTaken { .. } => {
            "An agent has this name already. Choose another, or ask its owner.".to_owned()
        }
        FieldProblem::UnknownTeam => "Choose one of the teams that the policy names.".to_owned(),
        FieldProblem::OwnerNotMember(standing) => format!(
            "This person {}; an owner is a full, active member.",
            words::is_standing(*standing)
        ),
    }
}

/// What a refusal says on a form that was sent, by `block_id`: the form stays open, and nothing that
/// was filled in is lost. It is said on the field that it is about or, if the form has no such field,
/// on its first.
pub fn refused(form: &Form, refusal: &Refusal) -> BTreeMap<String, String> {
    // The fields have the same names in the forms for a grant, an extension and a reinstatement.
    let (first, others): (_, &[&str]) = match form {
        Form::Register | Form::Discovery { .. } => (NAME, &[TEAM]),
        Form::Request | Form::BreakGlass => (AGENT, &[ACCESS, LASTING, BECAUSE]),
        Form::Extend { .. } => (LASTING, &[BECAUSE]),
        Form::HandOver { .. } => (OWNER, &[BECAUSE]),
        Form::Edit { .. } => (PURPOSE, &[BECAUSE]),
        Form::Tier { .. } => (TIER, &[BECAUSE]),
        Form::Certify { .. } => (QUESTIONS[0].0, &[]),
        Form::AddKey { .. } => (NAME, &[LASTING, BECAUSE]),
        Form::Delegate => (PERSON, &[UNTIL, ROLES]),
        Form::Deny { .. }
        | Form::Decline { .. }
        | Form::Revoke { .. }
        | Form::Stop { .. }
        | Form::Incident { .. }
        | Form::CloseIncident { .. }
        | Form::Retire { .. }
        | Form::Reinstate { .. }
        | Form::Appeal { .. }
        | Form::RevokeKey { .. } => (BECAUSE, &[]),
    };
    let about = match refusal {
        Refusal::BadAccess { .. }
        | Refusal::UnknownResource { .. }
        | Refusal::UnknownAction { .. }
        | Refusal::AlreadyAsked(_)
        | Refusal::AlreadyHas(_) => ACCESS,
        Refusal::BadDuration { .. } | Refusal::TooLong { .. } | Refusal::TooLongInAll { .. } => {
            LASTING
        }
        Refusal::Emergency(NoEmergency::NotThen { why, .. }) => match why {
            NotThen::Orphaned => AGENT,
            NotThen::TierTooLow { .. } => ACCESS,
            NotThen::TooLong { .. } => LASTING,
            NotThen::ThinReason => BECAUSE,
        },
        Refusal::NoReason => BECAUSE,
        // Whoever decides on a registration follows from the team.
        Refusal::NobodyCanDecide { .. } => TEAM,
        _ => AGENT,
    };
    let field = if others.contains(&about) { about } else { first };
    BTreeMap::from([(field.to_owned(), cut(&refused_words(refusal), 1_000))])
}

/// Why something cannot be asked and what would help, in plain words without markup.
fn refused_words(refusal: &Refusal) -> String {
    if let Refusal::Owner(refusal) = refusal
        && let Some(words) = owners::on_the_field(refusal)
    {
        return words;
    }
    match refusal {
        // An error on a field is plain text, where a person or a moment cannot be shown as such.
        Refusal::NotOwner { agent, .. } => {
            format!("Only its owner can ask for {agent}.")
        }
        Refusal::NotActive(agent) => {
            format!("{} is {}: nothing can be asked for it now.", agent.slug, agent.state.word())
        }
        Refusal::AlreadyHas(grant) => format!(
            "It has this already: {}, until {}.",
            grant.reference,
            utc(grant.expires_at, grant.starts_at)
        ),
        Refusal::AlreadyAsked(request) => {
            format!("This is being decided already: {}.", request.reference)
        }
        other => {
            let next = refusals::next(other);
            let what = refusals::what(other).words();
            match next {
                Some(next) => format!("{what} {}", next.capitalised().words()),
                None => what,
            }
        }
    }
}

/// A text field.
struct TextField<'a> {
    id: &'static str,
    label: &'a str,
    hint: Option<&'a str>,
    example: &'a str,
    draft: &'a str,
    longest: usize,
    lines: bool,
}

impl TextField<'_> {
    fn input(self) -> SlackInputBlock {
        let longest = self.longest.min(LONGEST_TEXT.max(3_000));
        let draft = cut(self.draft, longest);
        let element = SlackBlockPlainTextInputElement::new()
            .with_action_id(self.id.into())
            .with_placeholder(plain(self.example, 150))
            .with_max_length(u64::try_from(longest).unwrap_or(3_000))
            .opt_initial_value((!draft.is_empty()).then_some(draft))
            .opt_multiline(self.lines.then_some(true));
        SlackInputBlock::new(plain(self.label, 150), element.into())
            .with_block_id(self.id.into())
            .opt_hint(self.hint.map(|hint| plain(hint, 300)))
    }
}

/// The question why, as every form asks it.
pub(super) fn because<'a>(
    label: &'a str,
    hint: &'a str,
    example: &'a str,
    draft: &'a str,
) -> SlackInputBlock {
    TextField {
        id: BECAUSE,
        label,
        hint: Some(hint),
        example,
        draft,
        longest: LONGEST_TEXT,
        lines: true,
    }
    .input()
}

/// A choice of a menu.
fn choice(
    value: &str,
    words: &str,
    about: Option<&str>,
) -> SlackBlockChoiceItem<SlackBlockPlainTextOnly> {
    SlackBlockChoiceItem::new(plain(words, 75), cut(value, 150))
        .opt_description(about.filter(|text| !text.is_empty()).map(|text| plain(text, 75)))
}
