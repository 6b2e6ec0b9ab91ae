//! The forms around credentials: how an agent is to prove itself, and why it no longer may.

use std::collections::BTreeMap;

use serde_json::Value;
use slack_morphism::prelude::{SlackBlockStaticSelectElement, SlackInputBlock, SlackView};

use super::{
    BECAUSE, CLAIMS, ISSUER, KEY, LASTING, MOST_CHOICES, NAME, PROOF, TextField, because, choice,
};
use crate::domain::agent::Agent;
use crate::domain::claims::MOST_CLAIMS;
use crate::domain::credential::Credential;
use crate::service::credentials::outcome::{CredentialChoices, CredentialField, CredentialProblem};
use crate::service::input::CredentialForm;
use crate::slack::actions::{Form, PROOF_CHOICE};
use crate::slack::views::escape::clip;
use crate::slack::views::keys;
use crate::slack::views::line::Line;
use crate::slack::views::page::{Page, plain};

/// The value of the choice of a platform's word in place of a key.
pub const WORKLOAD: &str = "workload";

/// The form for a credential, filled in with the draft; never with a key, which may be private.
pub fn add_key(agent: &Agent, draft: &CredentialForm, choices: &CredentialChoices) -> SlackView {
    let workload = draft.workload && !choices.issuers.is_empty();
    let mut page = Page::view()
        .lines(vec![
            Line::say("How ")
                .bold(agent.slug.as_str())
                .text(" proves who it is when it asks for a token. What it has stays beside it."),
        ])
        .input(
            TextField {
                id: NAME,
                label: "Name",
                hint: Some("What you will know it by: where it runs, or since when."),
                example: "production",
                draft: &draft.name,
                longest: 60,
                lines: false,
            }
            .input(),
        );
    if !choices.issuers.is_empty() {
        page = page.input(proof(workload));
    }
    page = if workload {
        page.input(issuer(draft, choices)).input(
            TextField {
                id: CLAIMS,
                label: "Claims",
                hint: Some(&format!(
                    "One to a line, name = value, compared letter by letter; at most {MOST_CLAIMS}. \
                     All of them must be in its token."
                )),
                example: "repository_id = 123456",
                draft: &draft.claims,
                longest: 3_000,
                lines: true,
            }
            .input(),
        )
    } else {
        page.input(
            TextField {
                id: KEY,
                label: "Public key",
                hint: Some(
                    "JWK or PEM, Ed25519 or P-256. Make the pair where the agent runs; the private \
                     half stays there, and never comes here.",
                ),
                example: "-----BEGIN PUBLIC KEY-----",
                draft: "",
                longest: 3_000,
                lines: true,
            }
            .input(),
        )
    };
    page.input(
        TextField {
            id: LASTING,
            label: "For how long",
            hint: Some(&format!(
                "From approval on, like 30d; at most {}. You are reminded before it ends.",
                choices.longest.words()
            )),
            example: "30d",
            draft: if draft.lasting.is_empty() {
                choices.longest.to_string()
            } else {
                draft.lasting.clone()
            }
            .as_str(),
            longest: 40,
            lines: false,
        }
        .input(),
    )
    .input(because(
        "Why",
        "It is shown on the card, to those who decide.",
        "Where does it run, and what follows what?",
        &draft.because,
    ))
    .into_modal("Add a credential", Some("Ask"), &Form::AddKey { agent: agent.id })
}

/// A key, or a platform's word; the fields below follow.
fn proof(workload: bool) -> SlackInputBlock {
    let options = [
        choice("key", "A public key", Some("The agent signs with the private half")),
        choice(WORKLOAD, "A workload identity", Some("Its platform vouches for it; no key at all")),
    ];
    let [key, platform] = &options;
    let initial = if workload { platform } else { key }.clone();
    let menu = SlackBlockStaticSelectElement::new()
        .with_action_id(PROOF_CHOICE.into())
        .with_options(options.to_vec())
        .with_initial_option(initial);
    SlackInputBlock::new(plain("It proves itself by", 150), menu.into())
        .with_block_id(PROOF.into())
        .with_dispatch_action(true)
}

fn issuer(draft: &CredentialForm, choices: &CredentialChoices) -> SlackInputBlock {
    let options: Vec<_> = choices
        .issuers
        .iter()
        .take(MOST_CHOICES)
        .map(|(name, address)| choice(name, name, Some(&clip(address, 75))))
        .collect();
    let initial = choices
        .issuers
        .iter()
        .position(|(name, _)| *name == draft.issuer)
        .or((options.len() == 1).then_some(0))
        .and_then(|at| options.get(at).cloned());
    let menu = SlackBlockStaticSelectElement::new()
        .with_action_id(ISSUER.into())
        .with_placeholder(plain("Choose who vouches for it", 150))
        .with_options(options)
        .opt_initial_option(initial);
    SlackInputBlock::new(plain("Issuer", 150), menu.into())
        .with_block_id(ISSUER.into())
        .with_hint(plain("Those that the policy trusts with workloads.", 300))
}

/// Why a credential is taken away.
pub fn revoke_key(credential: &Credential, agent: &Agent) -> SlackView {
    let mut lines = vec![
        Line::strong(agent.slug.as_str())
            .text(" cannot prove itself by ")
            .quoted(&clip(&credential.name, 60))
            .text(format!(" from now on · {}", keys::kind(&credential.proof))),
    ];
    lines.extend(keys::proof(&credential.proof));
    lines.push(Line::say(
        "The tokens that it got by it are not accepted either. Its other credentials stay.",
    ));
    Page::view()
        .lines(lines)
        .input(because("Why", "The owner and security read it.", "What happened?", ""))
        .into_modal(
            "Revoke a credential",
            Some("Revoke"),
            &Form::RevokeKey { credential: credential.id },
        )
}

/// What is wrong with each field, by `block_id`; on the first field if the form does not show the
/// one that it is about (it was sent before it had changed).
pub fn key_errors(
    problems: &[(CredentialField, CredentialProblem)],
    values: &Value,
) -> BTreeMap<String, String> {
    let mut errors = BTreeMap::new();
    for (field, problem) in problems {
        let block = match field {
            CredentialField::Name => NAME,
            CredentialField::Key => KEY,
            CredentialField::Issuer => ISSUER,
            CredentialField::Claims => CLAIMS,
            CredentialField::Lasting => LASTING,
            CredentialField::Because => BECAUSE,
        };
        let block = if values.get(block).is_some() { block } else { NAME };
        errors.entry(block.to_owned()).or_insert_with(|| credential_problem(problem));
    }
    errors
}

/// What is wrong with a field.
pub fn credential_problem(problem: &CredentialProblem) -> String {
    match problem {
        CredentialProblem::Empty => "Please fill this in.".to_owned(),
        CredentialProblem::BadKey(bad) => sentence(&bad.to_string()),
        CredentialProblem::BadClaims(bad) => sentence(&bad.to_string()),
        CredentialProblem::UnknownIssuer { all } if all.is_empty() => {
            "The policy trusts no issuer with workloads; use a public key.".to_owned()
        }
        CredentialProblem::UnknownIssuer { all } => {
            let all: Vec<String> = all.iter().take(12).map(|name| clip(name, 40)).collect();
            format!("Choose one of the issuers that the policy trusts: {}.", all.join(", "))
        }
        CredentialProblem::BadDuration { longest } => {
            format!("Write it like 30d or 12h; at most {}.", longest.words())
        }
        CredentialProblem::TooLong { longest } => {
            format!("At most {}. Another can follow it before it ends.", longest.words())
        }
        CredentialProblem::HasAlready { name } => format!(
            "It has this key already, as “{}”. To follow it, make a new pair.",
            clip(name, 60)
        ),
        CredentialProblem::InUse { holder: Some(holder) } => {
            format!("{holder} proves itself by this already. Each agent needs its own.")
        }
        CredentialProblem::InUse { holder: None } => {
            "Another agent proves itself by this already. Each agent needs its own.".to_owned()
        }
    }
}

/// With a capital at its beginning and a full stop at its end.
fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map_or_else(String::new, |c| c.to_uppercase().collect());
    format!("{first}{}.", chars.as_str())
}
