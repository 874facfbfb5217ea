//! What several faces give to the core or get from it, as Python has it.

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use victor_core::{Hit, Stats};

/// Keys with their scores, best first.
pub type Found = Vec<(u64, f64)>;

/// Documents, dead, segments, tail, bytes, next key, mark.
pub type Sizes = (usize, usize, usize, usize, usize, u64, u64);

pub fn pairs(hits: Vec<Hit>) -> Found {
    hits.into_iter().map(|hit| (hit.key, hit.score)).collect()
}

pub fn sizes(stats: Stats) -> Sizes {
    (stats.documents, stats.dead, stats.segments, stats.tail, stats.bytes, stats.next_key, stats.mark)
}

/// What an index found, left in the core.
#[pyclass(frozen, module = "victor_accelerate")]
pub struct Scores {
    pub hits: Vec<Hit>,
}

#[pymethods]
impl Scores {
    fn pairs(&self) -> Found {
        pairs(self.hits.clone())
    }

    fn __len__(&self) -> usize {
        self.hits.len()
    }
}

/// Bits by key, from the bytes that `numpy.packbits(..., bitorder="little")` gives.
pub fn bits(py: Python<'_>, buffer: Option<&PyBuffer<u8>>) -> PyResult<Option<Vec<u64>>> {
    let Some(buffer) = buffer else { return Ok(None) };
    let bytes = buffer.to_vec(py)?;
    let word = |chunk: &[u8]| {
        let mut eight = [0; 8];
        eight[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(eight)
    };
    Ok(Some(bytes.chunks(8).map(word).collect()))
}

/// Return numbers as bytes, little endian.
pub fn as_bytes<'py>(py: Python<'py>, numbers: &[f32]) -> Bound<'py, PyBytes> {
    let fill = |bytes: &mut [u8]| {
        bytes.chunks_exact_mut(4).zip(numbers).for_each(|(four, number)| four.copy_from_slice(&number.to_le_bytes()));
        Ok(())
    };
    PyBytes::new_with(py, numbers.len() * 4, fill).expect("filling cannot fail")
}
