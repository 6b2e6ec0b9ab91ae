//! `[slack]`: how the server and the workspace reach each other.

use secrecy::SecretString;

use super::address::WebAddress;
use super::keys::Key;
use super::reader::{Found, Reader};

/// How the server and the workspace reach each other.
#[derive(Debug, Clone)]
pub struct Slack {
    /// Where the Web API is, without a slash at its end.
    pub api_url: WebAddress,
    /// The bot's token.
    pub bot_token: SecretString,
    /// How Slack reaches the server.
    pub mode: Mode,
}

/// How Slack reaches the server, with the secret that it takes.
#[derive(Debug, Clone)]
pub enum Mode {
    /// The server calls out and keeps a socket open.
    Socket {
        /// The app-level token.
        app_token: SecretString,
    },
    /// Slack calls the server.
    Http {
        /// The secret that Slack signs its requests with.
        signing_secret: SecretString,
    },
}

impl Mode {
    /// The mode as settings write it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Socket { .. } => "socket",
            Self::Http { .. } => "http",
        }
    }
}

const BOT_TOKEN: &str =
    "the bot speaks with it (xoxb-…, on the app's page \"OAuth & Permissions\")";
const APP_TOKEN: &str = "mode \"socket\" connects with it (xapp-…, on the app's page \
                         \"Basic Information\", scope connections:write)";
const SIGNING_SECRET: &str = "mode \"http\" tells Slack's requests from forged ones by it (on the \
                              app's page \"Basic Information\")";

impl Slack {
    /// Reads the section. Each secret that is set is checked, also the one that the mode does not take.
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let api_url = reader.parsed(Key::SLACK_API_URL, api_url).set();
        let bot_token = reader.secret(Key::BOT_TOKEN, |text| BOT_FORM.check(text));
        let app_token = reader.secret(Key::APP_TOKEN, |text| APP_FORM.check(text));
        let signing_secret = reader.secret(Key::SIGNING_SECRET, |text| SECRET_FORM.check(text));
        let mode = reader.parsed(Key::SLACK_MODE, |text| match text {
            "socket" | "http" => Ok(text == "socket"),
            _ => Err("allowed are \"socket\" and \"http\"".to_owned()),
        });
        let bot_token = needed(reader, bot_token, Key::BOT_TOKEN, BOT_TOKEN);
        let mode = match mode.set()? {
            true => needed(reader, app_token, Key::APP_TOKEN, APP_TOKEN)
                .map(|app_token| Mode::Socket { app_token }),
            false => needed(reader, signing_secret, Key::SIGNING_SECRET, SIGNING_SECRET)
                .map(|signing_secret| Mode::Http { signing_secret }),
        };
        Some(Self { api_url: api_url?, bot_token: bot_token?, mode: mode? })
    }
}

/// The bot's token travels to this address: in the clear it may only reach this machine.
fn api_url(text: &str) -> Result<WebAddress, String> {
    let address: WebAddress = text.parse()?;
    if address.is_exposed() {
        return Err(
            "tokens are sent there, so begin it with https:// (http:// is for a stand-in on \
                    this machine, such as http://127.0.0.1:4545/api)"
                .to_owned(),
        );
    }
    Ok(address)
}

fn needed<T>(reader: &mut Reader, found: Found<T>, key: Key, why: &'static str) -> Option<T> {
    if matches!(found, Found::Unset) {
        reader.missing(key, why);
    }
    found.set()
}

/// What a setting is, and what its value cannot begin with. Slack's tokens say what they are, and the
/// commonest mistake is to paste one into another's place
/// (<https://docs.slack.dev/authentication/tokens>).
struct Form {
    is: &'static str,
    not: &'static [(&'static str, &'static str)],
}

const BOT_FORM: Form = Form {
    is: "the bot's token (xoxb-…)",
    not: &[
        ("xapp-", "an app-level token"),
        ("xoxp-", "a person's token"),
        ("xoxe.xoxp-", "a configuration token"),
        ("xoxe-", "a refresh token"),
    ],
};

const APP_FORM: Form = Form {
    is: "the app-level token (xapp-…)",
    not: &[
        ("xoxb-", "a bot's token"),
        ("xoxp-", "a person's token"),
        ("xoxe", "a configuration or refresh token"),
    ],
};

const SECRET_FORM: Form =
    Form { is: "the signing secret", not: &[("xox", "a token"), ("xapp-", "an app-level token")] };

impl Form {
    fn check(&self, text: &str) -> Result<(), String> {
        match self.not.iter().find(|(prefix, _)| text.starts_with(prefix)) {
            None => Ok(()),
            Some((prefix, other)) => {
                Err(format!("it begins with {prefix}, which is {other}; put {} here", self.is))
            }
        }
    }
}
