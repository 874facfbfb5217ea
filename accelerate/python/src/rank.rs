//! Fusion of rankings, and ranking of code.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyString;
use victor_core::{Hit, fuse, hybrid, rank};

use crate::converting::{Found, Scores, pairs};

/// A key, its score, and that of each index, if it found it.
type Ranked = (u64, f64, Option<f64>, Option<f64>);

fn hits_of(scores: Option<&Scores>) -> &[Hit] {
    scores.map_or(&[], |scores| &scores.hits)
}

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

impl CodeRanks {
    fn locked(&self) -> MutexGuard<'_, rank::CodeRanks> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        self.locked().add(key, &path.to_string_lossy(), &names);
    }

    fn remove(&self, key: u64) {
        self.locked().remove(key);
    }

    fn rank(&self, query: &Bound<'_, PyString>, found: Found, k: usize) -> Found {
        pairs(self.locked().rank(&query.to_string_lossy(), &hits(found), k))
    }

    fn __len__(&self) -> usize {
        self.locked().len()
    }
}

/// What both kinds of index found, fused; see `hybrid::Candidates`.
#[pyclass(frozen, module = "victor_accelerate")]
pub struct Candidates {
    core: hybrid::Candidates,
}

#[pymethods]
impl Candidates {
    #[new]
    fn new(lexical: Option<&Scores>, dense: Option<&Scores>, alpha: f64, k: usize) -> Self {
        Self { core: hybrid::Candidates::new(hits_of(lexical), hits_of(dense), alpha, k) }
    }

    fn unknown_to(&self, ranks: &CodeRanks) -> Vec<u64> {
        self.core.unknown_to(&ranks.locked())
    }

    fn ranked(&self, ranks: &CodeRanks, query: &Bound<'_, PyString>, k: usize) -> Vec<Ranked> {
        let best = self.core.ranked(&ranks.locked(), &query.to_string_lossy(), k).into_iter();
        best.map(|one| (one.hit.key, one.hit.score, one.lexical, one.dense)).collect()
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(fuse_convex, module)?)?;
    module.add_function(wrap_pyfunction!(fuse_ranks, module)?)?;
    module.add_class::<Scores>()?;
    module.add_class::<CodeRanks>()?;
    module.add_class::<Candidates>()
}
