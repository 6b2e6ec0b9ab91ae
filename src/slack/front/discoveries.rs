//! What is done about what was found: buttons, forms, and the list.

use super::slash::open;
use super::{FrontDesk, Handled, Reader, message_of};
use crate::domain::discovery::Discovery;
use crate::domain::ids::DiscoveryId;
use crate::domain::person::PersonId;
use crate::service::discoveries::{Decision, NotDecided};
use crate::service::input::RegistrationForm;
use crate::service::outcome::{Refusal, Registered};
use crate::service::registry::AgentChoice;
use crate::slack::actions::Form;
use crate::slack::steps::DiscoveryStep;
use crate::slack::views::{self, forms};
use crate::slack::wire::desk::{Ack, Answer};
use crate::slack::wire::inbound::{Click, Submission};

/// One more than a menu can hold: then it is no menu.
const MORE_THAN_A_MENU: u32 = 101;

impl FrontDesk {
    /// `/agent discoveries`, or its button.
    pub(super) async fn discoveries(
        &self,
        by: &PersonId,
    ) -> Result<views::Message, crate::service::ServiceError> {
        Ok(views::discoveries::inventory(&self.service.inventory(by).await?))
    }

    pub(super) async fn discovery_button(
        &self,
        click: Click,
        step: DiscoveryStep,
        id: DiscoveryId,
        reader: Reader,
    ) -> Handled {
        use DiscoveryStep::{Ask, Claim, Correct, Dismiss, HandBack, PutOff, Register};
        let service = &self.service;
        let (by, once) = (click.by.clone(), Some(click.once.clone()));
        let said = match step {
            Ask | Claim | Dismiss => match service.discovery_to_decide(&by, id).await? {
                Ok(of) => return self.ask_more(click, step, &of.discovery).await,
                Err(decision) => decision,
            },
            Register => match service.discovery_to_register(&by, id).await? {
                Ok(of) => {
                    let draft = drafted(&of.discovery);
                    let choices = service.choices(&by, click.channel.as_deref()).await?;
                    let preview = service.preview(draft.answers).await?;
                    let form = Form::Discovery { step, discovery: id };
                    let view = forms::register_as(&form, &draft, &choices, Some(&preview));
                    return Ok(open(click.trigger_id, view));
                }
                Err(decision) => decision,
            },
            PutOff => service.put_discovery_off(&by, id, once).await?,
            Correct => service.correct_discovery(&by, id, once).await?,
            HandBack => service.hand_discovery_back(&by, id, once).await?,
        };
        Ok(reader.tell(views::discoveries::decision(&said, service.now())))
    }

    /// The form for what a step needs to know.
    async fn ask_more(&self, click: Click, step: DiscoveryStep, of: &Discovery) -> Handled {
        let form = Form::Discovery { step, discovery: of.id };
        let view = match step {
            DiscoveryStep::Ask => {
                let hint = match &of.owner_hint {
                    // Whom it names is only offered; who cannot be found is chosen by hand.
                    Some(hint) => self.service.person_called(hint).await.unwrap_or_default(),
                    None => None,
                };
                forms::discovery_ask(of, hint.as_ref(), &form)
            }
            DiscoveryStep::Claim => {
                let choice = AgentChoice { state: Some("active".to_owned()), ..Default::default() };
                let part = self.service.agents_chosen(&choice, "", MORE_THAN_A_MENU).await?;
                let agents: Vec<_> = part.items.into_iter().map(|line| line.agent.slug).collect();
                forms::discovery_claim(of, &agents, &form)
            }
            _ => forms::discovery_dismiss(of, &form),
        };
        Ok(open(click.trigger_id, view))
    }

    pub(super) async fn discovery_form(
        &self,
        submission: &Submission,
        step: DiscoveryStep,
        id: DiscoveryId,
        reader: Reader,
    ) -> Handled {
        let service = &self.service;
        let values = &submission.view.values;
        let (by, once) = (&submission.by, Some(submission.once.clone()));
        let said = match step {
            DiscoveryStep::Ask => {
                let of = forms::read_owner(values, &by.workspace);
                service.ask_to_register(by, id, of, once).await?
            }
            DiscoveryStep::Claim => {
                let agent = forms::read_agent(values);
                service.claim_discovery(by, id, &agent, once).await?
            }
            DiscoveryStep::Dismiss => {
                let reason = forms::read_reason(values);
                service.dismiss_discovery(by, id, &reason, once).await?
            }
            DiscoveryStep::Register => {
                let draft = forms::read_register(values, &by.workspace);
                let form = Form::Discovery { step, discovery: id };
                return Ok(match service.register_found(by, draft, Some(id), once).await? {
                    Registered::Invalid(problems) => {
                        Answer::ack(Ack::FieldErrors(forms::field_errors(&problems)))
                    }
                    Registered::Refused(refusal) => refused(&form, &refusal),
                    registered => reader.tell(views::registered(&registered)),
                });
            }
            DiscoveryStep::PutOff | DiscoveryStep::Correct | DiscoveryStep::HandBack => {
                return Ok(Answer::empty());
            }
        };
        Ok(match &said {
            // Said on the form, which stays with what was filled in.
            Decision::Refused(
                why @ (NotDecided::NoReason
                | NotDecided::Nobody
                | NotDecided::CannotRegister { .. }
                | NotDecided::Agent(_)),
            ) => Answer::ack(Ack::FieldErrors(forms::discovery_errors(why))),
            said => reader.tell(views::discoveries::decision(said, service.now())),
        })
    }

    /// The list, in answer to a click.
    pub(super) async fn list_discoveries(&self, by: &PersonId, reader: Reader) -> Handled {
        Ok(reader.tell(self.discoveries(by).await?))
    }

    /// The list, in answer to a command.
    pub(super) async fn say_discoveries(&self, by: &PersonId) -> Handled {
        Ok(Answer::say(message_of(self.discoveries(by).await?)))
    }
}

fn refused(form: &Form, refusal: &Refusal) -> Answer {
    Answer::ack(Ack::FieldErrors(forms::refused(form, refusal)))
}

/// The registration form as far as what was found fills it in.
fn drafted(of: &Discovery) -> RegistrationForm {
    let name = of.slug().map_or_else(|| of.name.clone(), String::from);
    RegistrationForm { name, runs_on: of.source.clone(), ..RegistrationForm::default() }
}
