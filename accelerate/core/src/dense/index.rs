//! The dense index: segments and a tail behind one lock, searched together.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rayon::prelude::*;

use super::kernels::{Kernels, available};
use super::rotate::Rotation;
use super::rows::Rows;
use super::search::{Plan, Query, Source, Vectors, search};
use super::segment::{Segment, write};
use crate::keys::{GONE, Run};
use crate::shelf::{Home, Shelf, Stored};
use crate::{Error, Hit, Result, Stats, bits, keys};

/// Numbers in the tail at which it becomes a segment: 256 MB as 32-bit floats.
const MOST_NUMBERS: usize = 64 << 20;
/// How many neighbours are merged at once; it is done when there are twice as many segments.
const MERGED: usize = 4;

#[derive(Default)]
struct State {
    shelf: Shelf<Segment>,
    tail: Rows,
    tail_runs: Vec<Run>,
    tail_dead: Vec<u64>,
}

/// An index of vectors of one dimension, in memory or in a folder.
pub struct Dense {
    rotation: Rotation,
    dimension: usize,
    kernels: Kernels,
    home: Home,
    state: RwLock<State>,
    merging: Mutex<()>,
}

impl Dense {
    /// Make an empty index that stays in memory.
    ///
    /// # Errors
    /// `Error::Vectors` for a dimension of 0 or above 65,536, here and below.
    pub fn in_memory(dimension: usize) -> Result<Self> {
        Self::over(dimension, Home::in_memory(), Shelf::default())
    }

    /// Start an empty index in a folder; what an index left there is removed.
    ///
    /// # Errors
    /// `Error::Locked` if another process has it open; `Error::Io`.
    pub fn create(folder: &Path, dimension: usize) -> Result<Self> {
        Self::over(dimension, Home::create::<Segment>(folder)?, Shelf::default())
    }

    /// Open the index of a folder, which is created if need be.
    ///
    /// # Errors
    /// `Error::Vectors` if it has vectors of another dimension; `Error::Locked` if another process has it open;
    /// `Error::Corrupt`, `Error::Newer` or `Error::Io` if it cannot be read: then it is to be built anew.
    pub fn open(folder: &Path, dimension: usize) -> Result<Self> {
        match Home::open(folder)? {
            (home, None) => Self::over(dimension, home, Shelf::default()),
            (_, Some((_, [stored, _]))) if stored != dimension as u64 => {
                Err(Error::Vectors(format!("the index has vectors of dimension {stored}, not {dimension}")))
            }
            (home, Some((shelf, _))) => Self::over(dimension, home, shelf),
        }
    }

    fn over(dimension: usize, home: Home, shelf: Shelf<Segment>) -> Result<Self> {
        if dimension == 0 || dimension > 1 << 16 {
            return Err(Error::Vectors(format!("a dimension of {dimension} is not between 1 and 65536")));
        }
        Ok(Self {
            rotation: Rotation::new(dimension),
            dimension,
            kernels: available()[0],
            home,
            state: RwLock::new(State { shelf, ..State::default() }),
            merging: Mutex::new(()),
        })
    }

    /// Use other kernels than the best: every choice gives the same results.
    #[must_use]
    pub fn with_kernels(self, kernels: Kernels) -> Self {
        Self { kernels, ..self }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn one_at_a_time(&self) -> MutexGuard<'_, ()> {
        self.merging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn own(&self) -> [u64; 2] {
        [self.dimension as u64, 0]
    }

    fn check(&self, numbers: &[f32]) -> Result<usize> {
        if !numbers.len().is_multiple_of(self.dimension) {
            let (count, dimension) = (numbers.len(), self.dimension);
            return Err(Error::Vectors(format!("{count} numbers are not whole vectors of dimension {dimension}")));
        }
        // Block by block without an early end, which wide instructions can do.
        let is_bad = |block: &[f32]| block.iter().fold(false, |bad, number| bad | !number.is_finite());
        let block = numbers.chunks(4096).position(is_bad).unwrap_or(numbers.len().div_ceil(4096)) * 4096;
        let rest = &numbers[block.min(numbers.len())..];
        match rest.iter().position(|number| !number.is_finite()).map(|at| block + at) {
            Some(at) => Err(Error::Vectors(format!("vector {} holds {}", at / self.dimension, numbers[at]))),
            None => Ok(numbers.len() / self.dimension),
        }
    }

    /// Add vectors, row after row, under keys that only grow. They are found at once, and durable after `flush`.
    ///
    /// # Errors
    /// `Error::Vectors` for a wrong shape or a number that is not finite, `Error::Argument` for a key that does not come
    /// after all others; then none is added.
    pub fn add(&self, new_keys: &[u64], numbers: &[f32]) -> Result<()> {
        let count = self.check(numbers)?;
        if count != new_keys.len() {
            return Err(Error::Vectors(format!("{} keys for {count} vectors", new_keys.len())));
        }
        let mut state = self.write();
        let mut next = state.shelf.next_key;
        for &key in new_keys {
            if key < next {
                return Err(Error::Argument(format!("key {key} comes after key {}; keys only grow", next - 1)));
            }
            next = key + 1;
        }
        let mut room = Vec::new();
        let most = MOST_NUMBERS.saturating_sub(state.tail.exact.len()).div_ceil(self.dimension);
        state.tail.reserve(count.min(most), &self.rotation, self.dimension);
        for (&key, vector) in new_keys.iter().zip(numbers.chunks_exact(self.dimension)) {
            let doc = state.tail.len() as u64;
            keys::push(&mut state.tail_runs, doc, key);
            state.tail.push(vector, &self.rotation, &mut room);
            state.shelf.next_key = key + 1;
            if state.tail.exact.len() >= MOST_NUMBERS {
                self.end_tail(&mut state)?;
            }
        }
        Ok(())
    }

    /// Delete vectors by key and return how many were there. It counts at once, and is durable after `flush`.
    ///
    /// # Errors
    /// `Error::Corrupt` for a damaged segment.
    pub fn delete(&self, doomed: &[u64]) -> Result<usize> {
        let mut state = self.write();
        let mut count = 0;
        for &key in doomed {
            let was_alive = match keys::doc(&state.tail_runs, state.tail.len(), key) {
                Some(doc) => bits::set(&mut state.tail_dead, doc as usize),
                None => state.shelf.delete(key)? == Some(true),
            };
            count += usize::from(was_alive);
        }
        Ok(count)
    }

    /// Return the nearest `k`, best first, equal scores by key; where a segment has more than 20,000 vectors that may be
    /// found, about one in a hundred of them can be missed. `allowed` has a bit for every key that may be found.
    ///
    /// # Errors
    /// `Error::Vectors` for a wrong dimension or a number that is not finite; `Error::Corrupt` for a damaged segment.
    pub fn search(&self, vector: &[f32], k: usize, allowed: Option<&[u64]>) -> Result<Vec<Hit>> {
        self.search_with(vector, k, allowed, false)
    }

    /// Do as `search`, without missing any.
    ///
    /// # Errors
    /// As `search`.
    pub fn search_exactly(&self, vector: &[f32], k: usize, allowed: Option<&[u64]>) -> Result<Vec<Hit>> {
        self.search_with(vector, k, allowed, true)
    }

    fn search_with(&self, vector: &[f32], k: usize, allowed: Option<&[u64]>, exactly: bool) -> Result<Vec<Hit>> {
        if self.check(vector)? != 1 {
            return Err(Error::Vectors(format!("{} numbers are not one vector", vector.len())));
        }
        let state = self.read();
        let sources = state.sources(allowed)?;
        self.hits(&state, &sources, vector, Plan { kernels: self.kernels, k, exactly })
    }

    /// Do many searches on all cores.
    ///
    /// # Errors
    /// As `search`.
    pub fn search_many(&self, vectors: &[f32], k: usize, allowed: Option<&[u64]>) -> Result<Vec<Vec<Hit>>> {
        self.check(vectors)?;
        let state = self.read();
        let sources = state.sources(allowed)?;
        let plan = Plan { kernels: self.kernels, k, exactly: false };
        vectors.par_chunks(self.dimension).map(|vector| self.hits(&state, &sources, vector, plan)).collect()
    }

    fn hits(&self, state: &State, sources: &[Source<'_>], vector: &[f32], plan: Plan) -> Result<Vec<Hit>> {
        if plan.k == 0 {
            return Ok(Vec::new());
        }
        let found = search(sources, &Query::new(vector, &self.rotation), plan)?;
        let hit = |(score, ordinal)| {
            let key = state.shelf.key(ordinal)?.unwrap_or_else(|doc| keys::of(&state.tail_runs, doc));
            Ok(Hit { key, score: f64::from(score) })
        };
        found.into_iter().map(hit).collect()
    }

    /// Make everything durable: the tail becomes a segment. `mark` is kept for the owner, who reads it in `stats`.
    ///
    /// # Errors
    /// `Error::Io` if a file cannot be written.
    pub fn flush(&self, mark: u64) -> Result<()> {
        let _alone = self.one_at_a_time();
        let mut state = self.write();
        self.end_tail(&mut state)?;
        state.shelf.mark = mark;
        self.home.save(&state.shelf, self.own(), true)
    }

    fn end_tail(&self, state: &mut State) -> Result<()> {
        if state.tail.len() == 0 {
            return Ok(());
        }
        let (tail, runs) = (&state.tail, &state.tail_runs);
        let segment =
            self.home.store(state.shelf.next_number, |out| write(tail, runs, &self.rotation, self.dimension, out))?;
        let dead = std::mem::take(&mut state.tail_dead);
        state.shelf.push(segment, dead);
        state.tail.clear();
        state.tail_runs.clear();
        Ok(())
    }

    /// Merge the smallest neighbours while there are many segments, and say whether it was so. Searches go on; call it
    /// from a thread of its own.
    ///
    /// # Errors
    /// `Error::Io` or `Error::Corrupt`; then nothing changed.
    pub fn merge(&self) -> Result<bool> {
        let _alone = self.one_at_a_time();
        let cheapest = self.read().shelf.cheapest(MERGED);
        cheapest.map_or(Ok(false), |start| self.merge_range(start, MERGED, false).map(|()| true))
    }

    /// Make the tail and all segments into one without the deleted vectors.
    ///
    /// # Errors
    /// As `merge`.
    pub fn compact(&self) -> Result<()> {
        let _alone = self.one_at_a_time();
        let count = {
            let mut state = self.write();
            self.end_tail(&mut state)?;
            state.shelf.placed.len()
        };
        if count > 0 { self.merge_range(0, count, true) } else { Ok(()) }
    }

    fn merge_range(&self, start: usize, width: usize, drop_dead: bool) -> Result<()> {
        let (segments, number) = {
            let mut state = self.write();
            let number = state.shelf.reserve();
            let range = &state.shelf.placed[start..start + width];
            (range.iter().map(|placed| (placed.segment.clone(), placed.dead.clone())).collect::<Vec<_>>(), number)
        };
        let (mut rows, mut runs, mut maps, mut room) = (Rows::default(), Vec::new(), Vec::new(), Vec::new());
        for (segment, dead) in &segments {
            let their_runs = segment.runs()?;
            let mut map = vec![GONE; segment.docs];
            for doc in (0..segment.docs).filter(|&doc| !drop_dead || !bits::get(dead, doc)) {
                map[doc] = rows.len() as u32;
                keys::push(&mut runs, rows.len() as u64, keys::of(their_runs, doc as u32));
                rows.push_as_is(segment.exact(doc)?, &self.rotation, &mut room);
            }
            maps.push(map);
        }
        let merged = self.home.store(number, |out| write(&rows, &runs, &self.rotation, self.dimension, out))?;
        let mut state = self.write();
        let old = state.shelf.replace(start, &maps, merged, number);
        self.home.save(&state.shelf, self.own(), state.tail.len() == 0)?;
        self.home.discard::<Segment>(&old);
        Ok(())
    }

    /// Say how large the index is.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let state = self.read();
        Stats {
            documents: state.tail.len() + state.shelf.docs(),
            dead: bits::count(&state.tail_dead) + state.shelf.dead(),
            segments: state.shelf.placed.len(),
            tail: state.tail.len(),
            bytes: state.shelf.bytes(),
            next_key: state.shelf.next_key,
            mark: state.shelf.mark,
        }
    }

    /// Read every page of every file.
    ///
    /// # Errors
    /// `Error::Corrupt` at the first damaged page.
    pub fn verify(&self) -> Result<()> {
        self.read().shelf.placed.iter().try_for_each(|placed| placed.segment.verify())
    }
}

impl State {
    fn sources(&self, allowed: Option<&[u64]>) -> Result<Vec<Source<'_>>> {
        let mut sources = Vec::with_capacity(self.shelf.placed.len() + 1);
        let mut first_ordinal = 0;
        for placed in &self.shelf.placed {
            let (segment, runs) = (placed.segment.as_ref(), placed.segment.runs()?);
            let permitted = keys::permitted(runs, segment.docs, &placed.dead, allowed);
            sources.push(Source { vectors: Vectors::Stored(segment), permitted, first_ordinal });
            first_ordinal += segment.docs;
        }
        let permitted = keys::permitted(&self.tail_runs, self.tail.len(), &self.tail_dead, allowed);
        sources.push(Source { vectors: Vectors::Tail(&self.tail), permitted, first_ordinal });
        Ok(sources)
    }
}
