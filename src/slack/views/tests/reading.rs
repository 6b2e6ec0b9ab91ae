//! Forms are read back as they were filled in.

use serde_json::{Value, json};
use slack_morphism::prelude::SlackView;

use super::catalogue::{choices, registration_draft};
use super::keys::credential_draft;
use super::sample::{Said, dana, grant_id};
use crate::domain::agent::BadSlug;
use crate::domain::person::Standing;
use crate::domain::role::RoleName;
use crate::domain::time::Span;
use crate::service::credentials::outcome::CredentialChoices;
use crate::service::input::{CredentialForm, ExtensionForm, GrantForm, RegistrationForm};
use crate::service::outcome::{Field, FieldProblem, Refusal};
use crate::slack::actions::{Form, TEAM_CHOICE, TIER_ANSWERS};
use crate::slack::views::forms::{self, *};

/// The values of a form that is sent as it was opened: each input with its initial value.
fn sent(view: &SlackView) -> Value {
    let view = serde_json::to_value(view).unwrap();
    let mut values = json!({});
    for block in view["blocks"].as_array().unwrap() {
        if block["type"] != "input" {
            continue;
        }
        let element = &block["element"];
        let block_id = block["block_id"].as_str().unwrap();
        let action_id = element["action_id"].as_str().unwrap();
        let given = match element["type"].as_str().unwrap() {
            "plain_text_input" => json!({"value": element["initial_value"]}),
            "static_select" => json!({"selected_option": element["initial_option"]}),
            "users_select" => json!({"selected_user": element["initial_user"]}),
            "checkboxes" => json!({"selected_options": element["initial_options"]}),
            other => panic!("no input of ours: {other}"),
        };
        values[block_id] = json!({ action_id: given });
    }
    values
}

fn form(view: &SlackView) -> (String, Form) {
    let view = serde_json::to_value(view).unwrap();
    let metadata = view["private_metadata"].as_str().unwrap();
    (view["callback_id"].as_str().unwrap().to_owned(), serde_json::from_str(metadata).unwrap())
}

#[test]
fn a_credential_reads_back_as_it_was_drafted_and_a_key_is_never_given_back() {
    let said = Said::kindly();
    let draft = credential_draft(&said);
    let issuers = vec![("github".to_owned(), "https://github.example".to_owned())];
    let choices = CredentialChoices { issuers, longest: Span::days(90) };
    let view = forms::add_key(&said.agent(), &draft, &choices);
    assert_eq!(read_add_key(&sent(&view), "support-agent-v2"), draft);
    assert_eq!(form(&view), ("add_key".to_owned(), Form::AddKey { agent: said.agent().id }));
    let pasted = "-----BEGIN PRIVATE KEY----- xyz";
    let draft = CredentialForm { workload: false, key: pasted.into(), ..draft };
    let view = serde_json::to_string(&forms::add_key(&said.agent(), &draft, &choices)).unwrap();
    assert!(!view.contains("xyz"), "the key went back: {view}");
    assert!(!format!("{draft:?}").contains("xyz"));
}

#[test]
fn a_registration_reads_back_as_it_was_drafted() {
    let said = Said::kindly();
    let draft = registration_draft(&said);
    let view = forms::register(&draft, &choices(&said), None);
    assert_eq!(read_register(&sent(&view), "T0ACME"), draft);
    assert_eq!(form(&view), ("register".to_owned(), Form::Register));
    let json = serde_json::to_value(&view).unwrap();
    let dispatching: Vec<_> = json["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|block| block["dispatch_action"] == true)
        .map(|block| block["element"]["action_id"].as_str().unwrap())
        .collect();
    assert_eq!(dispatching, [TEAM_CHOICE, TIER_ANSWERS]);
}

#[test]
fn the_likely_team_is_chosen_and_a_typed_one_stays() {
    let said = Said::kindly();
    let all = choices(&said);
    let view = forms::register(&RegistrationForm::default(), &all, None);
    assert_eq!(read_register(&sent(&view), "T0ACME").team, "support");
    let draft = RegistrationForm { team: "team-0".to_owned(), ..RegistrationForm::default() };
    let view = forms::register(&draft, &all, None);
    assert_eq!(read_register(&sent(&view), "T0ACME").team, "team-0");
}

#[test]
fn a_request_reads_back_as_it_was_typed_known_or_not() {
    let said = Said::kindly();
    for (agent, access, read) in [
        ("support-agent-v2", "Database : Read", "database:read"),
        ("no-such-agent", "nothing:at-all", "nothing:at-all"),
    ] {
        let draft = GrantForm {
            agent: agent.to_owned(),
            access: access.to_owned(),
            lasting: "1h30m".to_owned(),
            because: "queries".to_owned(),
        };
        let view = forms::request(&draft, &choices(&said), None);
        let expected = GrantForm { access: read.to_owned(), ..draft };
        assert_eq!(read_request(&sent(&view)), expected);
        assert_eq!(form(&view), ("request".to_owned(), Form::Request));
    }
}

#[test]
fn reasons_and_extensions_are_read() {
    let said = Said::kindly();
    let view = forms::extend(&said.grant(), &said.agent(), &Default::default());
    assert_eq!(form(&view).1, Form::Extend { grant: grant_id(1) });
    let mut values = sent(&view);
    values[BECAUSE][BECAUSE]["value"] = json!("the queue is long");
    assert_eq!(
        read_extend(&values, "G-1042"),
        ExtensionForm {
            grant: "G-1042".to_owned(),
            by: "30m".to_owned(),
            because: "the queue is long".to_owned(),
        }
    );
    let view = forms::deny(&said.grant_request(), &said.agent());
    assert_eq!(form(&view).1, Form::Deny { request: said.grant_request().id });
    let mut values = sent(&view);
    values[BECAUSE][BECAUSE]["value"] = json!("wrong table");
    assert_eq!(read_reason(&values), "wrong table");
}

#[test]
fn what_is_missing_or_odd_reads_as_empty() {
    for odd in [
        json!({}),
        json!(null),
        json!([1, 2]),
        json!({"name": 3, "answers": {"tier_answers": {"selected_options": "x"}}}),
        json!({"name": {"name": {"value": null}}, "owner": {"owner": {"selected_user": ""}}}),
    ] {
        assert_eq!(read_register(&odd, "T0ACME"), RegistrationForm::default(), "{odd}");
        assert_eq!(read_request(&odd), GrantForm::default(), "{odd}");
        assert_eq!(read_reason(&odd), "", "{odd}");
    }
}

#[test]
fn help_has_an_example_of_every_command_that_is_understood() {
    use crate::slack::commands::{SlashCommand, WORDS, read};
    use crate::slack::views::help::COMMANDS;
    for (typed, _) in COMMANDS {
        let read = read(typed.trim_start_matches("/agent"));
        assert!(!matches!(read, SlashCommand::Unknown { .. }), "{typed} is not understood");
    }
    for word in WORDS {
        let shown = COMMANDS.iter().any(|(typed, _)| typed.split(' ').nth(1) == Some(word));
        assert!(shown, "help has no example of {word}");
    }
}

#[test]
fn mistakes_are_said_on_their_fields() {
    let try_this = Some("support-agent".to_owned());
    let errors = field_errors(&[
        (Field::Name, FieldProblem::BadName(BadSlug::Characters { try_this })),
        (Field::Purpose, FieldProblem::Empty),
        (Field::Owner, FieldProblem::OwnerNotMember(Standing::Guest)),
    ]);
    let said: Vec<_> = errors.iter().map(|(id, text)| format!("{id}: {text}")).collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    name: A name is small letters, digits and single dashes, and begins with a letter. Try support-agent
    owner: This person is a guest; an owner is a full, active member.
    purpose: Please fill this in.
    ");
}

#[test]
fn refusals_are_said_on_their_fields() {
    let said = Said::kindly();
    let refusals = [
        Refusal::UnknownAgent {
            typed: "suport".into(),
            near: vec![said.agent().slug],
            yours: vec![],
        },
        Refusal::NotOwner { agent: said.agent().slug, owner: dana() },
        Refusal::NotActive(said.suspended()),
        Refusal::BadAccess { typed: "db".into(), resources: vec!["database".into()] },
        Refusal::TooLong {
            asked: Span::days(2),
            longest: Span::hours(8),
            tier: crate::domain::tier::Tier::Observer,
        },
        Refusal::NoReason,
        Refusal::AlreadyHas(said.grant()),
        Refusal::AlreadyAsked(said.grant_request()),
        Refusal::GrantEnded(said.revoked()),
    ];
    let text: Vec<_> =
        refusals.iter().map(|refusal| format!("{:?}", refused(&Form::Request, refusal))).collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    {"agent": "There is no agent “suport”. Did you mean support-agent-v2? You own no active agent yet: /agent register takes two minutes."}
    {"agent": "Only its owner can ask for support-agent-v2."}
    {"agent": "support-agent-v2 is suspended: nothing can be asked for it now."}
    {"access": "“db” names no access: write resource and action, like database:read. These resources exist: database."}
    {"lasting": "2 days is too long: tier 1 may have at most 8 hours at once. Ask for 8h or less. It can be extended before it ends."}
    {"because": "A reason is missing. Say in a few words why; people decide by it. For example: because customer support queries"}
    {"access": "It has this already: G-1042, until 15 Jan 08:39 UTC."}
    {"access": "This is being decided already: G-1042."}
    {"agent": "G-1042 is not live any more: revoked by its owner, 15 Jan 08:09 UTC: “Please ask for the replica instead, it holds the same rows.” Ask for a new one: /agent request … database:read"}
    "#);
}

#[test]
fn a_form_without_the_field_says_it_on_another() {
    let said = Said::kindly();
    let (agent, grant) = (said.agent().id, said.grant().id);
    let nobody = || Refusal::NobodyCanDecide { roles: vec![RoleName::new("team-lead")] };
    let text: Vec<_> = [
        (Form::Register, nobody()),
        (Form::Register, Refusal::NotMember(Standing::Guest)),
        (Form::Request, nobody()),
        (Form::Extend { grant }, nobody()),
        (Form::Extend { grant }, Refusal::GrantEnded(said.revoked())),
        (Form::Reinstate { agent }, Refusal::NotSuspended(said.agent())),
    ]
    .iter()
    .map(|(form, refusal)| format!("{}: {:?}", form.callback_id(), refused(form, refusal)))
    .collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    register: {"team": "Nobody could decide this: there is nobody else for team lead. Security has been told. Ask again once people hold these roles."}
    register: {"name": "You are a guest in this workspace. Only full, active members can ask, own and decide here. Ask a full member of your team to do it for you."}
    request: {"agent": "Nobody could decide this: there is nobody else for team lead. Security has been told. Ask again once people hold these roles."}
    extend: {"lasting": "Nobody could decide this: there is nobody else for team lead. Security has been told. Ask again once people hold these roles."}
    extend: {"lasting": "G-1042 is not live any more: revoked by its owner, 15 Jan 08:09 UTC: “Please ask for the replica instead, it holds the same rows.” Ask for a new one: /agent request … database:read"}
    reinstate: {"because": "support-agent-v2 was not stopped (it is active), so there is nothing to undo. See where it stands: /agent show support-agent-v2"}
    "#);
}
