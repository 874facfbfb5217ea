//! Nearest vectors by cosine: a scan over one bit a dimension, then over bytes, then the exact score.
//!
//! 1. No training and no graph: a vector is found as soon as it is added. In the first scan only the vectors are bits,
//!    the query counts as it is (an asymmetric distance): that misses a sixth of what bits against bits miss.
//! 2. Vectors are rotated (by signs and Hadamard transforms, the same for everyone) before they are made coarse, so
//!    that every dimension carries about as much as the others.
//! 3. A score is exact: a sum in 64 bits over the normalized vectors, in one order on every machine.

mod index;
mod kernels;
mod rotate;
mod rows;
mod search;
mod segment;

pub use index::Dense;
pub use kernels::{Kernels, available};
pub use rows::exact_score;
