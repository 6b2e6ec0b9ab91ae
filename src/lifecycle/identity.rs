//! Putting together what issues tokens: the keys, where they are kept, and whom else is believed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};

use crate::clock::Clock;
use crate::config::Config;
use crate::identity::fetch::HttpFetch;
use crate::identity::issuers::IssuerKeys;
use crate::identity::ring::KeyRing;
use crate::identity::vault::{Sealer, Vault, VaultError};
use crate::service::Service;
use crate::service::tokens::TokenDesk;
use crate::service::tokens::keys::{KeyError, KeyKeeper};

/// How often the keys are looked after: so soon a server knows of what another one made.
const EVERY: Duration = Duration::from_secs(2);

/// Why there can be no tokens. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The machine's certificates cannot be read.
    #[error("no root certificates: install the package ca-certificates")]
    Certificates(#[source] std::io::Error),
}

/// Where the keys are kept, by the settings.
fn vault(config: &Config) -> Result<Vault, VaultError> {
    let identity = &config.identity;
    if let Some(secret) = &identity.encryption_key {
        return Sealer::new(secret).map(Vault::Sealed);
    }
    let beside = || config.database.url.file().map(|file| file.with_extension("keys"));
    Ok(match identity.keys_file.clone().or_else(beside) {
        Some(path) => Vault::File(path),
        None => {
            warn!(
                "agents get no tokens: with PostgreSQL the keys that sign them need a place. Set \
                 identity.encryption_key to a secret, the same on all servers that share the \
                 database (`openssl rand -base64 32` makes one)"
            );
            Vault::Nowhere
        }
    })
}

/// The use cases about tokens, with keys at hand that are looked after from now on.
pub(super) async fn desk(
    config: &Config,
    service: &Service,
    clock: &Arc<dyn Clock>,
    address: SocketAddr,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<TokenDesk, IdentityError> {
    let issuer = match &config.server.public_url {
        Some(url) => url.as_str().to_owned(),
        None => format!("http://{address}"),
    };
    let ring = Arc::new(KeyRing::empty(&issuer, Arc::clone(clock)));
    let vault = vault(config).map_err(KeyError::from)?;
    let store = service.store().clone();
    let keeper = KeyKeeper::new(store, Arc::clone(clock), vault, Arc::clone(&ring));
    keeper.tend().await?;
    let token = stop.clone();
    tasks.spawn(async move {
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = token.cancelled() => return,
            }
            match keeper.tend().await {
                Ok(()) => {}
                Err(KeyError::Store(error)) => {
                    warn!(
                        error = &error as &dyn std::error::Error,
                        "the signing keys wait to be looked after"
                    );
                }
                Err(why) => {
                    error!(
                        error = &why as &dyn std::error::Error,
                        "the signing keys cannot be looked after"
                    );
                }
            }
        }
    });
    let fetch = Arc::new(HttpFetch::new().map_err(IdentityError::Certificates)?);
    Ok(TokenDesk::new(service.clone(), ring, IssuerKeys::new(fetch)))
}
