//! The command line, and the help it gives. What a command takes stands beside what it does.

use clap::{Args, Parser, Subcommand};

use super::commands::{
    list::List, login::Login, logout::Logout, shell::Completions, shell::Man, whoami::Whoami,
};
use super::exit::STATUSES;
use super::look::Colours;

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
    /// List the agents.
    List(List),
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
