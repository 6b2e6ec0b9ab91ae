//! Whether what a language needs is on this machine.

use std::process::{Command, Stdio};

use super::Language;

/// The oldest Node that runs TypeScript as it is: its number and the one behind the point.
const NODE: (u32, u32) = (22, 18);
/// The oldest Python whose grammar the project keeps to.
const PYTHON: (u32, u32) = (3, 9);

/// What is missing, in a sentence; nothing, if all is there.
pub(super) fn missing(language: Language) -> Option<String> {
    match language {
        Language::Python => needs("Python", PYTHON, version("python3")),
        Language::TypeScript => needs("Node", NODE, version("node")),
        Language::Rust => {
            version("cargo").is_none().then(|| "Rust is needed: https://rustup.rs".to_owned())
        }
        Language::Shell => {
            let absent: Vec<&str> =
                ["curl", "jq"].into_iter().filter(|tool| version(tool).is_none()).collect();
            (!absent.is_empty())
                .then(|| format!("{} must be installed first.", absent.join(" and ")))
        }
    }
}

/// What a tool says of its version; nothing, if it is not there.
fn version(tool: &str) -> Option<String> {
    let output = Command::new(tool).arg("--version").stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn needs(name: &str, least: (u32, u32), found: Option<String>) -> Option<String> {
    let (number, behind) = least;
    let needed = format!("{name} {number}.{behind} or newer is needed");
    let Some(found) = found else { return Some(format!("{needed}, and there is none here.")) };
    match numbers(&found) {
        Some(version) if version >= least => None,
        _ => Some(format!("{needed}, and here is {}.", found.trim())),
    }
}

/// The first two numbers of `Python 3.11.7`, `v22.23.3`.
fn numbers(text: &str) -> Option<(u32, u32)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let mut parts = text.get(start..)?.split('.');
    let number = |part: Option<&str>| {
        let part = part?;
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part.get(..end)?.parse().ok()
    };
    Some((number(parts.next())?, number(parts.next())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_tool_is_named_with_what_is_needed() {
        let needs = |found: Option<&str>| needs("Node", NODE, found.map(str::to_owned));
        assert_eq!(needs(Some("v22.18.0\n")), None);
        assert_eq!(needs(Some("v24.1.0\n")), None);
        let words = needs(Some("v20.20.2\n")).unwrap();
        assert_eq!(words, "Node 22.18 or newer is needed, and here is v20.20.2.");
        assert!(needs(Some("what?")).is_some());
        assert!(needs(None).unwrap().ends_with("and there is none here."));
        assert_eq!(numbers("Python 3.13.0rc1"), Some((3, 13)));
    }
}
