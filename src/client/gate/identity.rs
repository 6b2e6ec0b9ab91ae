//! In whose name a pipeline asks. Its own identity, where it has one: a short-lived token of the platform,
//! made out to the server, so that no secret has to be kept. Otherwise whoever `agent-cli` knows.

use hyper::Uri;
use secrecy::SecretString;
use serde::Deserialize;

use crate::client::address::Address;
use crate::client::environment::{AGENT_KEY, Environment, TOKEN};
use crate::client::exit::Exit;
use crate::client::http::{Http, Sent};
use crate::client::server::{Credentials, Server};
use crate::client::session::Session;
use crate::client::trouble::Trouble;
use crate::client::words::Told;

/// Where a pipeline puts its own OIDC token: GitLab's `id_tokens`, and whatever else makes one.
pub const ID_TOKEN: &str = "COUNTERSIGN_ID_TOKEN";
/// Where GitHub Actions says how a job gets its token …
const GITHUB_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
/// … and what the job shows for it.
const GITHUB_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

/// Whose identity is shown.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// What `agent-cli` uses everywhere: a token or a key in the environment, or a login.
    Usual,
    /// A job of GitHub Actions fetches its own.
    GitHub {
        /// Where.
        url: String,
        /// What it shows there.
        token: SecretString,
    },
    /// It is in the environment already.
    Given(SecretString),
}

/// What the environment offers. What somebody set on purpose comes first.
pub(super) fn source(environment: &Environment) -> Source {
    if environment.get(TOKEN).is_some() || environment.get(AGENT_KEY).is_some() {
        return Source::Usual;
    }
    if let Some(token) = environment.get(ID_TOKEN) {
        return Source::Given(token.into());
    }
    match (environment.get(GITHUB_URL), environment.get(GITHUB_TOKEN)) {
        (Some(url), Some(token)) => Source::GitHub { url: url.to_owned(), token: token.into() },
        _ => Source::Usual,
    }
}

/// The server, in the name of the pipeline, or of whoever is known.
pub(super) async fn server(session: &Session, audience: Option<&str>) -> Result<Server, Trouble> {
    let address = session.address()?;
    let token = match source(&session.environment) {
        Source::Usual => return session.server(),
        Source::Given(token) => token,
        Source::GitHub { url, token } => {
            of_github(&url, token, audience.unwrap_or(address.as_str())).await?
        }
    };
    Server::open(address.as_str(), Credentials::Token(token))
}

/// What to do so that the pipeline has an identity; none where it is no pipeline that is known.
pub(super) fn hint(environment: &Environment, address: &str) -> Option<Told> {
    let why = "a job is known by its own identity, and this one has none.";
    if environment.get("GITHUB_ACTIONS").is_some() {
        return Some(
            Told::new("This job has no identity to show.").why(why).next([
                "give the job the permission: permissions: { contents: read, id-token: write }"
                    .to_owned(),
                "for pull requests from forks GitHub gives none: run the gate on push, too"
                    .to_owned(),
            ]),
        );
    }
    environment.get("GITLAB_CI").is_some().then(|| {
        Told::new("This job has no identity to show.").why(why).next([format!(
            "give the job one: id_tokens: {{ {ID_TOKEN}: {{ aud: \"{address}\" }} }}"
        )])
    })
}

#[derive(Deserialize)]
struct Given {
    value: String,
}

/// A job's own token, made out to the audience.
async fn of_github(
    url: &str,
    token: SecretString,
    audience: &str,
) -> Result<SecretString, Trouble> {
    let failed = |why: String| {
        let told = Told::new("GitHub gave this job no identity.").why(why).next([
            "see https://www.githubstatus.com, and run the job again".to_owned(),
            "see that the job has the permission id-token: write".to_owned(),
        ]);
        Trouble::told(Exit::Away, "no_identity", told)
    };
    let (base, path) = split(url).ok_or_else(|| failed(format!("{GITHUB_URL} is no address")))?;
    let separator = if path.contains('?') { '&' } else { '?' };
    let audience = serde_urlencoded::to_string([("audience", audience)])
        .map_err(|error| failed(error.to_string()))?;
    let sent = Sent { token: Some(token), ..Sent::get(&format!("{path}{separator}{audience}")) };
    let answer = Http::to(base)?.send(&sent).await?;
    if answer.status != 200 {
        return Err(failed(format!("it answered {}.", answer.status)));
    }
    let given: Given = serde_json::from_slice(&answer.body)
        .map_err(|_| failed("what it answered holds no token.".to_owned()))?;
    if given.value.is_empty() {
        return Err(failed("what it answered holds no token.".to_owned()));
    }
    Ok(given.value.into())
}

/// An address, and the path with its question.
fn split(url: &str) -> Option<(Address, String)> {
    let uri: Uri = url.parse().ok()?;
    let base = format!("{}://{}", uri.scheme_str()?, uri.authority()?);
    Some((base.parse().ok()?, uri.path_and_query()?.as_str().to_owned()))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn what_was_set_on_purpose_comes_first() {
        let github = [(GITHUB_URL, "https://g.example/t?v=2"), (GITHUB_TOKEN, "t")];
        let with = |name: &'static str| {
            source(&Environment::of([github[0], github[1], (name, "something")]))
        };
        assert!(matches!(with("OTHER"), Source::GitHub { url, .. } if url.ends_with("?v=2")));
        assert!(matches!(with(TOKEN), Source::Usual));
        assert!(matches!(with(AGENT_KEY), Source::Usual));
        assert!(
            matches!(with(ID_TOKEN), Source::Given(token) if token.expose_secret() == "something")
        );
        assert!(matches!(source(&Environment::of([github[0]])), Source::Usual));
    }

    #[test]
    fn a_token_is_fetched_from_the_whole_address() {
        let (base, path) = split("https://g.example/a/b?api-version=2.0").unwrap();
        assert_eq!((base.as_str(), path.as_str()), ("https://g.example", "/a/b?api-version=2.0"));
        assert!(split("http://g.example/a").is_none(), "unencrypted");
        assert!(split("nonsense").is_none());
    }
}
