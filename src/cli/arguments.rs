//! The command line, and the help it gives.

#[cfg(feature = "sandbox")]
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::exit::STATUSES;
use crate::domain::certification::Standing;
use crate::domain::request::Reference;
use crate::domain::time::Span;
use crate::service::trace::named::{FORMS, Named};

/// Identities, owners, approvals and time-boxed grants for AI agents, in Slack.
///
/// Try it with `countersign sandbox`: no Slack, no database, no configuration needed.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, after_help = STATUSES, propagate_version = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server.
    ///
    /// It ends at Ctrl-C or SIGTERM, after what it has begun is done.
    Serve(ConfigFile),
    /// Try it: the server beside a stand-in Slack workspace, as a page in the browser.
    ///
    /// Nothing leaves this machine. A second start finds its data again.
    #[cfg(feature = "sandbox")]
    Sandbox(Sandbox),
    /// Check the configuration, the policy, the database and Slack, and say what to fix.
    ///
    /// Changes nothing, sends no message.
    Doctor(Doctor),
    /// Check, test, compare and explain a policy folder.
    Policy {
        /// What to do with it.
        #[command(subcommand)]
        command: Policy,
    },
    /// Read the audit log, and prove that nobody has changed it.
    Audit {
        /// What to do with it.
        #[command(subcommand)]
        command: Audit,
    },
    /// Print where all agents stand with their reviews: who is done, who is late.
    Certifications(Certifications),
    /// Tell the story of a call, a token, a deed or a grant: back to the people who allowed it.
    Trace(Trace),
    /// Print all agents: for a service catalogue (Backstage), as JSON, or for a spreadsheet.
    Export(Export),
    /// Export the timeline of an incident: what led to it, who allowed what, what followed.
    Incident(Incident),
    /// Take what was found elsewhere and may be an agent: service accounts, keys, apps.
    Discover {
        /// What to do with it.
        #[command(subcommand)]
        command: Discover,
    },
    /// Show the settings in force, or all there are.
    Config {
        /// Which.
        #[command(subcommand)]
        command: Config,
    },
}

impl Command {
    /// Whether it runs until it is stopped, with a log of its own.
    pub(super) const fn is_a_server(&self) -> bool {
        match self {
            Self::Serve(_) => true,
            #[cfg(feature = "sandbox")]
            Self::Sandbox(_) => true,
            _ => false,
        }
    }
}

/// Where the settings are.
#[derive(Debug, Clone, Default, Args)]
pub struct ConfigFile {
    /// The configuration file; without one, the defaults and the environment's COUNTERSIGN_… count.
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
}

/// How to run the stand-in workspace.
#[cfg(feature = "sandbox")]
#[derive(Debug, Clone, Args)]
pub struct Sandbox {
    /// The address and port of the page; on this machine only.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4545", value_parser = loopback)]
    pub listen: SocketAddr,
    /// The folder that keeps the data from one start to the next.
    #[arg(long, value_name = "FOLDER", default_value = "countersign-data/sandbox")]
    pub data: PathBuf,
    /// Throw the data away and start over.
    #[arg(long)]
    pub fresh: bool,
}

/// The stand-in lets everybody be anybody: it is for this machine alone.
#[cfg(feature = "sandbox")]
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .replacen("localhost", "127.0.0.1", 1)
        .parse()
        .map_err(|_| "write an address and a port, such as 127.0.0.1:4545".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("in the stand-in everybody may be anybody, so it listens on this machine only: \
             use 127.0.0.1 or [::1]"
            .to_owned())
    }
}

/// What to check.
#[derive(Debug, Clone, Args)]
pub struct Doctor {
    /// Where the settings are.
    #[command(flatten)]
    pub file: ConfigFile,
    /// Print JSON: an object a line, a line a check.
    #[arg(long)]
    pub json: bool,
}

/// What to do with a policy.
#[derive(Debug, Clone, Subcommand)]
pub enum Policy {
    /// Name every mistake in the folder with its file, its line and its cure.
    Check(PolicyFolder),
    /// Run the folder's own tests (tests/*.toml).
    Test(PolicyFolder),
    /// Say what a new policy would change, and mark what opens more than before.
    Plan {
        /// The folder of the old policy.
        old: PathBuf,
        /// The folder of the new policy.
        new: PathBuf,
    },
    /// Say who would decide a request, why they, and within which time.
    Explain {
        /// What is asked for, such as `database:read`; or `registration`.
        access: String,
        /// The agent's tier.
        #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
        tier: u8,
        /// The agent's team.
        #[arg(long)]
        team: String,
        /// For how long, such as `30m` or `8h`.
        #[arg(long = "for", value_name = "TIME", default_value = "30m")]
        lasting: Span,
        /// The policy's folder [default: the configured one, or the starter policy].
        #[arg(long, value_name = "FOLDER")]
        policy: Option<PathBuf>,
        /// Where the settings are.
        #[command(flatten)]
        file: ConfigFile,
    },
}

/// Which policy.
#[derive(Debug, Clone, Args)]
pub struct PolicyFolder {
    /// The policy's folder [default: the configured one, or the starter policy].
    pub folder: Option<PathBuf>,
    /// Where the settings are.
    #[command(flatten)]
    pub file: ConfigFile,
}

/// What to do with the log.
#[derive(Debug, Clone, Subcommand)]
pub enum Audit {
    /// Check every line of the log against the one before, and every record against its seal in the
    /// log; name the first that is bad.
    ///
    /// Keep the head that it prints somewhere else, and give it to a later check as --head: then even
    /// a log that was rewritten from its beginning is found.
    Verify {
        /// Where the settings are.
        #[command(flatten)]
        file: ConfigFile,
        /// A head that was printed earlier: the log must still contain it.
        #[arg(long, value_name = "LINE:HASH", value_parser = super::audit::Anchor::parse)]
        head: Option<super::audit::Anchor>,
    },
    /// Print the newest lines of the log, the newest last.
    List {
        /// Where the settings are.
        #[command(flatten)]
        file: ConfigFile,
        /// Print JSON: an object a line, with the body exactly as it was hashed.
        #[arg(long)]
        json: bool,
        /// Only lines about this agent, its requests and its grants.
        #[arg(long, value_name = "AGENT")]
        agent: Option<String>,
        /// How many lines at most.
        #[arg(long, value_name = "N", default_value_t = 50,
              value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
}

/// How to print the reviews.
#[derive(Debug, Clone, Args)]
pub struct Certifications {
    /// A table for a spreadsheet, or an object a line.
    #[arg(long, value_enum, default_value = "csv")]
    pub format: ListFormat,
    /// Only those that stand so: suspended, late, due, certified or stopped.
    #[arg(long, value_name = "STANDING", value_parser = standing)]
    pub standing: Option<Standing>,
    /// Only those of this team.
    #[arg(long, value_name = "TEAM")]
    pub team: Option<String>,
    /// Where the settings are.
    #[command(flatten)]
    pub file: ConfigFile,
}

/// Where agents can stand with their reviews.
fn standing(word: &str) -> Result<Standing, String> {
    let all = Standing::ALL.map(Standing::word).join(", ");
    Standing::called(word).ok_or_else(|| format!("write one of {all}"))
}

/// How a list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ListFormat {
    /// Comma-separated values with a line of names (RFC 4180).
    Csv,
    /// JSON: an object a line.
    Json,
}

/// What to tell the story of.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = format!("What a story may begin with:\n{FORMS}"))]
pub struct Trace {
    /// An id or a reference, as answers, tokens and Slack carry them.
    #[arg(value_name = "ID")]
    pub named: Named,
    /// Print JSON: one object with all that the record holds.
    #[arg(long)]
    pub json: bool,
    /// Where the settings are.
    #[command(flatten)]
    pub file: ConfigFile,
}

/// How to print the registry.
#[derive(Debug, Clone, Args)]
pub struct Export {
    /// In which form.
    #[arg(long, value_enum, default_value_t = ExportFormat::Json)]
    pub format: ExportFormat,
    /// Where the settings are.
    #[command(flatten)]
    pub file: ConfigFile,
}

/// What to do with findings.
#[derive(Debug, Clone, Subcommand)]
pub enum Discover {
    /// Hold a list of findings against the registry; security is told of those that no agent claims.
    ///
    /// CSV with a header, or JSON with an object a line: external_id, name, kind, owner; whatever else
    /// stands there is kept as a detail. The same list may be imported again: what is known counts once.
    /// Never put keys into it: what looks like one is refused.
    Import(Import),
}

/// Which findings.
#[derive(Debug, Clone, Args)]
pub struct Import {
    /// The file; - for standard input.
    #[arg(value_name = "FILE")]
    pub findings: PathBuf,
    /// How it is written [default: by its name, or by how it begins].
    #[arg(long, value_enum)]
    pub format: Option<super::discover::Format>,
    /// Where they were found, such as aws-iam; unless the file says it in a column `source`.
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Say what would become of each, and record nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Where the settings are.
    #[command(flatten)]
    pub file: ConfigFile,
}

/// Which incident, and how it is told.
#[derive(Debug, Clone, Args)]
pub struct Incident {
    /// The incident, as Slack calls it: I-12.
    #[arg(value_name = "INCIDENT")]
    pub reference: Reference,
    /// For people, for programs, or for a document.
    #[arg(long, value_enum, default_value = "text")]
    pub format: TimelineFormat,
    /// Where the settings are.
    #[command(flatten)]
    pub file: ConfigFile,
}

/// The forms of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// As `/api/v1/registry` gives it, without people's names.
    Json,
    /// Entities of Backstage, a YAML document for each agent.
    Backstage,
    /// A line for each agent.
    Csv,
}

/// How a story is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TimelineFormat {
    /// Lines for a terminal.
    Text,
    /// One JSON object with all that the record holds.
    Json,
    /// A document.
    Markdown,
}

/// Which settings.
#[derive(Debug, Clone, Subcommand)]
pub enum Config {
    /// The settings in force, where each one is from, and what is wrong; secrets are hidden.
    Show(ConfigFile),
    /// All settings with their defaults and meaning: a configuration file to begin with.
    Default,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    /// The help of every command, as it is printed.
    #[test]
    fn the_help_says_what_there_is() {
        fn collect(command: &mut clap::Command, name: &str, text: &mut String) {
            let help = command.clone().bin_name(name).term_width(100).render_long_help();
            text.push_str(&format!("$ {name} --help\n{help}\n"));
            for child in command.get_subcommands_mut().filter(|child| child.get_name() != "help") {
                let name = format!("{name} {}", child.get_name());
                collect(child, &name, text);
            }
        }
        let mut text = String::new();
        let mut command = Arguments::command();
        command.build();
        collect(&mut command, "countersign", &mut text);
        insta::assert_snapshot!(text);
    }

    #[cfg(feature = "sandbox")]
    #[test]
    fn the_sandbox_stays_on_this_machine() {
        assert!(loopback("127.0.0.1:0").is_ok());
        assert!(loopback("localhost:4545").is_ok());
        assert!(loopback("[::1]:4545").is_ok());
        assert!(loopback("0.0.0.0:4545").is_err());
        assert!(loopback("4545").is_err());
    }
}
