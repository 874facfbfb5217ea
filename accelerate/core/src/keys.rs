//! Keys of documents: 64-bit numbers that only grow, kept as runs, because most follow each other.

use crate::bits;

/// Documents from `first_doc` up to the next run have the keys from `first_key` on.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Run {
    pub first_key: u64,
    pub first_doc: u64,
}

// SAFETY: two `u64`s in C order: no padding, and every bit pattern is a value.
unsafe impl bytemuck::Zeroable for Run {}
// SAFETY: as above.
unsafe impl bytemuck::Pod for Run {}

/// Note that the document `doc`, the next one, has this key.
pub fn push(runs: &mut Vec<Run>, doc: u64, key: u64) {
    if runs.last().is_none_or(|last| last.first_key + (doc - last.first_doc) != key) {
        runs.push(Run { first_key: key, first_doc: doc });
    }
}

/// Return the key of a document.
///
/// # Panics
/// If there is no run, which no source with a document has.
#[must_use]
pub fn of(runs: &[Run], doc: u32) -> u64 {
    let run = runs[runs.partition_point(|run| run.first_doc <= u64::from(doc)) - 1];
    run.first_key + (u64::from(doc) - run.first_doc)
}

/// Return the document of a key, if it is among the first `docs`.
#[must_use]
pub fn doc(runs: &[Run], docs: usize, key: u64) -> Option<u32> {
    let at = runs.partition_point(|run| run.first_key <= key).checked_sub(1)?;
    let doc = runs[at].first_doc + (key - runs[at].first_key);
    let end = runs.get(at + 1).map_or(docs as u64, |next| next.first_doc);
    (doc < end).then_some(doc as u32)
}

/// Return the last key, if there is a document.
#[must_use]
pub fn last(runs: &[Run], docs: usize) -> Option<u64> {
    docs.checked_sub(1).map(|doc| of(runs, doc as u32))
}

/// Return which documents may be found: not dead, and their keys among `allowed` (bits by key). None stands for all.
#[must_use]
pub fn permitted(runs: &[Run], docs: usize, dead: &[u64], allowed: Option<&[u64]>) -> Option<Vec<u64>> {
    if dead.is_empty() && allowed.is_none() {
        return None;
    }
    let mut found = match allowed {
        None => vec![u64::MAX; docs.div_ceil(64)],
        Some(allowed) => {
            let mut found = vec![0; docs.div_ceil(64)];
            for (at, run) in runs.iter().enumerate() {
                let end = runs.get(at + 1).map_or(docs as u64, |next| next.first_doc);
                let length = (end - run.first_doc) as usize;
                bits::copy(allowed, run.first_key as usize, &mut found, run.first_doc as usize, length);
            }
            found
        }
    };
    found.iter_mut().zip(dead).for_each(|(word, dead)| *word &= !dead);
    Some(found)
}

/// The new number of a document that was left out of a merge.
pub const GONE: u32 = u32::MAX;
