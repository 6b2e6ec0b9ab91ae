//! Reading a form back from Slack's `view.state.values`:
//! `{block_id: {action_id: {"type": …, "value" | "selected_option" | …}}}`.
//!
//! What is missing or of another shape reads as empty: the use case then says what is missing, and
//! nothing that a client could send makes reading fail.

use serde_json::Value;

use super::{
    ACCESS, AGENT, ANSWERS, BECAUSE, CLAIMS, GIVE_UP, ISSUER, KEY, LASTING, MODEL, NAME, OWNER,
    PERSON, PROOF, PURPOSE, ROLES, RUNS_ON, SYSTEMS, TEAM, TIER, UNTIL, WORKLOAD,
};
use crate::domain::certification::QUESTIONS;
use crate::domain::ids::GrantId;
use crate::domain::person::PersonId;
use crate::domain::tier::Answers;
use crate::service::input::{
    CredentialForm, DelegationForm, ExtensionForm, GrantForm, RegistrationForm, TierForm,
};
use crate::service::owners::outcome::HandoverForm;

/// The registration form. `workspace` is the one in which the owner was chosen.
pub fn read_register(values: &Value, workspace: &str) -> RegistrationForm {
    let ticked = ticked(values, ANSWERS);
    let has = |name: &str| ticked.iter().any(|value| value == name);
    RegistrationForm {
        credential: None,
        name: text(values, NAME),
        purpose: text(values, PURPOSE),
        systems: text(values, SYSTEMS),
        runs_on: text(values, RUNS_ON),
        model: text(values, MODEL),
        answers: Answers {
            writes: has("writes"),
            customer_data: has("customer_data"),
            external_calls: has("external_calls"),
            money: has("money"),
        },
        team: text(values, TEAM),
        owner: chosen_person(values, OWNER, workspace),
    }
}

/// The form for a handover; `agent` is what the form was opened for, `workspace` the one in which the
/// new owner was chosen.
pub fn read_handover(values: &Value, agent: impl Into<String>, workspace: &str) -> HandoverForm {
    HandoverForm {
        agent: agent.into(),
        to: chosen_person(values, OWNER, workspace),
        because: text(values, BECAUSE),
    }
}

/// The person who was chosen, in any form that asks for one.
pub fn read_owner(values: &Value, workspace: &str) -> Option<PersonId> {
    element(values, OWNER)
        .and_then(|element| element.get("selected_user"))
        .and_then(Value::as_str)
        .filter(|user| !user.is_empty())
        .map(|user| PersonId::new(workspace, user))
}

/// The agent, of any form that asks for one.
pub fn read_agent(values: &Value) -> String {
    text(values, AGENT)
}

/// The form for a grant.
pub fn read_request(values: &Value) -> GrantForm {
    GrantForm {
        agent: text(values, AGENT),
        access: text(values, ACCESS),
        lasting: text(values, LASTING),
        because: text(values, BECAUSE),
    }
}

/// The form for more time; `grant` is what the form was opened for.
pub fn read_extend(values: &Value, grant: impl Into<String>) -> ExtensionForm {
    ExtensionForm { grant: grant.into(), by: text(values, LASTING), because: text(values, BECAUSE) }
}

/// The form for a credential; `agent` is what the form was opened for.
pub fn read_add_key(values: &Value, agent: impl Into<String>) -> CredentialForm {
    CredentialForm {
        agent: agent.into(),
        name: text(values, NAME),
        workload: text(values, PROOF) == WORKLOAD,
        key: text(values, KEY),
        issuer: text(values, ISSUER),
        claims: text(values, CLAIMS),
        lasting: text(values, LASTING),
        because: text(values, BECAUSE),
    }
}

/// The form for another tier; `agent` is what the form was opened for.
pub fn read_tier(values: &Value, agent: impl Into<String>) -> TierForm {
    TierForm { agent: agent.into(), to: text(values, TIER), because: text(values, BECAUSE) }
}

/// The grants that are given up in a review.
pub fn read_certify(values: &Value) -> Vec<GrantId> {
    ticked(values, GIVE_UP).iter().filter_map(|id| id.parse().ok()).collect()
}

/// The first question of a review that was not answered with yes.
pub fn unticked(values: &Value) -> Option<&'static str> {
    QUESTIONS.iter().map(|(id, _)| *id).find(|id| ticked(values, id).is_empty())
}

/// The form by which somebody lets another answer. `workspace` is the one in which they were chosen.
pub fn read_delegate(values: &Value, workspace: &str) -> DelegationForm {
    DelegationForm {
        to: chosen_person(values, PERSON, workspace),
        until: text(values, UNTIL),
        roles: text(values, ROLES)
            .split([',', ';', '\n'])
            .map(|role| role.trim().to_owned())
            .filter(|role| !role.is_empty())
            .collect(),
    }
}

/// The reason, of any form that asks only that.
pub fn read_reason(values: &Value) -> String {
    text(values, BECAUSE)
}

/// The only element of an input block, whatever its `action_id`.
fn element<'a>(values: &'a Value, block: &str) -> Option<&'a Value> {
    values.get(block)?.as_object()?.values().next()
}

/// The person who was chosen.
fn chosen_person(values: &Value, block: &str, workspace: &str) -> Option<PersonId> {
    element(values, block)
        .and_then(|element| element.get("selected_user"))
        .and_then(Value::as_str)
        .filter(|user| !user.is_empty())
        .map(|user| PersonId::new(workspace, user))
}

/// What was typed, or the value of what was chosen from a menu.
fn text(values: &Value, block: &str) -> String {
    element(values, block)
        .and_then(|element| {
            element
                .get("value")
                .and_then(Value::as_str)
                .or_else(|| element.get("selected_option")?.get("value")?.as_str())
        })
        .unwrap_or_default()
        .to_owned()
}

fn ticked(values: &Value, block: &str) -> Vec<String> {
    element(values, block)
        .and_then(|element| element.get("selected_options"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|option| option.get("value")?.as_str())
        .map(str::to_owned)
        .collect()
}
