//! Where in a repository a file stands: what is said there weighs more or less.

use serde::Serialize;

/// What a file is for, judged by its path alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setting {
    /// The program.
    Program,
    /// What the program depends on, as people wrote it.
    Manifest,
    /// What builds, tests and releases it.
    Pipeline,
    /// What the program is started with.
    Settings,
    /// How to use it, shown by code.
    Example,
    /// What it depends on, as a tool resolved it.
    Lock,
    /// Tests, their data, and measurements.
    Test,
    /// What people read.
    Docs,
    /// Other people's work, or a machine's, kept here.
    Vendored,
}

impl Setting {
    /// How much of a sign's weight is left here, of 100.
    pub const fn percent(self) -> u32 {
        match self {
            Self::Program | Self::Pipeline => 100,
            Self::Manifest => 90,
            Self::Settings => 60,
            Self::Example => 25,
            Self::Lock => 10,
            Self::Test => 12,
            Self::Docs => 5,
            Self::Vendored => 4,
        }
    }

    /// Whether what stands here makes the program what it is.
    pub const fn is_the_program_itself(self) -> bool {
        matches!(self, Self::Program | Self::Manifest | Self::Pipeline | Self::Settings)
    }

    /// In a few words, for people; empty where nothing need be said.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Program | Self::Manifest | Self::Settings => "",
            Self::Pipeline => "pipeline",
            Self::Example => "example",
            Self::Lock => "lock file",
            Self::Test => "test",
            Self::Docs => "documentation",
            Self::Vendored => "vendored",
        }
    }

    /// What the file at this path (with `/`, below the root) is for.
    pub fn of(path: &str) -> Self {
        let lower = path.to_ascii_lowercase();
        let (folders, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
        let within = |names: &[&str]| folders.split('/').any(|folder| names.contains(&folder));
        let suffix = |names: &[&str]| names.iter().any(|end| name.ends_with(end));

        if is_pipeline(folders, name) {
            return Self::Pipeline;
        }
        if within(VENDORED) || suffix(&[".min.js", ".min.css", ".bundle.js", ".map", ".pb.go"]) {
            return Self::Vendored;
        }
        if LOCKS.contains(&name) {
            return Self::Lock;
        }
        let folder_of_tests = folders.split('/').any(|folder| {
            TESTS.contains(&folder)
                || [".tests", ".test", "-tests", "_tests", "-test", ".unittests", ".specs"]
                    .iter()
                    .any(|end| folder.ends_with(end))
        });
        let stem = name.split('.').next().unwrap_or(name);
        if folder_of_tests
            || stem.starts_with("test_")
            || stem.ends_with("_test")
            || stem.ends_with("_tests")
            || stem.ends_with("_spec")
            || stem == "conftest"
            || [".test.", ".spec.", ".stories.", "-test.", ".mock."]
                .iter()
                .any(|mark| name.contains(mark))
            || suffix(&["test.java", "tests.java", "test.kt", "tests.cs", "test.cs", "test.php"])
        {
            return Self::Test;
        }
        if within(EXAMPLES) {
            return Self::Example;
        }
        if is_manifest(name) {
            return Self::Manifest;
        }
        let prose =
            [".md", ".mdx", ".rst", ".adoc", ".txt", ".html", ".htm", ".svg", ".tex", ".mdc"];
        if within(DOCS) || suffix(&prose) {
            return Self::Docs;
        }
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        if SETTINGS.contains(&extension) || name.starts_with(".env") || name == "dockerfile" {
            return Self::Settings;
        }
        Self::Program
    }
}

const VENDORED: &[&str] = &[
    "vendor",
    "vendored",
    "_vendor",
    "third_party",
    "third-party",
    "thirdparty",
    "3rdparty",
    "node_modules",
    "bower_components",
    "site-packages",
    "dist",
    "pods",
    ".yarn",
    "generated",
    "__generated__",
    "wwwroot",
];
const TESTS: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "spec",
    "specs",
    "testdata",
    "test-data",
    "test_data",
    "fixtures",
    "__fixtures__",
    "cassettes",
    "e2e",
    "mocks",
    "__mocks__",
    "integration-tests",
    "benchmark",
    "benchmarks",
    "benches",
    "evals",
    "evaluation",
    "testing",
    "snapshots",
    "__snapshots__",
];
const EXAMPLES: &[&str] = &[
    "examples",
    "example",
    "samples",
    "sample",
    "demo",
    "demos",
    "tutorials",
    "cookbook",
    "playground",
];
const DOCS: &[&str] = &["docs", "doc", "documentation", "website", "site", "blog", "adr", "rfcs"];
const LOCKS: &[&str] = &[
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "pipfile.lock",
    "cargo.lock",
    "go.sum",
    "gemfile.lock",
    "composer.lock",
    "packages.lock.json",
    "deno.lock",
    "pixi.lock",
];
const SETTINGS: &[&str] = &[
    "yml",
    "yaml",
    "json",
    "jsonc",
    "json5",
    "toml",
    "ini",
    "cfg",
    "conf",
    "xml",
    "plist",
    "timer",
    "service",
    "properties",
    "tf",
    "csv",
    "tsv",
    "jsonl",
    "env",
    "example",
    "template",
];

fn is_pipeline(folders: &str, name: &str) -> bool {
    let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    let of_workflows = matches!(
        folders,
        ".github/workflows" | ".circleci" | ".gitea/workflows" | ".forgejo/workflows"
    );
    (yaml && of_workflows)
        || (folders.is_empty()
            && matches!(
                name,
                ".gitlab-ci.yml"
                    | "azure-pipelines.yml"
                    | "jenkinsfile"
                    | ".travis.yml"
                    | "bitbucket-pipelines.yml"
                    | ".drone.yml"
                    | ".woodpecker.yml"
            ))
}

/// Whether a file of this name (in small letters) says what a program depends on.
pub fn is_manifest(name: &str) -> bool {
    matches!(
        name,
        "package.json"
            | "pyproject.toml"
            | "setup.py"
            | "setup.cfg"
            | "pipfile"
            | "cargo.toml"
            | "go.mod"
            | "gemfile"
            | "pom.xml"
            | "build.gradle"
            | "build.gradle.kts"
            | "libs.versions.toml"
            | "directory.packages.props"
            | "packages.config"
            | "composer.json"
            | "environment.yml"
            | "deno.json"
    ) || (name.starts_with("requirements") && (name.ends_with(".txt") || name.ends_with(".in")))
        || [".csproj", ".fsproj", ".vbproj", ".gemspec"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_what_a_file_is_for() {
        for (path, setting) in [
            ("src/main.rs", Setting::Program),
            ("agent.py", Setting::Program),
            ("notebooks/agent.ipynb", Setting::Program),
            ("contest/winner.py", Setting::Program),
            ("requirements.txt", Setting::Manifest),
            ("requirements-dev.in", Setting::Manifest),
            ("api/Api.csproj", Setting::Manifest),
            ("Cargo.lock", Setting::Lock),
            (".github/workflows/nightly.yml", Setting::Pipeline),
            (".circleci/config.yml", Setting::Pipeline),
            ("tests/test_agent.py", Setting::Test),
            ("src/agent.test.ts", Setting::Test),
            ("pkg/agent_test.go", Setting::Test),
            ("Shop.Tests/OrderTests.cs", Setting::Test),
            ("tests/requirements.txt", Setting::Test),
            ("examples/agent.py", Setting::Example),
            ("examples/package.json", Setting::Example),
            ("README.md", Setting::Docs),
            ("docs/conf.py", Setting::Docs),
            ("vendor/github.com/x/y.go", Setting::Vendored),
            ("web/app.min.js", Setting::Vendored),
            (".env.example", Setting::Settings),
            ("deploy/cronjob.yaml", Setting::Settings),
        ] {
            assert_eq!(Setting::of(path), setting, "{path}");
        }
    }
}
