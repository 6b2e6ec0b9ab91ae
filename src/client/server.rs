//! The server, as whoever calls it: each question with the proof that the caller has, renewed when it is
//! due, and each answer read or turned into words.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use hyper::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, OnceCell};

use super::address::Address;
use super::agent_key::AgentKey;
use super::exit::Exit;
use super::http::{Answer, Http, Sent};
use super::logins::{Login, Logins};
use super::trouble::{Shown, Trouble};
use super::words::{Told, harmless};
use crate::clock::{Clock, Entropy, SystemClock};
use crate::contract::about::{API_VERSION, About};
use crate::contract::login::{CLIENT_ID, OAuthRefusal, PersonTokens};
use crate::contract::problem::{KIND, Problem};
use crate::domain::agent::Slug;
use crate::domain::time::Timestamp;

/// A token that ends within so many seconds is renewed before it is shown.
const SOON: i64 = 30;
/// How often an agent proves itself where the server cannot look at the proof just now.
const PROOFS: u32 = 4;
/// The longest pause between two proofs, in seconds.
const LONGEST_PAUSE: u64 = 5;

/// By what the caller proves who is asking.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// By nothing: enough for what everybody may read.
    Nobody,
    /// By a token from outside, as it is: `COUNTERSIGN_TOKEN`, a pipeline's own identity.
    Token(SecretString),
    /// By a person's login, renewed as it is needed.
    Login(Logins),
    /// By an agent's key: a token of its own is fetched as it is needed.
    Agent {
        /// The agent.
        name: Slug,
        /// Its key.
        key: Arc<AgentKey>,
    },
}

/// A token, and from when on it is worth nothing.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token.
    pub text: SecretString,
    /// Its end.
    pub until: Timestamp,
}

/// The server.
pub struct Server {
    http: Http,
    credentials: Credentials,
    about: OnceCell<(About, TimeDelta)>,
    token: Mutex<Option<Token>>,
    clock: Arc<dyn Clock>,
    chance: Entropy,
}

/// What `/oauth/token` gives an agent.
#[derive(serde::Deserialize)]
struct AgentToken {
    access_token: String,
    expires_in: u64,
}

impl Server {
    /// The server at an address, called by this proof. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When the address is none, or this machine cannot speak TLS.
    pub fn open(address: &str, credentials: Credentials) -> Result<Self, Trouble> {
        let address: Address = address.parse().map_err(bad_address)?;
        Ok(Self {
            http: Http::to(address)?,
            credentials,
            about: OnceCell::new(),
            token: Mutex::new(None),
            clock: Arc::new(SystemClock),
            chance: Entropy::from_system(),
        })
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        self.http.address()
    }

    /// By what the caller proves who is asking.
    pub const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Which server it is; asked once, before anything secret is sent to it.
    ///
    /// # Errors
    ///
    /// When it is not Countersign, cannot be reached, or does not speak what this client speaks.
    pub async fn about(&self) -> Result<&About, Trouble> {
        Ok(&self.known().await?.0)
    }

    /// Which server it is, and how far its clock is ahead of this machine's.
    async fn known(&self) -> Result<&(About, TimeDelta), Trouble> {
        let ask = || async {
            let about = self.ask_about().await?;
            // One that speaks of another address could have a proof made out to that, for later.
            let there = about.now.filter(|_| about.address == self.address().as_str());
            let ahead = there.map_or(TimeDelta::zero(), |there| there - self.clock.now());
            Ok((about, ahead))
        };
        self.about.get_or_try_init(ask).await
    }

    async fn ask_about(&self) -> Result<About, Trouble> {
        let answer = self.http.send(&Sent::get("/api/v1/about")).await?;
        let other = || Trouble::NotCountersign { address: self.address().to_string() };
        if matches!(answer.status, 429 | 500..=599) {
            return Err(Trouble::Problem(Box::new(self.problem(&answer))));
        }
        let about: About = (answer.status == 200)
            .then(|| serde_json::from_slice(&answer.body).ok())
            .flatten()
            .filter(|about: &About| about.product == "countersign")
            .ok_or_else(other)?;
        if about.oldest_api_version > API_VERSION {
            return Err(Trouble::TooNew { about: Box::new(about) });
        }
        if about.api_version < API_VERSION {
            return Err(Trouble::TooOld { about: Box::new(about) });
        }
        Ok(about)
    }

    /// Reads what is at a path, such as `/api/v1/me`.
    ///
    /// # Errors
    ///
    /// The server's no, or why there is no answer.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        self.call(Sent::get(path)).await
    }

    /// Sends something to a path; once, also where it had to be sent again.
    ///
    /// # Errors
    ///
    /// As [`Server::get`].
    pub async fn post<B: Serialize + ?Sized, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, Trouble> {
        let body = serde_json::to_vec(body)
            .map_err(|error| Trouble::fault("The question could not be written down.", error))?;
        self.call(Sent {
            method: Method::POST,
            path: path.to_owned(),
            body: Some(("application/json", body.into())),
            token: None,
            key: Some(self.fresh_id()),
        })
        .await
    }

    /// Sends an OAuth form, as nobody but what the form says; the answer, or the OAuth refusal.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    pub async fn form<T: DeserializeOwned>(
        &self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<Result<T, OAuthRefusal>, Trouble> {
        self.about().await?;
        let body = serde_urlencoded::to_string(fields)
            .map_err(|error| Trouble::fault("The form could not be written down.", error))?;
        let answer = self
            .http
            .send(&Sent {
                method: Method::POST,
                path: path.to_owned(),
                body: Some(("application/x-www-form-urlencoded", Bytes::from(body))),
                token: None,
                key: None,
            })
            .await?;
        if answer.status < 300 {
            return self.read(&answer).map(Ok);
        }
        match serde_json::from_slice::<OAuthRefusal>(&answer.body) {
            Ok(refusal) if answer.status < 500 && answer.status != 429 => Ok(Err(refusal)),
            Ok(refusal) => {
                let detail = described(refusal);
                let problem = Problem { detail, ..self.problem(&answer) };
                Err(Trouble::Problem(Box::new(problem)))
            }
            Err(_) => Err(Trouble::Problem(Box::new(self.problem(&answer)))),
        }
    }

    /// The token that is shown to the server now, renewed if it was due; `None` for nobody.
    ///
    /// # Errors
    ///
    /// When nobody is logged in, or the login has ended.
    pub async fn token(&self) -> Result<Option<Token>, Trouble> {
        let now = self.clock.now();
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| is_fresh(token.until, now)) {
            return Ok(Some(token.clone()));
        }
        let token = match &self.credentials {
            Credentials::Nobody => return Ok(None),
            Credentials::Token(text) => Token { text: text.clone(), until: Timestamp::MAX_UTC },
            Credentials::Login(logins) => self.token_of_login(logins, None).await?,
            Credentials::Agent { .. } => self.agent_token(None).await?,
        };
        *kept = Some(token.clone());
        Ok(Some(token))
    }

    /// A fresh token of the agent's own, for this audience (the server itself, if none is named).
    ///
    /// # Errors
    ///
    /// When the caller is no agent with a key, or the key is not accepted.
    pub async fn agent_token(&self, audience: Option<&str>) -> Result<Token, Trouble> {
        let Credentials::Agent { name, key } = &self.credentials else {
            return Err(Trouble::invalid(
                "Only an agent gets a token of its own.",
                "no agent's key was given: a person's login is for agent-cli alone.",
                "agent-cli token --agent NAME   where the agent's key is",
            ));
        };
        let mut tries = 1;
        let answer = loop {
            match self.token_by_proof(name, key, audience).await {
                // A server that woke from a long sleep makes its own keys first; a proof is good once.
                Err(Trouble::Problem(problem)) if problem.status == 503 && tries < PROOFS => {
                    let pause = problem.retry_after.unwrap_or(1).clamp(1, LONGEST_PAUSE);
                    tokio::time::sleep(Duration::from_secs(pause)).await;
                    tries += 1;
                }
                answer => break answer?,
            }
        };
        let now = self.clock.now();
        match answer {
            Ok(given) => {
                let seconds = i64::try_from(given.expires_in).unwrap_or(0).min(366 * 24 * 3600);
                let until = now + TimeDelta::seconds(seconds);
                Ok(Token { text: given.access_token.into(), until })
            }
            Err(no) if no.error == "invalid_client" => {
                Err(self.ended(described(no), Shown::Key(name.clone())))
            }
            Err(no) if no.error == "invalid_target" => Err(Trouble::invalid(
                format!("{name} gets no token for `{}`.", harmless(audience.unwrap_or_default())),
                described(no),
                "--for https://crm.example.com   the service's address, as it knows itself",
            )),
            Err(no) => Err(Trouble::invalid(
                format!("{name} gets no token."),
                described(no),
                format!("agent-cli show {name}   shows its state and its credentials"),
            )),
        }
    }

    /// What the server says to a fresh proof of the agent's.
    async fn token_by_proof(
        &self,
        name: &Slug,
        key: &AgentKey,
        audience: Option<&str>,
    ) -> Result<Result<AgentToken, OAuthRefusal>, Trouble> {
        let (about, ahead) = self.known().await?;
        let here = self.clock.now();
        let there = here.checked_add_signed(*ahead).unwrap_or(here);
        let proof = key.proof(name.as_str(), &about.address, there, &self.fresh_id())?;
        let mut fields = vec![
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", proof.as_str()),
        ];
        if let Some(audience) = audience {
            // An address is a resource (RFC 8707); a name is an audience (RFC 8693).
            let kind = if audience.contains("://") { "resource" } else { "audience" };
            fields.push((kind, audience));
        }
        self.form("/oauth/token", &fields).await
    }

    /// The login's access token; renewed, if it is due, or is the one that was `refused`.
    async fn token_of_login(
        &self,
        logins: &Logins,
        refused: Option<&SecretString>,
    ) -> Result<Token, Trouble> {
        let logged_out = || Trouble::LoggedOut { address: self.address().to_string() };
        let now = self.clock.now();
        let good = |login: &Login| {
            let same = |text: &SecretString| text.expose_secret() == login.access.expose_secret();
            is_fresh(login.access_until, now) && !refused.is_some_and(same)
        };
        let login = logins.load()?.ok_or_else(logged_out)?;
        if good(&login) {
            return Ok(Token { text: login.access, until: login.access_until });
        }
        let _held = logins.hold().await?;
        // Another command may have renewed it meanwhile.
        let login = logins.load()?.ok_or_else(logged_out)?;
        if good(&login) {
            return Ok(Token { text: login.access, until: login.access_until });
        }
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", login.refresh.expose_secret()),
            ("client_id", CLIENT_ID),
        ];
        match self.form::<PersonTokens>("/oauth/token", &fields).await? {
            Ok(tokens) => {
                let login = Login::given(tokens, now);
                logins.save(&login)?;
                Ok(Token { text: login.access, until: login.access_until })
            }
            Err(no) => {
                // It will never be good again.
                logins.forget()?;
                Err(self.ended(described(no), Shown::Login))
            }
        }
    }

    /// Sends something with the caller's proof.
    async fn call<T: DeserializeOwned>(&self, mut sent: Sent) -> Result<T, Trouble> {
        self.about().await?;
        let Some(token) = self.token().await? else {
            return Err(Trouble::LoggedOut { address: self.address().to_string() });
        };
        sent.token = Some(token.text.clone());
        let mut answer = self.http.send(&sent).await?;
        if answer.status == 401
            && let Some(renewed) = self.renewed(&token.text).await?
        {
            sent.token = Some(renewed);
            answer = self.http.send(&sent).await?;
        }
        match answer.status {
            200..=299 => self.read(&answer),
            401 => {
                let problem = self.problem(&answer);
                let shown = match &self.credentials {
                    Credentials::Login(_) => Shown::Login,
                    Credentials::Agent { name, .. } => Shown::Key(name.clone()),
                    Credentials::Token(_) | Credentials::Nobody => Shown::Token,
                };
                Err(self.ended(problem.detail, shown))
            }
            _ => Err(Trouble::Problem(Box::new(self.problem(&answer)))),
        }
    }

    /// Another token after one that was refused, if there can be one.
    async fn renewed(&self, refused: &SecretString) -> Result<Option<SecretString>, Trouble> {
        let token = match &self.credentials {
            Credentials::Nobody | Credentials::Token(_) => return Ok(None),
            Credentials::Login(logins) => self.token_of_login(logins, Some(refused)).await?,
            Credentials::Agent { .. } => self.agent_token(None).await?,
        };
        *self.token.lock().await = Some(token.clone());
        Ok(Some(token.text))
    }

    fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, Trouble> {
        // `204 No Content` is read as nothing.
        let body: &[u8] = if answer.body.is_empty() { b"null" } else { &answer.body };
        serde_json::from_slice(body).map_err(|error| {
            let told = Told::new("The server's answer was not understood.")
                .why(format!("{error}; client and server may be of versions that do not fit."))
                .next(["agent-cli --version, and compare it with the server's: agent-cli whoami"]);
            Trouble::told(Exit::Versions, "not_understood", told)
        })
    }

    /// The server's no, or one in our words where something on the way spoke for it.
    fn problem(&self, answer: &Answer) -> Problem {
        let read: Option<Problem> = (answer.kind == "application/problem+json")
            .then(|| serde_json::from_slice(&answer.body).ok())
            .flatten();
        let status = answer.status;
        let mut problem = read.unwrap_or_else(|| Problem {
            kind: format!("{KIND}http_{status}"),
            title: format!("{} could not answer ({status})", self.address()),
            status,
            detail: "something between here and the server, or the server itself, gave up."
                .to_owned(),
            next: vec!["try again in a moment".to_owned()],
            near: Vec::new(),
            fields: Vec::new(),
            retry_after: None,
            reference: None,
        });
        problem.retry_after = problem.retry_after.or(answer.retry_after);
        problem
    }

    fn ended(&self, why: String, what: Shown) -> Trouble {
        Trouble::Expired { address: self.address().to_string(), why, what }
    }

    fn fresh_id(&self) -> String {
        self.chance.ulid(self.clock.now()).to_string()
    }
}

/// For people who typed an address.
pub fn bad_address(error: super::address::BadAddress) -> Trouble {
    Trouble::usage(
        format!("{error}."),
        "agent-cli login https://agents.example.com   (see `/agent help` in Slack)",
    )
}

fn described(no: OAuthRefusal) -> String {
    no.error_description.filter(|words| !words.is_empty()).unwrap_or(no.error)
}

fn is_fresh(until: Timestamp, now: Timestamp) -> bool {
    (until - now).num_seconds() > SOON
}
