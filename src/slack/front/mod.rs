//! The front desk: what came in becomes a use case, and its outcome becomes words.
//!
//! The only place where the wire, the use cases and the views meet. Each function is short on
//! purpose: what is decided stands in the service, what is said stands in the views.

mod answering;
mod buttons;
mod discoveries;
mod emergency;
mod forms;
mod keys;
mod life;
mod owners;
mod slash;

use async_trait::async_trait;
use tracing::{debug, error};

use super::render::{json, message as message_of};
use super::views;
use super::wire::desk::{Ack, Answer, Desk, FollowUp, Prepared};
use super::wire::inbound::{Click, Inbound, ResponseUrl};
use crate::domain::person::PersonId;
use crate::service::{Service, ServiceError};

/// Answers what people do in Slack.
pub struct FrontDesk {
    service: Service,
    /// How everything is written: the same for everybody, so it is made once.
    static_help: Prepared,
}

/// Where a private answer to a person goes.
#[derive(Debug, Clone)]
struct Reader {
    to: PersonId,
    channel: Option<String>,
    response_url: Option<ResponseUrl>,
}

type Handled = Result<Answer, ServiceError>;

impl FrontDesk {
    /// A desk over the use cases. `address` is the server's own, for people at terminals, where it was
    /// told one.
    pub fn new(service: Service, address: Option<&str>) -> Self {
        Self { service, static_help: Prepared::new(message_of(views::static_help(address))) }
    }
}

#[async_trait]
impl Desk for FrontDesk {
    async fn handle(&self, inbound: Inbound) -> Answer {
        let reader = Reader::of(&inbound);
        let kind = kind(&inbound);
        let is_command = matches!(inbound, Inbound::Slash(_));
        let field = first_field(&inbound);
        let handled = match inbound {
            Inbound::Slash(slash) => self.slash(slash).await,
            Inbound::Button(click) => self.button(click).await,
            Inbound::Changed(click) => self.changed(click).await,
            Inbound::Submitted(submission) => self.submitted(submission).await,
            Inbound::HomeOpened { person } => {
                self.service.home_opened(&person).await.map(|()| Answer::empty())
            }
            Inbound::Revoked { .. } => {
                error!("the app was uninstalled or its tokens were revoked: install it again");
                Ok(Answer::empty())
            }
            Inbound::PeopleChanged { user: Some(person) } => {
                self.service.look_after(&person).await.map(|()| Answer::empty())
            }
            Inbound::MachineChanged { user } => {
                self.service.machine_changed(&user).await.map(|()| Answer::empty())
            }
            // Who is who and who is in which group is looked up when it matters.
            Inbound::PeopleChanged { user: None }
            | Inbound::GroupChanged { .. }
            | Inbound::Ignored { .. } => Ok(Answer::empty()),
        };
        match handled {
            Ok(answer) => {
                debug!(kind, "answered");
                answer
            }
            Err(why) => {
                error!(kind, error = &why as &dyn std::error::Error, "could not be done");
                let words =
                    if why.may_be_recorded() { views::unsure() } else { views::unavailable() };
                match (reader, field) {
                    // The form stays, with everything that was filled in.
                    (Some(_), Some(field)) => {
                        Answer::ack(Ack::FieldErrors([(field, words.text)].into()))
                    }
                    // In the acknowledgement: one thing less that could be away, too.
                    (Some(_), None) if is_command => say(words),
                    (Some(reader), None) => reader.tell(words),
                    (None, _) => Answer::ack(Ack::Again),
                }
            }
        }
    }
}

impl Reader {
    fn of(inbound: &Inbound) -> Option<Self> {
        match inbound {
            Inbound::Slash(slash) => Some(Self {
                to: slash.by.clone(),
                channel: Some(slash.channel.clone()),
                response_url: slash.response_url.clone(),
            }),
            Inbound::Button(click) => Some(Self::of_click(click)),
            Inbound::Submitted(submission) => {
                Some(Self { to: submission.by.clone(), channel: None, response_url: None })
            }
            _ => None,
        }
    }

    fn of_click(click: &Click) -> Self {
        Self {
            to: click.by.clone(),
            channel: click.channel.clone(),
            response_url: click.response_url.clone(),
        }
    }

    /// Words in the place of the message in which this person clicked; if that cannot be changed,
    /// words that only they see.
    fn replace(self, message: views::Message) -> Answer {
        match self.response_url {
            Some(response_url) => {
                Answer::then(FollowUp::Replace { response_url, message: message_of(message) })
            }
            None => self.tell(message),
        }
    }

    /// Words that only this person sees.
    fn tell(self, message: views::Message) -> Answer {
        Answer::then(FollowUp::Tell {
            to: self.to,
            channel: self.channel,
            response_url: self.response_url,
            message: message_of(message),
        })
    }
}

/// Words in the acknowledgement of a command.
fn say(message: views::Message) -> Answer {
    Answer::say(message_of(message))
}

/// The first field of a form that was sent.
fn first_field(inbound: &Inbound) -> Option<String> {
    let Inbound::Submitted(submission) = inbound else { return None };
    submission.view.values.as_object()?.keys().next().cloned()
}

/// One word for the log.
const fn kind(inbound: &Inbound) -> &'static str {
    match inbound {
        Inbound::Slash(_) => "command",
        Inbound::Button(_) => "click",
        Inbound::Changed(_) => "change",
        Inbound::Submitted(_) => "form",
        Inbound::HomeOpened { .. } => "home",
        Inbound::PeopleChanged { .. } => "people",
        Inbound::MachineChanged { .. } => "machine",
        Inbound::GroupChanged { .. } => "group",
        Inbound::Revoked { .. } => "revoked",
        Inbound::Ignored { .. } => "ignored",
    }
}
