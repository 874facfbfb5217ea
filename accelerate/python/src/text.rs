//! Terms of texts.

use pyo3::prelude::*;
use pyo3::types::PyString;
use victor_core::text;

/// Return the terms of a text in order.
#[pyfunction]
fn terms(text: &Bound<'_, PyString>) -> Vec<String> {
    text::terms(&text.to_string_lossy())
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(terms, module)?)
}
