//! Keys that stand in text: recognised by how their issuers begin them and by how random they are.
//!
//! What is found is named and never repeated: no function here returns a piece of a key.

/// Keys of one issuer.
#[derive(Debug)]
pub struct KeyKind {
    /// Stable.
    pub id: &'static str,
    /// How all of them begin.
    pub prefix: &'static str,
    /// What it is.
    pub says: &'static str,
    /// How much it proves: 0 to 100.
    pub weight: u8,
    /// How many characters follow the prefix at least.
    rest: usize,
}

const fn key(
    id: &'static str,
    prefix: &'static str,
    rest: usize,
    weight: u8,
    says: &'static str,
) -> KeyKind {
    KeyKind { id, prefix, says, weight, rest }
}

/// The issuers whose keys can be told by their beginning, as their own documentation says it.
pub const KINDS: &[KeyKind] = &[
    key("key/github-personal", "ghp_", 36, 95, "a GitHub personal access token"),
    key("key/github-fine-grained", "github_pat_", 59, 95, "a GitHub personal access token"),
    key("key/github-oauth", "gho_", 36, 90, "a GitHub sign-in token"),
    key("key/gitlab", "glpat-", 20, 95, "a GitLab personal access token"),
    key("key/slack-person", "xoxp-", 24, 95, "a Slack token of a person"),
    key("key/slack-bot", "xoxb-", 24, 85, "a Slack token of a bot"),
    key("key/slack-app", "xapp-", 24, 85, "a Slack token of an app"),
    key("key/openai-project", "sk-proj-", 32, 90, "an OpenAI key"),
    key("key/anthropic", "sk-ant-", 32, 90, "an Anthropic key"),
    key("key/openrouter", "sk-or-v1-", 32, 90, "an OpenRouter key"),
    key("key/groq", "gsk_", 40, 85, "a Groq key"),
    key("key/hugging-face", "hf_", 30, 85, "a Hugging Face token"),
    key("key/replicate", "r8_", 32, 85, "a Replicate token"),
    key("key/perplexity", "pplx-", 40, 85, "a Perplexity key"),
    key("key/google", "AIza", 35, 80, "a Google key"),
    key("key/aws", "AKIA", 16, 85, "an AWS access key"),
    key("key/stripe", "sk_live_", 24, 90, "a Stripe live key"),
    key("key/npm", "npm_", 36, 90, "an npm token"),
    key("key/pypi", "pypi-AgEI", 50, 90, "a PyPI token"),
    key("key/figma", "figd_", 36, 95, "a Figma personal access token"),
    key("key/notion", "ntn_", 40, 90, "a Notion token"),
    key("key/linear", "lin_api_", 32, 95, "a Linear personal key"),
    key("key/atlassian", "ATATT3", 60, 95, "an Atlassian personal token"),
    key("key/shopify", "shpat_", 32, 90, "a Shopify token"),
    key("key/sendgrid", "SG.", 60, 85, "a SendGrid key"),
    key("key/databricks", "dapi", 32, 80, "a Databricks personal token"),
    key("key/airtable", "pat1", 60, 60, "an Airtable personal token"),
    key("key/slack-webhook", "hooks.slack.com/services/", 38, 85, "a Slack webhook"),
    key("key/discord-webhook", "discord.com/api/webhooks/", 70, 85, "a Discord webhook"),
    key("key/digitalocean", "dop_v1_", 60, 90, "a DigitalOcean personal token"),
];

/// Words that stand in keys which were made up.
const INVENTED: &[&str] = &[
    "example",
    "xxxx",
    "your",
    "test",
    "fake",
    "dummy",
    "sample",
    "placeholder",
    "redact",
    "changeme",
    "abcdef",
    "0123",
    "1234",
    "9876",
    "0000",
    "aaaa",
    "foobar",
    "deadbeef",
    "secret",
    "token",
    "mock",
];

impl KeyKind {
    /// Whether a real key of this kind begins here: the text after the prefix is long enough, random,
    /// and nothing that was made up to be read.
    pub fn is_here(&self, before: Option<char>, after_prefix: &str) -> bool {
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            return false;
        }
        // A webhook's key is the rest of its address.
        let is_address = self.prefix.ends_with('/');
        let goes_on = |c: char| is_of_a_key(c) || (is_address && c == '/');
        let end = after_prefix.find(|c| !goes_on(c)).unwrap_or(after_prefix.len());
        let rest = after_prefix.get(..end).unwrap_or_default();
        rest.len() >= self.rest && rest.len() <= 400 && is_random(rest, 3.2)
    }
}

fn is_of_a_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Whether a text has so many bits of entropy a character, counted over its own letters (Shannon), and
/// does not look made up.
pub fn is_random(text: &str, bits: f64) -> bool {
    let lower = text.to_lowercase();
    entropy(text) >= bits && !INVENTED.iter().any(|word| lower.contains(word))
}

/// Bits a character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let all = text.len().max(1) as f64;
    let used = counts.iter().filter(|count| **count > 0);
    used.map(|count| f64::from(*count) / all).map(|share| -share * share.log2()).sum()
}

/// What a text holds that no channel may carry: a key by the beginning that its issuer gives it, a
/// private key or a signed token. Unlike [`KeyKind::is_here`] it does not ask whether the key was made
/// up, because nothing is lost when that is refused, too. The id of an AWS access key is an id.
pub fn in_text(text: &str) -> Option<&'static str> {
    if text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    if begins_a_key(text, "eyJ", 60) && text.matches('.').count() >= 2 {
        return Some("a signed token");
    }
    let kinds = KINDS.iter().filter(|kind| kind.id != "key/aws");
    kinds.into_iter().find(|kind| begins_a_key(text, kind.prefix, kind.rest)).map(|kind| kind.says)
}

/// Whether a text of this beginning is in there, with so many characters of a key behind it.
fn begins_a_key(text: &str, prefix: &str, rest: usize) -> bool {
    text.match_indices(prefix).any(|(at, _)| {
        let (before, after) = text.split_at(at);
        let within = before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        let goes_on = |c: &char| is_of_a_key(*c) || (prefix.ends_with('/') && *c == '/');
        let key = after.chars().skip(prefix.chars().count()).take_while(goes_on);
        !within && key.count() >= rest
    })
}

/// Whether what stands under this name is a secret by its name.
pub fn is_called(name: &str) -> bool {
    const SECRETS: [&str; 7] =
        ["secret", "password", "passwd", "token", "privatekey", "apikey", "credential"];
    let plain: String = name.to_lowercase().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    SECRETS.iter().any(|word| plain.ends_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text as random as a key, made here so that no key stands in this file.
    fn random(len: usize) -> String {
        let alphabet = b"Qw7Zr2Tv9Kp4Ls8Mx3Bn6Hd5GfJcYWqRtVkPzLmNbXhDgFj";
        let mut state = 17_u32;
        let step = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(alphabet[(state >> 16) as usize % alphabet.len()])
        };
        (0..len).map(step).collect()
    }

    #[test]
    fn every_kind_is_found_and_its_near_misses_are_not() {
        for kind in KINDS {
            let real = random(kind.rest + 4);
            assert!(kind.is_here(Some('"'), &format!("{real}\"")), "{}", kind.id);
            assert!(kind.is_here(None, &real), "{}", kind.id);
            assert!(!kind.is_here(Some('a'), &real), "{}: inside a word", kind.id);
            assert!(!kind.is_here(None, &real[..kind.rest - 1]), "{}: too short", kind.id);
            assert!(!kind.is_here(None, &"x".repeat(kind.rest + 4)), "{}: no key at all", kind.id);
            let made_up = format!("example{}", &real[..kind.rest]);
            assert!(!kind.is_here(None, &made_up), "{}: made up", kind.id);
        }
    }

    /// More than the scan of a repository takes for one: what is sent on purpose is never a sample.
    #[test]
    fn no_key_passes_in_a_text() {
        for kind in KINDS.iter().filter(|kind| kind.id != "key/aws") {
            let real = format!("{}{}", kind.prefix, random(kind.rest + 4));
            for text in [real.clone(), format!("name: {real}!"), format!("=\"{real}\"")] {
                assert_eq!(in_text(&text), Some(kind.says), "{}", kind.id);
            }
            let made_up = format!("{}{}", kind.prefix, "x".repeat(kind.rest));
            assert_eq!(in_text(&made_up), Some(kind.says), "{}", kind.id);
        }
        let token = format!("eyJ{}.{}.{}", random(30), random(40), random(20));
        assert_eq!(in_text(&token), Some("a signed token"));
        let head = ["-----BEGIN", "PRIVATE KEY-----"].join(" ");
        assert_eq!(in_text(&head), Some("a private key"));
        for innocent in [
            "arn:aws:iam::123456789012:user/deploy-bot",
            "AKIAIOSFODNN7EXAMPLE",
            "U0ROBO",
            "ghp_short",
            "ekyJob",
            "Deploy helper (production)",
            "",
        ] {
            assert_eq!(in_text(innocent), None, "{innocent}");
        }
    }

    #[test]
    fn secrets_are_called_so() {
        for name in ["client_secret", "Password", "api-key", "private key", "access_token"] {
            assert!(is_called(name), "{name}");
        }
        for name in ["arn", "key id", "created", "token_last_used"] {
            assert!(!is_called(name), "{name}");
        }
    }

    #[test]
    fn entropy_is_counted_in_bits() {
        assert!((entropy("aaaa") - 0.0).abs() < 1e-9);
        assert!((entropy("abcd") - 2.0).abs() < 1e-9);
        assert!((entropy("") - 0.0).abs() < 1e-9);
    }
}
