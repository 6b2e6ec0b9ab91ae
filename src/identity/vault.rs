//! Where the private halves of this server's keys are kept: encrypted in the database, or in a file.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};

use super::pair::KeyPair;
use crate::domain::signing_key::SigningKey;

/// Where private halves are kept.
pub enum Vault {
    /// In the database, encrypted: for any number of servers.
    Sealed(Sealer),
    /// In a file that only this server's user can read: for one server.
    File(PathBuf),
    /// Nowhere: there are no keys, and nothing is signed.
    Nowhere,
}

/// Why keys cannot be kept or read. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The secret is another than the one by which they were encrypted.
    #[error(
        "the signing keys in the database were encrypted with another identity.encryption_key: set \
         that one again. If it is lost, empty the table `signing_keys` and start: new keys are made, \
         and tokens that were signed by the old ones are refused"
    )]
    OtherSecret,
    /// The file.
    #[error("the file of signing keys {} cannot be used: make it readable and writable for the \
             server, or name another in identity.keys_file", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The file is no file of keys.
    #[error(
        "{} is no file of signing keys, or was cut: put the right one back, or remove it: new keys \
         are made, and tokens that were signed by the old ones stay good until they end",
        path.display()
    )]
    Garbled {
        /// Which.
        path: PathBuf,
    },
    /// Others can read the file.
    #[error(
        "others can read the signing keys in {0}: run `chmod 600 {0}`. If somebody may have, remove \
         it, empty the table `signing_keys` and start: new keys are made",
        path.display()
    )]
    Open {
        /// Which.
        path: PathBuf,
    },
    /// Another server has keys that this one has not.
    #[error(
        "another server signs with keys that are not in this one's {}: several servers share their \
         keys through the database, encrypted. Set identity.encryption_key to the same secret on all \
         of them (`openssl rand -base64 32` makes one)",
        path.display()
    )]
    Elsewhere {
        /// This one's file.
        path: PathBuf,
    },
    /// The machine gives no randomness.
    #[error("the machine gives no randomness: look at its kernel's log")]
    Random,
}

impl Vault {
    /// The private half of a key, if it is here.
    ///
    /// # Errors
    ///
    /// [`VaultError`].
    pub fn open(&self, key: &SigningKey) -> Result<Option<KeyPair>, VaultError> {
        match self {
            Self::Sealed(sealer) => {
                let Some(sealed) = &key.sealed else { return Ok(None) };
                let pkcs8 = sealer.unseal(&key.kid, sealed)?;
                let pair = KeyPair::read(key.algorithm, &pkcs8);
                pair.map(Some).map_err(|_| VaultError::OtherSecret)
            }
            Self::File(path) => {
                let Some(pkcs8) = read(path)?.remove(&key.kid) else { return Ok(None) };
                let garbled = || VaultError::Garbled { path: path.clone() };
                let pkcs8 = STANDARD.decode(pkcs8).map_err(|_| garbled())?;
                KeyPair::read(key.algorithm, &pkcs8).map(Some).map_err(|_| garbled())
            }
            Self::Nowhere => Ok(None),
        }
    }

    /// Keeps the private half of a new key, and gives what the record keeps of it. In a file, those
    /// of `others` stay beside it, and the rest goes.
    ///
    /// # Errors
    ///
    /// [`VaultError`].
    pub fn keep(
        &self,
        kid: &str,
        pkcs8: &[u8],
        others: &[SigningKey],
    ) -> Result<Option<String>, VaultError> {
        match self {
            Self::Sealed(sealer) => sealer.seal(kid, pkcs8).map(Some),
            Self::File(path) => {
                let mut keys = read(path)?;
                keys.retain(|kid, _| others.iter().any(|key| key.kid == *kid));
                keys.insert(kid.to_owned(), STANDARD.encode(pkcs8));
                write(path, &keys)?;
                Ok(None)
            }
            Self::Nowhere => Ok(None),
        }
    }
}

/// Encrypts private halves: AES-256-GCM under a key that is derived from the secret (HKDF-SHA256),
/// bound to the key's name.
pub struct Sealer {
    key: LessSafeKey,
}

impl Sealer {
    /// With this secret, of at least 32 characters that nobody can guess.
    ///
    /// # Errors
    ///
    /// [`VaultError::Random`], which does not happen.
    pub fn new(secret: &SecretString) -> Result<Self, VaultError> {
        let salt = Salt::new(HKDF_SHA256, b"countersign");
        let root = salt.extract(secret.expose_secret().as_bytes());
        let derived = root.expand(&[b"signing keys"], &AES_256_GCM);
        let key = UnboundKey::from(derived.map_err(|_| VaultError::Random)?);
        Ok(Self { key: LessSafeKey::new(key) })
    }

    fn seal(&self, kid: &str, plain: &[u8]) -> Result<String, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| VaultError::Random)?;
        let mut sealed = plain.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        let done = self.key.seal_in_place_append_tag(unique, Aad::from(kid), &mut sealed);
        done.map_err(|_| VaultError::Random)?;
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    fn unseal(&self, kid: &str, sealed: &str) -> Result<Vec<u8>, VaultError> {
        let other = || VaultError::OtherSecret;
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| other())?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or_else(other)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.key.open_in_place(nonce, Aad::from(kid), &mut sealed);
        plain.map(|plain| plain.to_vec()).map_err(|_| other())
    }
}

/// The file's keys; none, if there is no file.
fn read(path: &Path) -> Result<BTreeMap<String, String>, VaultError> {
    let failed = |source| VaultError::File { path: path.to_owned(), source };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(failed(error)),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if fs::metadata(path).map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(VaultError::Open { path: path.to_owned() });
        }
    }
    serde_json::from_str(&text).map_err(|_| VaultError::Garbled { path: path.to_owned() })
}

/// Replaces the file as a whole; whatever happens, the old one or the new one is there.
fn write(path: &Path, keys: &BTreeMap<String, String>) -> Result<(), VaultError> {
    let failed = |source| VaultError::File { path: path.to_owned(), source };
    let text =
        serde_json::to_vec_pretty(keys).map_err(|error| failed(std::io::Error::other(error)))?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside).map_err(failed)?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)?;
    // The new name is durable once its folder is.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new("."))).and_then(|f| f.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signing_key::Algorithm;
    use crate::domain::time::Timestamp;

    fn made(vault: &Vault, algorithm: Algorithm, others: &[SigningKey]) -> SigningKey {
        let (pair, pkcs8) = KeyPair::make(algorithm).unwrap();
        let kid = pair.public().thumbprint();
        let at = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        SigningKey {
            sealed: vault.keep(&kid, &pkcs8, others).unwrap(),
            kid,
            algorithm,
            public: pair.public().clone(),
            made_at: at,
            signs_from: at,
            signs_until: at,
            shown_until: at,
            retired: false,
        }
    }

    #[test]
    fn what_is_kept_is_found_and_nobody_else_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/server.keys");
        let file = Vault::File(path.clone());
        let secret = "a secret of thirty-two characters".into();
        let sealed = Vault::Sealed(Sealer::new(&secret).unwrap());
        for vault in [&file, &sealed] {
            let one = made(vault, Algorithm::Es256, &[]);
            let two = made(vault, Algorithm::EdDsa, std::slice::from_ref(&one));
            for key in [&one, &two] {
                let pair = vault.open(key).unwrap().unwrap();
                assert_eq!(pair.public().thumbprint(), key.kid);
            }
            assert!(!format!("{:?}", vault.open(&one).unwrap()).contains("PRIVATE"));
            let three = made(vault, Algorithm::Es256, std::slice::from_ref(&two));
            assert!(vault.open(&three).unwrap().is_some());
            assert_eq!(vault.open(&one).unwrap().is_none(), matches!(vault, Vault::File(_)));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
            let key = made(&sealed, Algorithm::Es256, &[]);
            let refused = file.open(&key).unwrap_err();
            assert!(matches!(refused, VaultError::Open { .. }), "{refused:?}");
            fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        }
        fs::write(&path, "{\"cut").unwrap();
        let key = made(&sealed, Algorithm::Es256, &[]);
        assert!(matches!(file.open(&key), Err(VaultError::Garbled { .. })));
    }

    #[test]
    fn another_secret_or_another_name_opens_nothing() {
        let secret = |text: &str| Vault::Sealed(Sealer::new(&text.into()).unwrap());
        let vault = secret("a secret of thirty-two characters");
        let mut key = made(&vault, Algorithm::EdDsa, &[]);
        let other = secret("another secret of many characters");
        assert!(matches!(other.open(&key), Err(VaultError::OtherSecret)));
        key.kid.push('x');
        assert!(matches!(vault.open(&key), Err(VaultError::OtherSecret)));
    }
}
