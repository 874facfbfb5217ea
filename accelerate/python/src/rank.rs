//! Fusion of rankings, and ranking of code.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyString;
use victor_core::{Hit, fuse, rank};

use crate::lexical::{Found, pairs};

fn hits(found: Found) -> Vec<Hit> {
    found.into_iter().map(|(key, score)| Hit { key, score }).collect()
}

#[pyfunction]
fn fuse_convex(lexical: Found, dense: Found, alpha: f64, k: usize) -> Found {
    pairs(fuse::convex(&hits(lexical), &hits(dense), alpha, k))
}

#[pyfunction]
fn fuse_ranks(rankings: Vec<Found>, constant: f64, k: usize) -> Found {
    let rankings: Vec<Vec<Hit>> = rankings.into_iter().map(hits).collect();
    pairs(fuse::reciprocal(&rankings, constant, k))
}

#[pyclass(frozen, module = "victor_accelerate")]
pub struct CodeRanks {
    core: Mutex<rank::CodeRanks>,
}

#[pymethods]
impl CodeRanks {
    #[new]
    fn new() -> Self {
        Self { core: Mutex::default() }
    }

    fn add(&self, key: u64, path: &Bound<'_, PyString>, names: Vec<Bound<'_, PyString>>) {
        let names: Vec<Cow<'_, str>> = names.iter().map(|name| name.to_string_lossy()).collect();
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        self.core.lock().unwrap_or_else(PoisonError::into_inner).add(key, &path.to_string_lossy(), &names);
    }

    fn remove(&self, key: u64) {
        self.core.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn rank(&self, query: &Bound<'_, PyString>, found: Found, k: usize) -> Found {
        let core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        pairs(core.rank(&query.to_string_lossy(), &hits(found), k))
    }

    fn __len__(&self) -> usize {
        self.core.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(fuse_convex, module)?)?;
    module.add_function(wrap_pyfunction!(fuse_ranks, module)?)?;
    module.add_class::<CodeRanks>()
}
