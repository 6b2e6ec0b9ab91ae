//! Files that a pipeline works by: whose tokens they use. When it starts is in the tables.

use super::index::Mark;
use super::signs::{LENT_TOKEN, SCHEDULED_TOKEN};

/// Names, or parts of names, of tokens that services give to pipelines and not to persons.
const OF_SERVICES: &[&str] = &[
    "CODECOV",
    "NPM",
    "DOCKER",
    "DOCKERHUB",
    "GHCR",
    "SONAR",
    "PYPI",
    "TWINE",
    "CARGO",
    "CRATES",
    "SCORECARD",
    "COVERALLS",
    "SNYK",
    "SENTRY",
    "NUGET",
    "RUBYGEMS",
    "VERCEL",
    "NETLIFY",
    "CLOUDFLARE",
    "CF",
    "SLACK",
    "DISCORD",
    "TELEGRAM",
    "APP",
    "BOT",
    "OTEL",
    "MAVEN",
    "OSSRH",
    "SONATYPE",
    "GPG",
    "CACHIX",
    "CHROMATIC",
    "PERCY",
    "ARGOS",
    "DEPLOY",
    "TURBO",
    "NX",
    "AWS",
    "AZURE",
    "GCP",
    "OIDC",
    "HF",
    "LOGFIRE",
    "GORELEASER",
    "MARKETPLACE",
    "VSCE",
    "OVSX",
    "OPENVSX",
    "POSTHOG",
    "SUPABASE",
    "RENDER",
    "RAILWAY",
    "HEROKU",
    "FLY",
    "EXPO",
    "CYPRESS",
    "TELEMETRY",
    "TAP",
    "SESSION",
];

/// What a line of a pipeline's file says about the token that it uses.
///
/// `${{ secrets.GITHUB_TOKEN }}` is the pipeline's own, made for each run. Another secret in its place is
/// one that somebody made, and it may do whatever that person may.
pub fn token(line: &str) -> Option<Mark> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let (before, secret) = line.split_once("secrets.")?;
    let end =
        secret.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(secret.len());
    let name = secret.get(..end)?.to_ascii_uppercase();
    let parts: Vec<&str> = name.split('_').collect();
    if name == "GITHUB_TOKEN" || parts.iter().any(|part| OF_SERVICES.contains(part)) {
        return None;
    }
    let is_personal = parts.contains(&"PAT") || parts.contains(&"PERSONAL") || name == "GIST_TOKEN";
    let is_token = parts.last() == Some(&"TOKEN");
    let of_the_host = is_token && (parts.contains(&"GH") || parts.contains(&"GITHUB"));
    let key = before.split(':').next().unwrap_or_default().trim_start_matches("- ").trim();
    let takes_the_place = is_token
        && matches!(
            key.to_ascii_uppercase().replace('-', "_").as_str(),
            "GITHUB_TOKEN" | "GH_TOKEN" | "REPO_TOKEN" | "GITHUB_PAT" | "GH_PAT"
        );
    if is_personal || of_the_host || takes_the_place {
        return Some((&LENT_TOKEN).into());
    }
    // A token that opens something of the provider's for reading (weather, music) is a person's too.
    is_token.then(|| (&SCHEDULED_TOKEN).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_somebodys_or_the_pipelines_own() {
        for (line, id) in [
            ("GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}", None),
            ("GITHUB_TOKEN: ${{ secrets.SPONSORS_TOKEN }}", Some("token/lent")),
            ("GH_TOKEN: ${{ secrets.GH_TOKEN }}", Some("token/lent")),
            ("token: ${{ secrets.RELEASE_PAT }}", Some("token/lent")),
            ("token: ${{ secrets.PERSONAL_ACCESS_TOKEN }}", Some("token/lent")),
            ("  DANAS_TOKEN: ${{secrets.DANAS_TOKEN}}", Some("token/pipeline")),
            ("# repo_token: ${{ secrets.DANAS_TOKEN }}", None),
            ("token: ${{ secrets.CODECOV_TOKEN }}", None),
            ("NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}", None),
            ("WEATHER_KEY: ${{ secrets.WEATHER_KEY }}", None),
            ("PATH: ${{ secrets.PATHS }}", None),
            ("run: echo no secret", None),
        ] {
            assert_eq!(token(line).map(|mark| mark.id), id, "{line}");
        }
    }
}
