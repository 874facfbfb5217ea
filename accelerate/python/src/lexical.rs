//! The lexical index.

use std::borrow::Cow;
use std::path::PathBuf;

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use victor_core::lexical::{Lexical as Core, Params};

use crate::converting::{Found, Scores, Sizes, bits, pairs, sizes};
use crate::errors::raised;
use crate::passages::Passages;

/// Fields of documents, as text and weight.
type Documents<'py> = Vec<Vec<(Bound<'py, PyString>, u32)>>;

#[pyclass(frozen, module = "victor_accelerate")]
pub struct Lexical {
    core: Core,
}

#[pymethods]
impl Lexical {
    #[staticmethod]
    fn open(py: Python<'_>, folder: PathBuf, k1: f64, b: f64) -> PyResult<Self> {
        py.detach(|| Core::open(&folder, Params { k1, b })).map(|core| Self { core }).map_err(raised)
    }

    #[staticmethod]
    fn create(py: Python<'_>, folder: PathBuf, k1: f64, b: f64) -> PyResult<Self> {
        py.detach(|| Core::create(&folder, Params { k1, b })).map(|core| Self { core }).map_err(raised)
    }

    #[staticmethod]
    fn in_memory(k1: f64, b: f64) -> Self {
        Self { core: Core::in_memory(Params { k1, b }) }
    }

    fn add(&self, py: Python<'_>, keys: Vec<u64>, documents: Documents<'_>) -> PyResult<()> {
        if keys.len() != documents.len() {
            return Err(PyValueError::new_err(format!("{} keys for {} documents", keys.len(), documents.len())));
        }
        let texts: Vec<Vec<(Cow<'_, str>, u32)>> = documents
            .iter()
            .map(|fields| fields.iter().map(|(text, weight)| (text.to_string_lossy(), *weight)).collect())
            .collect();
        py.detach(|| {
            let fields: Vec<Vec<(&str, u32)>> = texts
                .iter()
                .map(|fields| fields.iter().map(|(text, weight)| (text.as_ref(), *weight)).collect())
                .collect();
            self.core.add(keys.into_iter().zip(fields.iter().map(Vec::as_slice)))
        })
        .map_err(raised)
    }

    fn add_passages(&self, py: Python<'_>, keys: Vec<u64>, passages: &Passages, heading: u32) -> PyResult<()> {
        py.detach(|| self.core.add_passages(&keys, &passages.core, heading)).map_err(raised)
    }

    fn delete(&self, py: Python<'_>, keys: Vec<u64>) -> PyResult<usize> {
        py.detach(|| self.core.delete(&keys)).map_err(raised)
    }

    #[pyo3(signature = (query, k, allowed=None))]
    fn scores(
        &self,
        py: Python<'_>,
        query: &Bound<'_, PyString>,
        k: usize,
        allowed: Option<PyBuffer<u8>>,
    ) -> PyResult<Scores> {
        let (query, allowed) = (query.to_string_lossy(), bits(py, allowed.as_ref())?);
        let hits = py.detach(|| self.core.search(&query, k, allowed.as_deref())).map_err(raised)?;
        Ok(Scores { hits })
    }

    #[pyo3(signature = (queries, k, allowed=None))]
    fn search_many(
        &self,
        py: Python<'_>,
        queries: Vec<Bound<'_, PyString>>,
        k: usize,
        allowed: Option<PyBuffer<u8>>,
    ) -> PyResult<Vec<Found>> {
        let texts: Vec<Cow<'_, str>> = queries.iter().map(|query| query.to_string_lossy()).collect();
        let allowed = bits(py, allowed.as_ref())?;
        let found = py.detach(|| {
            let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
            self.core.search_many(&texts, k, allowed.as_deref())
        });
        found.map(|each| each.into_iter().map(pairs).collect()).map_err(raised)
    }

    fn flush(&self, py: Python<'_>, mark: u64) -> PyResult<()> {
        py.detach(|| self.core.flush(mark)).map_err(raised)
    }

    fn merge(&self, py: Python<'_>) -> PyResult<bool> {
        py.detach(|| self.core.merge()).map_err(raised)
    }

    fn compact(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.core.compact()).map_err(raised)
    }

    fn verify(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.core.verify()).map_err(raised)
    }

    /// Return documents, dead, segments, tail, bytes, next key, mark.
    fn stats(&self, py: Python<'_>) -> Sizes {
        sizes(py.detach(|| self.core.stats()))
    }
}
