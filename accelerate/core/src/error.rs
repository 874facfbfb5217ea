//! What can go wrong in the core, and where.

use std::fmt;
use std::path::PathBuf;

pub type Result<T> = std::result::Result<T, Error>;

/// An error of the core; the binding turns each kind into its own Python exception.
#[derive(Debug)]
pub enum Error {
    /// A file that is not what it should be: cut short, changed, or not ours.
    Corrupt { file: PathBuf, what: String },
    /// A file that a later version wrote.
    Newer { file: PathBuf, version: u32, known: u32 },
    /// Another process has this index open for writing.
    Locked { file: PathBuf },
    /// The operating system refused (disk full, no permission, …).
    Io { file: PathBuf, source: std::io::Error },
    /// Vectors of a wrong dimension, or with a number that is not finite.
    Vectors(String),
    /// An argument that makes no sense: a key that does not grow.
    Argument(String),
}

impl Error {
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { file: PathBuf::new(), what: what.into() }
    }

    /// Say which file a `Corrupt` is about, if it does not say yet; the same for `Newer`.
    #[must_use]
    pub fn in_file(self, path: &std::path::Path) -> Self {
        match self {
            Self::Corrupt { file, what } if file.as_os_str().is_empty() => Self::Corrupt { file: path.into(), what },
            Self::Newer { file, version, known } if file.as_os_str().is_empty() => {
                Self::Newer { file: path.into(), version, known }
            }
            other => other,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt { file, what } => write!(out, "{}: {what}", file.display()),
            Self::Newer { file, version, known } => {
                write!(out, "{}: format {version} is newer than {known}, the newest known here", file.display())
            }
            Self::Locked { file } => write!(out, "{}: another process writes to it", file.display()),
            Self::Io { file, source } => write!(out, "{}: {source}", file.display()),
            Self::Vectors(what) | Self::Argument(what) => out.write_str(what),
        }
    }
}

impl std::error::Error for Error {}
