//! What cannot wait, and incidents: commands, buttons, forms.

use super::forms::stays_open;
use super::slash::open;
use super::{FrontDesk, Handled, Reader, say};
use crate::domain::ids::IncidentId;
use crate::domain::person::PersonId;
use crate::service::emergency::Broken;
use crate::service::incidents::{IncidentOf, Incidental};
use crate::service::input::GrantForm;
use crate::slack::actions::Form;
use crate::slack::views::{self, forms};
use crate::slack::wire::desk::Answer;
use crate::slack::wire::inbound::{Click, Slash};

impl FrontDesk {
    /// Typed in whole: opened at once. In part: a form with what was typed, and a warning.
    pub(super) async fn break_glass(&self, slash: &Slash, draft: GrantForm) -> Handled {
        let whole =
            [&draft.agent, &draft.access, &draft.because].iter().all(|part| !part.is_empty());
        if whole {
            let once = Some(slash.once.clone());
            let broken = self.service.break_glass(&slash.by, &draft, once).await?;
            return Ok(say(views::emergency::broken(&broken)));
        }
        Ok(match self.service.glass_choices(&slash.by, &draft.agent).await? {
            Ok(choices) => open(slash.trigger_id.clone(), forms::break_glass(&draft, &choices)),
            Err(refusal) => say(views::refusal(&refusal)),
        })
    }

    /// The same from the form; what was refused is said on it.
    pub(super) fn glass_broken(&self, form: &Form, broken: Broken, reader: Reader) -> Answer {
        match broken {
            Broken::Refused(refusal) => stays_open(form, &refusal),
            broken => reader.tell(views::emergency::broken(&broken)),
        }
    }

    /// With a reason: opened at once. Without: a form asks why.
    pub(super) async fn incident(&self, slash: &Slash, agent: &str, because: &str) -> Handled {
        if !because.is_empty() {
            let once = Some(slash.once.clone());
            let opened = self.service.open_incident(&slash.by, agent, because, once).await?;
            return Ok(say(views::incidents::done(&opened)));
        }
        Ok(match self.service.may_open_incident(&slash.by, agent).await? {
            Ok(agent) => open(slash.trigger_id.clone(), forms::incident(&agent)),
            Err(refusal) => say(views::refusal(&refusal)),
        })
    }

    /// What happened around an incident, for who asks.
    pub(super) async fn timeline(&self, by: &PersonId, id: IncidentId, reader: Reader) -> Handled {
        Ok(reader.tell(match self.service.incident_timeline(by, id).await? {
            Ok((told, now)) => views::incidents::timeline(&told, now),
            Err(refusal) => views::refusal(&refusal),
        }))
    }

    /// The form that closes an incident.
    pub(super) async fn close_form(
        &self,
        click: &Click,
        id: IncidentId,
        reader: Reader,
    ) -> Handled {
        Ok(match self.service.may_close_incident(&click.by, id).await? {
            Ok(IncidentOf { incident, agent }) => {
                open(click.trigger_id.clone(), forms::close_incident(&incident, &agent))
            }
            Err(refusal) => reader.tell(views::refusal(&refusal)),
        })
    }

    /// What came of a form about an incident; what was refused is said on it.
    pub(super) fn incident_done(&self, form: &Form, done: Incidental, reader: Reader) -> Answer {
        match done {
            Incidental::Refused(refusal) => stays_open(form, &refusal),
            done => reader.tell(views::incidents::done(&done)),
        }
    }
}
