//! Buttons, clicked on cards, in messages and in App Home.

use super::life::To;
use super::slash::open;
use super::{FrontDesk, Handled, Reader, json, message_of};
use crate::domain::agent::Agent;
use crate::domain::delivery::{Face, Place};
use crate::domain::draft::Draft;
use crate::domain::ids::{AgentId, GrantId, RequestId};
use crate::domain::quiz::Quiz;
use crate::domain::request::Request;
use crate::domain::vote::Choice;
use crate::service::ServiceError;
use crate::service::input::{GrantForm, RegistrationForm};
use crate::service::messenger::Content;
use crate::service::outcome::{Asked, Delegated, Refusal, VoteReply};
use crate::slack::actions::{Button, Form};
use crate::slack::steps::DiscoveryStep;
use crate::slack::views::{self, Message, forms};
use crate::slack::wire::desk::{Answer, FollowUp};
use crate::slack::wire::inbound::{Click, ViewRef};

impl FrontDesk {
    pub(super) async fn button(&self, click: Click) -> Handled {
        let reader = Reader::of_click(&click);
        let standing = self.service.overview_standing(&click.by).await?;
        let (by, once) = (click.by.clone(), Some(click.once.clone()));
        let Some(button) = click.button.clone() else { return Ok(Answer::empty()) };
        // Whoever may do nothing here any more may still log out.
        if !standing.is_member() && !button.is_vote() && !button.is_logout() {
            return Ok(reader.tell(views::not_for_you(standing)));
        }
        let service = &self.service;
        Ok(match button {
            Button::Approve(id) => {
                self.adopt(&click, id, Face::Approval).await?;
                let reply = service.vote(&by, id, Choice::Approve, once).await?;
                reader.tell(views::vote(&reply, &by))
            }
            Button::Deny(id) => {
                self.adopt(&click, id, Face::Approval).await?;
                match service.may_deny(&by, id).await? {
                    VoteReply::Counted { request, agent } => {
                        open(click.trigger_id, forms::deny(&request, &agent))
                    }
                    reply => reader.tell(views::vote(&reply, &by)),
                }
            }
            Button::Accept(id) => {
                self.adopt(&click, id, Face::Ownership).await?;
                let reply = service.accept_ownership(&by, id, once).await?;
                reader.tell(views::vote(&reply, &by))
            }
            Button::Decline(id) => {
                self.adopt(&click, id, Face::Ownership).await?;
                match service.may_decline(&by, id).await? {
                    VoteReply::Counted { request, agent } => {
                        open(click.trigger_id, forms::decline(&request, &agent))
                    }
                    reply => reader.tell(views::vote(&reply, &by)),
                }
            }
            Button::Details(id) => match service.request_and_agent(id).await? {
                Some((request, agent)) => reader.tell(self.details(&request, &agent).await?),
                None => reader.tell(views::vote(&VoteReply::Unknown, &by)),
            },
            Button::TakeBack(id) => {
                reader.tell(views::cancelled(&service.cancel(&by, id, once).await?))
            }
            Button::Appeal(id) => match service.may_appeal(&by, id).await? {
                Ok((request, agent)) => open(click.trigger_id, forms::appeal(&request, &agent)),
                Err(refusal) => reader.tell(views::refusal(&refusal)),
            },
            Button::Delegate => {
                let of = service.delegations(&by).await?;
                if of.allowed {
                    open(click.trigger_id, forms::delegate(&Default::default(), &of))
                } else {
                    reader.tell(views::delegations::delegated(&Delegated::SwitchedOff))
                }
            }
            Button::Withdraw(id) => {
                let over = service.undelegate(&by, id, once).await?;
                reader.tell(views::delegations::undelegated(&over))
            }
            Button::Extend(id) => {
                let answer = self.extend_form(&click, id, reader).await?;
                self.end_shown(&click, id, answer).await?
            }
            Button::Release(id) => {
                let reference = self.reference(id).await?;
                let ended = service.release(&by, &reference, once).await?;
                self.end_shown(&click, id, reader.tell(views::ended(&ended))).await?
            }
            Button::Revoke(id) => match service.grant_and_agent(id).await? {
                Some((grant, _)) if !grant.is_live(service.now()) => {
                    let answer = reader.tell(views::refusal(&Refusal::GrantEnded(grant)));
                    self.end_shown(&click, id, answer).await?
                }
                Some((grant, agent)) => open(click.trigger_id, forms::revoke(&grant, &agent)),
                None => Answer::empty(),
            },
            Button::Show(id) => {
                let name = self.slug(id).await?;
                reader.tell(match service.show(&by, &name).await? {
                    Ok(detail) => views::agent(&detail),
                    Err(refusal) => views::refusal(&refusal),
                })
            }
            Button::Stop(id) => match service.agent_by_id(id).await? {
                Some(agent) => open(click.trigger_id, forms::stop(&agent)),
                None => Answer::empty(),
            },
            Button::Reinstate(id) => match service.agent_by_id(id).await? {
                Some(agent) => open(click.trigger_id, forms::reinstate(&agent)),
                None => Answer::empty(),
            },
            Button::Take(id) => self.take(&click, id, reader).await?,
            Button::HandOver(id) => self.hand_over(&click, id, reader).await?,
            Button::Timeline(id) => self.timeline(&by, id, reader).await?,
            Button::CloseIncident(id) => self.close_form(&click, id, reader).await?,
            Button::Certify(id) => {
                let certify = service.certify(&by, id, Vec::new(), once).await?;
                reader.tell(views::certifications::certified(&certify))
            }
            Button::CertifyAgent(id) => self.certify_agent(&click, id, reader).await?,
            Button::Tier(id) => self.tier_of(&click, id, reader).await?,
            Button::Edit(id) => {
                let name = self.slug(id).await?;
                self.edit(&by, &name, &click.trigger_id, To::Reader(reader)).await?
            }
            Button::Retire(id) => {
                let name = self.slug(id).await?;
                self.retire(&by, &name, "", &click.trigger_id, To::Reader(reader)).await?
            }
            Button::Register => {
                let draft = RegistrationForm::default();
                let choices = service.choices(&by, click.channel.as_deref()).await?;
                let preview = service.preview(draft.answers).await?;
                open(click.trigger_id, forms::register(&draft, &choices, Some(&preview)))
            }
            Button::RegisterDraft(draft) => {
                let draft = filled(draft);
                let choices = service.choices(&by, click.channel.as_deref()).await?;
                let preview = service.preview(draft.answers).await?;
                open(click.trigger_id, forms::register(&draft, &choices, Some(&preview)))
            }
            Button::Discovery(step, id) => {
                return self.discovery_button(click, step, id, reader).await;
            }
            Button::Discoveries => self.list_discoveries(&by, reader).await?,
            Button::Request(agent) => {
                let agent = match agent {
                    Some(id) => self.slug(id).await?,
                    None => String::new(),
                };
                let draft = GrantForm { agent, ..Default::default() };
                let choices = service.choices(&by, click.channel.as_deref()).await?;
                open(click.trigger_id, forms::request(&draft, &choices, None))
            }
            Button::Keys(id) => self.keys(&by, id, reader).await?,
            Button::AddKey(id) => self.add_key(&click, id, reader).await?,
            Button::RevokeKey(id) => self.revoke_key(&click, id, reader).await?,
            Button::AskFor(agent, access) => {
                let agent = self.slug(agent).await?;
                let draft = GrantForm { agent, access: access.to_string(), ..GrantForm::default() };
                // What can no longer be asked is said now, not after the form was filled in.
                if let Some(refusal) = service.refuse_early(&by, &draft).await? {
                    return Ok(reader.tell(views::refusal(&refusal)));
                }
                let choices = service.choices(&by, click.channel.as_deref()).await?;
                open(click.trigger_id, forms::request(&draft, &choices, None))
            }
            Button::LogIn(id) => {
                let answered = service.confirm_login(&by, id).await?;
                reader.replace(views::logins::answered(&answered))
            }
            Button::NotMe(id) => {
                let answered = service.refuse_login(&by, id).await?;
                reader.replace(views::logins::answered(&answered))
            }
            Button::EndLogin(id) => {
                reader.tell(views::logins::ended(&service.end_login(&by, id).await?))
            }
            Button::LogOutEverywhere => {
                reader.tell(views::logins::ended(&service.end_all_logins(&by).await?))
            }
            Button::Quiz(path) | Button::QuizAt(path) => match Quiz::resume(&path.to_string()) {
                Ok(quiz) => reader.replace(views::quiz::quiz(&quiz)),
                Err(_) => Answer::empty(),
            },
            Button::Nothing => Answer::empty(),
        })
    }

    /// An input in a form changed that shows something else: the tier panel of the registration.
    pub(super) async fn changed(&self, click: Click) -> Handled {
        let form = click.view.as_ref().and_then(ViewRef::form);
        if let Some(Form::AddKey { agent }) = form {
            return self.key_form_changed(click, agent).await;
        }
        if let Some(Form::Edit { agent }) = click.view.as_ref().and_then(ViewRef::form) {
            return self.edit_changed(click, agent).await;
        }
        let Some(ViewRef { id, hash, callback_id, values, .. }) = click.view else {
            return Ok(Answer::empty());
        };
        let form = match form {
            Some(form @ Form::Discovery { step: DiscoveryStep::Register, .. }) => form,
            _ if callback_id == Form::Register.callback_id() => Form::Register,
            _ => return Ok(Answer::empty()),
        };
        let draft = forms::read_register(&values, &click.by.workspace);
        let choices = self.service.choices(&click.by, None).await?;
        let preview = self.service.preview(draft.answers).await?;
        let view = forms::register_as(&form, &draft, &choices, Some(&preview));
        Ok(Answer::then(FollowUp::UpdateView { view_id: id, hash, view: json(&view) }))
    }

    async fn extend_form(&self, click: &Click, id: GrantId, reader: Reader) -> Handled {
        let reference = self.reference(id).await?;
        Ok(match self.service.grant_to_extend(&click.by, &reference).await? {
            Ok((grant, agent)) => {
                open(click.trigger_id.clone(), forms::extend(&grant, &agent, &Default::default()))
            }
            Err(refusal) => reader.tell(views::asked(&Asked::Refused(refusal))),
        })
    }

    /// A message for all to see that offers something about a grant, when the grant has ended: it
    /// shows the end instead, and offers it no more. (What only one person sees may be a list with
    /// other grants in it; it stays.)
    async fn end_shown(&self, click: &Click, id: GrantId, mut answer: Answer) -> Handled {
        let (Some(message), Some(response_url)) = (&click.message, &click.response_url) else {
            return Ok(answer);
        };
        if self.service.knows_bulletin(message).await? {
            return Ok(answer);
        }
        let now = self.service.now();
        if let Some((grant, agent)) = self.service.grant_and_agent(id).await?
            && !grant.is_live(now)
        {
            let message = message_of(views::notice(&Content::GrantEnded { grant, agent }, now));
            let response_url = response_url.clone();
            answer.then.push(FollowUp::Replace { response_url, message });
        }
        Ok(answer)
    }

    async fn details(&self, request: &Request, agent: &Agent) -> Result<Message, ServiceError> {
        let (opens, usual) = self.service.what_it_means(request).await?;
        Ok(views::details(request, agent, opens.as_deref(), usual, self.service.now()))
    }

    /// What people call the grant.
    pub(super) async fn reference(&self, id: GrantId) -> Result<String, ServiceError> {
        let found = self.service.grant_and_agent(id).await?;
        Ok(found.map_or_else(|| id.to_string(), |(grant, _)| grant.reference.to_string()))
    }

    pub(super) async fn slug(&self, id: AgentId) -> Result<String, ServiceError> {
        let found = self.service.agent_by_id(id).await?;
        Ok(found.map_or_else(|| id.to_string(), |agent| agent.slug.to_string()))
    }

    /// A click from a copy that we do not know makes it ours: from now on it is kept true.
    async fn adopt(&self, click: &Click, id: RequestId, face: Face) -> Result<(), ServiceError> {
        let (Some(message), Some(channel)) = (&click.message, &click.channel) else {
            return Ok(());
        };
        // Nearly every click: nothing to do but one look.
        if self.service.knows_card(message).await? {
            return Ok(());
        }
        let Some((request, _)): Option<(Request, _)> = self.service.request_and_agent(id).await?
        else {
            return Ok(());
        };
        let place = Place::Channel(channel.clone());
        self.service.adopt_card(&request, place, face, message).await
    }
}

/// The registration form as a repository fills it in.
fn filled(draft: Draft) -> RegistrationForm {
    RegistrationForm {
        name: draft.name,
        purpose: draft.purpose,
        systems: draft.systems.join(", "),
        runs_on: draft.runs_on,
        model: draft.model,
        answers: draft.answers,
        team: draft.team.unwrap_or_default(),
        owner: None,
        credential: None,
    }
}
