//! Handing an agent over, and taking one that nobody answers for.

use super::slash::open;
use super::{FrontDesk, Handled, Reader, say};
use crate::domain::ids::AgentId;
use crate::service::owners::outcome::HandoverForm;
use crate::slack::views;
use crate::slack::wire::inbound::{Click, Slash};

impl FrontDesk {
    /// Typed in whole: asked at once. In part, or with a person whom Slack does not name: a form with
    /// what was typed.
    pub(super) async fn transfer(
        &self,
        slash: &Slash,
        agent: &str,
        to: Option<&str>,
        because: String,
    ) -> Handled {
        let by = &slash.by;
        let found = match self.service.may_hand_over(by, agent).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(say(views::refusal(&refusal))),
        };
        let to = match to {
            Some(typed) => self.service.person_named(typed).await,
            None => None,
        };
        let draft = HandoverForm { agent: found.slug.to_string(), to, because };
        if draft.to.is_some() && !draft.because.is_empty() {
            let once = Some(slash.once.clone());
            return Ok(say(views::asked(&self.service.ask_handover(by, &draft, once).await?)));
        }
        Ok(open(slash.trigger_id.clone(), views::owners::hand_over(&found, &draft)))
    }

    /// The form for a handover.
    pub(super) async fn hand_over(&self, click: &Click, id: AgentId, reader: Reader) -> Handled {
        let name = self.slug(id).await?;
        Ok(match self.service.may_hand_over(&click.by, &name).await? {
            Ok(agent) => open(
                click.trigger_id.clone(),
                views::owners::hand_over(&agent, &HandoverForm::default()),
            ),
            Err(refusal) => reader.tell(views::refusal(&refusal)),
        })
    }

    /// One click, and the agent is theirs.
    pub(super) async fn take(&self, click: &Click, id: AgentId, reader: Reader) -> Handled {
        let name = self.slug(id).await?;
        let taken = self.service.take(&click.by, &name, Some(click.once.clone())).await?;
        Ok(reader.tell(views::owners::taken(&taken)))
    }
}
