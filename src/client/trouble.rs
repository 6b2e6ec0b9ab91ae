//! Why a command did not do what it was asked, and what to do next: the words, and the exit status.

use serde_json::{Map, Value, json};

use super::exit::Exit;
use super::words::{Told, harmless};
use crate::contract::about::{API_VERSION, About};
use crate::contract::problem::{KIND, Problem};
use crate::domain::agent::Slug;

/// Why a command did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The server said no, and why.
    Problem(Box<Problem>),
    /// No connection, or no answer in time.
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// What went wrong on the way.
        why: String,
    },
    /// Something answers there, and it is not Countersign.
    NotCountersign {
        /// Where.
        address: String,
    },
    /// Nobody said where the server is.
    NoServer,
    /// Nobody is logged in there.
    LoggedOut {
        /// Where.
        address: String,
    },
    /// The login, or the token, is not accepted any more.
    Expired {
        /// Where.
        address: String,
        /// The server's reason.
        why: String,
        /// What it was: a login is made anew; a token in the environment is somebody else's to renew.
        what: Shown,
    },
    /// The server has left behind what this client speaks.
    TooNew {
        /// The server.
        about: Box<About>,
    },
    /// The server does not speak yet what this client speaks.
    TooOld {
        /// The server.
        about: Box<About>,
    },
    /// Something is missing, and nobody can be asked.
    Missing {
        /// What is missing, as a question.
        what: String,
        /// What to add to the command line.
        flag: String,
    },
    /// Whatever else, in its own words.
    Told {
        /// The status.
        exit: Exit,
        /// One word for programs: `bad_config`.
        kind: &'static str,
        /// The words.
        told: Box<Told>,
    },
    /// Whoever read the output has gone: nobody is left to tell.
    Closed,
}

/// What was shown to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A person's login.
    Login,
    /// `COUNTERSIGN_TOKEN`, or another token from outside.
    Token,
    /// The key of this agent.
    Key(Slug),
}

impl Trouble {
    /// In its own words.
    pub fn told(exit: Exit, kind: &'static str, told: Told) -> Self {
        Self::Told { exit, kind, told: Box::new(told) }
    }

    /// Wrong use: what is wrong, and what would do.
    pub fn usage(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::told(Exit::Usage, "usage", Told::new(what).next([next.into()]))
    }

    /// Not valid: what is wrong, why, and what would do.
    pub fn invalid(
        what: impl Into<String>,
        why: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self::told(Exit::Invalid, "invalid", Told::new(what).why(why).next([next.into()]))
    }

    /// A file or a folder of this machine.
    pub fn file(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let told = Told::new(format!("{} could not be {doing}.", path.display()))
            .why(format!("{error}"))
            .next(
                ["see who owns the file and its folder, and whether the disk is full".to_owned()],
            );
        Self::told(Exit::Fault, "file", told)
    }

    /// A fault of ours, or of this machine.
    pub fn fault(what: impl Into<String>, why: impl std::fmt::Display) -> Self {
        Self::told(Exit::Fault, "fault", Told::new(what).why(why.to_string()))
    }

    /// The status.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Problem(problem) => Exit::of_http(problem.status),
            Self::Unreachable { .. } => Exit::Away,
            Self::NotCountersign { .. } => Exit::Away,
            Self::NoServer | Self::Missing { .. } => Exit::Usage,
            Self::LoggedOut { .. } | Self::Expired { .. } => Exit::LoggedOut,
            Self::TooNew { .. } | Self::TooOld { .. } => Exit::Versions,
            Self::Told { exit, .. } => *exit,
            Self::Closed => Exit::Done,
        }
    }

    /// Whether it may be otherwise in a moment: whoever waits goes on waiting.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Problem(problem) => matches!(problem.status, 408 | 429 | 500..=599),
            _ => false,
        }
    }

    /// The words.
    pub fn words(&self) -> Told {
        match self {
            Self::Problem(problem) => of_problem(problem),
            Self::Unreachable { address, why } => {
                let told =
                    Told::new(format!("{address} cannot be reached.")).why(harmless(why));
                if why.contains("certificate") {
                    return told.next([
                        "SSL_CERT_FILE=ca.pem agent-cli …   if your company has an authority of its own",
                        "else do not go on: somebody may stand between here and the server",
                    ]);
                }
                told.next([
                    "see whether this machine is online, and the address right",
                    "agent-cli login ADDRESS   to use another server",
                ])
            }
            Self::NotCountersign { address } => {
                Told::new(format!("{address} is not a Countersign server."))
                    .why("something answers there, and not as Countersign does: a proxy, another product, a page to log in at?")
                    .next(["agent-cli login ADDRESS   with the right one: see `/agent help` in Slack"])
            }
            Self::NoServer => Told::new("No server is known yet.")
                .why("agent-cli speaks to your company's Countersign server, and was not told where it is.")
                .next([
                    "agent-cli login https://agents.example.com".to_owned(),
                    "or set COUNTERSIGN_SERVER, or add --server".to_owned(),
                ])
                .row("Help", "`/agent help` in Slack shows the address, or whom to ask for it."),
            Self::LoggedOut { address } => Told::new("You are not logged in.")
                .why(format!("{address} does not know who is asking."))
                .next([format!("agent-cli login {address}")])
                .row("Else", "in a pipeline: COUNTERSIGN_TOKEN; as an agent: COUNTERSIGN_AGENT_KEY."),
            Self::Expired { address, why, what } => expired(address, why, what),
            Self::TooNew { about } => Told::new(format!(
                "This agent-cli ({}) is too old for the server ({}).",
                env!("CARGO_PKG_VERSION"),
                harmless(&about.version)
            ))
            .why(format!(
                "{} speaks versions {} to {} of the interface; this agent-cli speaks version {API_VERSION}.",
                harmless(&about.address),
                about.oldest_api_version,
                about.api_version
            ))
            .next([format!("install agent-cli {} or newer", harmless(&about.version))]),
            Self::TooOld { about } => Told::new(format!(
                "This agent-cli ({}) is newer than the server ({}).",
                env!("CARGO_PKG_VERSION"),
                harmless(&about.version)
            ))
            .why(format!(
                "{} speaks version {} of the interface; this agent-cli needs version {API_VERSION}.",
                harmless(&about.address),
                about.api_version
            ))
            .next([format!(
                "install agent-cli {}, or ask whoever runs the server to update it",
                harmless(&about.version)
            )]),
            Self::Missing { what, flag } => Told::new(what.clone())
                .why("nobody can be asked here: this is not a terminal, or --no-input was given.")
                .next([format!("add {flag}")]),
            Self::Told { told, .. } => (**told).clone(),
            Self::Closed => Told::default(),
        }
    }

    /// One word for programs.
    fn kind(&self) -> &str {
        match self {
            Self::Problem(problem) => problem.kind.strip_prefix(KIND).unwrap_or(&problem.kind),
            Self::Unreachable { .. } => "unreachable",
            Self::NotCountersign { .. } => "not_countersign",
            Self::NoServer => "no_server",
            Self::LoggedOut { .. } => "logged_out",
            Self::Expired { .. } => "login_ended",
            Self::TooNew { .. } => "client_too_old",
            Self::TooOld { .. } => "server_too_old",
            Self::Missing { .. } => "missing",
            Self::Told { kind, .. } => kind,
            Self::Closed => "closed",
        }
    }

    /// For `--json`: the server's own problem, or one of the same shape, with the exit status.
    pub fn json(&self) -> Value {
        let mut members = match self {
            Self::Problem(problem) => match serde_json::to_value(problem) {
                Ok(Value::Object(members)) => members,
                _ => Map::new(),
            },
            _ => {
                let told = self.words();
                let lines = |label: &str| -> Vec<String> {
                    let rows = told.rows.iter().filter(|(name, _)| name == label);
                    rows.flat_map(|(_, lines)| lines.clone()).collect()
                };
                let made = json!({
                    "type": format!("{KIND}{}", self.kind()),
                    "title": told.what,
                    "detail": lines("Why").join(" "),
                    "next": lines("Next"),
                });
                match made {
                    Value::Object(members) => members,
                    _ => Map::new(),
                }
            }
        };
        members.insert("exit".to_owned(), self.exit().status().into());
        Value::Object(members)
    }
}

fn expired(address: &str, why: &str, what: &Shown) -> Told {
    let why = harmless(why);
    match what {
        Shown::Login => {
            Told::new("Your login has ended.").why(why).next([format!("agent-cli login {address}")])
        }
        Shown::Token => Told::new("The token in COUNTERSIGN_TOKEN is not accepted.")
            .why(why)
            .next(["set a fresh one, or unset COUNTERSIGN_TOKEN to use your own login"]),
        Shown::Key(agent) => Told::new("The agent's key is not accepted.").why(why).next([
            format!(
                "agent-cli show {agent}   tells whether it is at work, and what it proves itself by"
            ),
            format!("agent-cli key {agent}   asks that the key of this machine is accepted"),
        ]),
    }
}

fn of_problem(problem: &Problem) -> Told {
    // The title stands alone for programs; people read the sentence that says more.
    let mut title = harmless(&problem.title);
    if !title.ends_with(['.', '!', '?']) {
        title.push('.');
    }
    let fields = problem
        .fields
        .iter()
        .map(|field| format!("{}: {}", harmless(&field.field), harmless(&field.problem)));
    // What is wrong with each field says it all again, and better.
    let why = if problem.fields.is_empty() { harmless(&problem.detail) } else { String::new() };
    let mut told = Told::new(title).why(why).rows("Mend", fields);
    if !problem.near.is_empty() {
        let near: Vec<String> = problem.near.iter().map(|name| harmless(name)).collect();
        told = told.row("Near", near.join(", "));
    }
    if let Some(reference) = &problem.reference {
        told = told.row("See", format!("agent-cli status {}", harmless(reference)));
    }
    told = told.next(problem.next.iter().map(|next| harmless(next)));
    if let Some(seconds) = problem.retry_after {
        told = told.row("Wait", format!("{seconds} seconds, then try again."));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::super::look::{Ink, Look};
    use super::*;

    fn about(api_version: u32, oldest: u32) -> Box<About> {
        Box::new(About {
            product: "countersign".to_owned(),
            version: "3.1.0".to_owned(),
            api_version,
            oldest_api_version: oldest,
            address: "https://agents.example.com".to_owned(),
            slash_command: "/agent".to_owned(),
            now: None,
        })
    }

    /// Each trouble that there is, as people read it.
    #[test]
    fn every_trouble_says_what_happened_why_and_what_to_do_next() {
        let address = || "https://agents.example.com".to_owned();
        let expired = |what| Trouble::Expired {
            address: address(),
            why: "it was not used for 30 days.".to_owned(),
            what,
        };
        let troubles = [
            Trouble::Problem(Box::new(Problem {
                kind: format!("{KIND}no_such_agent"),
                title: "There is no agent `suport-agent`".to_owned(),
                status: 404,
                detail: "nothing of this name is registered here.".to_owned(),
                next: vec!["agent-cli list".to_owned()],
                near: vec!["support-agent-v2".to_owned()],
                fields: Vec::new(),
                retry_after: None,
                reference: None,
            })),
            Trouble::Unreachable { address: address(), why: "connection refused".to_owned() },
            Trouble::Unreachable {
                address: address(),
                why: "invalid peer certificate: UnknownIssuer".to_owned(),
            },
            Trouble::NotCountersign { address: address() },
            Trouble::NoServer,
            Trouble::LoggedOut { address: address() },
            expired(Shown::Login),
            expired(Shown::Token),
            expired(Shown::Key("support-agent-v2".parse().unwrap())),
            Trouble::TooNew { about: about(3, 2) },
            Trouble::TooOld { about: about(0, 0) },
            Trouble::Missing {
                what: "Which agent is it about?".to_owned(),
                flag: "--agent NAME".to_owned(),
            },
            Trouble::file(
                "read",
                std::path::Path::new("/home/dana/x"),
                &std::io::Error::other("permission denied"),
            ),
        ];
        let mut text = String::new();
        for trouble in &troubles {
            let told = trouble.words();
            assert!(told.rows.iter().any(|(label, _)| label == "Next"), "{trouble:?}");
            text.push_str(&format!(
                "[{}]\n{}\n",
                trouble.exit().status(),
                told.render(Ink::Bad, Look::PLAIN)
            ));
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn programs_read_one_shape_whatever_happened() {
        let trouble = Trouble::LoggedOut { address: "https://agents.example.com".to_owned() };
        insta::assert_snapshot!(serde_json::to_string_pretty(&trouble.json()).unwrap());
    }
}
