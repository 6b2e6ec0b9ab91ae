//! A key pair of this server.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};

use crate::domain::credential::PublicKey;
use crate::domain::signing_key::Algorithm;

/// A key pair. It is never shown: printing it names its public half alone.
pub struct KeyPair {
    secret: Secret,
    public: PublicKey,
}

enum Secret {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyPair({})", self.public.thumbprint())
    }
}

/// The machine gave no randomness, or what was read is no key of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no key pair")]
pub struct BadPair;

impl KeyPair {
    /// Makes one, and gives its private half as PKCS #8 (DER), to be kept.
    ///
    /// # Errors
    ///
    /// [`BadPair`] when the machine gives no randomness.
    pub fn make(algorithm: Algorithm) -> Result<(Self, Vec<u8>), BadPair> {
        let random = SystemRandom::new();
        let made = match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            }
            Algorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(&random),
        };
        let pkcs8 = made.map_err(|_| BadPair)?.as_ref().to_vec();
        Ok((Self::read(algorithm, &pkcs8)?, pkcs8))
    }

    /// Reads one from PKCS #8 (DER).
    ///
    /// # Errors
    ///
    /// [`BadPair`].
    pub fn read(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, BadPair> {
        match algorithm {
            Algorithm::Es256 => {
                let (signing, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
                let pair =
                    EcdsaKeyPair::from_pkcs8(signing, pkcs8, &random).map_err(|_| BadPair)?;
                let point = pair.public_key().as_ref();
                let (_, point) = point.split_first_chunk::<1>().ok_or(BadPair)?;
                let (x, y) = point.split_first_chunk::<32>().ok_or(BadPair)?;
                let public = PublicKey::p256(x, y.try_into().map_err(|_| BadPair)?);
                Ok(Self { secret: Secret::Es256(pair), public })
            }
            Algorithm::EdDsa => {
                let pair =
                    Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| BadPair)?;
                let x = pair.public_key().as_ref().try_into().map_err(|_| BadPair)?;
                let public = PublicKey::ed25519(x);
                Ok(Self { secret: Secret::EdDsa(pair), public })
            }
        }
    }

    /// The public half.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The signature of a text, as JWS has it. `None` when the machine gives no randomness.
    pub fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        match &self.secret {
            Secret::Es256(pair) => {
                Some(pair.sign(&SystemRandom::new(), text).ok()?.as_ref().to_vec())
            }
            Secret::EdDsa(pair) => Some(pair.sign(text).as_ref().to_vec()),
        }
    }
}
