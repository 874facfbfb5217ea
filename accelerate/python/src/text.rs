//! Terms of texts.

use std::sync::{LazyLock, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use victor_core::text::Remembered;

/// Most words of a text were seen before: their terms are Python's strings already and are only counted up.
static KNOWN: LazyLock<Mutex<Remembered<Py<PyString>>>> = LazyLock::new(Mutex::default);

/// Return the terms of a text in order.
#[pyfunction]
fn terms<'py>(py: Python<'py>, text: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyList>> {
    let mut found: Vec<Py<PyString>> = Vec::new();
    {
        // Strings are made under the lock, but no list: that could start a collection of garbage, whose finalizers may
        // ask for terms.
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let make = |term: &str| PyString::new(py, term).unbind();
        known.each(&text.to_string_lossy(), make, |terms| found.extend(terms.iter().map(|term| term.clone_ref(py))));
    }
    PyList::new(py, found)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(terms, module)?)
}
