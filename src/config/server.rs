//! `[server]`: where the server listens, and what it is called from outside.

use std::net::SocketAddr;

use super::address::WebAddress;
use super::keys::Key;
use super::mistake::Mistakes;
use super::reader::{Found, Reader};
use super::source::Sources;

/// Where the server listens, and what it is called from outside.
#[derive(Debug, Clone)]
pub struct Server {
    /// The address and port to listen on.
    pub listen: SocketAddr,
    /// The address that links carry, without a slash at its end.
    pub public_url: Option<WebAddress>,
}

impl Server {
    /// Reads this section alone, for commands that only name the server.
    pub fn load(sources: &Sources) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(sources);
        let server = Self::read(&mut reader);
        reader.finish(server)
    }

    /// Reads the section.
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let listen = reader.parsed(Key::LISTEN, |text| {
            text.parse().map_err(|_| {
                "write an IP address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080"
                    .to_owned()
            })
        });
        let public_url = match reader.parsed(Key::PUBLIC_URL, str::parse) {
            Found::Set(address) => Some(Some(address)),
            Found::Unset => Some(None),
            Found::Wrong => None,
        };
        Some(Self { listen: listen.set()?, public_url: public_url? })
    }
}
