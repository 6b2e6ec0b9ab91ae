//! The workspace looked through: once a day as a whole, and each bot as Slack tells that it came,
//! changed or went.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::record::{gone, take};
use super::{change, to_be_told};
use crate::domain::discovery::{Discovery, Finding, SLACK, Sent};
use crate::domain::event::{Actor, What};
use crate::domain::time::Timestamp;
use crate::service::directory::Machine;
use crate::service::{Result, Service};
use crate::store::work;

impl Service {
    /// Everything that is looked for, and what became of what was found before.
    pub(in crate::service) async fn sweep_discoveries(&self) -> Result<()> {
        self.reopen_those_of_ended(self.now()).await?;
        if self.policy().discovery().slack
            && let Some(machines) = self.parts.directory.machines().await?
        {
            self.take_machines(machines, true, self.now()).await?;
        }
        Ok(())
    }

    /// The workspace says that this bot, app or workflow came, changed or went.
    pub async fn machine_changed(&self, user: &str) -> Result<()> {
        if !self.policy().discovery().slack {
            return Ok(());
        }
        match self.parts.directory.machine(user).await? {
            Some(machine) => self.take_machines(vec![machine], false, self.now()).await,
            None => Ok(()),
        }
    }

    /// Takes these; if they are all there are, what is not among them is gone.
    async fn take_machines(&self, machines: Vec<Machine>, all: bool, now: Timestamp) -> Result<()> {
        let (there, deleted): (Vec<_>, Vec<_>) = machines.into_iter().partition(|m| !m.deleted);
        let findings: Vec<Finding> = there.iter().filter_map(found).collect();
        let seen: BTreeSet<&str> = there.iter().map(|m| m.sent.external_id.as_str()).collect();
        let deleted: BTreeSet<&str> = deleted.iter().map(|m| m.sent.external_id.as_str()).collect();

        let mut session = self.parts.store.read().await?;
        let mut lost: Vec<Discovery> = Vec::new();
        if all {
            let known = session.discoveries_in(SLACK).await?;
            lost.extend(known.into_iter().filter(|it| !seen.contains(it.external_id.as_str())));
        } else {
            for id in deleted {
                lost.extend(session.discovery_by_external(SLACK, id).await?);
            }
        }
        drop(session);
        let (entropy, policy) = (self.entropy(), self.policy());
        if !findings.is_empty() {
            take(&self.parts.store, &entropy, &policy, &Actor::System, &findings, now).await?;
        }
        if lost.is_empty() {
            return Ok(());
        }
        let work = work(move |tx| {
            Box::pin(async move {
                for it in lost {
                    // As it stands now, not as it was read.
                    if let Some(it) = tx.discovery(it.id).await? {
                        gone(tx, &entropy, it, now).await?;
                    }
                }
                Ok(())
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// What belonged to agents that are no more is nobody's; and what nobody was told is told.
    async fn reopen_those_of_ended(&self, now: Timestamp) -> Result<()> {
        let entropy = self.entropy();
        let work = work(move |tx| {
            let entropy = Arc::clone(&entropy);
            Box::pin(async move {
                for before in tx.discoveries_of_ended().await? {
                    let Some(agent) = before.state.agent() else { continue };
                    let after = before.clone().orphaned(agent);
                    let why = "agent_ended".to_owned();
                    let what = What::DiscoveryReopened { discovery: after.id, why };
                    change(tx, &entropy, &before, &after, Actor::System, what, now).await?;
                }
                if !tx.untold_discoveries().await?.is_empty() {
                    to_be_told(tx, &entropy, now).await?;
                }
                Ok(())
            })
        });
        Ok(self.parts.store.write(work).await?)
    }
}

/// The finding that it is. A name that cannot be shown is not: then it goes by its id.
fn found(machine: &Machine) -> Option<Finding> {
    let sent = &machine.sent;
    Finding::made(sent)
        .or_else(|_| {
            let (source, external_id) = (sent.source.clone(), sent.external_id.clone());
            let (name, kind) = (external_id.clone(), sent.kind.clone());
            Finding::made(&Sent { source, external_id, name, kind, ..Sent::default() })
        })
        .ok()
}
