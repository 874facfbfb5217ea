//! The dense index: segments and a tail behind one lock, searched together.

mod adding;

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
    adding: Mutex<()>,
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
            adding: Mutex::new(()),
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

    fn own(&self) -> [u64; 2] {
        [self.dimension as u64, 0]
    }

    /// Return how many vectors so many numbers are.
    fn vectors_of(&self, count: usize) -> Result<usize> {
        if count.is_multiple_of(self.dimension) {
            return Ok(count / self.dimension);
        }
        let dimension = self.dimension;
        Err(Error::Vectors(format!("{count} numbers are not whole vectors of dimension {dimension}")))
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

    /// Return the nearest `k`, best first, equal scores by key; where a segment has more than 4,096 vectors that may be
    /// found, about two in a hundred of them can be missed. `allowed` has a bit for every key that may be found.
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
        if self.vectors_of(vector.len())? != 1 {
            return Err(Error::Vectors(format!("{} numbers are not one vector", vector.len())));
        }
        let state = self.read();
        let sources = state.sources(allowed)?;
        self.hits(&state, &sources, (0, vector), Plan { kernels: self.kernels, k, exactly })
    }

    /// Do many searches on all cores.
    ///
    /// # Errors
    /// As `search`.
    pub fn search_many(&self, vectors: &[f32], k: usize, allowed: Option<&[u64]>) -> Result<Vec<Vec<Hit>>> {
        self.vectors_of(vectors.len())?;
        let state = self.read();
        let sources = state.sources(allowed)?;
        let plan = Plan { kernels: self.kernels, k, exactly: false };
        let hits = |numbered| self.hits(&state, &sources, numbered, plan);
        vectors.par_chunks(self.dimension).enumerate().map(hits).collect()
    }

    fn hits(
        &self,
        state: &State,
        sources: &[Source<'_>],
        (number, vector): (usize, &[f32]),
        plan: Plan,
    ) -> Result<Vec<Hit>> {
        let Some(query) = Query::new(vector, &self.rotation) else {
            return self.refuse(vector, number).map(|()| Vec::new());
        };
        if plan.k == 0 {
            return Ok(Vec::new());
        }
        let found = search(sources, &query, plan)?;
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
        let _alone = alone(&self.merging);
        let mut state = self.write();
        self.end_tail(&mut state)?;
        state.shelf.mark = mark;
        self.home.save(&state.shelf, self.own(), true)
    }

    fn end_tail(&self, state: &mut State) -> Result<()> {
        if state.tail.len() == 0 {
            return Ok(());
        }
        let number = state.shelf.next_number;
        let segment = if self.home.is_in_memory() {
            self.kept(std::mem::take(&mut state.tail), std::mem::take(&mut state.tail_runs))
        } else {
            self.stored(number, &state.tail, &state.tail_runs)?
        };
        let dead = std::mem::take(&mut state.tail_dead);
        state.shelf.push(segment, dead);
        state.tail = Rows::default();
        state.tail_runs.clear();
        Ok(())
    }

    fn kept(&self, rows: Rows, runs: Vec<Run>) -> Segment {
        Segment::kept(rows, runs, self.rotation.width(), self.dimension)
    }

    fn stored(&self, number: u64, rows: &Rows, runs: &[Run]) -> Result<Segment> {
        self.home.store(number, |out| write(rows, runs, self.rotation.width(), self.dimension, out))
    }

    /// Merge the smallest neighbours while there are many segments, and say whether it was so. Searches go on; call it
    /// from a thread of its own.
    ///
    /// # Errors
    /// `Error::Io` or `Error::Corrupt`; then nothing changed.
    pub fn merge(&self) -> Result<bool> {
        let _alone = alone(&self.merging);
        let cheapest = self.read().shelf.cheapest(MERGED);
        cheapest.map_or(Ok(false), |start| self.merge_range(start, MERGED, false).map(|()| true))
    }

    /// Make the tail and all segments into one without the deleted vectors.
    ///
    /// # Errors
    /// As `merge`.
    pub fn compact(&self) -> Result<()> {
        let _alone = alone(&self.merging);
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
        let (mut rows, mut runs, mut maps) = (Rows::default(), Vec::new(), Vec::new());
        for (segment, dead) in &segments {
            let (their_runs, scales) = (segment.runs()?, segment.scales()?);
            let mut map = vec![GONE; segment.docs];
            for doc in (0..segment.docs).filter(|&doc| !drop_dead || !bits::get(dead, doc)) {
                map[doc] = rows.len() as u32;
                keys::push(&mut runs, rows.len() as u64, keys::of(their_runs, doc as u32));
                rows.push_made(segment.exact(doc)?, segment.code(doc)?, scales[doc], segment.error);
            }
            maps.push(map);
        }
        let merged = if self.home.is_in_memory() { self.kept(rows, runs) } else { self.stored(number, &rows, &runs)? };
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

fn alone(lock: &Mutex<()>) -> MutexGuard<'_, ()> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
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
