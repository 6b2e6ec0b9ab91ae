//! The views around credentials, in representative states.

use serde_json::json;
use slack_morphism::prelude::SlackView;

use super::catalogue::{Catalogue, Shown};
use super::sample::*;
use crate::domain::claims::BadClaims;
use crate::domain::credential::{Credential, FirstCredential};
use crate::domain::delivery::Face;
use crate::domain::request::Request;
use crate::domain::review::Finding;
use crate::domain::time::Span;
use crate::service::credentials::outcome::{
    CredentialChoices, CredentialField, CredentialProblem, CredentialRevoked, Keys, KeysShown,
};
use crate::service::input::CredentialForm;
use crate::service::messenger::Content;
use crate::service::outcome::{Asked, VoteReply};
use crate::slack::views::*;

/// Every view around credentials, with these words wherever people's words are.
pub fn keys_and_forms(said: &Said, all: &mut Catalogue) {
    cards(said, all);
    told(said, all);
    replies(said, all);
    lists(said, all);
    forms_around(said, all);
}

fn cards(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, shown: Message| all.push((format!("card_{name}"), shown.into()));
    let (agent, face, usual) = (said.agent(), Face::Approval, Some(Span::minutes(40)));
    let prove = Some("proving itself as support-agent-v2 and getting tokens for its grants: …");
    add("key_new", new_card(face, &said.key_request(), &agent));
    add("key_open", card(face, &said.key_request(), &agent, prove, usual, now()));
    add("workload_open", card(face, &said.workload_request(), &agent, prove, usual, now()));
    let both = with_a_key(said);
    add("registration_with_key", card(face, &both, &said.pending(), None, usual, now()));
}

/// A registration that brings a key along.
fn with_a_key(said: &Said) -> Request {
    let brings =
        FirstCredential { name: said.short.clone(), proof: said.key(), lasting: Span::days(90) };
    let findings = vec![Finding::OwnerActive, Finding::FirstCredential];
    Request { brings: Some(brings), findings, ..said.registration() }
}

fn told(said: &Said, all: &mut Catalogue) {
    let registered = Content::Outcome {
        request: said.approved(with_a_key(said)),
        agent: said.agent(),
        grant: None,
        appeal_until: None,
    };
    all.push(("notice_registered_with_key".to_owned(), notice(&registered, now()).into()));
    let mut add = |name: &str, content: Content| {
        all.push((format!("notice_{name}"), notice(&content, now()).into()));
    };
    let agent = said.agent();
    let outcome = |request: Request, agent, grant| Content::Outcome {
        request,
        agent,
        grant,
        appeal_until: None,
    };
    add("key_added", outcome(said.approved(said.key_request()), agent.clone(), None));
    add("key_denied", outcome(said.denied(said.key_request()), agent.clone(), None));
    add("key_taken", outcome(said.taken(said.key_request()), agent.clone(), None));
    let of = |credential: Credential, beside| (credential, agent.clone(), beside);
    for (name, (credential, agent, beside)) in [
        ("key_ending", of(Credential { proof: said.key(), ..said.credential_ending() }, 1)),
        ("workload_ending", of(said.credential_ending(), 0)),
    ] {
        add(name, Content::CredentialEnding { credential, agent, beside });
    }
    for (name, (credential, agent, beside)) in [
        ("key_ended", of(said.credential_ended(), 0)),
        ("key_revoked", of(said.credential_revoked(), 2)),
    ] {
        add(name, Content::CredentialEnded { credential, agent, beside });
    }
}

fn replies(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, shown: Message| all.push((format!("reply_{name}"), shown.into()));
    let agent = said.agent();
    let taken = said.taken(said.key_request());
    let nothing = VoteReply::CameToNothing { request: taken, agent: agent.clone() };
    add("vote_came_to_nothing", vote(&nothing, &sam()));
    let gone = CredentialRevoked::Done {
        credential: said.credential_revoked(),
        agent: agent.clone(),
        beside: 0,
    };
    let over =
        CredentialRevoked::Over { credential: said.credential_ended(), agent: agent.clone() };
    let may_not =
        CredentialRevoked::MayNot { agent: agent.slug.clone(), owner: agent.owner.clone() };
    for (name, revoked) in [
        ("key_revoked", gone),
        ("key_over", over),
        ("key_may_not", may_not),
        ("key_unknown", CredentialRevoked::Unknown),
    ] {
        add(name, key_revoked(&revoked));
    }
    let (request, usual) = (said.key_request(), Some(Span::minutes(40)));
    let opened = Asked::Opened { agent, request, usual };
    add("asked_key", asked(&opened));
}

fn lists(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, shown: Shown| all.push((name.to_owned(), shown));
    let kinds = [
        said.credential_ending(),
        said.credential(),
        said.credential_ended(),
        said.credential_revoked(),
    ];
    let credentials: Vec<_> = (0..said.many.max(4))
        .zip(kinds.into_iter().cycle())
        .map(|(i, one)| Credential { id: credential_id(10 + i as u128), ..one })
        .collect();
    let shown = Keys {
        agent: said.agent(),
        credentials,
        open: vec![said.workload_request(); said.many],
        mine: true,
        now: now(),
    };
    let none = Keys { credentials: vec![], open: vec![], ..shown.clone() };
    let others = Keys { mine: false, ..shown.clone() };
    for (name, shown) in [("", shown), ("_none", none), ("_of_another", others)] {
        add(&format!("list_keys{name}"), keys(&KeysShown::Shown(shown)).into());
    }
}

pub fn credential_draft(said: &Said) -> CredentialForm {
    CredentialForm {
        agent: "support-agent-v2".into(),
        name: "production".into(),
        workload: true,
        key: String::new(),
        issuer: "github".into(),
        claims: "repository_id = 1\nref = refs/heads/main".into(),
        lasting: "30d".into(),
        because: said.because.clone(),
    }
}

fn forms_around(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, view: SlackView| all.push((format!("form_{name}"), view.into()));
    let agent = said.agent();
    let issuers = vec![
        ("github".to_owned(), "https://token.actions.githubusercontent.com".to_owned()),
        ("cluster".to_owned(), said.short.clone()),
    ];
    let choices = CredentialChoices { issuers, longest: Span::days(90) };
    let keys_alone = CredentialChoices { issuers: vec![], ..choices.clone() };
    let draft = credential_draft(said);
    add("add_key", forms::add_key(&agent, &Default::default(), &choices));
    add("add_key_alone", forms::add_key(&agent, &Default::default(), &keys_alone));
    add("add_workload", forms::add_key(&agent, &draft, &choices));
    add("revoke_key", forms::revoke_key(&said.credential(), &agent));
    add("revoke_workload", forms::revoke_key(&said.credential_ending(), &agent));
    let values = json!({ forms::CLAIMS: {} });
    let stars = CredentialProblem::BadClaims(BadClaims::Star(2));
    let errors = forms::key_errors(
        &[(CredentialField::Claims, stars), (CredentialField::Key, CredentialProblem::Empty)],
        &values,
    );
    assert!(errors.contains_key(forms::CLAIMS) && errors.contains_key(forms::NAME));
}
