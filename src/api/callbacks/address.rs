//! Where a callback may lead: to hosts that the policy names, by HTTPS, and to no address inside of
//! our own network, whatever the name says (server-side request forgery).
//!
//! A name is resolved, every address that it has is checked, and the connection goes to an address
//! that was checked: a name that answers otherwise a moment later gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::Uri;

use crate::policy::runtime::Callbacks;

/// How long a name may take to resolve.
const RESOLVED_WITHIN: Duration = Duration::from_secs(3);
/// The longest address that is kept.
const LONGEST: usize = 2_000;

/// Finds the addresses of a host.
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// All of them.
    async fn resolve(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>>;
}

/// Asks the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }
}

/// Why a callback does not lead where it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is no address.
    #[error("callback.endpoint is no address")]
    NoAddress,
    /// It is not encrypted.
    #[error("callback.endpoint must begin with https://")]
    NotHttps,
    /// The policy does not name the host.
    #[error(
        "the policy does not allow callbacks to this host; [callbacks] in policy.toml names them"
    )]
    NotAllowed,
    /// It leads into the inside of a network.
    #[error("callback.endpoint leads to an internal address")]
    Internal,
    /// The name has no address now.
    #[error("the host of callback.endpoint cannot be found")]
    NotFound,
}

/// An address as the policy allows it; where it leads is not looked at yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The host: a name, or an IP address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Host and port as the `Host` header has them.
    pub authority: String,
    /// The path with the query.
    pub path: String,
}

/// Reads the address, and asks the policy for its host.
///
/// # Errors
///
/// Why nothing may be sent there.
pub fn endpoint(text: &str, allowed: &Callbacks) -> Result<Endpoint, Unfit> {
    if text.len() > LONGEST || text.contains('#') {
        return Err(Unfit::NoAddress);
    }
    let address: Uri = text.parse().map_err(|_| Unfit::NoAddress)?;
    let scheme = address.scheme_str().ok_or(Unfit::NoAddress)?;
    if scheme != "https" {
        return Err(Unfit::NotHttps);
    }
    let authority = address.authority().ok_or(Unfit::NoAddress)?;
    // `https://good.example@bad.example/`: nobody needs that.
    if authority.as_str().contains('@') {
        return Err(Unfit::NoAddress);
    }
    let host = authority.host().to_ascii_lowercase();
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_owned();
    if host.is_empty() {
        return Err(Unfit::NoAddress);
    }
    if !allowed.hosts.iter().any(|pattern| fits(pattern, &host)) {
        return Err(Unfit::NotAllowed);
    }
    let path = address.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let port = authority.port_u16().unwrap_or(443);
    Ok(Endpoint { host, port, authority: authority.as_str().to_owned(), path })
}

/// Whether the host is the one that the policy names, or one below it (`*.example.com`).
fn fits(pattern: &str, host: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    match pattern.strip_prefix("*.") {
        Some(above) => host.strip_suffix(above).is_some_and(|below| below.ends_with('.')),
        None => host == pattern,
    }
}

/// The addresses to which a callback may be sent: all that the host has.
///
/// # Errors
///
/// It has none, or one of them is inside of a network and the policy does not allow that.
pub async fn addresses(
    endpoint: &Endpoint,
    allowed: &Callbacks,
    resolver: &dyn Resolver,
) -> Result<Vec<SocketAddr>, Unfit> {
    let found = match endpoint.host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, endpoint.port)],
        Err(_) => {
            let resolved = resolver.resolve(&endpoint.host, endpoint.port);
            match tokio::time::timeout(RESOLVED_WITHIN, resolved).await {
                Ok(Ok(found)) => found,
                Ok(Err(_)) | Err(_) => return Err(Unfit::NotFound),
            }
        }
    };
    if found.is_empty() {
        return Err(Unfit::NotFound);
    }
    let outside = |address: &SocketAddr| is_public(address.ip());
    if allowed.private_addresses || found.iter().all(outside) {
        Ok(found)
    } else {
        Err(Unfit::Internal)
    }
}

/// Whether the address is one of the open internet (RFC 6890, and what the clouds answer on).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127, ..)                              // this network, private, loopback
            | (100, 64..=127, _)                        // shared between providers; a metadata server
            | (169, 254, _)                             // link-local; metadata servers
            | (172, 16..=31, _)                         // private
            | (192, 0, 0 | 2)                           // protocols, documentation
            | (192, 88, 99)                             // 6to4 relays
            | (192, 168, _)                             // private
            | (198, 18..=19, _)                         // benchmarks
            | (198, 51, 100)                            // documentation
            | (203, 0, 113)                             // documentation
            | (224..=255, ..) // multicast, reserved, broadcast
    );
    // Azure answers its machines here, though the address is public.
    let azure = Ipv4Addr::new(168, 63, 129, 16);
    !special && address != azure
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    // Only 2000::/3 is given out; of it not the tunnels, protocols and documentation.
    let [a, b, ..] = address.segments();
    let given_out = (0x2000..=0x3fff).contains(&a);
    let protocols = a == 0x2001 && b < 0x0200;
    let documentation = (a == 0x2001 && b == 0x0db8) || a == 0x3fff;
    let six_to_four = a == 0x2002;
    given_out && !protocols && !documentation && !six_to_four
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
