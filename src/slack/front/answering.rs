//! `/agent delegate` and `/agent appeal`: typed in whole they are done, in part a form asks the rest.

use super::slash::open;
use super::{FrontDesk, Handled, say};
use crate::service::input::DelegationForm;
use crate::service::outcome::{Delegated, DelegationField, DelegationProblem};
use crate::slack::views::{self, forms};
use crate::slack::wire::inbound::Slash;

impl FrontDesk {
    pub(super) async fn delegate(&self, slash: &Slash, form: DelegationForm) -> Handled {
        let (by, service) = (&slash.by, &self.service);
        let typed = form.to.is_some() || !form.until.is_empty() || !form.roles.is_empty();
        if form.to.is_some() && !form.until.is_empty() {
            let done = service.delegate(by, &form, Some(slash.once.clone())).await?;
            return Ok(say(views::delegations::delegated(&done)));
        }
        let of = service.delegations(by).await?;
        let any = !of.given.is_empty() || !of.received.is_empty();
        if !of.allowed || (!typed && any) {
            return Ok(say(views::delegations::list(&of)));
        }
        // A day that is none is said before a form opens for the rest.
        if !form.until.is_empty()
            && let Some(problem) = service.bad_until(&form.until)
        {
            let wrong: Vec<(DelegationField, DelegationProblem)> =
                vec![(DelegationField::Until, problem)];
            return Ok(say(views::delegations::delegated(&Delegated::Invalid(wrong))));
        }
        Ok(open(slash.trigger_id.clone(), forms::delegate(&form, &of)))
    }

    pub(super) async fn appeal(
        &self,
        slash: &Slash,
        reference: Option<String>,
        because: Option<String>,
    ) -> Handled {
        let (by, service) = (&slash.by, &self.service);
        let typed = reference.unwrap_or_default();
        if let Some(because) = because {
            let asked = service.appeal(by, &typed, &because, Some(slash.once.clone())).await?;
            return Ok(say(views::asked(&asked)));
        }
        Ok(match service.to_appeal(by, &typed).await? {
            Ok((request, agent)) => open(slash.trigger_id.clone(), forms::appeal(&request, &agent)),
            Err(refusal) => say(views::refusal(&refusal)),
        })
    }
}
