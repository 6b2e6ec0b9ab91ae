//! How a command ends, for the shell, the pipeline and the agent that called it.

use std::process::ExitCode;

/// The exit statuses, for `--help`. They are an interface: programs decide by them.
pub const STATUSES: &str = "\
Exit status:
   0  done; the answer is yes
   1  the answer is no: denied, a check failed, something was found
   2  the command line is wrong, or says too little where nobody can be asked
   3  not logged in, or the login has ended
   4  not allowed
   5  not found, the name is taken, or what was sent is not valid
   6  still waiting: time ran out, and nothing is lost
   7  the server cannot be reached, or cannot answer now
   8  this agent-cli and the server are of versions that do not fit
  70  a fault of ours, or of this machine";

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; yes.
    Done,
    /// Done, and the answer is no.
    No,
    /// Wrong use.
    Usage,
    /// Not logged in, or the login has ended.
    LoggedOut,
    /// Not allowed.
    NotAllowed,
    /// Not found, taken, or not valid.
    Invalid,
    /// Time ran out; nothing is lost.
    Waiting,
    /// The server is away.
    Away,
    /// Client and server do not fit.
    Versions,
    /// A fault of ours.
    Fault,
    /// Whatever a command that was run ended with.
    Of(u8),
}

impl Exit {
    /// The status.
    pub const fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::LoggedOut => 3,
            Self::NotAllowed => 4,
            Self::Invalid => 5,
            Self::Waiting => 6,
            Self::Away => 7,
            Self::Versions => 8,
            Self::Fault => 70,
            Self::Of(status) => status,
        }
    }

    /// For what the server answered that was no success.
    pub const fn of_http(status: u16) -> Self {
        match status {
            401 => Self::LoggedOut,
            403 => Self::NotAllowed,
            400..=499 if status != 429 && status != 408 => Self::Invalid,
            _ => Self::Away,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statuses_in_the_help_are_the_real_ones() {
        use Exit::{
            Away, Done, Fault, Invalid, LoggedOut, No, NotAllowed, Usage, Versions, Waiting,
        };
        let all = [Done, No, Usage, LoggedOut, NotAllowed, Invalid, Waiting, Away, Versions, Fault];
        let listed: Vec<u8> = STATUSES
            .lines()
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .collect();
        assert_eq!(listed, all.map(Exit::status));
    }

    #[test]
    fn each_refusal_of_the_server_has_its_status() {
        for (http, exit) in
            [(400, 5), (401, 3), (403, 4), (404, 5), (409, 5), (429, 7), (500, 7), (503, 7)]
        {
            assert_eq!(Exit::of_http(http).status(), exit, "{http}");
        }
    }
}
