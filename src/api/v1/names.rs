//! People and channels by their names. Names are for reading only, so they may be some minutes old, and an answer
//! does not wait long for them: what decides anything is the id.

use std::collections::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use futures::StreamExt;
use futures::stream::FuturesUnordered;

use crate::domain::person::{By, PersonId};
use crate::domain::text::clean;
use crate::domain::time::Timestamp;
use crate::service::Service;

/// How old a name may be.
const FRESH: TimeDelta = TimeDelta::minutes(10);
/// How long an answer waits for names.
const PATIENCE: Duration = Duration::from_millis(700);
/// As many names as are kept.
const KEPT: usize = 20_000;
/// As many people as are asked about for one answer.
const ASKED: usize = 60;
/// The longest name, in characters.
const LONGEST: usize = 80;

/// What people and channels are called.
pub(super) struct Names {
    service: Service,
    known: Mutex<HashMap<PersonId, (Timestamp, String)>>,
    /// The policy names few channels.
    channels: Mutex<HashMap<String, (Timestamp, String)>>,
}

/// The names of those whom one answer is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Named(BTreeMap<PersonId, String>);

impl Named {
    /// The name, if it is known.
    pub(super) fn of(&self, person: &PersonId) -> Option<&str> {
        self.0.get(person).map(String::as_str)
    }

    /// The name, or else the id.
    pub(super) fn say<'a>(&'a self, person: &'a PersonId) -> &'a str {
        self.of(person).unwrap_or(&person.user)
    }

    /// The same of somebody who may be nobody.
    pub(super) fn say_by<'a>(&'a self, by: &'a By) -> &'a str {
        by.person().map_or("Countersign", |person| self.say(person))
    }
}

#[cfg(test)]
impl FromIterator<(PersonId, String)> for Named {
    fn from_iter<I: IntoIterator<Item = (PersonId, String)>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl Names {
    /// Asks the workspace through these use cases.
    pub(super) fn new(service: Service) -> Self {
        Self { service, known: Mutex::default(), channels: Mutex::default() }
    }

    /// What people call the channel of this id, `#agent-help`, if that can be had at once.
    pub(super) async fn of_channel(&self, id: &str) -> Option<String> {
        let now = self.service.now();
        {
            let known = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, name)) = known.get(id).filter(|(at, _)| now - *at < FRESH) {
                return Some(name.clone());
            }
        }
        let asked = tokio::time::timeout(PATIENCE, self.service.channel_name(id)).await;
        let name = clean(&asked.ok()?.ok()??, LONGEST);
        let name = Some(format!("#{name}")).filter(|_| !name.is_empty())?;
        let mut known = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(id.to_owned(), (now, name.clone()));
        Some(name)
    }

    /// The names of these people, as far as they can be had at once.
    pub(super) async fn of<'a>(&self, people: impl IntoIterator<Item = &'a PersonId>) -> Named {
        let now = self.service.now();
        let people: BTreeSet<&PersonId> = people.into_iter().collect();
        let mut named = Named::default();
        let mut asking = FuturesUnordered::new();
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            for person in people {
                match known.get(person).filter(|(at, _)| now - *at < FRESH) {
                    Some((_, name)) => {
                        named.0.insert(person.clone(), name.clone());
                    }
                    None if asking.len() < ASKED => asking
                        .push(async move { (person.clone(), self.service.profile(person).await) }),
                    None => {}
                }
            }
        }
        if asking.is_empty() {
            return named;
        }
        let mut learnt = Vec::new();
        let all = async {
            while let Some((person, found)) = asking.next().await {
                if let Ok(profile) = found {
                    learnt.push((person, clean(&profile.name, LONGEST)));
                }
            }
        };
        // Who is not named in time is named by the id.
        let _ = tokio::time::timeout(PATIENCE, all).await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + learnt.len() > KEPT {
            known.clear();
        }
        for (person, name) in learnt.into_iter().filter(|(_, name)| !name.is_empty()) {
            known.insert(person.clone(), (now, name.clone()));
            named.0.insert(person, name);
        }
        named
    }
}
