//! The whole of the binary: the process's arguments, environment and output, around one command.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind as Usage;

use super::arguments::{Arguments, Command, General};
use super::commands;
use super::environment::Environment;
use super::exit::Exit;
use super::gate;
use super::init;
use super::mcp;
use super::screen::Screen;
use super::session::Session;
use super::trouble::Trouble;

/// Does what the process was called for. The TLS provider must be installed before.
pub fn main() -> ExitCode {
    let Arguments { general, command } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help that was asked for is an answer; anything else is a mistake.
            let asked = matches!(error.kind(), Usage::DisplayHelp | Usage::DisplayVersion);
            // The terminal may be gone; there is nobody left to tell.
            let _ = error.print();
            return if asked { Exit::Done.into() } else { Exit::Usage.into() };
        }
    };
    let environment = Environment::of_process();
    let General { server, json, no_input, color } = general;
    let screen = Screen::of_process(&environment, color, json, !no_input);
    match run(screen, environment, server, command) {
        Ok(exit) => exit.into(),
        Err(trouble) => {
            screen.trouble(&trouble);
            trouble.exit().into()
        }
    }
}

fn run(
    screen: Screen,
    environment: Environment,
    server: Option<String>,
    command: Command,
) -> Result<Exit, Trouble> {
    let folder = std::env::current_dir()
        .map_err(|error| Trouble::fault("This folder is not there any more.", error))?;
    // One thread is enough: a client waits for one thing at a time.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::fault("agent-cli could not start.", error))?;
    let session = Session::new(screen, environment, folder, server);
    let done = runtime.block_on(dispatch(&session, command));
    // What is left is a connection that nobody needs any more.
    runtime.shutdown_background();
    let _ = std::io::stdout().flush();
    done
}

async fn dispatch(session: &Session, command: Command) -> Result<Exit, Trouble> {
    match command {
        Command::Login(arguments) => commands::login::run(arguments, session).await,
        Command::Logout(arguments) => commands::logout::run(arguments, session).await,
        Command::Whoami(arguments) => commands::whoami::run(arguments, session).await,
        Command::Register(arguments) => commands::register::run(arguments, session).await,
        Command::Key(arguments) => commands::key::run(arguments, session).await,
        Command::List(arguments) => commands::list::run(arguments, session).await,
        Command::Show(arguments) => commands::show::run(arguments, session).await,
        Command::RequestPermission(arguments) => commands::request::run(arguments, session).await,
        Command::Status(arguments) => commands::status::run(arguments, session).await,
        Command::Appeal(arguments) => commands::appeal::run(arguments, session).await,
        Command::Grants(arguments) => commands::grants::grants(arguments, session).await,
        Command::Release(arguments) => commands::grants::release(arguments, session).await,
        Command::Extend(arguments) => commands::grants::extend(arguments, session).await,
        Command::Revoke(arguments) => commands::grants::revoke(arguments, session).await,
        Command::Stop(arguments) => commands::stop::run(arguments, session).await,
        Command::Why(arguments) => commands::why::run(arguments, session).await,
        Command::Run(arguments) => commands::run::run(arguments, session).await,
        Command::Token(arguments) => commands::token::run(arguments, session).await,
        Command::Quiz(arguments) => commands::quiz::run(&arguments, session),
        Command::Scan(arguments) => commands::scan::run(&arguments, session),
        Command::Init(arguments) => Box::pin(init::run(arguments, session)).await,
        Command::Gate(arguments) => gate::run(arguments, session).await,
        Command::Mcp(arguments) => mcp::run(arguments, session).await,
        Command::Completions(arguments) => commands::shell::completions(&arguments),
        Command::Man(arguments) => commands::shell::man(&arguments, session),
    }
}
