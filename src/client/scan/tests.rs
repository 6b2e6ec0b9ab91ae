use std::fs;

use tempfile::TempDir;

use super::*;
use crate::client::look::Look;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn scanned(files: &[(&str, &str)]) -> Report {
    scan(folder(files).path(), Options::default()).unwrap()
}

/// A key as long and as random as a real one, put together here so that none stands in this file.
fn made_up_key() -> String {
    ["ghp", "_Zr2Tv9Kp4Ls8Mx3Bn6Hd5GfJcYWqRtVkPzLm"].concat()
}

const AGENT: &[(&str, &str)] = &[
    ("requirements.txt", "openai>=1\n"),
    (
        "support_agent.py",
        "from openai import OpenAI\n\nwhile True:\n    for call in reply.tool_calls:\n        run(call)\n",
    ),
    ("tests/test_support.py", "import openai\n"),
    ("README.md", "Set OPENAI_API_KEY and wait.\n"),
];

#[test]
fn an_agent_is_told_from_its_files() {
    let report = scanned(AGENT);
    assert_eq!(report.judgement.verdict, Verdict::Agent);
    assert!(report.is_found());
    insta::assert_snapshot!(words::render(&report, Look::PLAIN));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["verdict"], "agent");
    assert_eq!(json["findings"][0]["places"][0]["file"], "support_agent.py");
}

#[test]
fn a_plain_program_is_nothing() {
    let report = scanned(&[
        ("Cargo.toml", "[package]\nname = \"sort\"\n[dependencies]\nserde = \"1\"\n"),
        ("src/main.rs", "use serde::Serialize;\nstruct UserAgent;\nfn main() {}\n"),
        (".github/workflows/ci.yml", "on:\n  schedule:\n    - cron: '0 3 * * 1'\n"),
    ]);
    assert_eq!(report.judgement.verdict, Verdict::Nothing);
    assert!(!report.is_found());
    insta::assert_snapshot!(words::render(&report, Look::PLAIN));
}

#[test]
fn a_key_is_named_and_never_shown() {
    let key = made_up_key();
    let report = scanned(&[
        ("report.py", &format!("import requests\nTOKEN = \"{key}\"\n")),
        ("deploy/report.timer", "[Timer]\nOnCalendar=daily\n"),
    ]);
    assert_eq!(report.judgement.verdict, Verdict::PersonsKey);
    let text = words::render(&report, Look::PLAIN);
    let json = serde_json::to_string(&report).unwrap();
    let sarif = sarif::render(&report, "1").to_string();
    let debug = format!("{report:?}");
    for said in [&text, &json, &sarif, &debug] {
        assert!(said.contains("a GitHub personal access token"), "{said}");
        assert!(said.contains("report.py"), "{said}");
        for piece in key.as_bytes().windows(6) {
            let piece = std::str::from_utf8(piece).unwrap();
            assert!(!said.contains(piece), "a piece of the key in: {said}");
        }
    }
    insta::assert_snapshot!(text);
}

/// A designer's script: nothing in it shows that a laptop starts it every night.
#[test]
fn a_token_without_what_starts_it_is_a_question() {
    let report = scanned(&[(
        "to_slack.py",
        "import os, requests\nframes = get(os.environ[\"FIGMA_TOKEN\"])\n",
    )]);
    assert_eq!(report.judgement.verdict, Verdict::Nothing);
    assert!(words::render(&report, Look::PLAIN).contains("Next  agent-cli quiz"));
}

#[test]
fn what_git_ignores_and_what_is_no_text_is_left_out() {
    let folder = folder(&[
        (".gitignore", "secret/\n*.local.py\n"),
        (".agent-scan-ignore", "tables.py\n"),
        ("tables.py", "import openai\n"),
        ("secret/agent.py", "import openai\n"),
        ("a.local.py", "import openai\n"),
        ("node_modules/openai/index.js", "require('openai')\n"),
        ("large.py", &format!("import openai\n{}", "x = 1\n".repeat(400))),
        ("kept.py", "x = 1\n"),
        (".github/workflows/a.yml", "on: push\n"),
    ]);
    fs::write(folder.path().join("binary.py"), b"import openai\n\0\0").unwrap();
    let options = Options { largest_file: 2_000, ..Options::default() };
    let report = scan(folder.path(), options).unwrap();
    assert_eq!(report.findings, []);
    let Counts { read, binary, large, unreadable, cut_short } = report.files;
    // The two lists themselves, `kept.py` and the workflow.
    assert_eq!((read, binary, large, unreadable, cut_short), (4, 1, 1, 0, false));
    let few = Options { most_files: 2, ..Options::default() };
    assert!(scan(folder.path(), few).unwrap().files.cut_short);
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_out() {
    let outside = folder(&[("agent.py", "import openai\n")]);
    let inside = folder(&[("kept.py", "x = 1\n")]);
    let link =
        |to: &Path, name: &str| std::os::unix::fs::symlink(to, inside.path().join(name)).unwrap();
    link(outside.path(), "folder");
    link(&outside.path().join("agent.py"), "agent.py");
    link(inside.path(), "itself");
    let report = scan(inside.path(), Options::default()).unwrap();
    assert_eq!((report.files.read, report.findings.len()), (1, 0));
}

#[test]
fn one_thread_and_many_say_the_same() {
    let folder = folder(AGENT);
    let with = |threads| scan(folder.path(), Options { threads, ..Options::default() }).unwrap();
    assert_eq!(with(1), with(7));
}

#[test]
fn what_is_no_folder_is_refused_with_what_to_do() {
    let folder = folder(&[("file", "x")]);
    for path in [folder.path().join("file"), folder.path().join("none")] {
        let error = scan(&path, Options::default()).unwrap_err().to_string();
        assert!(error.contains("is no folder that can be read; name the folder"), "{error}");
    }
}

#[test]
fn names_of_files_cannot_command_a_terminal() {
    let report = scanned(&[("a\u{1b}[2J.py", "import openai\n")]);
    let text = words::render(&report, Look::PLAIN);
    assert!(text.contains("a?[2J.py:1") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn sarif_names_each_place_that_proves_something() {
    let written = sarif::render(&scanned(AGENT), "1.2.3");
    let results = written["runs"][0]["results"].as_array().unwrap();
    let files: Vec<&str> = results
        .iter()
        .map(|result| {
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap()
        })
        .collect();
    assert!(
        files.contains(&"support_agent.py") && files.contains(&"requirements.txt"),
        "{files:?}"
    );
    assert!(!files.iter().any(|file| file.starts_with("tests/")), "{files:?}");
}

/// Whatever bytes a file holds, looking at it ends well and every line exists.
#[test]
fn any_bytes_can_be_looked_at() {
    use proptest::prelude::*;
    let index = Index::new().unwrap();
    let words = "(import |from |use |openai|\"|'|\\n|: |secrets\\.|GH_TOKEN|api_key = \"|\u{e9}|\u{1f600}|\\{|=|sk-ant-|.){0,60}";
    let names = prop::sample::select(vec![
        "a.py",
        "a.ts",
        "a.rs",
        "a.go",
        "a.rb",
        "a.php",
        "a.cs",
        "A.java",
        "package.json",
        "pyproject.toml",
        "Cargo.toml",
        "go.mod",
        "Gemfile",
        "pom.xml",
        "a.csproj",
        "yarn.lock",
        "requirements.txt",
        "setup.py",
        "build.gradle",
        ".github/workflows/a.yml",
        ".env",
    ]);
    proptest!(|(name in names, text in words)| {
        let seen = file::inspect(name, &text, &index);
        let lines = text.lines().count().max(1) as u32;
        for hit in seen.hits {
            prop_assert!((1..=lines).contains(&hit.line), "{hit:?} in {text:?}");
            prop_assert!(hit.percent <= 100);
        }
    });
}
