//! What `agent-cli` does: the secure path as the fast one, for developers, designers, pipelines and
//! agents.
//!
//! | file | idea |
//! |---|---|
//! | [`program`] | the whole of the binary around one command |
//! | [`arguments`] | the command line, and its help |
//! | [`commands`] | a file for each command |
//! | [`exit`] | how a command ends: statuses that programs decide by |
//! | [`trouble`], [`unproved`] | why something was not done, and what to do next; the same of an agent's key |
//! | [`session`] | what every command has at hand |
//! | [`environment`], [`config`] | what it is told from outside; the settings |
//! | [`address`] | where the server is |
//! | [`server`], `http` | the server, as whoever calls it; the way there |
//! | [`logins`], [`keyring`] | logins, and where they are kept |
//! | [`agent_key`] | an agent's key pair on this machine |
//! | [`progress`], [`watch`] | how a request stands; waiting for people |
//! | [`screen`], [`ask`] | where answers and questions go |
//! | [`choices`] | what can be asked for, as people choose of it |
//! | [`manifest`] | `agent.toml`: read with the place of every mistake, and written |
//! | [`gate`] | a pipeline's check |
//! | [`init`] | a new agent, from nothing to work |
//! | [`mcp`] | an agent asks for itself, over MCP |
//! | [`scan`], [`sarif`] | signs of an agent in a repository; findings for code-scanning pages |
//! | [`look`], [`words`], [`table`], [`times`] | how text for people looks |

pub mod address;
pub mod agent_key;
pub mod arguments;
pub mod ask;
pub mod choices;
pub mod commands;
pub mod config;
pub mod environment;
pub mod exit;
pub mod gate;
mod http;
pub mod init;
pub mod keyring;
pub mod logins;
pub mod look;
pub mod manifest;
pub mod mcp;
pub mod program;
pub mod progress;
pub mod sarif;
pub mod scan;
pub mod screen;
pub mod server;
pub mod session;
pub mod table;
pub mod times;
pub mod trouble;
pub mod unproved;
pub mod watch;
pub mod words;

pub use program::main;
