//! Forms, sent.

use std::collections::BTreeMap;

use super::{FrontDesk, Handled, Reader};
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::vote::Choice;
use crate::service::outcome::{Asked, Refusal, Registered};
use crate::slack::actions::Form;
use crate::slack::views::{self, forms};
use crate::slack::wire::desk::{Ack, Answer};
use crate::slack::wire::inbound::Submission;

impl FrontDesk {
    pub(super) async fn submitted(&self, submission: Submission) -> Handled {
        let Some(form) = submission.form.clone() else { return Ok(Answer::empty()) };
        let (by, once) = (submission.by.clone(), Some(submission.once.clone()));
        let values = &submission.view.values;
        let reader = Reader { to: by.clone(), channel: None, response_url: None };
        let service = &self.service;
        Ok(match form {
            Form::Register => {
                let draft = forms::read_register(values, &by.workspace);
                match service.register(&by, draft, once).await? {
                    Registered::Invalid(problems) => {
                        Answer::ack(Ack::FieldErrors(forms::field_errors(&problems)))
                    }
                    registered => reader.tell(views::registered(&registered)),
                }
            }
            Form::Request => {
                let draft = forms::read_request(values);
                let asked = service.ask_grant(&by, &draft, once).await?;
                on_the_field(asked, reader)
            }
            Form::Deny { request } => {
                let reason = forms::read_reason(values);
                if clean(&reason, LONGEST_TEXT).is_empty() {
                    return Ok(Answer::ack(Ack::FieldErrors(reason_missing())));
                }
                let reply = service.vote(&by, request, Choice::Deny { reason }, once).await?;
                reader.tell(views::vote(&reply, &by))
            }
            Form::Decline { request } => {
                let reason = forms::read_reason(values);
                let reply = service.decline_ownership(&by, request, &reason, once).await?;
                reader.tell(views::vote(&reply, &by))
            }
            Form::Extend { grant } => {
                let reference = self.reference(grant).await?;
                let form = forms::read_extend(values, reference);
                on_the_field(service.ask_extension(&by, &form, once).await?, reader)
            }
            Form::Revoke { grant } => {
                let reason = forms::read_reason(values);
                let reference = self.reference(grant).await?;
                reader.tell(views::ended(&service.revoke(&by, &reference, &reason, once).await?))
            }
            Form::Stop { agent } => {
                let reason = forms::read_reason(values);
                let Some(agent) = service.agent_by_id(agent).await? else {
                    return Ok(Answer::empty());
                };
                let stopped = service.stop(&by, agent.slug.as_str(), &reason, once).await?;
                reader.tell(views::stopped(&stopped))
            }
            Form::Reinstate { agent } => {
                let reason = forms::read_reason(values);
                if reason.trim().is_empty() {
                    return Ok(Answer::ack(Ack::FieldErrors(reason_missing())));
                }
                let Some(agent) = service.agent_by_id(agent).await? else {
                    return Ok(Answer::empty());
                };
                let asked =
                    service.ask_reinstatement(&by, agent.slug.as_str(), &reason, once).await?;
                reader.tell(views::asked(&asked))
            }
        })
    }
}

/// What is wrong with a field is said on the field; everything else in a message.
fn on_the_field(asked: Asked, reader: Reader) -> Answer {
    let errors = match &asked {
        Asked::Refused(refusal) => forms::request_field_errors(refusal),
        _ => None,
    };
    match errors {
        Some(errors) => Answer::ack(Ack::FieldErrors(errors)),
        None => reader.tell(views::asked(&asked)),
    }
}

/// A no without a reason helps nobody: said on the field, the form stays open.
fn reason_missing() -> BTreeMap<String, String> {
    forms::request_field_errors(&Refusal::NoReason).unwrap_or_default()
}
