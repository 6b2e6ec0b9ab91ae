//! A person finds what they are asked, by the code or by the button, and answers.

use crate::domain::event::{Actor, TextHash, What};
use crate::domain::ids::LoginId;
use crate::domain::login::{Login, NoAnswer};
use crate::domain::person::{PersonId, Standing};
use crate::domain::time::Timestamp;
use crate::domain::user_code::UserCode;
use crate::service::{Result, Service};
use crate::store::work;

/// What a code leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginFound {
    /// This login waits for the person's answer.
    Asked {
        /// The login.
        login: Login,
        /// When this was true.
        now: Timestamp,
    },
    /// It is no code at all: something else was typed.
    NoCode {
        /// What was typed; untrusted.
        typed: String,
    },
    /// No login waits for it: mistyped, over, answered, or asked for somebody else.
    Unknown,
    /// The person has typed too many wrong ones.
    TooOften {
        /// In so many seconds they may try again.
        wait: u64,
    },
    /// Only full, active members log in.
    NotMember(Standing),
}

/// What came of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginAnswered {
    /// The device gets its tokens.
    Confirmed(Login),
    /// It does not.
    Refused(Login),
    /// Nothing changed.
    Nothing {
        /// Why.
        why: NoAnswer,
        /// Whether it was this person who answered before.
        by_you: bool,
    },
    /// Only full, active members log in.
    NotMember(Standing),
    /// There is no such login any more.
    Unknown,
}

impl Service {
    /// The login that waits for this code. Codes are counted for each person, so that nobody finds
    /// another's by trying.
    pub async fn login_by_code(&self, by: &PersonId, typed: &str) -> Result<LoginFound> {
        let standing = self.standing(by).await?;
        if !standing.is_member() {
            return Ok(LoginFound::NotMember(standing));
        }
        let Ok(code) = typed.parse::<UserCode>() else {
            return Ok(LoginFound::NoCode { typed: typed.to_owned() });
        };
        // Before the code is looked at: whoever tries too often learns nothing of this one either.
        if let Err(wait) = self.pace.types(by) {
            return Ok(LoginFound::TooOften { wait });
        }
        let now = self.now();
        let found = self.parts.store.read().await?.login_by_user_code(&code).await?;
        Ok(match found.filter(|login| login.may_answer(by, now).is_ok()) {
            Some(login) => LoginFound::Asked { login, now },
            None => LoginFound::Unknown,
        })
    }

    /// The person says that it is they who log in there.
    pub async fn confirm_login(&self, by: &PersonId, id: LoginId) -> Result<LoginAnswered> {
        self.answer_login(by, id, true).await
    }

    /// The person says that it is not.
    pub async fn refuse_login(&self, by: &PersonId, id: LoginId) -> Result<LoginAnswered> {
        self.answer_login(by, id, false).await
    }

    async fn answer_login(&self, by: &PersonId, id: LoginId, yes: bool) -> Result<LoginAnswered> {
        let standing = self.standing(by).await?;
        if !standing.is_member() {
            return Ok(LoginAnswered::NotMember(standing));
        }
        let (now, by) = (self.now(), by.clone());
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(login) = tx.login(id).await? else { return Ok(LoginAnswered::Unknown) };
                let login = match login.answer(&by, yes, now) {
                    Ok(login) => login,
                    Err(why) => {
                        let by_you =
                            matches!(&why, NoAnswer::Answered { by: other, .. } if *other == by);
                        return Ok(LoginAnswered::Nothing { why, by_you });
                    }
                };
                tx.update_login(&login).await?;
                let device = TextHash::of(&login.device);
                let what = if yes {
                    What::LoginConfirmed { login: id, device }
                } else {
                    What::LoginRefused { login: id, device }
                };
                tx.append(now, Actor::Person(by), what).await?;
                Ok(if yes {
                    LoginAnswered::Confirmed(login)
                } else {
                    LoginAnswered::Refused(login)
                })
            })
        });
        Ok(self.parts.store.write(work).await?)
    }
}
