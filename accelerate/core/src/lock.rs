//! One writer to a folder.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use crate::{Error, Result};

/// Held while an index of the folder is open; the operating system lets go of it when the process dies.
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Take the lock of a folder, which is created if need be.
    ///
    /// # Errors
    /// `Error::Locked` if it is taken; `Error::Io` if the folder cannot be used.
    pub fn take(folder: &Path, name: &str) -> Result<Self> {
        let at_folder = |source| Error::Io { file: folder.into(), source };
        fs::create_dir_all(folder).map_err(at_folder)?;
        let file =
            File::options().create(true).truncate(false).write(true).open(folder.join(name)).map_err(at_folder)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Locked { file: folder.into() }),
            Err(TryLockError::Error(source)) => Err(at_folder(source)),
        }
    }
}
