//! Code, duplicates, embeddings, labels and the cache.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use coarsetime::Instant;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use victor_core::code::{self, Language};
use victor_core::hot::{cache, classify, embed, near, similar, table};

use crate::converting::{Found, as_bytes, pairs};
use crate::errors::raised;

#[pyfunction]
fn symbols(py: Python<'_>, text: &Bound<'_, PyString>, language: &str) -> Vec<(String, &'static str, usize, usize)> {
    let text = text.to_string_lossy();
    let found = py.detach(|| code::symbols(&text, Language::named(language)));
    found.into_iter().map(|one| (one.name, one.kind, one.first, one.last)).collect()
}

#[pyfunction]
fn chunks(py: Python<'_>, text: &Bound<'_, PyString>, language: &str) -> Vec<(usize, usize, Vec<String>)> {
    let text = text.to_string_lossy();
    let found = py.detach(|| code::chunks(&text, Language::named(language)));
    found.into_iter().map(|one| (one.first, one.last, one.names)).collect()
}

#[pyfunction]
fn near_duplicates(py: Python<'_>, texts: Vec<Bound<'_, PyString>>, least: f64) -> Vec<(usize, usize, f64)> {
    let texts: Vec<Cow<'_, str>> = texts.iter().map(|text| text.to_string_lossy()).collect();
    let found = py.detach(|| near::near_duplicates(&texts.iter().map(AsRef::as_ref).collect::<Vec<_>>(), least));
    found.into_iter().map(|pair| (pair.one, pair.other, pair.overlap)).collect()
}

/// Return the rows as bytes of 32-bit floats.
#[pyfunction]
fn hash_embed<'py>(
    py: Python<'py>,
    texts: Vec<Bound<'py, PyString>>,
    dimension: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    if dimension == 0 {
        return Err(PyValueError::new_err("a dimension of 0"));
    }
    let texts: Vec<Cow<'_, str>> = texts.iter().map(|text| text.to_string_lossy()).collect();
    let rows = py.detach(|| embed::embed(&texts.iter().map(AsRef::as_ref).collect::<Vec<_>>(), dimension));
    Ok(as_bytes(py, &rows))
}

#[pyfunction]
fn top_k(py: Python<'_>, query: PyBuffer<f32>, rows: PyBuffer<f32>, k: usize) -> PyResult<Found> {
    let query = query.to_vec(py)?;
    let cells = rows.as_slice_ptr().ok_or_else(|| PyValueError::new_err("the rows are not contiguous"))?;
    // SAFETY: the buffer is held and keeps its memory; the GIL is held until the search is over, so no Python code
    // changes the rows meanwhile (copying them would take longer than the search).
    let rows = unsafe { cells.as_ref() };
    similar::top_k(&query, rows, k).map(pairs).map_err(raised)
}

#[pyclass(frozen, module = "victor_accelerate")]
pub struct StaticTable {
    pub core: table::StaticTable,
}

#[pymethods]
impl StaticTable {
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| table::StaticTable::open(&path)).map(|core| Self { core }).map_err(raised)
    }

    #[getter]
    fn dimension(&self) -> usize {
        self.core.dimension()
    }

    /// Return the rows as bytes of 32-bit floats.
    fn embed<'py>(&self, py: Python<'py>, texts: Vec<Bound<'py, PyString>>) -> Bound<'py, PyBytes> {
        let texts: Vec<Cow<'_, str>> = texts.iter().map(|text| text.to_string_lossy()).collect();
        let rows = py.detach(|| self.core.embed(&texts.iter().map(AsRef::as_ref).collect::<Vec<_>>()));
        as_bytes(py, &rows)
    }
}

#[pyclass(frozen, module = "victor_accelerate")]
pub struct Classifier {
    core: Mutex<classify::Classifier>,
}

#[pymethods]
impl Classifier {
    #[new]
    fn new() -> Self {
        Self { core: Mutex::default() }
    }

    fn learn(&self, text: &Bound<'_, PyString>, label: &str) {
        self.core.lock().unwrap_or_else(PoisonError::into_inner).learn(&text.to_string_lossy(), label);
    }

    fn probabilities(&self, text: &Bound<'_, PyString>) -> Vec<(String, f64)> {
        let core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        core.probabilities(&text.to_string_lossy()).into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

#[pyclass(module = "victor_accelerate")]
pub struct Cache {
    core: cache::Cache<Py<PyAny>>,
    start: Instant,
}

#[pymethods]
impl Cache {
    #[new]
    fn new(capacity: usize, ttl_s: f64) -> Self {
        Self { core: cache::Cache::new(capacity, ttl_s), start: Instant::now() }
    }

    #[pyo3(signature = (key, now=None))]
    fn get(&mut self, py: Python<'_>, key: &str, now: Option<f64>) -> Option<Py<PyAny>> {
        let now = now.unwrap_or_else(|| self.start.elapsed().as_f64());
        self.core.get(key, now).map(|value| value.clone_ref(py))
    }

    #[pyo3(signature = (key, value, now=None))]
    fn put(&mut self, key: &str, value: Py<PyAny>, now: Option<f64>) {
        let now = now.unwrap_or_else(|| self.start.elapsed().as_f64());
        self.core.put(key, value, now);
    }

    fn pop(&mut self, key: &str) -> Option<Py<PyAny>> {
        self.core.pop(key)
    }

    fn clear(&mut self) {
        self.core.clear();
    }

    #[getter]
    fn hits(&self) -> u64 {
        self.core.hits
    }

    #[getter]
    fn misses(&self) -> u64 {
        self.core.misses
    }

    fn __len__(&self) -> usize {
        self.core.len()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.core.values().try_for_each(|value| visit.call(value))
    }

    fn __clear__(&mut self) {
        self.core.clear();
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(symbols, module)?)?;
    module.add_function(wrap_pyfunction!(chunks, module)?)?;
    module.add_function(wrap_pyfunction!(near_duplicates, module)?)?;
    module.add_function(wrap_pyfunction!(hash_embed, module)?)?;
    module.add_function(wrap_pyfunction!(top_k, module)?)?;
    module.add_class::<StaticTable>()?;
    module.add_class::<Classifier>()?;
    module.add_class::<Cache>()
}
