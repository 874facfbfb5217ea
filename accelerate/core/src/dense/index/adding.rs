//! Adding vectors: all of a call or none, made coarse before anyone is kept waiting.

use super::{Dense, MOST_NUMBERS, alone};
use crate::dense::rows::Rows;
use crate::{Error, Result, keys};

/// Numbers that are copied and made coarse at once, so that they are still in the nearest cache: 256 KB.
const BLOCK: usize = 64 << 10;

impl Dense {
    /// Add vectors, row after row, under keys that only grow. They are found at once, and durable after `flush`.
    ///
    /// # Errors
    /// `Error::Vectors` for a wrong shape or a number that is not finite, `Error::Argument` for a key that does not come
    /// after all others; then none is added.
    pub fn add(&self, new_keys: &[u64], numbers: &[f32]) -> Result<()> {
        self.add_from(new_keys, numbers.len(), |from, onto| onto.copy_from_slice(&numbers[from..from + onto.len()]))
    }

    /// Do as `add` with `count` numbers that are copied block by block from where only the caller can read them.
    ///
    /// # Errors
    /// As `add`.
    pub fn add_from(&self, new_keys: &[u64], count: usize, mut read: impl FnMut(usize, &mut [f32])) -> Result<()> {
        let vectors = self.vectors_of(count)?;
        if vectors != new_keys.len() {
            return Err(Error::Vectors(format!("{} keys for {vectors} vectors", new_keys.len())));
        }
        let _alone = alone(&self.adding);
        let mut next = self.read().shelf.next_key;
        for &key in new_keys {
            if key < next {
                return Err(Error::Argument(format!("key {key} comes after key {}; keys only grow", next - 1)));
            }
            next = key + 1;
        }
        let part = MOST_NUMBERS.div_ceil(self.dimension);
        if vectors > part {
            // What comes first is added before the rest was seen by anyone.
            self.refuse_bad(count, &mut read)?;
        }
        for (number, keys) in new_keys.chunks(part).enumerate() {
            let start = number * part * self.dimension;
            let rows = self.made(keys.len(), |from, onto| read(start + from, onto))?;
            self.append(keys, rows)?;
        }
        Ok(())
    }

    /// Make vectors coarse, without a lock: searches go on meanwhile.
    fn made(&self, vectors: usize, mut read: impl FnMut(usize, &mut [f32])) -> Result<Rows> {
        let mut rows = Rows::default();
        rows.reserve(vectors, &self.rotation, self.dimension);
        let at_once = (BLOCK / self.dimension).clamp(1, vectors.max(1));
        let (mut block, mut room) = (vec![0.0; at_once * self.dimension], vec![0.0; self.rotation.width()]);
        for start in (0..vectors).step_by(at_once) {
            let block = &mut block[..at_once.min(vectors - start) * self.dimension];
            read(start * self.dimension, block);
            if !rows.push(block, self.dimension, &self.rotation, &mut room) {
                self.refuse(block, start)?;
            }
        }
        Ok(rows)
    }

    fn append(&self, new_keys: &[u64], rows: Rows) -> Result<()> {
        let mut state = self.write();
        let first = state.tail.len() as u64;
        for (doc, &key) in (first..).zip(new_keys) {
            keys::push(&mut state.tail_runs, doc, key);
            state.shelf.next_key = key + 1;
        }
        state.tail.append(rows);
        if state.tail.exact.len() >= MOST_NUMBERS { self.end_tail(&mut state) } else { Ok(()) }
    }

    fn refuse_bad(&self, count: usize, read: &mut impl FnMut(usize, &mut [f32])) -> Result<()> {
        let mut block = vec![0.0; BLOCK.next_multiple_of(self.dimension)];
        for start in (0..count).step_by(block.len()) {
            let end = block.len().min(count - start);
            read(start, &mut block[..end]);
            self.refuse(&block[..end], start / self.dimension)?;
        }
        Ok(())
    }

    /// Say which of these vectors, the first of which has this number, holds what is not finite.
    pub(super) fn refuse(&self, numbers: &[f32], first: usize) -> Result<()> {
        match numbers.iter().position(|number| !number.is_finite()) {
            Some(at) => Err(Error::Vectors(format!("vector {} holds {}", first + at / self.dimension, numbers[at]))),
            None => Ok(()),
        }
    }
}
