//! Where the server is, as people type it.

use std::fmt;
use std::str::FromStr;

/// A server's address: `https://agents.example.com`, or `http://` on this machine alone. Without a slash
/// at its end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address(String);

/// A text that is no server's address, and what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// It cannot be read.
    #[error("`{0}` is no address: write it like https://agents.example.com")]
    Unreadable(String),
    /// Plain text over a network: whoever listens could log in.
    #[error(
        "`{0}` would send logins over the network unencrypted: use https:// (http:// is for this machine alone)"
    )]
    Plain(String),
}

impl Address {
    /// As text, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is read without TLS.
    pub fn is_plain(&self) -> bool {
        self.0.starts_with("http://")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let text = text.trim();
        let bad = || BadAddress::Unreadable(text.chars().take(80).collect());
        let with_scheme =
            if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let uri: hyper::Uri = with_scheme.parse().map_err(|_| bad())?;
        let (scheme, authority) = (uri.scheme_str(), uri.authority().ok_or_else(bad)?);
        // Neither names and passwords nor questions belong to it.
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(bad());
        }
        let host = authority.host().trim_matches(['[', ']']);
        let here = host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        let scheme = match scheme {
            Some("https") if text.contains("://") => "https",
            // Who leaves the scheme out means the sandbox, on this machine.
            Some("https") if here => "http",
            Some("https") => "https",
            Some("http") if here => "http",
            Some("http") => return Err(BadAddress::Plain(text.chars().take(80).collect())),
            _ => return Err(bad()),
        };
        let path = uri.path().trim_end_matches('/');
        Ok(Self(format!("{scheme}://{}{path}", authority.as_str().to_lowercase())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_addresses_in_many_ways() {
        for (typed, read) in [
            ("https://agents.example.com/", "https://agents.example.com"),
            ("Agents.Example.com", "https://agents.example.com"),
            ("https://example.com/countersign/", "https://example.com/countersign"),
            ("127.0.0.1:4546", "http://127.0.0.1:4546"),
            ("localhost:4546", "http://localhost:4546"),
            ("http://[::1]:4546", "http://[::1]:4546"),
            ("https://localhost:4546", "https://localhost:4546"),
        ] {
            assert_eq!(typed.parse::<Address>().map(|a| a.0), Ok(read.to_owned()), "{typed}");
        }
    }

    #[test]
    fn logins_never_travel_unencrypted() {
        for typed in ["http://agents.example.com", "http://127.0.0.1.example.com"] {
            assert_eq!(
                typed.parse::<Address>(),
                Err(BadAddress::Plain(typed.to_owned())),
                "{typed}"
            );
        }
        for typed in ["", "ftp://a", "https://", "https://a@b", "https://a?b", "a b"] {
            assert!(matches!(typed.parse::<Address>(), Err(BadAddress::Unreadable(_))), "{typed}");
        }
    }
}
