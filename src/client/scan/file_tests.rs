use super::*;

/// The ids found in a file, each with its line and what it proves.
fn seen(path: &str, text: &str) -> Vec<String> {
    let index = Index::new().unwrap();
    let hits = inspect(path, text, &index).hits;
    hits.into_iter().map(|hit| format!("{} {} {}", hit.mark.id, hit.line, hit.percent)).collect()
}

fn ids(path: &str, text: &str) -> Vec<&'static str> {
    let index = Index::new().unwrap();
    let mut ids: Vec<_> = inspect(path, text, &index).hits.iter().map(|hit| hit.mark.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

#[test]
fn the_same_line_weighs_less_in_a_test_and_in_a_document() {
    let line = "import openai\n";
    assert_eq!(seen("src/reply.py", line), ["model/openai 1 85"]);
    assert_eq!(seen("examples/reply.py", line), ["model/openai 1 21"]);
    assert_eq!(seen("tests/test_reply.py", line), ["model/openai 1 10"]);
    assert_eq!(seen("vendor/reply.py", line), ["model/openai 1 3"]);
}

/// One positive and one near miss for each kind of sign.
#[test]
fn each_kind_of_sign_and_its_near_miss() {
    for (path, text, expected) in [
        // Models: an SDK, an address, a request, the name of a key.
        ("a.ts", "import Anthropic from '@anthropic-ai/sdk';", &["model/anthropic"][..]),
        ("a.ts", "import { sdk } from './anthropic-ai/sdk';", &[]),
        (
            "a.go",
            "url := \"https://api.openai.com/v1/chat/completions\"",
            &["model/address", "model/path"],
        ),
        ("a.go", "// see https://api.openai.com/v1/chat/completions", &[]),
        ("a.go", "url := \"https://docs.openai.com\"", &[]),
        ("a.js", "twilio.messages.create({ to, body })", &[]),
        ("a.js", "post(base + '/v1/messages')", &[]),
        (".env.example", "OPENAI_API_KEY=", &["model/key"]),
        (".env.example", "MY_OPENAI_API_KEYS=", &[]),
        // Frameworks.
        ("a.py", "from langgraph.graph import StateGraph", &["framework/langgraph"]),
        ("a.py", "from graph import StateGraph", &[]),
        ("a.py", "from agents import Agent, Runner", &["framework/openai-agents"]),
        ("a.py", "from agents import estate", &[]),
        ("A.cs", "using Microsoft.SemanticKernel.Connectors;", &["framework/semantic-kernel"]),
        ("A.cs", "using Microsoft.Semantics;", &[]),
        // Acting.
        ("a.py", "for call in message.tool_calls:", &["acts/tool-calls"]),
        ("a.py", "# for call in message.tool_calls:", &[]),
        ("a.ts", "const x = new DynamicStructuredTool({", &["acts/tools-offered"]),
        ("a.ts", "const x = structuredToolbox();", &[]),
        ("a.py", "def execute_bash(command):", &["acts/runs-answers"]),
        ("a.py", "def execute_bashful(command):", &[]),
        ("src/support.py", "class SupportAgent:", &["agent/name"]),
        ("src/support.py", "class UserAgent:", &[]),
        ("src/support.py", "class Agenda:", &[]),
        ("src/research_agent.py", "x = 1", &["agent/name"]),
        ("src/user-agent.ts", "x = 1", &[]),
        // MCP.
        ("a.py", "mcp = FastMCP(\"shop\")", &["mcp/server"]),
        ("a.py", "mcp = SlowMCP(\"shop\")", &[]),
        ("a.ts", "const t = new StdioClientTransport({", &["mcp/client"]),
        ("a.ts", "const t = new ClientTransport({", &[]),
        // Pipelines.
        (
            ".github/workflows/review.yml",
            "      - uses: anthropics/claude-code-action@v1",
            &["pipeline/agent"],
        ),
        (".github/workflows/review.yml", "      # uses: anthropics/claude-code-action@v1", &[]),
        ("deploy/review.yml", "      - uses: anthropics/claude-code-action@v1", &[]),
        (".github/workflows/nightly.yml", "    - cron: '0 3 * * *'", &["schedule/pipeline"]),
        (".github/workflows/nightly.yml", "    # - cron: '0 3 * * *'", &[]),
        (
            ".github/workflows/stats.yml",
            "          GITHUB_TOKEN: ${{ secrets.MY_PAT }}",
            &["token/lent"],
        ),
        (".github/workflows/stats.yml", "          GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}", &[]),
        // What else starts a program.
        ("deploy/job.yaml", "kind: CronJob", &["schedule/system"]),
        ("deploy/job.yaml", "kind: Job", &[]),
        ("units/report.timer", "OnCalendar=daily", &["schedule/system"]),
        ("launch/report.plist", "  <key>StartInterval</key>", &["schedule/system"]),
        ("a.js", "const cron = require('node-cron');", &["schedule/library"]),
        ("a.js", "const cron = require('./node-cron');", &[]),
        ("a.js", "req.headers['x-slack-signature']", &["webhook/receives"]),
        ("a.js", "req.headers['x-slack-retry']", &[]),
        // Tokens of persons.
        ("a.py", "token = os.environ[\"FIGMA_TOKEN\"]", &["token/personal"]),
        ("a.py", "token = os.environ[\"FIGMA_TOKENS_FILE\"]", &[]),
        // Assistants of those who work on it.
        ("CLAUDE.md", "Use the tools that `tool_calls` names.", &["assistant/settings"]),
        (".cursor/rules/a.py", "import openai", &["assistant/settings"]),
    ] {
        assert_eq!(ids(path, text), expected, "{path}: {text}");
    }
}

#[test]
fn manifests_and_lock_files_name_packages() {
    let manifest = "{\"name\": \"bot\", \"dependencies\": {\n\"openai\": \"4\"},\n\
                    \"devDependencies\": {\n\"ai\": \"1\"}}";
    assert_eq!(seen("package.json", manifest), ["model/openai 2 76", "model/any 4 19"]);
    assert_eq!(seen("Cargo.lock", "[[package]]\nname = \"async-openai\"\n"), ["model/openai 2 8"]);
    let npm = "    \"node_modules/openai\": {\n    \"node_modules/openapi\": {\n";
    assert_eq!(seen("package-lock.json", npm), ["model/openai 1 8"]);
    assert_eq!(seen("yarn.lock", "openai@^4.1:\n"), ["model/openai 1 8"]);
    assert_eq!(seen("go.sum", "github.com/openai/openai-go v1.0.0 h1:x=\n"), ["model/openai 1 8"]);
}

#[test]
fn a_package_that_is_in_the_tables_itself_is_a_library() {
    let index = Index::new().unwrap();
    let is_library = |path: &str, text: &str| inspect(path, text, &index).is_library.is_some();
    assert!(is_library("pyproject.toml", "[project]\nname = \"smolagents\"\n"));
    assert!(is_library("go.mod", "module github.com/sashabaranov/go-openai\n"));
    assert!(!is_library("pyproject.toml", "[project]\nname = \"my-agents\"\n"));
    assert!(!is_library("tests/pyproject.toml", "[project]\nname = \"smolagents\"\n"));
    assert!(!is_library("package.json", "{\"name\": \"node-cron\"}"), "a scheduler is no model");
}

#[test]
fn a_notebook_is_a_program() {
    let notebook = "{\"cells\": [{\"source\": [\n \"import anthropic\\n\",\n \"x = 1\"\n]}]}";
    assert_eq!(seen("notes/try.ipynb", notebook), ["model/anthropic 2 85"]);
}

#[test]
fn a_name_is_split_into_its_words() {
    assert_eq!(words("runSupportAgent"), ["run", "support", "agent"]);
    assert_eq!(words("support-agent_v2"), ["support", "agent", "v2"]);
    assert_eq!(words("__init__"), ["init", ""]);
    assert_eq!(words("HTTPAgent"), ["httpagent"]);
    assert!(is_an_agents_name("agents"));
    assert!(!is_an_agents_name("ssh_agent"));
    assert!(!is_an_agents_name("reagent"));
}

#[test]
fn lines_are_found_for_offsets_in_any_order() {
    let mut lines = Lines::new("a\nb\nc\n");
    assert_eq!([4, 0, 2, 2, 6].map(|offset| lines.line_of(offset)), [3, 1, 2, 2, 4]);
}
