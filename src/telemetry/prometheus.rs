//! The numbers as Prometheus reads them (text format 0.0.4).

use std::fmt::{self, Write};

use crate::meters::{Data, Reading};

/// The content type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All of these numbers.
pub fn text(readings: &[Reading]) -> String {
    let mut out = String::new();
    for reading in readings {
        // Writing into a text cannot fail.
        let _ = write_one(&mut out, reading);
    }
    out
}

fn write_one(out: &mut String, reading: &Reading) -> fmt::Result {
    let Reading { name, help, labels, data } = reading;
    let flat = name.replace('.', "_");
    let (name, kind) = match data {
        Data::Counts(_) => (format!("{flat}_total"), "counter"),
        Data::Levels(_) => (flat, "gauge"),
        Data::Times(_) => (format!("{flat}_seconds"), "histogram"),
    };
    writeln!(out, "# HELP {name} {help}.\n# TYPE {name} {kind}")?;
    match data {
        Data::Counts(numbers) | Data::Levels(numbers) => {
            for (values, number) in numbers {
                writeln!(out, "{name}{} {number}", braced(labels, values, None))?;
            }
        }
        Data::Times(numbers) => {
            for (values, took) in numbers {
                let mut count = 0;
                for (at, class) in took.classes.iter().enumerate() {
                    count += class;
                    let bound = took.bounds.get(at).map_or("+Inf".to_owned(), ToString::to_string);
                    let braced = braced(labels, values, Some(&bound));
                    writeln!(out, "{name}_bucket{braced} {count}")?;
                }
                let braced = braced(labels, values, None);
                writeln!(out, "{name}_sum{braced} {}\n{name}_count{braced} {count}", took.sum)?;
            }
        }
    }
    Ok(())
}

fn braced(labels: &[&str], values: &[String], bound: Option<&str>) -> String {
    let escaped =
        |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let own = labels
        .iter()
        .zip(values)
        .map(|(label, value)| format!("{}=\"{}\"", label.replace('.', "_"), escaped(value)));
    let all: Vec<String> = own.chain(bound.map(|bound| format!("le=\"{bound}\""))).collect();
    if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(",")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meters::{BOUNDS, Took};

    #[test]
    fn numbers_are_written_as_prometheus_reads_them() {
        let mut classes = vec![0; BOUNDS.len() + 1];
        (classes[1], classes[14]) = (2, 1);
        let readings = [
            Reading {
                name: "countersign.evaluations",
                help: "Questions",
                labels: &["decision", "reason"],
                data: Data::Counts(vec![(vec!["deny".to_owned(), "a\"b\\\n".to_owned()], 7)]),
            },
            Reading {
                name: "countersign.grants.live",
                help: "Grants",
                labels: &[],
                data: Data::Levels(vec![(Vec::new(), 3)]),
            },
            Reading {
                name: "http.server.request.duration",
                help: "Times",
                labels: &["http.route"],
                data: Data::Times(vec![(
                    vec!["/livez".to_owned()],
                    Took { bounds: &BOUNDS, classes, sum: 12.5 },
                )]),
            },
        ];
        insta::assert_snapshot!(text(&readings));
    }
}
