//! What became of the findings, in words.

use std::fmt::Write;

use super::read::Line;
use crate::domain::discovery::{Finding, Match};
use crate::domain::text::clean;
use crate::service::discoveries::record::Seen;

/// As many are named of each.
const NAMED: usize = 10;
/// As many lines that could not be taken are explained.
const EXPLAINED: usize = 50;

/// The whole answer.
pub(super) fn told<'a>(
    found: impl Iterator<Item = (&'a Finding, &'a Seen)>,
    lines: &[Line],
    dry_run: bool,
) -> String {
    let mut of: [(&str, Vec<String>); 5] =
        ["new", "known", "claimed", "dismissed", "ignored"].map(|word| (word, Vec::new()));
    for (finding, seen) in found {
        let name = clean(&finding.name, 60);
        let (place, said) = match seen {
            Seen::New => (0, name),
            Seen::Known => (1, name),
            Seen::Claimed { agent, matched } => (
                2,
                match matched {
                    Some(Match::Name) => format!("{name} (agent {agent}, by its name)"),
                    Some(Match::ExternalId { .. }) => format!("{name} (agent {agent}, by its id)"),
                    None => format!("{name} (agent {agent})"),
                },
            ),
            Seen::Dismissed => (3, name),
            Seen::Ignored => (4, name),
        };
        if let Some((_, names)) = of.get_mut(place) {
            names.push(said);
        }
    }
    let mut text = String::new();
    for (word, names) in &of {
        if names.is_empty() && *word != "new" {
            continue;
        }
        let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = names.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let line = format!("{word:<10} {:>5}  {shown}{more}", names.len());
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let bad: Vec<_> =
        lines.iter().filter_map(|line| Some((line.number, line.finding.as_ref().err()?))).collect();
    for (number, why) in bad.iter().take(EXPLAINED) {
        let _ = writeln!(text, "line {number}: {}", clean(why, 400));
    }
    if bad.len() > EXPLAINED {
        let _ = writeln!(text, "… and {} more lines", bad.len() - EXPLAINED);
    }
    text.push('\n');
    text.push_str(&end(lines, bad.len(), of.first().map_or(0, |(_, new)| new.len()), dry_run));
    text
}

fn end(lines: &[Line], bad: usize, new: usize, dry_run: bool) -> String {
    if lines.is_empty() {
        return "There is no finding in it: write one a line, with external_id and name.\n"
            .to_owned();
    }
    let mut text = match (dry_run, new) {
        (true, _) => "Nothing was recorded: this was a dry run.\n".to_owned(),
        (false, 0) => String::new(),
        (false, _) => "Security is told of what is new, by the running server.\n".to_owned(),
    };
    if bad > 0 {
        let lines = if bad == 1 { "1 line" } else { &format!("{bad} lines") };
        let _ = writeln!(
            text,
            "{lines} could not be taken. Mend them and import the file again: what was taken counts once."
        );
    } else if text.is_empty() {
        text.push_str("Nothing is new.\n");
    }
    text
}
