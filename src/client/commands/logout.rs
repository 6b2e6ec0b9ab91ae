//! `agent-cli logout`: ends the login of this machine, here and at the server.

use clap::Args;
use secrecy::ExposeSecret;
use serde_json::json;

use super::super::exit::Exit;
use super::super::logins::Login;
use super::super::look::Ink;
use super::super::server::{Credentials, Server};
use super::super::session::Session;
use super::super::trouble::Trouble;
use super::super::words::Told;
use super::login::Ignored;
use crate::contract::login::CLIENT_ID;

/// Nothing more.
#[derive(Debug, Clone, Args)]
pub struct Logout {}

/// Logs out. What is kept here is forgotten whether or not the server can be told.
///
/// # Errors
///
/// When it cannot be forgotten, or the server could not be told.
pub async fn run(_: Logout, session: &Session) -> Result<Exit, Trouble> {
    let address = session.address()?;
    let logins = session.logins(address.clone())?;
    let held = logins.hold().await?;
    let login = logins.load();
    logins.forget()?;
    drop(held);
    let told = match login {
        Ok(None) => Told::new(format!("Nobody was logged in at {address}.")),
        Ok(Some(login)) => {
            let server = Server::open(address.as_str(), Credentials::Nobody)?;
            if let Err(trouble) = revoke(&server, &login).await {
                let told = Told::new("The login is forgotten here, and may live on at the server.")
                    .why(trouble.words().what)
                    .next(["end it in Slack: App Home lists your logins", "else it ends by itself when it is not used"]);
                return Err(Trouble::told(trouble.exit(), "half_logged_out", told));
            }
            Told::new(format!("You are logged out at {address}."))
        }
        // It could not be read; its file is gone.
        Err(_) => Told::new("The login could not be read, and is forgotten.")
            .row("Note", "it may live on at the server until it ends by itself; App Home in Slack lists your logins."),
    };
    session.screen.answer(&json!({ "server": address.as_str(), "logged_in": false }))?;
    session.screen.tell(Ink::Good, &told)?;
    Ok(Exit::Done)
}

/// Ends a login at the server.
pub(super) async fn revoke(server: &Server, login: &Login) -> Result<(), Trouble> {
    let fields = [
        ("token", login.refresh.expose_secret()),
        ("token_type_hint", "refresh_token"),
        ("client_id", CLIENT_ID),
    ];
    match server.form::<Ignored>("/oauth/revoke", &fields).await? {
        Ok(_) => Ok(()),
        Err(no) => Err(Trouble::invalid(
            "The server did not end the login.",
            super::super::words::harmless(&no.error_description.unwrap_or(no.error)),
            "end it in Slack: App Home lists your logins",
        )),
    }
}
