//! `agent-cli login`: a person logs in (RFC 8628). The terminal shows a code; the person types it in
//! Slack, where they are known; the terminal gets its tokens.

use std::time::Duration;

use clap::Args;
use serde_json::Value;
use tokio::time::Instant;

use super::super::address::Address;
use super::super::exit::Exit;
use super::super::look::{Ink, Look};
use super::super::server::{Credentials, Server, bad_address};
use super::super::session::Session;
use super::super::trouble::Trouble;
use super::super::words::{Told, harmless};
use super::whoami::called;
use crate::contract::login::{
    CLIENT_ID, DEVICE_CODE, DeviceAuthorization, OAuthRefusal, PersonTokens,
};
use crate::contract::people::Me;
use crate::domain::time::Span;

/// By how much the pause grows when the server says that it is asked too often (RFC 8628, section 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// The shortest pause between two questions.
const SHORTEST: Duration = Duration::from_millis(200);

/// Where to log in, and as what.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
agent-cli shows a code; type it in Slack, and the login is yours. No password, nothing to copy back.
In a pipeline nobody can answer: set COUNTERSIGN_TOKEN there, or COUNTERSIGN_AGENT_KEY for an agent.")]
pub struct Login {
    /// The server's address [default: the one that is known].
    pub address: Option<String>,
    /// Send the question to this person in Slack: an e-mail address or a user id.
    #[arg(long = "as", value_name = "PERSON")]
    pub hint: Option<String>,
    /// What this device is called in the question [default: you at this host].
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
}

/// Logs in.
///
/// # Errors
///
/// Why nobody is logged in.
pub async fn run(arguments: Login, session: &Session) -> Result<Exit, Trouble> {
    let address: Address = match &arguments.address {
        Some(typed) => typed.parse().map_err(bad_address)?,
        None => session.address()?,
    };
    // Settings with a mistake, and logins that cannot be kept, are found before anybody is bothered.
    let mut config = session.config()?;
    let logins = session.logins(address.clone())?;
    logins.load()?;
    let server = Server::open(address.as_str(), Credentials::Nobody)?;
    let slash = server.about().await?.slash_command.clone();
    let device = arguments.device.clone().unwrap_or_else(|| device_name(session));
    let mut fields = vec![("client_id", CLIENT_ID), ("device_name", device.as_str())];
    if let Some(hint) = &arguments.hint {
        fields.push(("login_hint", hint));
    }
    let asked: DeviceAuthorization =
        match server.form("/oauth/device_authorization", &fields).await? {
            Ok(asked) => asked,
            Err(no) => return Err(refused(no, "The server gives no code.")),
        };
    let look = session.screen.err;
    session.screen.note(&invitation(&asked, &slash, arguments.hint.as_deref(), &device, look));
    let tokens = wait(&server, &asked).await?;

    let held = logins.hold().await?;
    let before = logins.load()?;
    let login = super::super::logins::Login::given(tokens, session.now());
    logins.save(&login)?;
    drop(held);
    if let Some(before) = before {
        // The login that this one replaces must not stay behind at the server; if it does, it ends by
        // itself when it is not used.
        let _ = super::logout::revoke(&server, &before).await;
    }
    if config.server.as_deref() != Some(address.as_str()) {
        config.server = Some(address.to_string());
        config.save(&session.places()?)?;
    }
    let server = Server::open(address.as_str(), Credentials::Login(logins.clone()))?;
    let me: Me = server.get("/api/v1/me").await?;
    session.screen.answer(&me)?;
    session.screen.tell(Ink::Good, &welcome(&me, &address, &logins.place()))?;
    Ok(Exit::Done)
}

/// Waits until the person has answered in Slack.
async fn wait(server: &Server, asked: &DeviceAuthorization) -> Result<PersonTokens, Trouble> {
    let fields = [
        ("grant_type", DEVICE_CODE),
        ("device_code", asked.device_code.as_str()),
        ("client_id", CLIENT_ID),
    ];
    let mut pause = Duration::from_secs(asked.interval).max(SHORTEST);
    let end = Instant::now() + Duration::from_secs(asked.expires_in);
    loop {
        if Instant::now() + pause > end {
            return Err(nobody_came(asked));
        }
        tokio::time::sleep(pause).await;
        let no = match server.form::<PersonTokens>("/oauth/token", &fields).await {
            Ok(Ok(tokens)) => return Ok(tokens),
            Ok(Err(no)) => no,
            // The code is good all the same when the network comes back.
            Err(trouble) if trouble.may_pass() => continue,
            Err(trouble) => return Err(trouble),
        };
        match no.error.as_str() {
            "authorization_pending" => {}
            "slow_down" => pause += SLOWER,
            "access_denied" => {
                let told = Told::new("The login was refused in Slack.")
                    .why("somebody who saw the code there pressed “Not me”.")
                    .next(["if that was a slip: agent-cli login"]);
                return Err(Trouble::told(Exit::No, "login_refused", told));
            }
            "expired_token" => return Err(nobody_came(asked)),
            _ => return Err(refused(no, "The login did not come about.")),
        }
    }
}

fn nobody_came(asked: &DeviceAuthorization) -> Trouble {
    let within = Span::seconds(u32::try_from(asked.expires_in).unwrap_or(u32::MAX)).words();
    let told = Told::new("Nobody confirmed the login.")
        .why(format!("the code was good for {within}."))
        .next(["agent-cli login   shows a new code"]);
    Trouble::told(Exit::Waiting, "login_not_confirmed", told)
}

fn refused(no: OAuthRefusal, what: &str) -> Trouble {
    let why = harmless(&no.error_description.unwrap_or(no.error));
    Trouble::invalid(what, why, "agent-cli login   tries again")
}

/// What to do in Slack.
fn invitation(
    asked: &DeviceAuthorization,
    slash: &str,
    hint: Option<&str>,
    device: &str,
    look: Look,
) -> String {
    let code = harmless(&asked.user_code);
    let within = Span::seconds(u32::try_from(asked.expires_in).unwrap_or(u32::MAX)).words();
    let command = look.ink(Ink::Strong, &format!("{} login {code}", harmless(slash)));
    let first = match hint.filter(|_| asked.message_sent) {
        Some(hint) => format!(
            "{} got a message in Slack, if they are a member there. It shows this code:\n\n    {}\n\n\
             No message? Type in Slack:  {command}\n",
            harmless(hint),
            look.ink(Ink::Strong, &code)
        ),
        None => format!("To log in, type this in Slack, in any channel:\n\n    {command}\n"),
    };
    format!(
        "{first}\n  {}   {}\n  {}  {within}, for “{}”\n\nWaiting …",
        look.faint("How"),
        harmless(&asked.verification_uri_complete),
        look.faint("Good"),
        harmless(device)
    )
}

fn welcome(me: &Me, address: &Address, kept: &str) -> Told {
    let (who, agents) = match me {
        Me::Person { person, agents, .. } => (called(person), agents.len()),
        // Only people get here; whatever a newer server says is shown by `whoami`.
        _ => ("somebody".to_owned(), 0),
    };
    let next = if agents == 0 {
        [
            "agent-cli register   to register your first agent",
            "agent-cli quiz   if you are not sure whether it is one",
        ]
    } else {
        ["agent-cli list   shows the agents", "agent-cli status   shows what waits"]
    };
    Told::new(format!("You are logged in as {who} at {address}."))
        .row("Kept", format!("in {kept}"))
        .next(next)
}

/// `dana@laptop`, as far as the machine says it.
pub(super) fn device_name(session: &Session) -> String {
    let user = session.environment.get("USER").or_else(|| session.environment.get("LOGNAME"));
    let name = rustix::system::uname();
    let machine = name.nodename().to_str().ok().filter(|name| !name.is_empty());
    match (user, machine) {
        (Some(user), Some(machine)) => format!("{user}@{machine}"),
        (None, Some(one)) | (Some(one), None) => one.to_owned(),
        (None, None) => "a terminal".to_owned(),
    }
}

/// An answer that nobody reads.
pub(super) type Ignored = Value;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::people::Person;

    fn asked(message_sent: bool) -> DeviceAuthorization {
        DeviceAuthorization {
            device_code: "secret".to_owned(),
            user_code: "WDJB-MJHT".to_owned(),
            verification_uri: "https://agents.example.com/device".to_owned(),
            verification_uri_complete: "https://agents.example.com/device?user_code=WDJB-MJHT"
                .to_owned(),
            expires_in: 600,
            interval: 5,
            message_sent,
        }
    }

    #[test]
    fn the_code_is_shown_with_what_to_do() {
        let one = invitation(&asked(false), "/agent", None, "dana@laptop", Look::PLAIN);
        let two =
            invitation(&asked(true), "/agent", Some("dana@acme.com"), "dana@laptop", Look::PLAIN);
        assert!(!format!("{one}{two}").contains("secret"));
        insta::assert_snapshot!(format!("{one}\n\n---\n{two}"));
    }

    #[test]
    fn the_first_words_after_logging_in_say_what_comes_next() {
        let me = |agents: &[&str]| Me::Person {
            person: Person { id: "T0ACME/U0DANA".parse().unwrap(), name: Some("Dana".to_owned()) },
            standing: "member".to_owned(),
            device: "dana@laptop".to_owned(),
            until: "2026-12-30T12:00:00Z".parse().unwrap(),
            agents: agents.iter().map(|name| name.parse().unwrap()).collect(),
            waiting_for_you: 0,
        };
        let address: Address = "https://agents.example.com".parse().unwrap();
        let text = |me: &Me| welcome(me, &address, "the keyring").render(Ink::Good, Look::PLAIN);
        insta::assert_snapshot!(format!(
            "{}\n{}",
            text(&me(&[])),
            text(&me(&["support-agent-v2"]))
        ));
    }
}
