//! The configuration as those who write it meet it. The environment is an argument, so that no test
//! touches the process's own.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::keys::Key;
use super::*;

/// The least environment that a server starts with.
const TOKENS: [(&str, &str); 2] = [
    ("COUNTERSIGN_SLACK__BOT_TOKEN", "xoxb-1-secret"),
    ("COUNTERSIGN_SLACK__APP_TOKEN", "xapp-1-secret"),
];

fn env(variables: &[(&str, &str)]) -> Sources {
    let env = variables.iter().map(|(n, v)| (OsString::from(n), OsString::from(v))).collect();
    Sources { file: None, env }
}

/// A folder with `countersign.toml` of this content, and the sources that read it.
fn file(toml: &str, variables: &[(&str, &str)]) -> (TempDir, Sources) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "countersign.toml", toml);
    let file = Some(folder.path().join("countersign.toml"));
    (folder, Sources { file, ..env(variables) })
}

fn write(folder: &Path, name: &str, content: &str) {
    std::fs::File::create(folder.join(name)).unwrap().write_all(content.as_bytes()).unwrap();
}

/// The mistakes as they are printed, with the folder's name taken out.
fn mistakes(folder: &TempDir, sources: &Sources) -> String {
    let text = Config::load(sources).expect_err("the configuration is wrong").to_string();
    text.replace(&folder.path().display().to_string(), "[folder]")
}

#[test]
fn the_defaults_are_whole_but_for_the_secrets() {
    let config = Config::load(&env(&TOKENS)).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.public_url, None);
    assert_eq!(config.database.url.expose(), "sqlite://countersign-data/countersign.db");
    assert_eq!(config.policy.path, None);
    assert_eq!(config.slack.api_url.as_str(), "https://slack.com/api");
    assert_eq!(config.slack.mode.as_str(), "socket");
    assert_eq!(config.telemetry, Telemetry::default());
    assert!(config.warnings().is_empty());
}

#[test]
fn every_setting_is_in_the_reference_and_nothing_else() {
    let names = |text: &str| -> Vec<String> {
        let mut section = String::new();
        let mut names = Vec::new();
        for line in text.lines().map(|line| line.trim_start_matches("# ")) {
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']').to_owned();
            } else if let Some((name, _)) = line.split_once(" = ")
                && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            {
                names.push(format!("{section}.{name}"));
            }
        }
        names
    };
    assert_eq!(names(DEFAULT_TOML), Key::ALL.map(|key| key.to_string()));
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let (_folder, sources) = file(
        "[server]\nlisten = '0.0.0.0:1'\npublic_url = 'https://a.example/'\n[telemetry]\nformat = 'json'",
        &[TOKENS[0], TOKENS[1], ("COUNTERSIGN_SERVER__LISTEN", "0.0.0.0:2")],
    );
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.server.listen.port(), 2);
    assert_eq!(config.server.public_url.unwrap().as_str(), "https://a.example");
    assert_eq!(config.telemetry.format, Format::Json);
    assert_eq!(config.telemetry.level, "info");
}

#[test]
fn a_variable_is_the_text_it_is() {
    // Hexadecimal secrets may look like numbers.
    for secret in ["12345678901234567890123456789012", "1e10", "true", "[1]"] {
        let sources = env(&[
            TOKENS[0],
            ("COUNTERSIGN_SLACK__MODE", "http"),
            ("COUNTERSIGN_SLACK__SIGNING_SECRET", secret),
        ]);
        let Mode::Http { signing_secret } = Config::load(&sources).unwrap().slack.mode else {
            panic!("the mode is http");
        };
        assert_eq!(signing_secret.expose_secret(), secret);
    }
}

#[test]
fn secrets_are_read_from_files_without_the_line_end() {
    let (folder, mut sources) = file("", &[TOKENS[0]]);
    write(folder.path(), "app", "xapp-1-from-file\n");
    write(folder.path(), "url", "postgres://app:hunter2@db/c\n");
    for (name, content) in
        [("COUNTERSIGN_SLACK__APP_TOKEN_FILE", "app"), ("COUNTERSIGN_DATABASE__URL_FILE", "url")]
    {
        sources.env.push((name.into(), folder.path().join(content).into()));
    }
    let config = Config::load(&sources).unwrap();
    let Mode::Socket { app_token } = &config.slack.mode else { panic!("the mode is socket") };
    assert_eq!(app_token.expose_secret(), "xapp-1-from-file");
    assert_eq!(config.database.url.expose(), "postgres://app:hunter2@db/c");
}

#[test]
fn all_mistakes_are_named_at_once() {
    let (folder, sources) = file(
        r#"
[server]
listen = 8080
public_url = "agents.example.com"
colour = "red"

[database]
url = "mysql://app:hunter2@db/c"

[slack]
mode = "http"
api_url = "http://slack.example/api"
bot_tokn = "xoxb-1-secret"
app_token = ""
bot_token = "xapp-1-secret"

[telemetry]
format = "xml"
level = "lots=of=nonsense"

[slak]
mode = "http"
"#,
        &[("COUNTERSIGN_SLACK_APP_TOKEN", "x"), ("COUNTERSIGN_POLICY__PATH", "")],
    );
    insta::assert_snapshot!(mistakes(&folder, &sources));
}

#[test]
fn each_mode_says_what_it_needs() {
    let (folder, sources) = file("", &[]);
    let socket = mistakes(&folder, &sources);
    let (folder, sources) = file("[slack]\nmode = 'http'", &[]);
    let http = mistakes(&folder, &sources);
    insta::assert_snapshot!(format!("{socket}\n\n{http}"));
}

#[test]
fn a_secret_and_its_file_exclude_each_other() {
    let (folder, sources) = file(
        "[slack]\nbot_token_file = '/run/secrets/none'\napp_token_file = '/run/secrets/none'",
        &[TOKENS[0]],
    );
    insta::assert_snapshot!(mistakes(&folder, &sources));
}

#[test]
fn an_empty_secret_file_is_a_mistake() {
    let (folder, mut sources) = file("", &[TOKENS[0]]);
    write(folder.path(), "app", "\n");
    let path = folder.path().join("app");
    sources.env.push(("COUNTERSIGN_SLACK__APP_TOKEN_FILE".into(), path.into()));
    insta::assert_snapshot!(mistakes(&folder, &sources));
}

#[test]
fn a_file_that_is_no_toml_is_named_by_its_line_without_its_content() {
    let (folder, sources) = file("[slack]\nmode = \"socket\"\nbot_token = xoxb-1-secret\n", &[]);
    let text = mistakes(&folder, &sources);
    assert!(text.contains("[folder]/countersign.toml:3: is not TOML"), "{text}");
    assert!(!text.contains("xoxb"), "{text}");
}

#[test]
fn a_file_that_is_not_there_is_a_mistake() {
    let sources = Sources { file: Some("/nowhere/countersign.toml".into()), ..env(&TOKENS) };
    let text = Config::load(&sources).unwrap_err().to_string();
    assert!(text.contains("/nowhere/countersign.toml: cannot be read"), "{text}");
}

#[test]
fn no_secret_is_ever_shown() {
    let (_folder, sources) = file(
        "[database]\nurl = 'postgres://app:hunter2@db/c'\n[slack]\nsigning_secret = 'hunter2'",
        &[
            ("COUNTERSIGN_SLACK__BOT_TOKEN", "xoxb-hunter2"),
            ("COUNTERSIGN_SLACK__APP_TOKEN", "hunter2"),
        ],
    );
    let config = Config::load(&sources).unwrap();
    for text in [format!("{config:?}"), format!("{config:#?}"), show(&sources)] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn the_whole_is_shown_with_where_each_value_is_from() {
    let (folder, sources) = file(
        "[database]\nurl = 'postgres://app:hunter2@db/c'\n\n[slack]\nmode = 'http'\nsigning_secret = 's'",
        &TOKENS,
    );
    let text = show(&sources).replace(&folder.path().display().to_string(), "[folder]");
    insta::assert_snapshot!(text);
    // What is shown is a configuration file again.
    toml::from_str::<toml::Table>(&text).unwrap();
}

#[test]
fn what_is_risky_is_said() {
    let sources = env(&[
        TOKENS[0],
        TOKENS[1],
        ("COUNTERSIGN_SERVER__PUBLIC_URL", "http://agents.example.com"),
    ]);
    insta::assert_snapshot!(Config::load(&sources).unwrap().warnings().join("\n"));
}

#[test]
fn a_server_that_nobody_finds_says_so() {
    let warned = |listen, more: &[(&str, &str)]| {
        let listen = [TOKENS[0], TOKENS[1], ("COUNTERSIGN_SERVER__LISTEN", listen)];
        Config::load(&env(&[&listen, more].concat())).unwrap().warnings().join("\n")
    };
    for everywhere in ["0.0.0.0:8080", "[::]:8080"] {
        let said = warned(everywhere, &[]);
        assert!(
            said.contains("server.public_url is not set") && said.contains(everywhere),
            "{said}"
        );
        let url = ("COUNTERSIGN_SERVER__PUBLIC_URL", "https://agents.example.com");
        assert_eq!(warned(everywhere, &[url]), "");
    }
    assert_eq!(warned("127.0.0.1:8080", &[]), "");
}

#[test]
fn the_record_needs_no_tokens() {
    let record = RecordConfig::load(&env(&[])).unwrap();
    assert_eq!(record.database.url.engine(), Engine::Sqlite);
    assert!(RecordConfig::load(&env(&[("COUNTERSIGN_SLACK__MOD", "x")])).is_err());
}

#[test]
fn the_readme_lists_every_setting_with_its_default() {
    let readme = include_str!("../../README.md");
    let rows: Vec<(&str, &str)> = readme
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split('|');
            Some((cells.next()?.trim().trim_end_matches('`'), cells.next()?.trim()))
        })
        .filter(|(name, _)| !name.contains(' '))
        .collect();
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), Key::ALL.map(Key::as_str));
    let defaults: toml::Table = DEFAULT_TOML.parse().unwrap();
    for (name, default) in rows {
        let key = Key::named(name).unwrap();
        let value = defaults.get(key.section()).and_then(|section| section.get(key.name()));
        // A default that is no text is told in words.
        assert_eq!(value.is_some(), default.starts_with('`'), "{name}");
        if let Some(value) = value {
            assert_eq!(format!("`{}`", value.as_str().unwrap()), default, "{name}");
        }
    }
}
