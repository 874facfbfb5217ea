//! BM25 over postings: an in-memory tail that is searched as it grows, and immutable segments with block maxima.
//!
//! 1. A score is a sum of integers: `floor(weight · tf/(tf + K(length class)))` for each term, so no order of adding,
//!    no skipping and no division into segments can change it. `victor_nb/retrieval/core/twin/lexical.py` has the same sums.
//! 2. Statistics (documents, document frequencies, mean length) count every document that is stored, deleted ones
//!    too until `compact` drops them.
//! 3. Keys only grow, segments are in their order, so the smaller of two docs that score the same comes first.

mod above;
mod index;
mod list;
mod merge;
mod postings;
mod score;
mod search;
mod segment;
mod tail;
mod windows;

pub use index::Lexical;
pub use score::Params;

/// Fields of one document with the weight of each: a term of a field of weight 3 counts three times.
pub type Fields<'a> = &'a [(&'a str, u32)];
