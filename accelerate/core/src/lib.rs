//! Search for code and prose: BM25 over compressed segments, a bit-code scan over vectors, and their fusion.
//!
//! 1. Nothing here knows Python: plain slices in, `Result` out.
//! 2. Every score is defined so that any order of adding gives the same bits (integers, or one f64 sum), so that
//!    skipping, SIMD width and the NumPy twin cannot change a result.
//! 3. Files are immutable once named; they are written beside, synced and renamed, and the manifest comes last.

pub mod bits;
pub mod code;
pub mod dense;
pub mod error;
pub mod fuse;
pub mod hot;
pub mod hybrid;
pub mod keys;
pub mod lexical;
mod lock;
mod manifest;
pub mod minilm;
pub mod passages;
pub mod rank;
mod shelf;
mod simd;
pub mod storage;

pub mod text;

pub use error::{Error, Result};
pub use shelf::Stats;

/// A document that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    pub key: u64,
    pub score: f64,
}
