//! The command line, and the help it gives. What a command takes stands beside what it does.

use clap::{Args, Parser, Subcommand};

use super::commands::appeal::Appeal;
use super::commands::grants::{Extend, Grants, Release, Revoke};
use super::commands::key::Key;
use super::commands::list::List;
use super::commands::login::Login;
use super::commands::logout::Logout;
use super::commands::quiz::Quiz;
use super::commands::register::Register;
use super::commands::request::RequestPermission;
use super::commands::run::Run;
use super::commands::scan::Scan;
use super::commands::shell::{Completions, Man};
use super::commands::show::Show;
use super::commands::status::Status;
use super::commands::stop::Stop;
use super::commands::token::Token;
use super::commands::whoami::Whoami;
use super::commands::why::Why;
use super::exit::STATUSES;
use super::gate;
use super::init;
use super::look::Colours;
use super::mcp;

/// AI agents with an identity, an owner, and no more access than they need.
///
/// Begin with `agent-cli login ADDRESS`. Not sure whether your script is an agent? `agent-cli quiz`
#[derive(Debug, Parser)]
#[command(
    name = "agent-cli",
    version,
    propagate_version = true,
    after_help = "Each command explains itself: agent-cli COMMAND --help",
    after_long_help = STATUSES,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Arguments {
    /// What every command takes.
    #[command(flatten)]
    pub general: General,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "For every command")]
pub struct General {
    /// The server's address [default: COUNTERSIGN_SERVER, or the last login's].
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub server: Option<String>,
    /// Answer with one JSON document; troubles too.
    #[arg(long, global = true)]
    pub json: bool,
    /// Ask nothing: what is missing is an error that names the flag.
    #[arg(long, global = true)]
    pub no_input: bool,
    /// When to use colours; NO_COLOR is honoured.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        visible_alias = "colour",
        hide_possible_values = true
    )]
    pub color: Colours,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Log in, confirmed in Slack.
    Login(Login),
    /// End the login of this machine.
    Logout(Logout),
    /// Say who is logged in where, and what waits for them.
    Whoami(Whoami),
    /// Begin a new agent: a manifest, a small project that works, its registration.
    Init(init::Args),
    /// Register an agent.
    Register(Register),
    /// Let an agent prove itself from this machine, by a key that is made here.
    Key(Key),
    /// List the agents.
    List(List),
    /// Show everything about one agent.
    Show(Show),
    /// Ask people whether an agent may do something for a time.
    #[command(visible_alias = "request")]
    RequestPermission(RequestPermission),
    /// Show how requests stand: who is awaited, since when, for how long usually.
    Status(Status),
    /// Put a no before others, once, with what is new.
    Appeal(Appeal),
    /// List what is granted.
    Grants(Grants),
    /// Hand a grant back.
    Release(Release),
    /// Ask that a grant lasts longer.
    Extend(Extend),
    /// End a grant at once.
    Revoke(Revoke),
    /// Stop an agent at once: everything that it may do ends.
    Stop(Stop),
    /// Explain why an answer at run time was what it was, and the way out.
    Why(Why),
    /// Run a command as an agent, with tokens that are renewed.
    Run(Run),
    /// Print a short-lived token of an agent's.
    Token(Token),
    /// Find out whether something is an agent, in a few plain questions.
    Quiz(Quiz),
    /// Look at a repository for signs of an agent.
    Scan(Scan),
    /// Check, in a pipeline, that the agent of a repository is registered and may have what it needs.
    Gate(gate::Args),
    /// Let an agent ask for itself, over the Model Context Protocol.
    Mcp(mcp::Args),
    /// Print a script that completes commands in a shell.
    Completions(Completions),
    /// Write the manual pages.
    #[command(hide = true)]
    Man(Man),
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
        let mut text = String::new();
        let mut command = Arguments::command().term_width(100);
        command.build();
        text.push_str(&format!("$ agent-cli --help\n{}\n", command.render_long_help()));
        for child in command.get_subcommands_mut() {
            let name = format!("agent-cli {}", child.get_name());
            let help = child.clone().bin_name(&name).term_width(100).render_help();
            text.push_str(&format!("$ {name} -h\n{help}\n"));
        }
        insta::assert_snapshot!(text);
    }
}
