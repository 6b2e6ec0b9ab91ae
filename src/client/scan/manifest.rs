//! What a program depends on, as its manifests say it, and what it is called there.

use serde_json::Value;

use super::sign::Registry;

/// What a dependency is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The program needs it.
    Runs,
    /// The program can do with it or without.
    Optional,
    /// Whoever works on the program needs it, or something that the program needs does.
    Beside,
}

impl Scope {
    /// How much of a sign's weight is left, of 100.
    pub const fn percent(self) -> u32 {
        match self {
            Self::Runs => 100,
            Self::Optional => 50,
            Self::Beside => 25,
        }
    }
}

/// One dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Where it comes from.
    pub registry: Registry,
    /// Its name there.
    pub name: String,
    /// What it is there for.
    pub scope: Scope,
    /// The line that names it, from 1.
    pub line: u32,
}

/// What one manifest says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// What the program itself is called in a registry.
    pub own: Option<(Registry, String)>,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
}

/// Reads the manifest of this name (without folders). What cannot be read says nothing.
pub fn read(name: &str, text: &str) -> Manifest {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "package.json" => package_json(text),
        "deno.json" => Manifest::default(),
        "composer.json" => composer_json(text),
        "pyproject.toml" | "pipfile" => python_toml(text),
        "cargo.toml" => cargo_toml(text),
        "go.mod" => go_mod(text),
        "setup.py" | "setup.cfg" | "environment.yml" => python_text(text),
        "gemfile" => gems(text),
        "pom.xml" => pom(text),
        "build.gradle" | "build.gradle.kts" | "libs.versions.toml" => gradle(text),
        _ if name.ends_with(".gemspec") => gems(text),
        _ if name.ends_with(".txt") || name.ends_with(".in") => requirements(text),
        _ => nuget(text),
    }
}

/// The line of the first quoted or bare mention of a name that begins there, from 1.
fn line_of(text: &str, name: &str) -> u32 {
    let mentions = |line: &str| {
        line.match_indices(name).any(|(at, _)| {
            let before = line.get(..at).and_then(|b| b.chars().next_back());
            let after = line.get(at + name.len()..).and_then(|a| a.chars().next());
            let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '@');
            !before.is_some_and(part) && !after.is_some_and(part)
        })
    };
    let found = text.lines().position(mentions).unwrap_or(0);
    u32::try_from(found + 1).unwrap_or(u32::MAX)
}

fn package_json(text: &str) -> Manifest {
    let Ok(json) = serde_json::from_str::<Value>(text) else { return Manifest::default() };
    let own = json.get("name").and_then(Value::as_str);
    let mut manifest = Manifest {
        own: own.map(|name| (Registry::Npm, name.to_owned())),
        dependencies: Vec::new(),
    };
    for (section, scope) in [
        ("dependencies", Scope::Runs),
        ("optionalDependencies", Scope::Optional),
        ("peerDependencies", Scope::Optional),
        ("devDependencies", Scope::Beside),
    ] {
        let names = json.get(section).and_then(Value::as_object).into_iter().flatten();
        for (name, _) in names {
            manifest.dependencies.push(Dependency {
                registry: Registry::Npm,
                name: name.clone(),
                scope,
                line: line_of(text, name),
            });
        }
    }
    manifest
}

fn composer_json(text: &str) -> Manifest {
    let Ok(json) = serde_json::from_str::<Value>(text) else { return Manifest::default() };
    let own = json.get("name").and_then(Value::as_str);
    let mut manifest = Manifest {
        own: own.map(|name| (Registry::Packagist, name.to_owned())),
        ..Manifest::default()
    };
    for (section, scope) in [("require", Scope::Runs), ("require-dev", Scope::Beside)] {
        for (name, _) in json.get(section).and_then(Value::as_object).into_iter().flatten() {
            let line = line_of(text, name);
            let name = name.clone();
            manifest.dependencies.push(Dependency {
                registry: Registry::Packagist,
                name,
                scope,
                line,
            });
        }
    }
    manifest
}

/// The name at the beginning of a requirement as PEP 508 writes it: `openai[x]>=1; python…`.
fn requirement(text: &str) -> Option<&str> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
    let name = text.get(..end.unwrap_or(text.len()))?;
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    starts_well.then_some(name)
}

fn requirements(text: &str) -> Manifest {
    let lines = text.lines().zip(1..).filter_map(|(line, number)| {
        let name = requirement(line.split('#').next()?)?.to_owned();
        Some(Dependency { registry: Registry::PyPi, name, scope: Scope::Runs, line: number })
    });
    Manifest { own: None, dependencies: lines.collect() }
}

/// Everything below a table that names Python packages: keys of a table, or texts of an array.
fn python_names(value: &toml::Value, scope: Scope, text: &str, into: &mut Vec<Dependency>) {
    let mut add = |name: &str| {
        let line = line_of(text, name);
        into.push(Dependency { registry: Registry::PyPi, name: name.to_owned(), scope, line });
    };
    match value {
        toml::Value::Array(all) => {
            all.iter().filter_map(toml::Value::as_str).filter_map(requirement).for_each(&mut add);
        }
        toml::Value::Table(table) => table.keys().for_each(|name| add(name)),
        _ => {}
    }
}

fn python_toml(text: &str) -> Manifest {
    let Ok(root) = text.parse::<toml::Table>() else { return Manifest::default() };
    let root = toml::Value::Table(root);
    let at = |path: &[&str]| path.iter().try_fold(&root, |value, key| value.get(key));
    let own = at(&["project", "name"]).or_else(|| at(&["tool", "poetry", "name"]));
    let own = own.and_then(toml::Value::as_str).map(|name| (Registry::PyPi, name.to_owned()));
    let mut dependencies = Vec::new();
    let direct: [(&[&str], Scope); 5] = [
        (&["project", "dependencies"], Scope::Runs),
        (&["tool", "poetry", "dependencies"], Scope::Runs),
        (&["packages"], Scope::Runs),
        (&["dev-packages"], Scope::Beside),
        (&["tool", "poetry", "dev-dependencies"], Scope::Beside),
    ];
    for (path, scope) in direct {
        if let Some(value) = at(path) {
            python_names(value, scope, text, &mut dependencies);
        }
    }
    let groups: [(&[&str], Scope); 3] = [
        (&["project", "optional-dependencies"], Scope::Optional),
        (&["dependency-groups"], Scope::Beside),
        (&["tool", "poetry", "group"], Scope::Beside),
    ];
    for (path, scope) in groups {
        for (group, value) in at(path).and_then(toml::Value::as_table).into_iter().flatten() {
            let scope = if is_for_work(group) { Scope::Beside } else { scope };
            let value = value.get("dependencies").unwrap_or(value);
            python_names(value, scope, text, &mut dependencies);
        }
    }
    Manifest { own, dependencies }
}

/// Names of groups for whoever works on a program.
fn is_for_work(group: &str) -> bool {
    matches!(
        group,
        "dev" | "test" | "tests" | "testing" | "docs" | "doc" | "lint" | "examples" | "example"
    )
}

/// `setup.py` and its like are programs; what stands there as a text may be a requirement.
fn python_text(text: &str) -> Manifest {
    let mut manifest = Manifest::default();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim().trim_start_matches("- ");
        if line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("name=").or_else(|| line.strip_prefix("name =")) {
            let name = name.trim().trim_matches(|c: char| !c.is_ascii_alphanumeric());
            manifest.own.get_or_insert((Registry::PyPi, name.to_owned()));
            continue;
        }
        let quoted = line.split(['"', '\'']).skip(1).step_by(2);
        for name in quoted.chain([line]).filter_map(requirement) {
            let name = name.to_owned();
            let scope = Scope::Runs;
            manifest.dependencies.push(Dependency {
                registry: Registry::PyPi,
                name,
                scope,
                line: number,
            });
        }
    }
    manifest
}

fn cargo_toml(text: &str) -> Manifest {
    let Ok(root) = text.parse::<toml::Table>() else { return Manifest::default() };
    let own = root.get("package").and_then(|package| package.get("name"));
    let own = own.and_then(toml::Value::as_str).map(|name| (Registry::Crates, name.to_owned()));
    let mut dependencies = Vec::new();
    let mut tables: Vec<(&toml::Table, bool)> = vec![(&root, false)];
    tables.extend(root.get("workspace").and_then(toml::Value::as_table).map(|table| (table, true)));
    let targets = root.get("target").and_then(toml::Value::as_table).into_iter().flatten();
    tables.extend(targets.filter_map(|(_, target)| target.as_table()).map(|table| (table, false)));
    for (table, shared) in tables {
        for (section, scope) in [
            ("dependencies", Scope::Runs),
            ("build-dependencies", Scope::Beside),
            ("dev-dependencies", Scope::Beside),
        ] {
            for (key, value) in
                table.get(section).and_then(toml::Value::as_table).into_iter().flatten()
            {
                let renamed = value.get("package").and_then(toml::Value::as_str);
                let is_optional =
                    value.get("optional").and_then(toml::Value::as_bool) == Some(true);
                let scope = if is_optional || shared { Scope::Optional } else { scope };
                let name = renamed.unwrap_or(key).to_owned();
                let line = line_of(text, key);
                dependencies.push(Dependency { registry: Registry::Crates, name, scope, line });
            }
        }
    }
    Manifest { own, dependencies }
}

fn go_mod(text: &str) -> Manifest {
    let mut manifest = Manifest::default();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if let Some(own) = line.strip_prefix("module ") {
            manifest.own = Some((Registry::Go, own.trim().to_owned()));
            continue;
        }
        let indirect = line.contains("// indirect");
        let line = line.strip_prefix("require ").unwrap_or(line);
        let Some((name, version)) = line.split_once(' ') else { continue };
        if version.trim_start().starts_with('v') && name.contains('.') {
            manifest.dependencies.push(Dependency {
                registry: Registry::Go,
                name: name.to_owned(),
                scope: if indirect { Scope::Beside } else { Scope::Runs },
                line: number,
            });
        }
    }
    manifest
}

fn gems(text: &str) -> Manifest {
    let mut manifest = Manifest::default();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        let Some(name) = line.split(['"', '\'']).nth(1) else { continue };
        let scope = match line {
            _ if line.starts_with("gem ") => Scope::Runs,
            _ if line.contains("add_development_dependency") => Scope::Beside,
            _ if line.contains("dependency") => Scope::Runs,
            _ => {
                if line.contains(".name") && manifest.own.is_none() {
                    manifest.own = Some((Registry::Gems, name.to_owned()));
                }
                continue;
            }
        };
        let name = name.to_owned();
        manifest.dependencies.push(Dependency {
            registry: Registry::Gems,
            name,
            scope,
            line: number,
        });
    }
    manifest
}

/// What stands between `<tag>` and `</tag>` on one line.
fn inside<'a>(line: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("<{tag}>"))?;
    rest.split_once(&format!("</{tag}>")).map(|(inside, _)| inside.trim())
}

fn pom(text: &str) -> Manifest {
    let mut dependencies = Vec::new();
    let mut group = None;
    for (line, number) in text.lines().zip(1..) {
        if let Some(found) = inside(line, "groupId") {
            group = Some(found);
        }
        let Some((group, artifact)) = group.zip(inside(line, "artifactId")) else { continue };
        let name = format!("{group}:{artifact}");
        dependencies.push(Dependency {
            registry: Registry::Maven,
            name,
            scope: Scope::Runs,
            line: number,
        });
    }
    Manifest { own: None, dependencies }
}

fn gradle(text: &str) -> Manifest {
    let mut dependencies = Vec::new();
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.trim().starts_with("//")) {
        let scope = if line.trim().starts_with("test") { Scope::Beside } else { Scope::Runs };
        for quoted in line.split(['"', '\'']).skip(1).step_by(2) {
            let mut parts = quoted.split(':');
            let (Some(group), Some(artifact)) = (parts.next(), parts.next()) else { continue };
            if group.contains('.') && !artifact.is_empty() && !group.contains([' ', '/']) {
                let name = format!("{group}:{artifact}");
                dependencies.push(Dependency {
                    registry: Registry::Maven,
                    name,
                    scope,
                    line: number,
                });
            }
        }
    }
    Manifest { own: None, dependencies }
}

fn nuget(text: &str) -> Manifest {
    let mut dependencies = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let names = line.contains("<PackageReference")
            || line.contains("<PackageVersion")
            || line.trim_start().starts_with("<package ");
        let attribute =
            ["Include=\"", "id=\"", "Update=\""].iter().find_map(|a| line.split_once(a));
        let Some((_, rest)) = attribute.filter(|_| names) else { continue };
        let Some((name, _)) = rest.split_once('"') else { continue };
        let name = name.to_owned();
        dependencies.push(Dependency {
            registry: Registry::NuGet,
            name,
            scope: Scope::Runs,
            line: number,
        });
    }
    Manifest { own: None, dependencies }
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
