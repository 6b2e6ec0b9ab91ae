//! What people do about the life of agents: certify, raise, lower, describe anew, retire.

use super::slash::open;
use super::{FrontDesk, Handled, Reader, json, say};
use crate::domain::ids::{AgentId, CertificationId};
use crate::domain::person::PersonId;
use crate::service::certifications::outcome::ReviewChoice;
use crate::service::changes::{Changed, as_described};
use crate::service::input::TierForm;
use crate::service::outcome::{Asked, Refusal};
use crate::slack::actions::Form;
use crate::slack::views::{self, forms};
use crate::slack::wire::desk::{Ack, Answer, FollowUp};
use crate::slack::wire::inbound::{Click, Slash, Submission, ViewRef};

/// Where an answer goes: into the acknowledgement of a command, or to whoever clicked.
pub(super) enum To {
    Command,
    Reader(Reader),
}

impl To {
    fn tell(self, message: views::Message) -> Answer {
        match self {
            Self::Command => say(message),
            Self::Reader(reader) => reader.tell(message),
        }
    }
}

impl FrontDesk {
    /// `/agent certify`: the form about one agent, or all that wait.
    pub(super) async fn certify(&self, slash: &Slash, agent: Option<String>) -> Handled {
        match agent {
            None => {
                let waiting = self.service.reviews_of(&slash.by).await?;
                Ok(say(views::certifications::to_answer(&waiting, self.service.now())))
            }
            Some(name) => self.certify_form(&slash.by, &name, &slash.trigger_id, To::Command).await,
        }
    }

    /// The form that answers what is asked about an agent.
    pub(super) async fn certify_agent(
        &self,
        click: &Click,
        id: AgentId,
        reader: Reader,
    ) -> Handled {
        let name = self.slug(id).await?;
        self.certify_form(&click.by, &name, &click.trigger_id, To::Reader(reader)).await
    }

    async fn certify_form(&self, by: &PersonId, name: &str, trigger: &str, to: To) -> Handled {
        let review = match self.service.review_of(by, name).await? {
            Ok((review, _)) => review,
            Err(why) => return Ok(to.tell(views::certifications::certified(&why))),
        };
        Ok(match self.service.review_seen(review.id).await? {
            Some(seen) => open(trigger.to_owned(), forms::certify(&seen)),
            None => Answer::empty(),
        })
    }

    /// The form, sent.
    pub(super) async fn certified(&self, sent: &Submission, id: CertificationId) -> Handled {
        let values = &sent.view.values;
        if let Some(question) = forms::unticked(values) {
            let words = "Tick it if that is so. If it is not, retire the agent.".to_owned();
            return Ok(Answer::ack(Ack::FieldErrors([(question.to_owned(), words)].into())));
        }
        let give_up = forms::read_certify(values);
        let once = Some(sent.once.clone());
        let certify = self.service.certify(&sent.by, id, give_up, once).await?;
        Ok(reader(&sent.by).tell(views::certifications::certified(&certify)))
    }

    /// `/agent certifications`: all reviews or some, for security.
    pub(super) async fn campaign(&self, by: &PersonId, choice: ReviewChoice) -> Handled {
        Ok(say(match self.service.campaign(by, choice).await? {
            Ok(campaign) => views::certifications::campaign(&campaign),
            Err(refusal) => views::refusal(&refusal),
        }))
    }

    /// `/agent tier`: typed in whole it is asked at once; in part, a form asks the rest.
    pub(super) async fn tier(&self, slash: &Slash, form: TierForm) -> Handled {
        if !form.to.is_empty() && !form.because.is_empty() {
            let once = Some(slash.once.clone());
            return Ok(say(views::asked(&self.service.ask_tier(&slash.by, &form, once).await?)));
        }
        self.tier_form(&slash.by, &form, &slash.trigger_id, To::Command).await
    }

    /// The form that asks for another tier.
    pub(super) async fn tier_of(&self, click: &Click, id: AgentId, reader: Reader) -> Handled {
        let form = TierForm { agent: self.slug(id).await?, ..TierForm::default() };
        self.tier_form(&click.by, &form, &click.trigger_id, To::Reader(reader)).await
    }

    async fn tier_form(&self, by: &PersonId, form: &TierForm, trigger: &str, to: To) -> Handled {
        Ok(match self.service.may_ask_tier(by, form).await? {
            Ok(agent) => open(trigger.to_owned(), forms::tier(&agent, form)),
            Err(refusal) => to.tell(views::refusal(&refusal)),
        })
    }

    /// `/agent edit`: the form that describes an agent anew, filled in.
    pub(super) async fn edit(&self, by: &PersonId, name: &str, trigger: &str, to: To) -> Handled {
        Ok(match self.service.agent_to_describe(by, name).await? {
            Ok(agent) => {
                let draft = as_described(&agent);
                let preview = self.service.preview(draft.answers).await?;
                let choices = self.service.choices(by, None).await?;
                open(trigger.to_owned(), forms::edit(&agent, &draft, &choices, "", Some(&preview)))
            }
            Err(refusal) => to.tell(views::refusal(&refusal)),
        })
    }

    /// Another answer was ticked: the form shows the tier that would follow.
    pub(super) async fn edit_changed(&self, click: Click, id: AgentId) -> Handled {
        let Some(ViewRef { id: view_id, hash, values, .. }) = click.view else {
            return Ok(Answer::empty());
        };
        let Some(agent) = self.service.agent_by_id(id).await? else { return Ok(Answer::empty()) };
        let draft = forms::read_register(&values, &click.by.workspace);
        let preview = self.service.preview(draft.answers).await?;
        let why = forms::read_reason(&values);
        let choices = self.service.choices(&click.by, None).await?;
        let view = json(&forms::edit(&agent, &draft, &choices, &why, Some(&preview)));
        Ok(Answer::then(FollowUp::UpdateView { view_id, hash, view }))
    }

    /// A form about the life of an agent, sent.
    pub(super) async fn life_submitted(&self, sent: &Submission, form: &Form) -> Handled {
        let (values, once) = (&sent.view.values, Some(sent.once.clone()));
        let asked = match form {
            Form::Certify { certification } => return self.certified(sent, *certification).await,
            Form::Retire { agent } => {
                let reason = forms::read_reason(values);
                if reason.trim().is_empty() {
                    return Ok(super::forms::stays_open(form, &Refusal::NoReason));
                }
                let retired = self.service.retire(&sent.by, *agent, &reason, once).await?;
                return Ok(reader(&sent.by).tell(views::life::retired(&retired)));
            }
            Form::Tier { agent } => {
                let draft = forms::read_tier(values, self.slug(*agent).await?);
                self.service.ask_tier(&sent.by, &draft, once).await?
            }
            Form::Edit { agent } => {
                let mut draft = forms::read_register(values, &sent.by.workspace);
                draft.name = self.slug(*agent).await?;
                let why = forms::read_reason(values);
                match self.service.ask_change(&sent.by, &draft, &why, once).await? {
                    Changed::Asked(asked) => asked,
                    Changed::Invalid(problems) => {
                        let errors = forms::field_errors(&problems);
                        return Ok(Answer::ack(Ack::FieldErrors(errors)));
                    }
                }
            }
            _ => return Ok(Answer::empty()),
        };
        Ok(match asked {
            Asked::Refused(refusal) => super::forms::stays_open(form, &refusal),
            asked => reader(&sent.by).tell(views::asked(&asked)),
        })
    }

    /// The form that ends an agent for good: to send it is to confirm.
    pub(super) async fn retire(
        &self,
        by: &PersonId,
        name: &str,
        why: &str,
        trigger: &str,
        to: To,
    ) -> Handled {
        Ok(match self.service.may_retire(by, name).await? {
            Ok(agent) => open(trigger.to_owned(), forms::retire(&agent, why)),
            Err(refusal) => to.tell(views::refusal(&refusal)),
        })
    }
}

fn reader(by: &PersonId) -> Reader {
    Reader { to: by.clone(), channel: None, response_url: None }
}
