//! What people do with credentials: see them, add one, take one away.

use super::slash::open;
use super::{FrontDesk, Handled, Reader, json};
use crate::domain::ids::{AgentId, CredentialId};
use crate::domain::person::PersonId;
use crate::slack::views::{self, forms};
use crate::slack::wire::desk::{Answer, FollowUp};
use crate::slack::wire::inbound::{Click, ViewRef};

impl FrontDesk {
    /// What the agent proves itself by.
    pub(super) async fn keys(&self, by: &PersonId, id: AgentId, reader: Reader) -> Handled {
        let name = self.slug(id).await?;
        Ok(reader.tell(views::keys(&self.service.keys(by, &name).await?)))
    }

    /// The form for a credential.
    pub(super) async fn add_key(&self, click: &Click, id: AgentId, reader: Reader) -> Handled {
        let name = self.slug(id).await?;
        Ok(match self.service.credential_choices(&click.by, &name).await? {
            Ok((agent, choices)) => {
                let form = forms::add_key(&agent, &Default::default(), &choices);
                open(click.trigger_id.clone(), form)
            }
            Err(refusal) => reader.tell(views::refusal(&refusal)),
        })
    }

    /// Another kind of proof was chosen: the form shows the fields that belong to it.
    pub(super) async fn key_form_changed(&self, click: Click, id: AgentId) -> Handled {
        let Some(ViewRef { id: view_id, hash, values, .. }) = click.view else {
            return Ok(Answer::empty());
        };
        let name = self.slug(id).await?;
        let draft = forms::read_add_key(&values, name.clone());
        Ok(match self.service.credential_choices(&click.by, &name).await? {
            Ok((agent, choices)) => {
                let view = json(&forms::add_key(&agent, &draft, &choices));
                Answer::then(FollowUp::UpdateView { view_id, hash, view })
            }
            // Who may not ask any more is told when the form is sent.
            Err(_) => Answer::empty(),
        })
    }

    /// The form that takes a credential away.
    pub(super) async fn revoke_key(
        &self,
        click: &Click,
        id: CredentialId,
        reader: Reader,
    ) -> Handled {
        Ok(match self.service.may_revoke_credential(&click.by, id).await? {
            Ok((credential, agent)) => {
                open(click.trigger_id.clone(), forms::revoke_key(&credential, &agent))
            }
            Err(refused) => reader.tell(views::key_revoked(&refused)),
        })
    }
}
