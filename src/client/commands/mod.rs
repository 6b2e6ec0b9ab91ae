//! The commands, a file each: what one takes, and what it does.

pub mod appeal;
pub mod grants;
pub mod key;
pub mod list;
pub mod login;
pub mod logout;
pub mod quiz;
pub mod register;
pub mod request;
pub mod run;
pub mod scan;
pub mod settle;
pub mod shell;
pub mod show;
pub mod status;
pub mod stop;
pub mod token;
pub mod whoami;
pub mod why;

/// A path with a query, encoded.
pub(crate) fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    match serde_urlencoded::to_string(query) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}
