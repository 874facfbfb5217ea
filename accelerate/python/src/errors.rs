//! Each kind of error of the core as an exception of its own.

use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyOSError, PyValueError};
use pyo3::prelude::*;
use victor_core::Error;

create_exception!(victor_accelerate, CorruptError, PyException, "A file that is not what it should be.");
create_exception!(victor_accelerate, NewerError, PyException, "A file that a later version wrote.");
create_exception!(victor_accelerate, LockedError, PyException, "Another process writes to this index.");
create_exception!(victor_accelerate, VectorsError, PyException, "Vectors of a wrong shape, or not finite.");

/// Map an error; its text says which file.
pub fn raised(error: Error) -> PyErr {
    let text = error.to_string();
    match error {
        Error::Corrupt { .. } => CorruptError::new_err(text),
        Error::Newer { .. } => NewerError::new_err(text),
        Error::Locked { .. } => LockedError::new_err(text),
        Error::Io { source, file } => {
            PyOSError::new_err((source.raw_os_error(), source.to_string(), file.to_string_lossy().into_owned()))
        }
        Error::Vectors(what) => VectorsError::new_err(what),
        Error::Argument(what) => PyValueError::new_err(what),
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("CorruptError", py.get_type::<CorruptError>())?;
    module.add("NewerError", py.get_type::<NewerError>())?;
    module.add("LockedError", py.get_type::<LockedError>())?;
    module.add("VectorsError", py.get_type::<VectorsError>())
}
