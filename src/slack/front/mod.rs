//! The front desk: what came in becomes a use case, and its outcome becomes words.
//!
//! The only place where the wire, the use cases and the views meet. Each function is short on
//! purpose: what is decided stands in the service, what is said stands in the views.

mod buttons;
mod forms;
mod slash;

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use tracing::{error, info};

use super::views;
use super::wire::desk::{self, Ack, Answer, Desk, FollowUp};
use super::wire::directory::SlackDirectory;
use super::wire::inbound::{Click, Inbound, ResponseUrl};
use crate::domain::person::PersonId;
use crate::service::{Service, ServiceError};

/// Answers what people do in Slack.
pub struct FrontDesk {
    service: Service,
    /// Whose cache is told when people or groups change.
    directory: Arc<SlackDirectory>,
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
    /// A desk over the use cases.
    pub fn new(service: Service, directory: Arc<SlackDirectory>) -> Self {
        Self { service, directory }
    }

    async fn home_opened(&self, person: &PersonId) -> Handled {
        let overview = self.service.overview(person).await?;
        self.service.remember_home(person).await?;
        let view = views::home(&overview);
        let view = json(&view);
        Ok(Answer::then(FollowUp::PublishHome { person: person.clone(), view }))
    }
}

#[async_trait]
impl Desk for FrontDesk {
    async fn handle(&self, inbound: Inbound) -> Answer {
        let reader = Reader::of(&inbound);
        let kind = inbound.kind();
        let handled = match inbound {
            Inbound::Slash(slash) => self.slash(slash).await,
            Inbound::Button(click) => self.button(click).await,
            Inbound::Changed(click) => self.changed(click).await,
            Inbound::Submitted(submission) => self.submitted(submission).await,
            Inbound::HomeOpened { person } => self.home_opened(&person).await,
            Inbound::PeopleChanged { user } => {
                self.directory.forget_person(user.as_deref());
                Ok(Answer::empty())
            }
            Inbound::GroupChanged { group } => {
                self.directory.forget_group(group.as_deref());
                Ok(Answer::empty())
            }
            Inbound::Revoked { .. } => {
                error!("the app was uninstalled or its tokens were revoked: install it again");
                Ok(Answer::empty())
            }
            Inbound::Ignored { .. } => Ok(Answer::empty()),
        };
        match handled {
            Ok(answer) => {
                info!(kind, "answered");
                answer
            }
            Err(why) => {
                error!(kind, error = &why as &dyn std::error::Error, "nothing was recorded");
                match reader {
                    Some(reader) => reader.tell(views::unavailable()),
                    None => Answer::ack(Ack::Again),
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

    /// Words that only this person sees.
    fn tell(self, message: views::Message) -> Answer {
        Answer::then(FollowUp::Tell {
            to: self.to,
            channel: self.channel,
            response_url: self.response_url,
            message: words(message),
        })
    }
}

/// Words in the acknowledgement of a command.
fn say(message: views::Message) -> Answer {
    Answer::say(words(message))
}

fn words(message: views::Message) -> desk::Message {
    desk::Message { blocks: json(&message.blocks), text: message.text }
}

/// What the views make is plain data: it always has a JSON form.
fn json(view: &impl Serialize) -> Value {
    serde_json::to_value(view).unwrap_or_default()
}
