//! A person ends a login, or all of theirs. From that moment on its tokens open nothing.

use super::keep_ended;
use crate::domain::event::Actor;
use crate::domain::ids::LoginId;
use crate::domain::login::{Ending, Login};
use crate::domain::person::PersonId;
use crate::service::{Result, Service};
use crate::store::work;

/// What came of ending logins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginsEnded {
    /// Those that ended now; none if all were over before.
    pub ended: Vec<Login>,
}

impl Service {
    /// The logins of this person that are at work, the newest first.
    pub async fn logins_of(&self, person: &PersonId) -> Result<Vec<Login>> {
        let now = self.now();
        Ok(self.parts.store.read().await?.live_logins_of(person, now).await?)
    }

    /// The person ends one of theirs. Another's stays as it is.
    pub async fn end_login(&self, by: &PersonId, id: LoginId) -> Result<LoginsEnded> {
        self.end_logins(by, Some(id)).await
    }

    /// The person ends all of theirs, also what was confirmed and not fetched yet.
    pub async fn end_all_logins(&self, by: &PersonId) -> Result<LoginsEnded> {
        self.end_logins(by, None).await
    }

    /// Whoever may not work here any more may still log out: standing is not asked.
    async fn end_logins(&self, by: &PersonId, only: Option<LoginId>) -> Result<LoginsEnded> {
        let (now, entropy, by) = (self.now(), self.entropy(), by.clone());
        let work = work(move |tx| {
            Box::pin(async move {
                let mut ended = Vec::new();
                loop {
                    let mut theirs = match only {
                        Some(id) => tx.login(id).await?.into_iter().collect(),
                        None => tx.live_logins_of(&by, now).await?,
                    };
                    if only.is_none() {
                        theirs.extend(tx.confirmed_logins_of(&by, now).await?);
                    }
                    theirs.retain(|login| login.person() == Some(&by));
                    let before = ended.len();
                    for login in theirs {
                        if let Some(login) = login.end(Ending::ByPerson, now) {
                            keep_ended(tx, &entropy, &login, Actor::Person(by.clone()), now)
                                .await?;
                            ended.push(login);
                        }
                    }
                    // A list shows a hundred at most; there may be more.
                    if only.is_some() || ended.len() == before {
                        return Ok(LoginsEnded { ended });
                    }
                }
            })
        });
        Ok(self.parts.store.write(work).await?)
    }
}
