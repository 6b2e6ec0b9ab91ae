//! Web addresses, as settings write them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use axum::http::Uri;

/// An `http` or `https` address that others are put behind: `https://slack.com/api`. It ends
/// without a slash and has neither question mark nor user name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress {
    text: String,
    host: String,
    encrypted: bool,
}

impl WebAddress {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, without its port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether what is sent there can be read on the way: plain `http` to another machine.
    pub fn is_exposed(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        !self.encrypted && !here
    }
}

impl FromStr for WebAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "write an address such as https://agents.example.com";
        let uri: Uri = text.parse().map_err(|_| FORM.to_owned())?;
        let encrypted = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(format!("{FORM}, beginning with https:// or http://")),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(FORM)?.to_owned();
        if uri.query().is_some() || text.contains(['@', '#']) {
            return Err(format!("{FORM}, without user name, question mark or fragment"));
        }
        Ok(Self { text: text.trim_end_matches('/').to_owned(), host, encrypted })
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_without_a_slash() {
        let address: WebAddress = "https://slack.com/api/".parse().unwrap();
        assert_eq!(address.as_str(), "https://slack.com/api");
        assert_eq!(address.host(), "slack.com");
    }

    #[test]
    fn other_things_are_refused() {
        for text in [
            "slack.com",
            "ftp://slack.com",
            "https://",
            "/api",
            "https://a.example/?x=1",
            "https://me:secret@a.example",
            "https://a.example/#top",
            "not an address",
        ] {
            assert!(text.parse::<WebAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn plain_http_is_safe_on_this_machine_only() {
        for (text, exposed) in [
            ("http://127.0.0.1:4545/api", false),
            ("http://[::1]:4545/api", false),
            ("http://localhost:4545", false),
            ("https://slack.com/api", false),
            ("http://sandbox.internal/api", true),
            ("http://10.0.0.7/api", true),
        ] {
            assert_eq!(text.parse::<WebAddress>().unwrap().is_exposed(), exposed, "{text}");
        }
    }
}
