//! MiniLM: texts through the transformer.

use std::borrow::Cow;
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use victor_core::minilm;

use crate::converting::as_bytes;
use crate::errors::raised;

/// Return the names of the kernels that this processor can run, best first.
#[pyfunction]
fn minilm_kernels() -> Vec<&'static str> {
    minilm::kernels()
}

#[pyclass(frozen, module = "victor_accelerate", name = "MiniLM")]
pub struct MiniLm {
    core: minilm::MiniLm,
}

#[pymethods]
impl MiniLm {
    #[new]
    #[pyo3(signature = (folder, heads, kernel=None))]
    fn new(py: Python<'_>, folder: PathBuf, heads: usize, kernel: Option<&str>) -> PyResult<Self> {
        py.detach(|| minilm::MiniLm::open(&folder, heads, kernel)).map(|core| Self { core }).map_err(raised)
    }

    #[getter]
    fn dimension(&self) -> usize {
        self.core.dimension()
    }

    #[getter]
    fn kernel(&self) -> &'static str {
        self.core.kernel()
    }

    fn pieces(&self, text: &Bound<'_, PyString>) -> Vec<u32> {
        self.core.pieces(&text.to_string_lossy())
    }

    /// Return the rows as bytes of 32-bit floats.
    fn embed<'py>(&self, py: Python<'py>, texts: Vec<Bound<'py, PyString>>) -> Bound<'py, PyBytes> {
        let texts: Vec<Cow<'_, str>> = texts.iter().map(|text| text.to_string_lossy()).collect();
        let rows = py.detach(|| self.core.embed(&texts.iter().map(AsRef::as_ref).collect::<Vec<_>>()));
        as_bytes(py, &rows)
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(minilm_kernels, module)?)?;
    module.add_class::<MiniLm>()
}
