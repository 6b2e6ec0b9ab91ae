//! Forms, sent.

use super::{FrontDesk, Handled, Reader};
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::vote::Choice;
use crate::service::credentials::outcome::CredentialAsked;
use crate::service::outcome::{Asked, Delegated, Refusal, Registered};
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
                    Registered::Refused(refusal) => stays_open(&form, &refusal),
                    registered => reader.tell(views::registered(&registered)),
                }
            }
            Form::Discovery { step, discovery } => {
                return self.discovery_form(&submission, step, discovery, reader).await;
            }
            Form::Request => {
                let draft = forms::read_request(values);
                let asked = service.ask_grant(&by, &draft, once).await?;
                self.or_stays_open(&form, asked, reader).await
            }
            Form::Deny { request } => {
                let reason = forms::read_reason(values);
                if clean(&reason, LONGEST_TEXT).is_empty() {
                    return Ok(stays_open(&form, &Refusal::NoReason));
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
                let draft = forms::read_extend(values, reference);
                self.or_stays_open(&form, service.ask_extension(&by, &draft, once).await?, reader)
                    .await
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
            Form::BreakGlass => {
                let draft = forms::read_request(values);
                self.glass_broken(&form, service.break_glass(&by, &draft, once).await?, reader)
            }
            Form::Incident { agent } => {
                let name = self.slug(agent).await?;
                let reason = forms::read_reason(values);
                let opened = service.open_incident(&by, &name, &reason, once).await?;
                self.incident_done(&form, opened, reader)
            }
            Form::CloseIncident { incident } => {
                let note = forms::read_reason(values);
                let closed = service.close_incident(&by, incident, &note, once).await?;
                self.incident_done(&form, closed, reader)
            }
            Form::Reinstate { agent } => {
                let reason = forms::read_reason(values);
                if reason.trim().is_empty() {
                    return Ok(stays_open(&form, &Refusal::NoReason));
                }
                let Some(agent) = service.agent_by_id(agent).await? else {
                    return Ok(Answer::empty());
                };
                let asked =
                    service.ask_reinstatement(&by, agent.slug.as_str(), &reason, once).await?;
                self.or_stays_open(&form, asked, reader).await
            }
            Form::HandOver { agent } => {
                let draft = forms::read_handover(values, self.slug(agent).await?, &by.workspace);
                self.or_stays_open(&form, service.ask_handover(&by, &draft, once).await?, reader)
                    .await
            }
            form @ (Form::Certify { .. }
            | Form::Tier { .. }
            | Form::Edit { .. }
            | Form::Retire { .. }) => self.life_submitted(&submission, &form).await?,
            Form::Appeal { request } => {
                let reason = forms::read_reason(values);
                let reference = match service.request_and_agent(request).await? {
                    Some((request, _)) => request.reference.to_string(),
                    None => return Ok(Answer::empty()),
                };
                let asked = service.appeal(&by, &reference, &reason, once).await?;
                self.or_stays_open(&form, asked, reader).await
            }
            Form::Delegate => {
                let draft = forms::read_delegate(values, &by.workspace);
                match service.delegate(&by, &draft, once).await? {
                    Delegated::Invalid(problems) => {
                        Answer::ack(Ack::FieldErrors(forms::delegate_errors(&problems)))
                    }
                    done => reader.tell(views::delegations::delegated(&done)),
                }
            }
            Form::AddKey { agent } => {
                let name = self.slug(agent).await?;
                let draft = forms::read_add_key(values, name);
                match service.ask_credential(&by, &draft, once).await? {
                    CredentialAsked::Invalid(problems) => {
                        Answer::ack(Ack::FieldErrors(forms::key_errors(&problems, values)))
                    }
                    CredentialAsked::Asked(asked) => self.or_stays_open(&form, asked, reader).await,
                }
            }
            Form::RevokeKey { credential } => {
                let reason = forms::read_reason(values);
                let revoked = service.revoke_credential(&by, credential, &reason, once).await?;
                reader.tell(views::key_revoked(&revoked))
            }
        })
    }

    /// What came of asking; what was refused is said on the form.
    async fn or_stays_open(&self, form: &Form, asked: Asked, reader: Reader) -> Answer {
        match asked {
            Asked::Refused(refusal) => stays_open(form, &refusal),
            // The answer to a form stays among the direct messages, and offers to extend what was
            // given and to hand it back: so it is a notice, which is kept true.
            Asked::Approved { request, grant: Some(_), .. }
                if self.service.tell_outcome(&reader.to, request.id).await.is_ok() =>
            {
                Answer::empty()
            }
            asked => reader.tell(views::asked(&asked)),
        }
    }
}

/// The form stays, with what was filled in, and says what is wrong with it.
pub(super) fn stays_open(form: &Form, refusal: &Refusal) -> Answer {
    Answer::ack(Ack::FieldErrors(forms::refused(form, refusal)))
}
