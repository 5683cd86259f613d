//! Secrets: texts that never show in a log, and the server's own, made at its first start.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha2::Sha256;

/// A text that never shows in `Debug`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for whom it is meant.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Why the server has no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read or made.
    #[error("the secret file {path} cannot be read or made")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Others than its owner may read it.
    #[error("the secret file {path} has mode {mode:o}; it must be readable by its owner only (chmod 600)")]
    Open {
        /// The file.
        path: PathBuf,
        /// What mode it has.
        mode: u32,
    },
    /// What is in it is too short.
    #[error("the secret file {path} holds {bytes} bytes; at least 32 are needed")]
    Short {
        /// The file.
        path: PathBuf,
        /// How many it holds.
        bytes: usize,
    },
}

/// What the server signs with: cursors that only it can have made.
#[derive(Clone)]
pub struct ServerSecret(Vec<u8>);

impl ServerSecret {
    /// A secret of given bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Reads the secret's file; makes it with random bytes and mode 0600 where there is none.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn load_or_make(path: &Path) -> Result<Self, SecretError> {
        let unusable = |source| SecretError::Unusable { path: path.to_owned(), source };
        match std::fs::read(path) {
            Ok(bytes) => {
                refuse_open_mode(path)?;
                let bytes = bytes.trim_ascii().to_vec();
                if bytes.len() < 32 {
                    return Err(SecretError::Short { path: path.to_owned(), bytes: bytes.len() });
                }
                Ok(Self(bytes))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let random: [u8; 32] = rand::random();
                let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
                create_private(path)
                    .and_then(|mut file| file.write_all(text.as_bytes()))
                    .map_err(unusable)?;
                Ok(Self(text.into_bytes()))
            }
            Err(error) => Err(unusable(error)),
        }
    }

    /// The first 16 bytes of the HMAC-SHA-256 of a text, for a purpose: a signature for one never fits another.
    pub fn sign(&self, purpose: &str, text: &[u8]) -> [u8; 16] {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of every length");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text);
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut short = [0; 16];
        short.copy_from_slice(&full[..16]);
        short
    }
}

impl fmt::Debug for ServerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn refuse_open_mode(path: &Path) -> Result<(), SecretError> {
    use std::os::unix::fs::PermissionsExt;
    let unusable = |source| SecretError::Unusable { path: path.to_owned(), source };
    let mode = std::fs::metadata(path).map_err(unusable)?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(SecretError::Open { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn refuse_open_mode(_path: &Path) -> Result<(), SecretError> {
    Ok(())
}
