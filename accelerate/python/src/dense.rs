//! The dense index.

use std::path::PathBuf;

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use victor_core::dense::Dense as Core;

use crate::converting::{Found, Scores, Sizes, bits, pairs, sizes};
use crate::errors::raised;

#[pyclass(frozen, module = "victor_accelerate")]
pub struct Dense {
    core: Core,
}

#[pymethods]
impl Dense {
    #[staticmethod]
    fn open(py: Python<'_>, folder: PathBuf, dimension: usize) -> PyResult<Self> {
        py.detach(|| Core::open(&folder, dimension)).map(|core| Self { core }).map_err(raised)
    }

    #[staticmethod]
    fn create(py: Python<'_>, folder: PathBuf, dimension: usize) -> PyResult<Self> {
        py.detach(|| Core::create(&folder, dimension)).map(|core| Self { core }).map_err(raised)
    }

    #[staticmethod]
    fn in_memory(dimension: usize) -> PyResult<Self> {
        Core::in_memory(dimension).map(|core| Self { core }).map_err(raised)
    }

    fn add(&self, py: Python<'_>, keys: Vec<u64>, vectors: PyBuffer<f32>) -> PyResult<()> {
        if vectors.as_slice_ptr().is_none() {
            return Err(PyValueError::new_err("the vectors are not contiguous"));
        }
        let read = |from: usize, onto: &mut [f32]| {
            Python::attach(|_| {
                let cells = vectors.as_slice_ptr().expect("a buffer that is held stays contiguous");
                // SAFETY: the buffer is held and keeps its memory; the GIL is held until the block is copied, so no Python
                // code changes it meanwhile (a copy of all vectors would take as long as what is done with them).
                onto.copy_from_slice(&unsafe { cells.as_ref() }[from..from + onto.len()]);
            });
        };
        py.detach(|| self.core.add_from(&keys, vectors.item_count(), read)).map_err(raised)
    }

    fn delete(&self, py: Python<'_>, keys: Vec<u64>) -> PyResult<usize> {
        py.detach(|| self.core.delete(&keys)).map_err(raised)
    }

    #[pyo3(signature = (vector, k, allowed=None))]
    fn scores(
        &self,
        py: Python<'_>,
        vector: PyBuffer<f32>,
        k: usize,
        allowed: Option<PyBuffer<u8>>,
    ) -> PyResult<Scores> {
        let (numbers, allowed) = (vector.to_vec(py)?, bits(py, allowed.as_ref())?);
        let hits = py.detach(|| self.core.search(&numbers, k, allowed.as_deref())).map_err(raised)?;
        Ok(Scores { hits })
    }

    #[pyo3(signature = (vector, k, allowed=None))]
    fn search_exactly(
        &self,
        py: Python<'_>,
        vector: PyBuffer<f32>,
        k: usize,
        allowed: Option<PyBuffer<u8>>,
    ) -> PyResult<Found> {
        let (numbers, allowed) = (vector.to_vec(py)?, bits(py, allowed.as_ref())?);
        py.detach(|| self.core.search_exactly(&numbers, k, allowed.as_deref())).map(pairs).map_err(raised)
    }

    #[pyo3(signature = (vectors, k, allowed=None))]
    fn search_many(
        &self,
        py: Python<'_>,
        vectors: PyBuffer<f32>,
        k: usize,
        allowed: Option<PyBuffer<u8>>,
    ) -> PyResult<Vec<Found>> {
        let (numbers, allowed) = (vectors.to_vec(py)?, bits(py, allowed.as_ref())?);
        let found = py.detach(|| self.core.search_many(&numbers, k, allowed.as_deref()));
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
