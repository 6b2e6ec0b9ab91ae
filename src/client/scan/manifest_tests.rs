use super::*;

/// Each dependency as `registry name scope line`.
fn seen(name: &str, text: &str) -> Vec<String> {
    let each = read(name, text).dependencies.into_iter();
    each.map(|d| format!("{:?} {} {:?} {}", d.registry, d.name, d.scope, d.line)).collect()
}

fn own(name: &str, text: &str) -> Option<String> {
    read(name, text).own.map(|(_, name)| name)
}

#[test]
fn javascript() {
    let text = "{\n \"name\": \"@acme/bot\",\n \"dependencies\": {\n  \"openai\": \"^4\"\n },\n \
                \"devDependencies\": {\"ai\": \"1\"}\n}";
    assert_eq!(seen("package.json", text), ["Npm openai Runs 4", "Npm ai Beside 6"]);
    assert_eq!(own("package.json", text).as_deref(), Some("@acme/bot"));
    assert_eq!(read("package.json", "{ not json"), Manifest::default());
}

#[test]
fn python() {
    let text = "[project]\nname = \"bot\"\ndependencies = [\n  \"openai[x]>=1; python_version>'3'\",\n]\n\
                [project.optional-dependencies]\nclaude = [\"anthropic\"]\ntest = [\"ollama\"]\n\
                [dependency-groups]\ndev = [\"groq\"]\n";
    assert_eq!(
        seen("pyproject.toml", text),
        [
            "PyPi openai Runs 4",
            "PyPi anthropic Optional 7",
            "PyPi ollama Beside 8",
            "PyPi groq Beside 10"
        ]
    );
    assert_eq!(own("pyproject.toml", text).as_deref(), Some("bot"));
    let poetry = "[tool.poetry]\nname = \"p\"\n[tool.poetry.dependencies]\nopenai = \"1\"\n\
                  [tool.poetry.group.dev.dependencies]\npytest = \"1\"\n";
    assert_eq!(seen("pyproject.toml", poetry), ["PyPi openai Runs 4", "PyPi pytest Beside 6"]);
    let lines = "# openai\nopenai==1.2 # why\n-r other.txt\n\nlangchain_core>=0.1\n";
    assert_eq!(
        seen("requirements.txt", lines),
        ["PyPi openai Runs 2", "PyPi langchain_core Runs 5"]
    );
    let setup = "setup(\n    name=\"bot\",\n    install_requires=[\"openai>=1\", 'requests'],\n)\n";
    let found = seen("setup.py", setup);
    assert!(found.contains(&"PyPi openai Runs 3".to_owned()), "{found:?}");
    assert_eq!(own("setup.py", setup).as_deref(), Some("bot"));
}

#[test]
fn rust_and_go() {
    let text = "[package]\nname = \"bot\"\n[dependencies]\nasync-openai = \"1\"\n\
                chat = { package = \"genai\", version = \"1\", optional = true }\n[dev-dependencies]\nrmcp = \"1\"\n";
    assert_eq!(
        seen("Cargo.toml", text),
        ["Crates async-openai Runs 4", "Crates genai Optional 5", "Crates rmcp Beside 7"]
    );
    let text = "module github.com/acme/bot\n\nrequire (\n\tgithub.com/sashabaranov/go-openai v1.2.3\n\t\
                github.com/x/y v0.1.0 // indirect\n)\n";
    assert_eq!(
        seen("go.mod", text),
        ["Go github.com/sashabaranov/go-openai Runs 4", "Go github.com/x/y Beside 5"]
    );
    assert_eq!(own("go.mod", text).as_deref(), Some("github.com/acme/bot"));
}

#[test]
fn ruby_java_and_dotnet() {
    assert_eq!(
        seen("Gemfile", "source \"https://rubygems.org\"\ngem \"ruby-openai\", \"~> 1\"\n"),
        ["Gems ruby-openai Runs 2"]
    );
    let spec = "Gem::Specification.new do |spec|\n  spec.name = \"bot\"\n  spec.add_dependency \"faraday\"\nend\n";
    assert_eq!(seen("bot.gemspec", spec), ["Gems faraday Runs 3"]);
    assert_eq!(own("bot.gemspec", spec).as_deref(), Some("bot"));
    let pom = "<dependency>\n<groupId>dev.langchain4j</groupId>\n<artifactId>langchain4j</artifactId>\n</dependency>";
    assert_eq!(seen("pom.xml", pom), ["Maven dev.langchain4j:langchain4j Runs 3"]);
    assert_eq!(
        seen(
            "build.gradle.kts",
            "implementation(\"com.openai:openai-java:1.0\")\n// \"a.b:c:1\"\n"
        ),
        ["Maven com.openai:openai-java Runs 1"]
    );
    assert_eq!(
        seen(
            "Bot.csproj",
            "<PackageReference Include=\"Microsoft.SemanticKernel\" Version=\"1\" />"
        ),
        ["NuGet Microsoft.SemanticKernel Runs 1"]
    );
}
